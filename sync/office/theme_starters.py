"""Themes of a shop to begin with, in the languages of the pages: to be added with one touch and changed from there.

Each list says what customers write, not what they should: the score that stands beside a theme comes from the face."""

from sync.i18n import mark

Starter = tuple[str, dict[str, tuple[str, ...]]]

STARTERS: tuple[Starter, ...] = (
    (mark("Staff"), {
        "en": ("staff", "employee", "colleague", "assistant", "cashier", "service", "friendly", "unfriendly", "rude",
               "helpful", "polite", "impolite", "attentive", "ignored", "customer service"),
        "nl": ("personeel", "medewerk*", "collega", "verkoper", "verkoopster", "caissière", "kassamedewerk*",
               "bediening", "service", "vriendelijk*", "onvriendelijk*", "onbeleefd*", "beleefd*", "behulpza*",
               "geholpen", "genegeerd"),
        "de": ("Personal", "Mitarbeit*", "Verkäufer*", "Kassierer*", "Bedienung", "Service", "freundlich*",
               "unfreundlich*", "unhöflich*", "höflich*", "hilfsbereit*", "zuvorkommend*", "nett", "ignoriert",
               "beraten", "Beratung"),
        "ar": ("موظف", "موظفين", "الموظفين", "الموظف", "عامل", "العاملين", "البائع", "الكاشير", "خدمة العملاء",
               "لطيف", "ودود", "محترم", "وقح", "تعامل", "التعامل", "المعاملة"),
    }),
    (mark("Waiting"), {
        "en": ("wait", "waiting", "queue", "slow", "long time", "took ages", "hours", "minutes", "quick",
               "fast", "till", "checkout"),
        "nl": ("wacht*", "gewacht", "rij", "rijen", "traag", "langzaam", "duurde lang", "te lang", "snel", "vlot",
               "kassa", "minuten"),
        "de": ("warten", "gewartet", "Wartezeit*", "Schlange*", "anstehen", "langsam*", "zu lange", "dauert",
               "dauerte", "schnell*", "zügig*", "Kasse", "Minuten"),
        "ar": ("انتظار", "الانتظار", "انتظرت", "طابور", "الطابور", "بطيء", "تأخير", "تأخر", "طويل", "سريع", "دقيقة",
               "ساعة"),
    }),
    (mark("Price"), {
        "en": ("price", "expensive", "cheap", "overpriced", "cost", "pricey", "discount", "value for money", "offer",
               "affordable"),
        "nl": ("prijs", "prijzen", "prijzig*", "duur", "dure", "duurder", "goedkoop", "goedkope", "korting*",
               "aanbieding*", "betaalbaar"),
        "de": ("Preis", "Preise", "teuer", "teure", "teurer", "billig*", "günstig*", "Rabatt*", "Angebot*", "kosten",
               "bezahlbar", "Preis-Leistung"),
        "ar": ("سعر", "السعر", "أسعار", "الأسعار", "غالي", "غالية", "رخيص", "رخيصة", "خصم", "تخفيض", "عرض", "عروض"),
    }),
    (mark("Cleanliness"), {
        "en": ("clean", "dirty", "filthy", "tidy", "untidy", "messy", "smell", "smelly", "hygiene", "toilet",
               "restroom", "stain"),
        "nl": ("schoon", "schone", "vies", "vieze", "smerig*", "netjes", "rommel*", "stinkt", "stank", "hygiën*",
               "toilet", "wc", "vuil"),
        "de": ("sauber*", "schmutz*", "dreckig*", "ordentlich*", "unordentlich*", "stinkt", "Gestank", "riecht",
               "Hygiene", "Toilette*", "WC"),
        "ar": ("نظيف", "نظيفة", "نظافة", "النظافة", "وسخ", "قذر", "متسخ", "رائحة", "الرائحة", "حمام", "الحمام",
               "مرتب"),
    }),
    (mark("Choice"), {
        "en": ("choice", "selection", "range", "assortment", "sold out", "out of stock", "stock", "empty shelves",
               "available", "unavailable", "variety"),
        "nl": ("keus", "keuze", "assortiment", "aanbod", "uitverkocht", "op voorraad", "voorraad", "lege schappen",
               "schap*", "verkrijgbaar", "leverbaar"),
        "de": ("Auswahl", "Sortiment", "Angebotsbreite", "ausverkauft", "vorrätig*", "leere Regale",
               "Regal*", "verfügbar*", "vergriffen"),
        "ar": ("تشكيلة", "خيارات", "اختيار", "متوفر", "غير متوفر", "نفد", "نفدت", "مخزون", "الرفوف", "تنوع", "بضاعة"),
    }),
    (mark("Delivery"), {
        "en": ("deliver", "delivery", "driver", "courier", "installation", "installer", "install", "parcel",
               "package", "too late", "on time", "delayed"),
        "nl": ("bezorg*", "lever*", "geleverd", "chauffeur", "koerier", "installat*", "installeur", "monteur*",
               "pakket*", "te laat", "op tijd", "vertraging"),
        "de": ("liefer*", "geliefert", "Zustell*", "Fahrer*", "Kurier", "Installat*", "Montage", "Monteur*", "Paket*",
               "zu spät", "pünktlich*", "Verspätung"),
        "ar": ("توصيل", "التوصيل", "تسليم", "التسليم", "سائق", "السائق", "مندوب", "تركيب", "التركيب", "طرد", "الطرد",
               "متأخر", "في الموعد"),
    }),
)  # fmt: skip
