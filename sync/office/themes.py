"""Themes: what comments are about, by words in each language. One belongs to a place, and holds there and below it, or
to everybody."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, or_, select

from sync.models import locations, themes
from sync.office import audit, edits, forms, places, theme_words
from sync.office.audit import Actor, Subject
from sync.office.rights import EVERYWHERE, Rights
from sync.office.theme_starters import STARTERS
from sync.office.theme_words import Words
from sync.office.tongue import _

MOST, MOST_LANGUAGES = 60, 30
"""Themes that hold at one place, and languages of one."""


@dataclass(frozen=True)
class Theme:
    """`location` None and `path` "/": everybody's. `words`: by language, as they were typed."""

    id: int
    name: str
    words: Words
    location: int | None
    owner: str | None
    path: str
    version: int

    @property
    def subject(self) -> Subject:
        return Subject("theme", str(self.id), self.name, self.path)


def seen(tx: Connection, rights: Rights) -> list[Theme]:
    """Those that hold where this person sees to surveys, and those further down there; by name."""
    roots = rights.roots("surveys")
    return _every(tx, or_(places.below(roots), *(_above(root) for root in roots)))


def of(tx: Connection, paths: Sequence[str]) -> list[Theme]:
    """Those that hold at all of these places; by name."""
    every = _every(tx, or_(*(_above(path) for path in paths))) if paths else []
    return [theme for theme in every if all(path.startswith(theme.path) for path in paths)]


def find(tx: Connection, number: int) -> Theme | None:
    row = tx.execute(_those().where(themes.c.id == number)).first()
    return _read(row) if row else None


def _those() -> Select[Any]:
    owner = select(themes, locations.c.name.label("owner"), locations.c.path)
    return owner.outerjoin(locations, locations.c.id == themes.c.location_id)


def _every(tx: Connection, those: Any) -> list[Theme]:
    found = [_read(row) for row in tx.execute(_those().where(those).limit(1_000))]
    return sorted(found, key=lambda theme: (theme.name.casefold(), theme.id))


def _above(path: str) -> Any:
    """Those of a place on the way to this path, and everybody's."""
    chain = [int(part) for part in path.split("/") if part]
    return or_(themes.c.location_id.is_(None), themes.c.location_id.in_(chain))


def _read(row: Row[Any]) -> Theme:
    words = {lang: tuple(listed) for lang, listed in json.loads(row.words).items()}
    return Theme(row.id, row.name, words, row.location_id, row.owner, row.path or EVERYWHERE, row.version)


def add(tx: Connection, by: Actor, name: str, words: Words, location: int | None, now_ms: int) -> int:
    """A new one of a place (None: everybody's); its number. Raises Wrong: "name", "words_nl" and so on."""
    forms.refuse(_problems(tx, name, words, location, None))
    values = {"name": name.strip(), "location_id": location, "words": _written(words)}
    number: int = tx.execute(insert(themes).values(values).returning(themes.c.id)).scalar_one()
    made = _got(tx, number)
    audit.note(tx, by, "theme added", made.subject, now_ms, after={"name": made.name, "words": _told(words)})
    return number


def change(tx: Connection, by: Actor, number: int, version: int, name: str, words: Words, now_ms: int) -> None:
    """Raises Wrong like add, and edits.Changed."""
    before = _got(tx, number)
    if before.version != version:
        raise edits.Changed
    forms.refuse(_problems(tx, name, words, before.location, number))
    edits.save(tx, themes, number, version, name=name.strip(), words=_written(words))
    audit.note(
        tx, by, "theme changed", _got(tx, number).subject, now_ms,
        before={"name": before.name, "words": _told(before.words)}, after={"name": name.strip(), "words": _told(words)},
    )  # fmt: skip


def remove(tx: Connection, by: Actor, number: int, version: int, now_ms: int) -> None:
    """Nothing but the theme itself goes. Raises edits.Changed."""
    before = _got(tx, number)
    edits.drop(tx, themes, number, version)
    told = {"name": before.name, "words": _told(before.words)}
    audit.note(tx, by, "theme deleted", before.subject, now_ms, before=told)


def start(tx: Connection, by: Actor, location: int | None, now_ms: int) -> int:
    """Add those to begin with, without those whose name is taken there; how many were added."""
    taken = _names(tx, location, None)
    new = [(_(name), words) for name, words in STARTERS if _(name).casefold() not in taken]
    for name, words in new:
        add(tx, by, name, words, location, now_ms)
    return len(new)


def _got(tx: Connection, number: int) -> Theme:
    found = find(tx, number)
    if found is None:
        raise edits.Changed
    return found


def _names(tx: Connection, location: int | None, but: int | None) -> set[str]:
    mine = themes.c.location_id.is_(None) if location is None else themes.c.location_id == location
    return {str(row.name).casefold() for row in tx.execute(select(themes).where(mine)) if row.id != but}


def _problems(tx: Connection, name: str, words: Words, location: int | None, but: int | None) -> dict[str, str | None]:
    """`but`: the theme that is changed."""
    return {"name": _name_problem(tx, name, location, but), "words": _whole_problem(words)} | {
        f"words_{lang}": _lang_problem(lang, listed) for lang, listed in words.items()
    }


def _name_problem(tx: Connection, name: str, location: int | None, but: int | None) -> str | None:
    if problem := forms.name_problem(name):
        return problem
    taken = _names(tx, location, but)
    if name.strip().casefold() in taken:
        return _("There is a theme of this name already.")
    if but is None and len(taken) >= MOST:
        return _("There are {most} themes already: more than anybody reads.").format(most=MOST)
    return None


def _whole_problem(words: Words) -> str | None:
    if len(words) > MOST_LANGUAGES:
        return _("A theme has words in at most {most} languages.").format(most=MOST_LANGUAGES)
    return None if any(words.values()) else _("Give a word in at least one language.")


def _lang_problem(lang: str, listed: Sequence[str]) -> str | None:
    return theme_words.problem(listed) if theme_words.is_language(lang) else _("There is no such language.")


def _written(words: Words) -> str:
    return json.dumps({lang: list(listed) for lang, listed in sorted(words.items()) if listed}, ensure_ascii=False)


def _told(words: Words) -> Mapping[str, str]:
    return {lang: ", ".join(listed) for lang, listed in sorted(words.items()) if listed}
