"""Single answers, comments and lists of scores as machines read them, page by page."""

from typing import Any

from sqlalchemy import Connection, select

from sync.models import locations
from sync.office import answer_rows, counts, local_time, places, reporting
from sync.office.answer_rows import After, Part, Told
from sync.office.crew_sight import answered
from sync.office.filters import Narrowed
from sync.office.reporting import Unanswerable
from sync.office.rights import Rights

FLAGGED = ("with", "without", "only")


def narrowed(touchpoint: str | None, lang: str | None, flagged: str | None) -> Narrowed:
    """What was asked for beside days and places; all of it unless told otherwise. Raises Unanswerable."""
    chosen = flagged or "with"
    if chosen == "with":
        return Narrowed(touchpoint or None, lang or None, flagged="with")
    if chosen == "without":
        return Narrowed(touchpoint or None, lang or None)
    if chosen == "only":
        return Narrowed(touchpoint or None, lang or None, flagged="only")
    raise Unanswerable("bad_choice", "`flagged` is one of with, without, only.")


def part(
    tx: Connection, rights: Rights, place: int | None, first: str | None, last: str | None, asked: Narrowed,
    now_ms: int, *, worded: bool,
) -> Part:  # fmt: skip
    """Which answers a machine asked for: of `place` or of all that its key is for. Raises Unanswerable."""
    paths = rights.roots("responses") if place is None else (rights.reach(_path(tx, place), "responses"),)
    span = reporting.span(places.DEFAULT_ZONE, now_ms, first, last)
    later = 0 if last else 1  # it is tomorrow already somewhere
    return Part(paths, span.first, span.last + later, asked, worded=worded)


def after(text: str | None) -> After | None:
    """Raises Unanswerable for what is no cursor."""
    if text is None:
        return None
    found = After.parse(text)
    if found is None:
        raise Unanswerable("bad_cursor", "`after` is what the address in `next` says.")
    return found


def page(
    tx: Connection, part: Part, cursor: After | None, most: int, now_ms: int
) -> tuple[list[dict[str, Any]], After | None]:
    """At most `most` answers, and after which to go on, None at the end of what is there yet."""
    found = answer_rows.page(tx, part, cursor, most + 1, now_ms)
    shown = found[:most]
    return [_as_json(each, part.worded) for each in shown], shown[-1].after if len(found) > most else None


def _as_json(told: Told, worded: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": told.after.id,
        "revision": told.rev,
        "place": {"id": told.place, "name": told.place_name},
        "touchpoint": told.touchpoint,
        "terminal": told.device,
        "survey": {"id": told.survey, "version": told.version},
        "question": told.question,
        "scale": told.scale,
        "value": told.value,
        "reasons": list(told.reasons),
        "language": told.lang,
        "given": reporting.moment(told.captured_ms),
        "given_error_s": -(-told.error_ms // 1000),
        "day": local_time.date_of(told.day).isoformat(),
        "hour": told.hour,
        "flags": list(told.flags),
        "counts": told.counts,
        "received": reporting.moment(told.after.received_ms),
    }
    return found | {"comment": told.text} if worded else found


def scores(
    tx: Connection, rights: Rights, place: int | None, now_ms: int, question: str | None, first: str | None,
    last: str | None, following: int, most: int,
) -> tuple[list[dict[str, Any]], int | None]:  # fmt: skip
    """The scores of places (not of groups) with a number above `following`, and after which to go on. Whoever may not
    read single answers gets what everybody may see. Raises Unanswerable."""
    roots = rights.roots() if place is None else (rights.reach(_path(tx, place)),)
    table = locations.c
    query = select(table.id, table.name, table.path).where(answered(roots), table.kind != "group", table.id > following)
    rows = tx.execute(query.order_by(table.id).limit(most + 1)).all()
    shown = rows[:most]
    days = reporting.span(places.DEFAULT_ZONE, now_ms, first, last)
    asked = reporting.question(tx, roots, question, days)
    singles = rights.sees_singles(tuple(row.path for row in shown))
    counted = counts.days_of(tx, [row.id for row in shown], asked, days.first, days.last, singles=singles)
    found = []
    for row in shown:
        own = counted.get(row.id, counts.Days())
        figure = counts.total(asked.scale, own.counts, days.first, days.last)
        found.append(reporting.told(figure, asked, days) | {"place": {"id": row.id, "name": row.name}})
    return found, shown[-1].id if len(rows) > most else None


def _path(tx: Connection, place: int) -> str:
    return str(tx.execute(select(locations.c.path).where(locations.c.id == place)).scalar_one())
