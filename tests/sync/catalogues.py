"""Make the terminal's catalogues: `python tests/sync/catalogues.py` takes the messages out of templates and code,
merges them into every .po (new ones are left empty, for a person to fill) and writes the .mo beside it."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from sync.assets import ROOT, TEMPLATES
from sync.i18n import DOMAIN, NAMES, catalogue

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The date in every catalogue: the history of the files says when they changed."""
NOISE = (b'"Generated-By: ', b'"Report-Msgid-Bugs-To: ')
AUTHORS = "the Smilepost authors"


def messages() -> dict[str, list[str]]:
    """Every message of the terminal, with the files it stands in."""
    found: dict[str, list[str]] = {}
    for method, folder, pattern in (
        ("jinja2.ext:babel_extract", TEMPLATES / "kiosk", "*.html"),
        ("python", ROOT / "kiosk", "*.py"),
    ):
        for path in sorted(folder.glob(pattern)):
            for _line, message, _comments, _context in extract_from_file(method, path, {"_": None}):
                found.setdefault(str(message), []).append(path.relative_to(ROOT).as_posix())
    return found


def read(lang: str) -> Catalog:
    with catalogue(lang, "po").open("rb") as file:
        return read_po(file, locale=lang, domain=DOMAIN)


def compiled(lang: str) -> bytes:
    out = BytesIO()
    write_mo(out, read(lang))
    return out.getvalue()


def refresh(lang: str) -> None:
    path = catalogue(lang, "po")
    path.parent.mkdir(parents=True, exist_ok=True)
    before = read(lang) if path.exists() else Catalog(locale=lang, domain=DOMAIN)
    after = Catalog(
        locale=lang, domain=DOMAIN, project="Smilepost", version="1", copyright_holder=AUTHORS,
        header_comment=f"# Smilepost's terminal in {NAMES[lang]}.", fuzzy=False, charset="utf-8",
        creation_date=EPOCH, revision_date=EPOCH, last_translator=AUTHORS, language_team=AUTHORS,
    )  # fmt: skip
    for message, files in messages().items():
        known = before.get(message)
        said = message if lang == "en" else known.string if known else ""
        after.add(message, said, locations=[(file, None) for file in dict.fromkeys(files)])
    write(path, after)


def write(path: Path, made: Catalog) -> None:
    out = BytesIO()
    write_po(out, made, width=120, omit_header=False, include_previous=False)
    lines = out.getvalue().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.startswith(NOISE)))


if __name__ == "__main__":
    for name in NAMES:
        refresh(name)
        catalogue(name).write_bytes(compiled(name))
