"""What a comparison says, and where its pages are."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from sync.office import location_words, overview_words, words
from sync.office.compare import Comparison, Series
from sync.office.history import Ends
from sync.office.local_time import date_of
from sync.office.reasons import Reasons
from sync.office.tongue import _, ngettext
from sync.office.windows import WEEK
from sync.office.writing import listed, number, share
from sync.scores import RANKED, showing

Row = tuple[str, list[str]]
"""A reason and, for each series, the share of those who chose it; "–" where too few answered."""


def name(found: Comparison, each: Series) -> str:
    """What tells it from the others: the place, or its days."""
    return days(found, each) if found.by_period else each.place.name


def days(found: Comparison, each: Series) -> str:
    return overview_words.dates(each.window, found.today)


def sentence(found: Comparison) -> str:
    """What is certain; one sentence for all."""
    if len(found.series) < 2:
        return _("Choose what to compare it with.") if found.series else _("Choose two places or more, up to six.")
    first = found.series[0]
    sure = [each for each in found.series[1:] if each.gap is not None and each.gap.certain]
    if not found.shown:
        return _("Too few answers to compare.")
    if not sure:
        return _("None of them certainly differs from {first}.").format(first=name(found, first))
    said = [_apart(found, each) for each in sure]
    return _("{list} {first}.").format(list=listed(said), first=name(found, first))


def _apart(found: Comparison, each: Series) -> str:
    """ "Bergen is 7 below"; the sentence ends with what it is below."""
    if each.gap is None:
        return ""
    said = _("{name} is {size} above") if each.gap.value > 0 else _("{name} is {size} below")
    return said.format(name=name(found, each), size=words.size(each.figure.scale, each.gap))


def gap(found: Comparison, each: Series) -> str:
    """The difference from the first, where it is certain; else why there is none."""
    first = found.series[0]
    if each is first:
        return _("the others are held against this one") if len(found.series) > 1 else ""
    if not each.figure.n:
        return _("not asked here in these days")
    if each.overlaps:
        return _("partly the same answers, so not compared")
    if each.gap is None:
        return _("too few answers to compare: from {n} on").format(n=number(RANKED))
    told = {"range": location_words.between(each.figure.scale, each.gap)}
    if not each.gap.certain:
        return _("no certain difference ({range})").format(**told)
    return f"{location_words.signed(each.figure.scale, each.gap)} ({told['range']})"


def caution(found: Comparison) -> str:
    """What many comparisons do, and what was done about it."""
    if not found.widened:
        return ""
    said = ngettext(
        "{n} difference stands here.",
        "{n} differences stand here, and the more there are, the likelier one of them looks certain by chance. Each "
        "range is widened for that, so that all of them together hold 19 times out of 20.",
        found.shown,
    )
    return said.format(n=number(found.shown))


def reasons(found: Comparison) -> list[tuple[str, list[Row]]]:
    """By the question for reasons: each reason with its share in every series, the most frequent first."""
    every: dict[str, dict[str, list[str]]] = {}
    order: dict[str, dict[str, int]] = {}
    for at, each in enumerate(found.series):
        for group in each.reasons:
            title = words.text(group.texts)
            rows, counted = every.setdefault(title, {}), order.setdefault(title, {})
            for reason in group.ranked:
                text = words.text(reason.texts)
                row = rows.setdefault(text, ["–"] * len(found.series))
                row[at] = share(reason.whole.n, reason.whole.of) if showing(reason.whole.of) != "none" else "–"
                counted[text] = counted.get(text, 0) + reason.whole.n
    _zeros(found, every)
    return [
        (title, sorted(rows.items(), key=lambda row: -order[title][row[0]])) for title, rows in every.items() if rows
    ]


def _zeros(found: Comparison, every: dict[str, dict[str, list[str]]]) -> None:
    """Nobody chose it, where enough could have."""
    for at, each in enumerate(found.series):
        groups: dict[str, Reasons] = {words.text(group.texts): group for group in each.reasons}
        for title, rows in every.items():
            if title in groups and groups[title].whole:
                for row in rows.values():
                    row[at] = share(0, 1) if row[at] == "–" else row[at]


# Addresses


def address(found: Comparison, numbers: Sequence[int], periods: Sequence[Ends]) -> str:
    """Of another comparison with the same question and days."""
    told: dict[str, object] = {"place": list(numbers)}
    if periods:
        told["period"] = [period(each) for each in periods]
        told |= {"question": found.filters.question} if found.filters.question else {}
    else:
        told |= found.filters.query
    return f"/compare?{urlencode(told, doseq=True)}"


def asking(found: Comparison, question: str) -> str:
    """The same about another question."""
    other = replace(found, filters=replace(found.filters, question=question))
    return address(other, numbers(found), periods(found))


def kept(found: Comparison) -> list[tuple[str, str]]:
    """What a form that adds a period has to send along."""
    chosen = [("question", found.filters.question)] if found.filters.question else []
    if found.by_period:
        return [*chosen, *(("period", period(each)) for each in periods(found))]
    return list(found.filters.query.items())


def period(ends: Ends) -> str:
    """As it stands in an address."""
    return f"{date_of(ends[0]).isoformat()}..{date_of(ends[1]).isoformat()}"


def numbers(found: Comparison) -> list[int]:
    return list(dict.fromkeys(each.place.id for each in found.series))


def periods(found: Comparison) -> list[Ends]:
    """Those of the comparison; of one place over its usual days, these."""
    return [(each.window.first, each.window.last) for each in found.series] if found.by_period else []


def without(found: Comparison, at: int) -> str:
    """The same without one of them."""
    if found.by_period:
        left = [each for index, each in enumerate(periods(found)) if index != at]
        return address(found, numbers(found), left)
    return address(found, [each for index, each in enumerate(numbers(found)) if index != at], [])


def first(found: Comparison, at: int) -> str:
    """The same, held against this one."""
    if found.by_period:
        every = periods(found)
        return address(found, numbers(found), [every[at], *every[:at], *every[at + 1 :]])
    each = numbers(found)
    return address(found, [each[at], *each[:at], *each[at + 1 :]], [])


def earlier(found: Comparison) -> list[tuple[str, str]]:
    """What one place is often held against: the days before, and the same weeks of last year."""
    if not found.series or len(numbers(found)) > 1:
        return []
    last = found.series[-1].window
    long = last.last - last.first + 1
    back = -(-long // WEEK) * WEEK
    known = periods(found) or [(last.first, last.last)]
    before = ngettext("The week before", "The {n} weeks before", back // WEEK).format(n=number(back // WEEK))
    offered = [(before, back), (_("The same days a year before"), 52 * WEEK)]
    wanted = [(text, (last.first - days, last.last - days)) for text, days in offered]
    return [(text, address(found, numbers(found), [*known, ends])) for text, ends in wanted if ends not in known]
