"""The most that a screen asks: four languages, three of them far from Latin or long, six reasons for the unhappy and
six for the happy, a comment, a rating and how to be reached."""

from pathlib import Path
from typing import Any

from kiosk import identity
from kiosk.identity import KeptManifest
from sync import wire
from sync.survey import BUILTIN

LANGUAGES = ("uk", "ar", "de", "en")
SCREEN = "s-fullest"
_RATING = {
    "uk": "Чи порадили б ви нас друзям?",
    "ar": "هل تنصح أصدقاءك بزيارتنا؟",
    "de": "Würden Sie uns Freunden empfehlen?",
    "en": "Would you recommend us to friends?",
}
_CONTACT = {
    "uk": "Можна з вами зв’язатися?",
    "ar": "هل يمكننا التواصل معك؟",
    "de": "Dürfen wir uns bei Ihnen melden?",
    "en": "May we contact you?",
}
_CONSENT = {
    "uk": "Так, ви можете зв’язатися зі мною щодо цієї відповіді.",
    "ar": "نعم، يمكنكم التواصل معي بشأن هذه الإجابة.",
    "de": "Ja, Sie dürfen sich wegen dieser Antwort bei mir melden.",
    "en": "Yes, you may contact me about this answer.",
}


def fullest() -> dict[str, Any]:
    """The built-in survey and what it leaves out."""
    definition: dict[str, Any] = wire.read_entry(wire.encode(BUILTIN))
    definition["id"], definition["languages"] = "fullest", list(LANGUAGES)
    definition["questions"] += [
        {"id": "recommend", "kind": "scale", "scale": "nps11", "texts": _RATING},
        {"id": "call", "kind": "contact", "texts": _CONTACT, "consent": _CONSENT},
    ]
    return definition


def keep_manifest(folder: Path) -> None:
    """A terminal on this data asks it, as head office told it to."""
    folder.mkdir(parents=True, exist_ok=True)
    screen = wire.ScreenManifest("p-fullest", [fullest()], list(LANGUAGES), "Oslo", "Europe/Oslo")
    identity.save_manifest(folder, KeptManifest("", wire.Manifest({SCREEN: screen})))
