"""What crews were answered together, for those who don't see them one by one: released by sync.intake.crew_sums."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from sync.models import crew_parts, crew_withdrawn, locations
from sync.office import counts, crew_sight, local_time, places
from sync.office.counts import PERIOD, Figure, Question, value_columns
from sync.office.places import DEFAULT_ZONE


@dataclass(frozen=True)
class Told:
    """What so many `crews` were answered to a question in the last PERIOD local days."""

    question: Question
    figure: Figure
    crews: int


@dataclass(frozen=True)
class Together:
    """`hidden`: how many crews there are that are not shown one by one; `every`: what is shown of several of them."""

    hidden: int
    every: tuple[Told, ...] = ()

    def as_json(self) -> list[dict[str, object]]:
        """As machines read it."""
        return [
            {
                "question": {"id": told.question.id, "scale": told.question.scale_name},
                "score": round(float(told.figure.score.value), 4),
                "interval": {"low": round(told.figure.score.low, 4), "high": round(told.figure.score.high, 4)},
                "n": told.figure.n,
                "crews": told.crews,
                "days": PERIOD,
            }
            for told in self.every
            if told.figure.score is not None
        ]


def together(tx: Connection, paths: Sequence[str], now_ms: int) -> Together:
    """Of the crews at and below these paths that they don't open. Of a group with a crew that they do open nothing: the
    others could be subtracted out."""
    hidden = crew_sight.hidden(tx, paths)
    groups = _groups(tx, paths) if hidden else []
    if not groups:
        return Together(hidden)
    last = local_time.day_of(now_ms, DEFAULT_ZONE) + 1
    known, found = counts.scored(tx), []
    for name in sorted(_asked(tx, groups, last)):
        asked = known.get(name)
        if asked is not None:
            told = _told(tx, groups, Question(name, asked.scale, asked.texts), last)
            found += [told] if told.figure.n else []
    first = {told.question.id: known[told.question.id].is_first for told in found}
    return Together(hidden, tuple(sorted(found, key=lambda told: (not first[told.question.id], -told.figure.n))))


def _groups(tx: Connection, paths: Sequence[str]) -> list[int]:
    """Groups at and below these paths of none of whose crews, then and now, anything is seen apart."""
    crews = crew_sight.opened(paths)
    those = select(crew_parts.c.location_id).where(crew_parts.c.label >= 0).distinct()
    query = select(locations.c.id).where(places.below(paths), locations.c.id.in_(those))
    found = list(tx.execute(query).scalars())
    if not crews or not found:
        return found
    gave = select(crew_parts.c.location_id).join(locations, locations.c.id == crew_parts.c.crew_id)
    now = select(locations.c.parent_id).where(locations.c.kind == crew_sight.CREW, places.below(crews))
    seen = {*tx.execute(gave.where(places.below(crews)).distinct()).scalars(), *tx.execute(now.distinct()).scalars()}
    return [group for group in found if group not in seen]


def _asked(tx: Connection, groups: Sequence[int], last: int) -> set[str]:
    table = crew_parts.c
    days = table.label.between(last - PERIOD, last)
    query = select(table.question).where(table.location_id.in_(groups), days).distinct()
    return set(tx.execute(query).scalars())


def _told(tx: Connection, groups: Sequence[int], question: Question, last: int) -> Told:
    table, gone = crew_parts.c, crew_withdrawn.c
    same = and_(gone.location_id == table.location_id, gone.question == table.question, gone.label == table.label)
    columns = value_columns(question.scale, crew_parts)
    query = (
        select(func.count(table.crew_id.distinct()), *(func.coalesce(func.sum(column), 0) for column in columns))
        .select_from(crew_parts)
        .outerjoin(crew_withdrawn, same)
        .where(gone.label.is_(None), table.location_id.in_(groups), table.question == question.id)
        .where(table.label.between(last - PERIOD, last), table.label >= 0)
    )
    crews, *counted = tx.execute(query).one()
    return Told(question, Figure(question.scale, tuple(map(int, counted))), int(crews))
