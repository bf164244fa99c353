"""What is said of a part of the answers: the period that was asked for, how it was, and what narrows it down."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sync.office import windows, words
from sync.office.choices import Branch
from sync.office.counts import Question
from sync.office.filters import SPANS, Filters, Hours
from sync.office.lines import Line, Overview, Total
from sync.office.places import Location
from sync.office.table_charts import Segment
from sync.office.tongue import _, ngettext
from sync.office.wanted import Wanted
from sync.office.windows import Window
from sync.office.writing import from_left, full_date, language, listed, number, short_date
from sync.scores import rounded

_PARTS_OF_A_DAY = (Hours(0, 6), Hours(6, 9), Hours(9, 12), Hours(12, 15), Hours(15, 18), Hours(18, 21), Hours(21, 24))


class Looked(Protocol):
    """A page that looks at a part of the answers."""

    @property
    def top(self) -> Location | None: ...
    @property
    def question(self) -> Question: ...
    @property
    def questions(self) -> tuple[Question, ...]: ...
    @property
    def window(self) -> Window: ...
    @property
    def wanted(self) -> Wanted: ...
    @property
    def today(self) -> int: ...


class Chip(NamedTuple):
    """A filter that is set, and the page without it."""

    text: str
    address: str


def span(days: int) -> str:
    return ngettext("The last {n} day", "The last {n} days", days).format(n=number(days))


def spans(filters: Filters) -> list[tuple[int, str]]:
    """The periods to choose from, with the one that is set."""
    every = {*SPANS, filters.span} if filters.first is None else set(SPANS)
    return [(days, span(days)) for days in sorted(every)]


def dates(window: Window, today: int) -> str:
    """ "28 Oct–24 Nov"; with years when it began long ago."""
    written = short_date if today - window.first < 300 else full_date
    if window.first == window.last:
        return written(window.first)
    return _("{first}–{last}").format(first=written(window.first), last=written(window.last))


def hours(span: Hours) -> str:
    """ "9–12 h"."""
    return _("{hours} h").format(hours=from_left(f"{span.first}–{span.end}"))


def flagged(which: str) -> str:
    return {
        "without": _("Without flagged answers"),
        "with": _("With flagged answers"),
        "only": _("Flagged answers alone"),
    }[which]


def chips(view: Looked) -> list[Chip]:
    """What is set beside the usual, each with the way to take it away."""
    asked, wanted = view.wanted.filters, view.wanted
    found = []
    if wanted.place is not None and view.top is not None:
        found.append(Chip(view.top.name, wanted.address(place=None)))
    if not windows.is_usual(asked):
        text = span(asked.span) if asked.first is None else dates(view.window, view.today)
        found.append(Chip(text, wanted.address(days=None, **{"from": None, "to": None})))
    if asked.question and len(view.questions) > 1:
        found.append(Chip(words.asked(view.question, view.questions), wanted.address(question=None)))
    narrowed = asked.narrowed
    if narrowed.touchpoint is not None:
        found.append(Chip(narrowed.touchpoint, wanted.address(touchpoint=None)))
    if narrowed.lang is not None:
        found.append(Chip(language(narrowed.lang), wanted.address(lang=None)))
    if narrowed.hours is not None:
        found.append(Chip(hours(narrowed.hours), wanted.address(hours=None)))
    if narrowed.flagged != "without":
        found.append(Chip(flagged(narrowed.flagged), wanted.address(flagged=None)))
    return found


def sentence(view: Overview) -> str:
    """How what was asked for was; where nothing was, what yesterday was like."""
    if view.wanted.is_plain or not view.places:
        return words.yesterday(view)
    what, n = _what(view), view.total.figure.n
    if not n:
        return _("{what}: nobody answered.").format(what=what)
    if view.total.figure.score is None:
        few = ngettext(
            "{what}: {n} answer, too few to say how it was.", "{what}: {n} answers, too few to say how it was.", n
        )
        return few.format(what=what, n=number(n))
    figure = view.total.figure
    said = ngettext(
        "{what}: {n} answer, {name} {score} ({range}).", "{what}: {n} answers, {name} {score} ({range}).", n
    )
    said = said.format(
        what=what,
        n=number(n),
        name=words.score_name(figure.scale),
        score=words.score(figure.scale, figure.score.value) if figure.score else "",
        range=words.whole_interval(figure),
    )
    changed = _changed(view, view.total)
    return f"{said} {changed}" if changed else said


def _what(view: Overview) -> str:
    """ "28 Oct–24 Nov, 9–12 h, in Dutch"."""
    narrowed = view.wanted.filters.narrowed
    parts = [dates(view.window, view.today)]
    if narrowed.hours is not None:
        parts.append(hours(narrowed.hours))
    if narrowed.touchpoint is not None:
        parts.append(_("at “{touchpoint}”").format(touchpoint=narrowed.touchpoint))
    if narrowed.lang is not None:
        parts.append(_("in {language}").format(language=language(narrowed.lang)))
    if narrowed.flagged != "without":
        parts.append(_("with flagged answers") if narrowed.flagged == "with" else _("answers that a flag keeps out"))
    return listed(parts)


def _changed(view: Overview, total: Total) -> str:
    change = total.change
    if change is None:
        return ""
    usual, size = windows.is_usual(view.wanted.filters), words.size(view.question.scale, change)
    if not change.certain or rounded(abs(change.value)) == 0:
        if total.since.showing != "full":
            return ""
        then = before(view)
        return (_("This week is about like {then}.") if usual else _("That is about like {then}.")).format(then=then)
    if usual:
        said = _("This week is {size} above {then}.") if change.value > 0 else _("This week is {size} below {then}.")
    else:
        said = _("That is {size} above {then}.") if change.value > 0 else _("That is {size} below {then}.")
    return said.format(size=size, then=before(view))


def before(view: Overview) -> str:
    """What a change is reckoned against, as it stands within a sentence."""
    filters = view.wanted.filters
    if windows.is_usual(filters):
        return _("the three weeks before")
    weeks = windows.weeks_back(filters)
    if filters.length % windows.WEEK:
        return ngettext("the same days a week before", "the same days {n} weeks before", weeks).format(n=number(weeks))
    return ngettext("the week before", "the {n} weeks before", weeks).format(n=number(weeks))


def change_heading(view: Overview) -> str:
    return _("Change this week") if windows.is_usual(view.wanted.filters) else _("Change")


def below(view: Overview) -> str:
    """What the table shows."""
    if view.wanted.is_plain:
        return words.below(view)
    n = view.places
    said = ngettext("Below is {n} place.", "Below are {n} places.", n).format(n=number(n))
    return said + " " + _("A change is one against {then}.").format(then=before(view))


def listing(view: Overview) -> str:
    """How the table is ordered, where places stand in one list."""
    said = {
        "score": _("All places, the lowest score first."),
        "-score": _("All places, the highest score first."),
        "n": _("All places, the fewest answers first."),
        "-n": _("All places, the most answers first."),
        "change": _("All places, the deepest certain fall first."),
        "-change": _("All places, the largest certain rise first."),
    }
    return said.get(str(view.wanted.sort), "")


def way(line: Line) -> list[str]:
    """The groups that a place is in, from the top down."""
    return [each.name for each in line.above]


def branches(places: Sequence[Branch]) -> list[tuple[int, str]]:
    """Groups and places to choose from; what is in a group is set in."""
    return [(each.id, "\N{NO-BREAK SPACE}" * 3 * each.depth + each.name) for each in places]


def questions(view: Looked) -> list[tuple[str, str]]:
    return [(each.id, words.asked(each, view.questions)) for each in view.questions]


def hour_choices(chosen: Hours | None) -> list[tuple[str, str]]:
    every = {*_PARTS_OF_A_DAY, *([chosen] if chosen else [])}
    return [(f"{each.first}-{each.end}", hours(each)) for each in sorted(every)]


def same(names: Sequence[str], chosen: str | None) -> list[tuple[str, str]]:
    return [(each, each) for each in sorted({*names, *([chosen] if chosen else [])})]


def languages(codes: Sequence[str], chosen: str | None) -> list[tuple[str, str]]:
    every = {*codes, *([chosen] if chosen else [])}
    return sorted(((each, language(each)) for each in every), key=lambda each: each[1].casefold())


def flag_choices() -> list[tuple[str, str]]:
    return [(each, flagged(each)) for each in ("without", "with", "only")]


def segment(scale_name: str, each: Segment) -> str:
    """Which answers stand together: "Very happy"; "0 to 6"."""
    if each.low == each.high:
        return words.answer_name(scale_name, each.low)
    return _("{low} to {high}").format(low=each.low, high=each.high)
