"""The briefing of a manager and of head office: the sentence, what moved, the best and the worst words, what is silent,
who waits for a call. It is what its reader may see on the pages, put on one sheet."""

from calendar import monthrange
from collections.abc import Sequence
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from sync.db import Database
from sync.office import (
    attention_words,
    calls,
    comment_index,
    comment_search,
    crew_notes,
    head_briefing_words,
    local_time,
    overview,
    overview_words,
    standing_words,
    tongue,
    words,
)
from sync.office import briefing as plain
from sync.office.briefing import Block, Briefing, Line
from sync.office.comment_search import Mood
from sync.office.comments import Comment
from sync.office.filters import Filters
from sync.office.lines import Line as OfPlace
from sync.office.lines import Overview
from sync.office.people import User
from sync.office.places import Location
from sync.office.rights import EVERYWHERE
from sync.office.tongue import _
from sync.office.wanted import Sort, Wanted
from sync.office.words import full_date

Cadence = Literal["daily", "weekly", "monthly"]
MOVERS, WORDS = 5, 3
"""Places of each direction, and comments of each mood, at most."""
SHORTEST = 12
"""Characters: "ok" is no word to listen to while there are others."""


class Period(NamedTuple):
    """Local days, both included."""

    first: int
    last: int


def period(cadence: Cadence, day: int) -> Period:
    """What a briefing that is read on `day` is about: yesterday, the last whole week from Monday on, the last whole
    month of the calendar."""
    date = local_time.date_of(day)
    if cadence == "daily":
        return Period(day - 1, day - 1)
    if cadence == "weekly":
        monday = day - date.weekday()
        return Period(monday - 7, monday - 1)
    last = day - date.day
    before = local_time.date_of(last)
    return Period(last - monthrange(before.year, before.month)[1] + 1, last)


def prepare(db: Database, user: User, now_ms: int, *, top: Location | None = None) -> None:
    """Bring up to date what `compose` reads. Writes only where something is missing."""
    overview.prepare(db, user, now_ms, top=top)
    comment_index.fold(db)


def compose(
    tx: Connection, user: User, cadence: Cadence, day: int, now_ms: int, *, top: Location | None = None
) -> Briefing:
    """What `user` may see of everything, or of what is at and below `top`, in the language that is spoken. `day`: the
    local day on which it is read."""
    about = period(cadence, day)
    filters = Filters() if cadence == "daily" else Filters(first=about.first, last=about.last)
    view, rises = (_view(tx, user, now_ms, filters, top, down=down) for down in (False, True))
    is_all = top is None and EVERYWHERE in user.rights.roots()
    name = top.name if top else view.top.name if view.top else ""
    kind: plain.Kind = "office" if is_all else "manager"
    paths = (user.rights.reach(top.path),) if top else user.rights.roots()
    blocks = [
        _moved(view, rises),
        *(_said(tx, paths, about) if view.singles else ()),
        _needing(view, now_ms) if cadence == "daily" else None,
        _calls(tx, paths) if view.singles else None,
        _notes(tx, paths, day) if cadence == "daily" else None,
        _standing(view, now_ms),
    ]
    return Briefing(
        kind=kind,
        place=view.top.id if view.top else None,
        name=name,
        title=head_briefing_words.title(cadence, name, about),
        day=day,
        date=full_date(day),
        lang=tongue.language(),
        sentence=overview_words.sentence(view),
        blocks=tuple(block for block in blocks if block is not None and block.lines),
    )


def _view(tx: Connection, user: User, now_ms: int, filters: Filters, top: Location | None, *, down: bool) -> Overview:
    path = f"/locations/{top.id}" if top else "/"
    wanted = Wanted(filters, Sort("change", down), path=path)
    return overview.overview(tx, user, now_ms, top=top, wanted=wanted)


def _moved(falling: Overview, rising: Overview) -> Block:
    """Only what is certain; the deepest falls first."""
    falls = [line for line in falling.lines if _moves(line, -1)][:MOVERS]
    rises = [line for line in rising.lines if _moves(line, 1)][:MOVERS]
    said = [
        Line(head_briefing_words.mover(falling, line), address=falling.wanted.to_place(line.place.id))
        for line in (*falls, *rises)
    ]
    if not said and falling.places > 1:
        said = [Line(_("No place has certainly changed against {then}.").format(then=overview_words.before(falling)))]
    return Block("movers", _("What moved"), tuple(said), _("Named is only what chance does not explain."))


def _moves(line: OfPlace, sign: int) -> bool:
    return line.change is not None and sign * line.change.value > 0


def _said(tx: Connection, paths: tuple[str, ...], about: Period) -> list[Block]:
    """The best and the worst words."""
    return [
        Block("worst", _("Least happy"), _quotes(tx, paths, about, "unhappy")),
        Block("best", _("Happiest"), _quotes(tx, paths, about, "happy")),
    ]


def _quotes(tx: Connection, paths: tuple[str, ...], about: Period, mood: Mood) -> tuple[Line, ...]:
    """The most outspoken answers first, then those with the most words; of one place at most one while others wrote."""
    wanted = comment_search.Wanted(paths, Filters(), about.first, about.last, mood=mood)
    found = comment_search.page(tx, wanted, None).shown
    sign = 1 if mood == "unhappy" else -1
    order = sorted(
        found,
        key=lambda each: (len(each.text) < SHORTEST, sign * (each.value or 0), -len(each.text), each.cursor.id),
    )
    return tuple(_quote(each) for each in _spread(order))


def _spread(order: Sequence[Comment]) -> list[Comment]:
    firsts: dict[int, Comment] = {}
    for each in order:
        firsts.setdefault(each.place.id, each)
    one_each = list(firsts.values())
    others = [each for each in order if each not in one_each]
    return [*one_each, *others][:WORDS]


def _quote(comment: Comment) -> Line:
    note = head_briefing_words.whose(comment, local_time.day_of(comment.cursor.captured_ms, comment.place.zone))
    return Line(comment.text, True, comment.lang, note, f"/answers/{comment.cursor.id}")


def _needing(view: Overview, now_ms: int) -> Block:
    """As the overview names it."""
    news, to = view.attention, view.wanted.to_place
    lines = [Line(attention_words.unhappy(each, "").striptags(), address=to(each.place.id)) for each in news.unhappy]
    for each in news.dropped:
        said = f"{attention_words.dropped(each, '').striptags()} {attention_words.reason(each).striptags()}"
        lines.append(Line(said.strip(), address=to(each.place.id)))
    for box in news.boxes:
        address = f"/devices/{box.device}" if box.device else "/devices"
        lines.append(Line(attention_words.box(box, "", now_ms).striptags(), address=address))
    if news.more or news.more_boxes:
        lines.append(Line(attention_words.more(news.more + news.more_boxes), address="/"))
    return Block("needs", _("What needs a look"), tuple(lines))


def _calls(tx: Connection, paths: tuple[str, ...]) -> Block:
    """How many customers wait for a call; never how to reach them: a letter lies about."""
    n = calls.waiting(tx, paths)
    lines = (Line(head_briefing_words.waiting(n), address="/contacts"),) if n else ()
    return Block("calls", _("To call back"), lines)


def _notes(tx: Connection, paths: tuple[str, ...], day: int) -> Block:
    """The lines of context of those who read before their manager."""
    lines = tuple(
        Line(head_briefing_words.note(name, text), address=f"/briefing/{place}")
        for place, name, text in crew_notes.below(tx, paths, day)
    )
    return Block("notes", _("What teams say to it"), lines)


def _standing(view: Overview, now_ms: int) -> Block:
    """How complete it is, and whether it was restated."""
    said = [words.complete(view, now_ms)] if view.places else []
    if view.standing is not None:
        said.append(standing_words.state(view.standing, view.zone, now_ms))
    return Block("standing", _("How complete this is"), tuple(Line(each) for each in said if each))
