"""What a ranking rests on, in sentences: the formula with its numbers, and how much places differ."""

from sync.office import words
from sync.office.ranking import Ranked, Row
from sync.office.tongue import _, ngettext
from sync.office.writing import from_left, number
from sync.scores import ENOUGH, RANKED

_DIGITS = 1


def sentence(view: Ranked) -> str:
    n = view.ranked
    if not n:
        return _("No place has enough answers to be ranked yet.")
    said = ngettext("{n} place ranked by what is certain.", "{n} places ranked by what is certain.", n)
    return said.format(n=number(n))


def rests(view: Ranked) -> str:
    """Who is ranked, and who is not."""
    said = [_("From {n} answers on a place is ranked.").format(n=number(RANKED))]
    if view.early:
        early = ngettext(
            "{n} place with fewer stands after them, unranked.", "{n} places with fewer stand after them, unranked.",
            view.early,
        )  # fmt: skip
        said.append(early.format(n=number(view.early)))
    if view.unshown:
        unshown = ngettext(
            "{n} place with fewer than {few} is left out.", "{n} places with fewer than {few} are left out.",
            view.unshown,
        )  # fmt: skip
        said.append(unshown.format(n=number(view.unshown), few=number(ENOUGH)))
    return " ".join(said)


def formula(view: Ranked) -> str:
    """With its real numbers."""
    if view.average is None:
        return ""
    said = _(
        "W = {weight} is the average number of answers a place, WAI = {average} the average of all places, each counted"
        " by its answers. I is a place's own score, n its answers. So few answers are pulled towards the average, and"
        " many stand for themselves."
    )
    return said.format(weight=_one(view.weight), average=_one(view.average))


def example(view: Ranked) -> str:
    """The formula for the first place of the page: "(160.4 × 77.2 + 812 × 86.1) / (160.4 + 812) = 84.6"."""
    row = next((each for each in view.rows.items if each.shrunken is not None), None)
    if row is None or row.figure.value is None or row.shrunken is None or view.average is None:
        return ""
    weight, n = _one(view.weight), number(row.figure.n)
    return from_left(
        f"({weight} × {_one(view.average)} + {n} × {_one(row.figure.value)}) / ({weight} + {n}) = {_one(row.shrunken)}"
    )


def _one(worth: object) -> str:
    return number(float(worth), _DIGITS)  # type: ignore[arg-type]


def shrunken(row: Row) -> str:
    return _one(row.shrunken) if row.shrunken is not None else ""


def consistency(view: Ranked) -> str:
    """How much the places differ, beyond what chance does to few answers."""
    found, scale = view.spread, view.question.scale
    if found is None:
        return _("From three places with {n} answers each on, this says how much they differ.").format(n=number(RANKED))
    low, high = (words.score(scale, each) for each in found.middle)
    half = _("The middle half of the {n} places lies between {low} and {high}.").format(
        n=number(found.places), low=low, high=high
    )
    if not found.certain:
        return f"{half} " + _("That much can be chance: it is not certain that they differ at all.")
    said = _(
        "They differ by more than chance: their true scores lie about {tau} ({from_tau} to {to_tau}) around their"
        " average."
    )
    return f"{half} " + said.format(tau=_one(found.tau), from_tau=_one(found.low), to_tau=_one(found.high))
