"""A survey with every kind of question, in every language: the built-in one, with a rating, and how to be reached."""

from msgspec.structs import replace

from sync.survey import BUILTIN, Question

TEAM = {
    "en": "How satisfied are you with our team?",
    "nl": "Hoe tevreden bent u over ons team?",
    "de": "Wie zufrieden sind Sie mit unserem Team?",
    "fr": "Êtes-vous satisfait de notre équipe\u00a0?",
    "es": "¿Está satisfecho con nuestro equipo?",
    "it": "È soddisfatto del nostro team?",
    "pt": "Está satisfeito com a nossa equipa?",
    "pl": "Jak oceniają Państwo nasz zespół?",
    "sv": "Hur nöjd är du med vårt team?",
    "tr": "Ekibimizden ne kadar memnunsunuz?",
    "ar": "ما مدى رضاك عن فريقنا؟",
    "uk": "Наскільки ви задоволені нашою командою?",
}
CALL = {
    "en": "May we call you about this?",
    "nl": "Mogen we u hierover bellen?",
    "de": "Dürfen wir Sie dazu anrufen?",
    "fr": "Pouvons-nous vous rappeler à ce sujet\u00a0?",
    "es": "¿Podemos llamarle para hablar de ello?",
    "it": "Possiamo richiamarla per parlarne?",
    "pt": "Podemos telefonar-lhe sobre isto?",
    "pl": "Czy możemy do Państwa zadzwonić?",
    "sv": "Får vi ringa dig om det här?",
    "tr": "Bu konuda sizi arayabilir miyiz?",
    "ar": "هل يمكننا الاتصال بك بشأن ذلك؟",
    "uk": "Чи можемо ми вам зателефонувати?",
}
CONSENT = {
    "en": "You may contact me about this visit.",
    "nl": "U mag contact met mij opnemen over dit bezoek.",
    "de": "Sie dürfen mich wegen dieses Besuchs kontaktieren.",
    "fr": "Vous pouvez me contacter au sujet de cette visite.",
    "es": "Pueden ponerse en contacto conmigo sobre esta visita.",
    "it": "Potete contattarmi in merito a questa visita.",
    "pt": "Podem contactar-me a propósito desta visita.",
    "pl": "Zgadzam się na kontakt w sprawie tej wizyty.",
    "sv": "Ni får kontakta mig om det här besöket.",
    "tr": "Bu ziyaretle ilgili olarak benimle iletişime geçebilirsiniz.",
    "ar": "يمكنكم التواصل معي بخصوص هذه الزيارة.",
    "uk": "Ви можете звʼязатися зі мною щодо цього візиту.",
}

WHOLE = replace(
    BUILTIN,
    id="whole",
    questions=(
        *BUILTIN.questions,
        Question(id="team", kind="scale", scale="csat5", texts=TEAM),
        Question(id="call", kind="contact", texts=CALL, consent=CONSENT),
    ),
)

TOLD = {
    "said": {
        "en": "The queue at the till is too long on Saturdays.",
        "de": "Samstags ist die Schlange an der Kasse zu lang.",
        "ar": "الطابور عند الصندوق طويل جدًا أيام السبت.",
    },
    "did": {
        "en": "A third till is open from ten to four.",
        "de": "Von zehn bis vier ist eine dritte Kasse offen.",
        "ar": "صندوق ثالث مفتوح من العاشرة حتى الرابعة.",
    },
}
"""What was said, and what was done about it, for a card on its screens."""
