"""Make the catalogues of terminal and head office: `python tests/sync/catalogues.py` takes the messages out of
templates and code, merges them into every .po (new ones are left empty, for a person to fill) and writes the .mo beside
it. Whatever is still empty it counts at the end.

A message is `_("…")`, or `mark("…")` where it is data, or `ngettext("{n} …", "{n} …", n)` and `forms("{n} …", "{n} …")`
when it is about a number (sync/i18n.py). The forms of a number stand in the order of PLURALS."""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from sync.assets import ROOT, TEMPLATES
from sync.i18n import DOMAIN, NAMES, SOURCE, catalogue
from sync.office import tongue

Id = str | tuple[str, str]
"""A message, or the two that the code gives for one and for many."""

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The date in every catalogue: the history of the files says when they changed."""
NOISE = (b'"Generated-By: ', b'"Report-Msgid-Bugs-To: ')
AUTHORS = "the Smilepost authors"
KEYWORDS = {"_": None, "mark": None, "ngettext": (1, 2), "forms": (1, 2), "note": (3,), "Deed": (1,)}
"""What a message stands in; the last two are deeds of the audit log, which its page reads out."""


class Speaker(NamedTuple):
    """Who speaks from a catalogue, in which languages, and where their messages stand: (how they are read, files)."""

    who: str
    languages: tuple[str, ...]
    sources: tuple[tuple[str, Sequence[Path]], ...]


def _office_code() -> list[Path]:
    """All but the commands of the server, which speak English to whoever runs it."""
    paths = (ROOT / "sync").rglob("*.py")
    return [path for path in paths if not {"cli", "_assets"} & set(path.relative_to(ROOT).parts)]


SPEAKERS = {
    DOMAIN: Speaker(
        "terminal",
        tuple(NAMES),
        (
            ("jinja2.ext:babel_extract", [*(TEMPLATES / "kiosk").glob("*.html")]),
            ("python", [*(ROOT / "kiosk").glob("*.py")]),
        ),
    ),
    tongue.DOMAIN: Speaker(
        "head office",
        tongue.LANGUAGES,
        (
            ("jinja2.ext:babel_extract", [*(TEMPLATES / "office").rglob("*.*"), *(TEMPLATES / "mail").rglob("*.*")]),
            ("python", _office_code()),
        ),
    ),
}
"""By the name of the catalogue."""

ONE_AND_MORE = "nplurals=2; plural=(n != 1);"
_FEW = "n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20)"
PLURALS = {
    # Nothing is one, too, as browsers have it in French and Portuguese.
    "fr": "nplurals=2; plural=(n > 1);",
    "pt": "nplurals=2; plural=(n > 1);",
    # One, few, many.
    "pl": f"nplurals=3; plural=(n==1 ? 0 : {_FEW} ? 1 : 2);",
    "uk": f"nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : {_FEW} ? 1 : 2);",
    # None, one, two, few, many, hundreds; Babel's own order is another one, which nobody expects who translates.
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
"""The rules for numbers, where they aren't ONE_AND_MORE."""


def messages(domain: str = DOMAIN) -> dict[Id, list[str]]:
    """Every message of a catalogue, with the files it stands in."""
    found: dict[Id, list[str]] = {}
    for method, paths in SPEAKERS[domain].sources:
        for path in sorted(paths):
            for _line, message, _comments, _context in extract_from_file(method, path, KEYWORDS):
                said = message if isinstance(message, str) else (message[0], message[1])
                found.setdefault(said, []).append(path.relative_to(ROOT).as_posix())
    return found


def read(lang: str, domain: str = DOMAIN) -> Catalog:
    with catalogue(lang, "po", domain).open("rb") as file:
        return read_po(file, locale=lang, domain=domain)


def compiled(lang: str, domain: str = DOMAIN) -> bytes:
    out = BytesIO()
    write_mo(out, read(lang, domain))
    return out.getvalue()


def refresh(lang: str, domain: str = DOMAIN) -> None:
    path = catalogue(lang, "po", domain)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = read(lang, domain) if path.exists() else Catalog(locale=lang, domain=domain)
    after = Catalog(
        locale=lang, domain=domain, project="Smilepost", version="1", copyright_holder=AUTHORS,
        header_comment=f"# Smilepost's {SPEAKERS[domain].who} in {NAMES[lang]}.", fuzzy=False, charset="utf-8",
        creation_date=EPOCH, revision_date=EPOCH, last_translator=AUTHORS, language_team=AUTHORS,
    )  # fmt: skip
    after.mime_headers = [("Plural-Forms", PLURALS.get(lang, ONE_AND_MORE))]
    for message, files in messages(domain).items():
        said = message if lang == SOURCE else _said(before, message)
        after.add(message, said, locations=[(file, None) for file in dict.fromkeys(files)])
    write(path, after)


def _said(known: Catalog, message: Id) -> str | tuple[str, ...]:
    """What a catalogue has for a message already."""
    found = known.get(message)
    fits = found and isinstance(found.id, str) == isinstance(message, str)
    return found.string if fits and found else "" if isinstance(message, str) else ("",)


def write(path: Path, made: Catalog) -> None:
    out = BytesIO()
    write_po(out, made, width=120, omit_header=False, include_previous=False)
    lines = out.getvalue().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.startswith(NOISE)))


def empty(lang: str, domain: str = DOMAIN) -> list[Id]:
    """The messages that nobody has translated yet."""
    found = (message for message in read(lang, domain) if message.id)
    return [
        message.id
        for message in found
        if not all([message.string] if isinstance(message.string, str) else message.string)
    ]


if __name__ == "__main__":
    for domain, speaker in SPEAKERS.items():
        for name in speaker.languages:
            refresh(name, domain)
            catalogue(name, domain=domain).write_bytes(compiled(name, domain))
            print(f"{domain} {name}: {len(empty(name, domain))} to translate")
