"""What needs somebody's attention, in sentences: which place, since when, and why."""

from markupsafe import Markup, escape

from sync.office import words
from sync.office.attention import Attention, Dropped, Unhappy
from sync.office.needing import Box
from sync.office.tongue import _, filled, ngettext
from sync.office.writing import from_left, moment, number, share, short_date, weekday
from sync.scores import FALSE_MONTHLY


def needing(attention: Attention) -> str:
    n = attention.places
    return ngettext("{n} place needs a look.", "{n} places need a look.", n).format(n=number(n))


def dropped(each: Dropped, link: str) -> Markup:
    """ "Bergen: 26 lower since Thursday, 61 (57–65) in 212 answers." """
    said = {
        "day": _("{place}: {size} lower yesterday, {score} ({range}) in {n} answers."),
        "weekday": _("{place}: {size} lower since {day}, {score} ({range}) in {n} answers."),
        "date": _("{place}: {size} lower since {day}, {score} ({range}) in {n} answers."),
    }[each.drop.kind]
    since = each.drop.since
    return filled(
        said,
        place=_link(each.place.name, link),
        size=words.size(each.now.scale, each.drop.change),
        day=escape(weekday(since) if each.drop.kind == "weekday" else short_date(since)),
        score=words.score(each.now.scale, each.now.score.value) if each.now.score else "–",
        range=words.whole_interval(each.now),
        n=number(each.now.n),
    )


def reason(each: Dropped) -> Markup:
    """What more of them say; nothing where that is not certain."""
    grown = each.reason
    if grown is None:
        return Markup("")
    said = _("“{reason}” is the reason of {now} of all who answered, {before} before.")
    return filled(
        said,
        reason=words.text(grown.texts),
        now=share(grown.now, grown.of),
        before=share(grown.before, grown.before_of),
    )


def unhappy(each: Unhappy, link: str) -> Markup:
    said = _("{place}: {bad} of {n} answers today are unhappy; {usual} are usual.")
    return filled(
        said,
        place=_link(each.place.name, link),
        bad=number(each.unhappy),
        n=number(each.n),
        usual=share(each.usual, each.usual_n),
    )


def box(each: Box, link: str, now_ms: int) -> Markup:
    since = moment(each.since_ms, each.place.zone, now_ms) if each.since_ms is not None else ""
    return filled(
        _said(each).replace("{n}", number(each.n)), place=_link(each.place.name, link), moment=escape(from_left(since))
    )


def _said(each: Box) -> str:
    n = each.n
    if each.trouble == "dead" and each.since_ms is None:
        return ngettext("{place}: {n} terminal not heard of yet.", "{place}: {n} terminals not heard of yet.", n)
    if each.trouble == "dead":
        return ngettext("{place}: {n} terminal dead since {moment}.", "{place}: {n} terminals dead since {moment}.", n)
    if each.trouble == "silent" and each.since_ms is not None:
        return ngettext(
            "{place}: nobody has answered at {n} terminal since {moment}, which is no chance.",
            "{place}: nobody has answered at {n} terminals since {moment}, which is no chance.",
            n,
        )
    if each.trouble == "silent" or each.since_ms is None:
        return ngettext("{place}: {n} terminal silent.", "{place}: {n} terminals silent.", n)
    return ngettext(
        "{place}: {n} terminal behind, complete only to {moment}.",
        "{place}: {n} terminals behind, complete only to {moment}.",
        n,
    )


def kind(each: Box) -> str:
    """In one word."""
    return {"dead": _("Dead"), "silent": _("Silent"), "behind": _("Behind")}[each.trouble]


def more(n: int) -> str:
    return ngettext("{n} more place", "{n} more places", n).format(n=number(n))


def trust() -> str:
    """How rarely a drop is named that is none."""
    said = _(
        "A drop is named only where chance is ruled out: of places that did not change, at most {n} in 100 are named"
        " within four weeks."
    )
    return said.format(n=number(float(100 * FALSE_MONTHLY)))


def _link(name: str, address: str) -> Markup:
    return Markup('<a href="{}"><bdi>{}</bdi></a>').format(address, name)
