"""The briefing of a crew or a store: what people see who served these customers, the morning after. The customers'
words come first; nothing in it is more certain than it is, and nothing tells which door anything came from.

For a crew it is the same whoever reads it; of a store those who may see single answers (`singles`) read yesterday's
words whole."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from sync.db import Database
from sync.intake import sums
from sync.models import moderation, responses, restatements
from sync.office import (
    awaited,
    briefing_times,
    comment_index,
    comment_search,
    comments,
    counts,
    crew_asked,
    crew_briefing_words,
    crew_done,
    crew_scores,
    local_time,
    mornings,
    places,
    standing,
    standing_words,
    told_words,
    tongue,
)
from sync.office.awaited import Awaited
from sync.office.briefing import Block, Briefing, Line
from sync.office.briefing_times import Times
from sync.office.comments import Comment
from sync.office.filters import Filters
from sync.office.places import Location
from sync.office.rights import with_crews
from sync.office.told_words import Told

MOST_WORDS, MOST_OF_WEEK, MOST_PRAISE = 12, 8, 3
BACK = 14
"""Mornings that can be read again."""
DAY_MS = local_time.DAY_MS


class Said(NamedTuple):
    """What customers wrote: passed on as praise this morning, yesterday's, the week's."""

    praise: list[Comment]
    yesterday: list[Comment]
    week: list[Comment]


def prepare(db: Database, place: int, now_ms: int) -> None:
    """Bring up to date what `compose` reads. Writes only where something is missing."""
    with db.reading() as tx:
        path = places.resolved(tx, {place})[place].path
    sums.fold(db, now_ms)
    mornings.keep(db, (path,), now_ms)
    comment_index.fold(db)
    told_words.prepare(db, place, now_ms)


def newest(tx: Connection, place: int, now_ms: int, *, manager: bool = False) -> int:
    """The local day of the last briefing that is due there."""
    return briefing_times.of(tx, [place])[place].newest(now_ms, manager=manager)


def compose(tx: Connection, place: int, day: int, now_ms: int, *, singles: bool = False) -> Briefing:
    """The briefing of a crew or a store as it is read on the local day `day`, in the language that is spoken; of an
    earlier day as it was shown, with figures as they are known now. Call `prepare` before. Raises places.BadPlace."""
    here = places.resolved(tx, {place})[place]
    times = briefing_times.of(tx, [place])[place]
    is_crew, singles = here.kind == "crew", singles and here.kind != "crew"
    said = _said(tx, here, times, day, singles=singles)
    told = crew_scores.standing(tx, here, day, singles=singles)
    owes = awaited.awaited(tx, (here.path,), lambda today: (day - 1, day - 1), now_ms)
    late, answered = _late(tx, place, times, day), crew_asked.answers(tx, place, day - 1)
    has_words = bool(said.praise or said.yesterday or said.week)
    blocks = [
        _praise(said.praise),
        *_words(said, day, whole=singles),
        *_why(tx, here, told, day, singles=singles),
        _score(told),
        _kept(tx, here, told, day, singles=singles),
        crew_asked.block(tx, here, day) if is_crew else None,
        crew_asked.recognition(tx, here, told, day),
        crew_done.block(tx, here, day),
        _complete(tx, here, told, owes, late, day, now_ms, singles=singles),
    ]
    return Briefing(
        kind="crew" if is_crew else "store",
        place=place,
        name=here.name,
        title=crew_briefing_words.title(here.name, day),
        day=day,
        date=crew_briefing_words.date(day),
        lang=tongue.language(),
        sentence=crew_briefing_words.sentence(answered, has_words, owes.owes > 0),
        blocks=tuple(block for block in blocks if block is not None and block.lines),
    )


def _said(tx: Connection, place: Location, times: Times, day: int, *, singles: bool) -> Said:
    told = told_words.shown(tx, place.id, day)
    words = {each.comment.cursor.id: each.comment for each in told}
    praise = _praised(tx, place, times, day, told, whole=singles)
    taken = {each.cursor.id for each in praise}
    if singles:
        wanted = comment_search.Wanted((with_crews(place.path),), Filters(), day - 1, day - 1)
        yesterday = [each for each in comment_search.page(tx, wanted, None).shown if each.cursor.id not in taken]
    else:
        yesterday = [each.comment for each in told if _is_yesterdays(each, day) and each.comment.cursor.id not in taken]
    taken |= {each.cursor.id for each in yesterday}
    week = [comment for name, comment in words.items() if name not in taken and not singles]
    return Said(praise, yesterday, week)


def _is_yesterdays(told: Told, day: int) -> bool:
    """A day with enough answers speaks for itself."""
    return told.alone and told.label == day - 1 and told.since == day


def _praised(
    tx: Connection, place: Location, times: Times, day: int, told: Sequence[Told], *, whole: bool
) -> list[Comment]:
    """What was passed on as praise since the briefing before: never on the day of the answer; own words once they are
    told among others, so that nobody knows whose door it was."""
    table, given = moderation.c, responses.c
    after_ms, until_ms = times.due_ms(day - told_words.WEEK), times.due_ms(day)
    query = (
        select(table.response_id, table.praised_ms, given.location_id, given.day)
        .join(responses, given.id == table.response_id)
        .where(table.praise_id == place.id, table.hidden_ms.is_(None), ~given.test, ~given.aside)
        .where(table.praised_ms > after_ms, table.praised_ms <= until_ms, given.day < day)
        .order_by(table.praised_ms.desc(), table.response_id)
    )
    since = {each.comment.cursor.id: each.since for each in told}
    found = []
    for row in tx.execute(query):
        own = row.location_id == place.id and not whole
        first = max(_morning(times, row.praised_ms), row.day + 1, since.get(row.response_id, day + 1) if own else 0)
        if first == day:
            found.append(row.response_id)
    words = {each.cursor.id: each for each in comments.those(tx, found)}
    return [words[name] for name in found if name in words][:MOST_PRAISE]


def _morning(times: Times, ms: int) -> int:
    """The day of the first briefing after a moment."""
    day = local_time.day_of(ms, times.zone)
    return day if ms <= times.due_ms(day) else day + 1


def _praise(praise: Sequence[Comment]) -> Block:
    rule = crew_briefing_words.praise_rule()
    return Block("praise", crew_briefing_words.praise_title(), _quotes(praise), rule)


def _words(said: Said, day: int, *, whole: bool) -> list[Block]:
    rule = crew_briefing_words.newest_rule if whole else crew_briefing_words.words_rule
    return [
        Block(
            "words",
            crew_briefing_words.words_title(day - 1),
            _quotes(said.yesterday[:MOST_WORDS]),
            rule(len(said.yesterday), MOST_WORDS),
        ),
        Block(
            "week",
            crew_briefing_words.week_title(),
            _quotes(said.week[:MOST_OF_WEEK]),
            crew_briefing_words.week_rule(len(said.week), MOST_OF_WEEK),
        ),
    ]


def _quotes(every: Sequence[Comment]) -> tuple[Line, ...]:
    """Words alone: neither what was touched, nor when."""
    return tuple(Line(each.text, True, each.lang) for each in every)


def _why(
    tx: Connection, place: Location, told: crew_scores.Standing, day: int, *, singles: bool
) -> list[Block]:  # fmt: skip
    found = crew_scores.why(tx, place, told.question, day, singles=singles)
    return crew_briefing_words.why(found)


def _score(told: crew_scores.Standing) -> Block:
    return Block(
        "score",
        crew_briefing_words.score_title(),
        tuple(Line(text) for text in crew_briefing_words.score(told)),
        crew_briefing_words.score_rule(told),
    )


def _kept(tx: Connection, place: Location, told: crew_scores.Standing, day: int, *, singles: bool) -> Block:
    found = crew_scores.kept(tx, place, told.question, day, singles=singles)
    lines = tuple(Line(crew_briefing_words.kept(question, figure)) for question, figure in found)
    return Block("promises", crew_briefing_words.kept_title(), lines)


def _late(tx: Connection, place: int, times: Times, day: int) -> dict[int, int]:
    """By day, how many answers of days that had been told came in between the briefing before and this one."""
    firsts = [name for name, asked in counts.scored(tx).items() if asked.is_first]
    table = restatements.c
    query = (
        select(table.day, func.sum(table.responses))
        .where(table.location_id == place, table.question.in_(firsts), table.cause == "late")
        .where(table.at_ms > times.due_ms(day - 1), table.at_ms <= times.due_ms(day))
        .where(table.day.between(day - crew_scores.SPAN, day - 2))
        .group_by(table.day)
        .order_by(table.day)
    )
    return {row[0]: int(row[1]) for row in tx.execute(query)}


def _complete(
    tx: Connection, place: Location, told: crew_scores.Standing, owes: Awaited, late: dict[int, int], day: int,
    now_ms: int, *, singles: bool,
) -> Block:  # fmt: skip
    """Whether anything may still come, what came late, and what was restated of the four weeks."""

    def four_weeks(today: int) -> tuple[int, int]:
        return day - crew_scores.SPAN, day - 1

    whole = standing.standing(
        tx, told.now, (with_crews(place.path),), told.question, four_weeks, now_ms, zone=place.zone, singles=singles
    )
    is_over = day <= local_time.day_of(now_ms, place.zone)
    known = standing.Standing(told.now, None, is_over, owes)
    said = [crew_briefing_words.late(each, n, day) for each, n in late.items()]
    said.append(standing_words.state(known, place.zone, now_ms) if owes.screens else "")
    said.append(crew_briefing_words.restated(whole, place.zone, now_ms))
    return Block("complete", crew_briefing_words.complete_title(), tuple(Line(text) for text in said if text))
