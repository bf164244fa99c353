"""Places in an order that trusts volume, and how much they differ at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import Connection, select

from sync.models import locations
from sync.office import counts, crew_sight, every_place, listing, local_time, places, wide, windows
from sync.office.counts import Figure, Question
from sync.office.every_place import Asked
from sync.office.people import User
from sync.office.places import Location
from sync.office.wanted import Wanted
from sync.office.windows import Window
from sync.scores import RANKED, Histogram, Ranking, Spread, rank, spread

MOST_PLACES = 100


class Row(NamedTuple):
    """A place: its `rank` and `shrunken` score (None where it is early), its own figure, the groups above it."""

    place: Location
    rank: int | None
    shrunken: Fraction | None
    figure: Figure
    above: tuple[Location, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """A page of the ranking of what is at and below `top` (None: everything). `average` is WAI (None: nothing was
    answered), `weight` W. `ranked`, `early` and `unshown` are how many places. `scores` are those of the ranked ones,
    to be drawn. `without_crews`: there are crews, and this person sees no ranking of them."""

    top: Location | None
    question: Question
    questions: tuple[Question, ...]
    rows: listing.Page[Row]
    average: Fraction | None
    weight: Fraction
    ranked: int
    early: int
    unshown: int
    spread: Spread | None
    scores: tuple[float, ...]
    without_crews: bool
    window: Window
    today: int
    wanted: Wanted
    singles: bool
    refused: bool

    @property
    def places(self) -> int:
        return self.ranked + self.early + self.unshown


def ranking(tx: Connection, user: User, now_ms: int, wanted: Wanted, top: Location | None = None) -> Ranked:
    """Of what this person may see, or of it what is at and below `top`, which has to be within their scope. Crews are
    ranked for those alone who see them one by one, and single answers."""
    paths = (user.rights.reach(top.path),) if top else user.rights.roots()
    singles = user.rights.sees_singles(paths)
    allowed = wanted if singles else replace(wanted, filters=wanted.filters.only_shown())
    questions = _questions(tx, paths, now_ms, singles=singles)
    chosen = next((each for each in questions if each.id == allowed.filters.question), questions[0])
    names, crews = _names(tx, paths, with_crews=singles)
    own = every_place.own(
        tx, paths, Asked(chosen, allowed.filters, singles, crew_sight.opened(paths)), now_ms, compared=False
    )
    nothing = (0,) * (chosen.scale.high - chosen.scale.low + 1)
    figures = {number: own[number].counts if number in own else nothing for number in names}
    found: Ranking[int] = rank(chosen.scale, figures.items(), singles=singles)
    today = local_time.day_of(now_ms, top.zone if top else places.DEFAULT_ZONE)
    return Ranked(
        top=top,
        question=chosen,
        questions=tuple(questions),
        rows=_rows(tx, found, names, figures, chosen, paths, allowed.page),
        average=found.average,
        weight=found.weight,
        ranked=len(found.ranked),
        early=len(found.early),
        unshown=len(found.unshown),
        spread=spread(chosen.scale, [counted for counted in figures.values() if sum(counted) >= RANKED]),
        scores=tuple(float(each.score.value) for each in found.ranked),
        without_crews=crews,
        window=windows.window(allowed.filters, today),
        today=today,
        wanted=allowed,
        singles=singles,
        refused=allowed != wanted,
    )


def _questions(tx: Connection, paths: Sequence[str], now_ms: int, *, singles: bool) -> list[Question]:
    if wide.is_wide(tx, paths, MOST_PLACES):
        return wide.questions(tx, wide.scope(tx, paths, singles), now_ms)
    last = local_time.day_of(now_ms, places.DEFAULT_ZONE) + 1
    return counts.questions(tx, paths, last - counts.LOADED - 1, last)


def _names(tx: Connection, paths: Sequence[str], *, with_crews: bool) -> tuple[dict[int, str], bool]:
    """The places to be ranked, and whether there are crews that are not."""
    query = select(locations.c.id, locations.c.name, locations.c.kind, locations.c.path).where(places.below(paths))
    rows = tx.execute(query.where(locations.c.kind != "group")).all()
    shown = [row for row in rows if row.kind != "crew" or (with_crews and crew_sight.shows(paths, row.kind, row.path))]
    return {row.id: row.name for row in shown}, len(shown) < len(rows)


def _rows(
    tx: Connection,
    found: Ranking[int],
    names: Mapping[int, str],
    figures: Mapping[int, Histogram],
    question: Question,
    paths: Sequence[str],
    number: int,
) -> listing.Page[Row]:
    """Those of one rank by name; early ones after them, by name too."""
    ranked = sorted(found.ranked, key=lambda each: (each.rank, names[each.key].casefold(), each.key))
    early = sorted(found.early, key=lambda each: (names[each.key].casefold(), each.key))
    keys = [(each.key, each.rank, each.shrunken) for each in ranked] + [(each.key, None, None) for each in early]
    page = listing.cut(keys, number)
    tree = places.resolved(tx, {key for key, _, _ in page.items})
    rows = tuple(
        Row(
            tree[key],
            place,
            shrunken,
            Figure(question.scale, tuple(figures[key])),
            every_place.above(tree, tree[key], paths),
        )
        for key, place, shrunken in page.items
    )
    return listing.Page(rows, page.number, page.pages, page.total)
