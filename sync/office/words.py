"""What the figures of places say, in full sentences of the viewer's language."""

from fractions import Fraction

from sync.i18n import mark
from sync.office import local_time
from sync.office.answer_words import answer_name as answer_name
from sync.office.answer_words import answer_of as answer_of
from sync.office.answer_words import asked as asked
from sync.office.answer_words import text as text
from sync.office.comments import Comment
from sync.office.counts import PERIOD, Figure
from sync.office.delivery import Delivery
from sync.office.lines import Line, Overview, Yesterday
from sync.office.places import Location
from sync.office.tongue import _, ngettext
from sync.office.writing import date as date
from sync.office.writing import from_left, listed, number, short_date, weekday
from sync.office.writing import full_date as full_date
from sync.office.writing import language as language
from sync.office.writing import moment as moment
from sync.office.writing import share as share
from sync.office.writing import short_weekday as short_weekday
from sync.scores import ENOUGH, RANKED, Difference, rounded
from sync.survey import Scale

_NAMES = {
    "index": mark("score"),
    "nps": mark("NPS"),
    "csat": mark("satisfied"),
    "ces": mark("ease"),
    "yes": mark("yes"),
}
_MEANINGS = {
    "index": mark("The score runs from 0, all very unhappy, to 100, all very happy."),
    "nps": mark("NPS is the share of 9 and 10 less the share of 0 to 6, from −100 to 100."),
    "csat": mark("Satisfied are those who answered 4 or 5."),
    "ces": mark("Ease is the average answer, from 1 to 7."),
    "yes": mark("What counts is the share who answered yes."),
}
_UNITS = {"csat": " %", "yes": " %"}
_DIGITS = {"ces": 1}
_JOINER = "\N{WORD JOINER}"  # a line does not break in the middle of a range


def score_name(scale: Scale) -> str:
    return _(_NAMES[scale.family])


def score_heading(scale: Scale) -> str:
    """The name to stand over a column or beside a big number."""
    name = score_name(scale)
    return name[0].upper() + name[1:]


def meaning(scale: Scale) -> str:
    """What the lowest and the highest score would mean, in one line."""
    return _(_MEANINGS[scale.family])


def score(scale: Scale, value: Fraction | float) -> str:
    """A score as it is shown: rounded, with a real minus."""
    return points(scale, value) + _UNITS.get(scale.family, "")


def points(scale: Scale, value: Fraction | float) -> str:
    """A score without its unit."""
    digits = _DIGITS.get(scale.family, 0)
    return number(float(rounded(value, digits)), digits)


def interval(figure: Figure) -> str:
    """ "84–88"; with "to" where a minus stands in it. Only for a figure with a score."""
    if figure.score is None:
        return ""
    low, high = (points(figure.scale, end) for end in (figure.score.low, figure.score.high))
    return _("{low} to {high}").format(low=low, high=high) if "−" in low else from_left(f"{low}–{high}")


def whole_interval(figure: Figure) -> str:
    """The same for a sentence: no line breaks in it."""
    return interval(figure).replace("–", f"{_JOINER}–{_JOINER}")


def example() -> str:
    """An interval to explain intervals with."""
    return from_left("84–88")


def size(scale: Scale, change: Difference) -> str:
    """How large a change is, without its sign."""
    return points(scale, abs(change.value))


def delivery(state: Delivery, place: Location, now_ms: int) -> str:
    """How far it is complete, and what stands in the way."""
    if not state.screens:
        return _("No screen here yet")
    if state.unenrolled == state.screens:
        n = state.screens
        said = ngettext("{n} screen waiting to be enrolled", "{n} screens waiting to be enrolled", n)
        return said.format(n=number(n))
    if state.dead and state.dead_since_ms is not None:
        said = ngettext("{n} screen dead since {moment}", "{n} screens dead since {moment}", state.dead)
        return said.format(n=number(state.dead), moment=moment(state.dead_since_ms, place.zone, now_ms))
    if state.dead:
        said = ngettext("{n} screen not heard of yet", "{n} screens not heard of yet", state.dead)
        return said.format(n=number(state.dead))
    if state.complete_ms is None:
        return _("Nothing delivered yet")
    return _("Complete to {moment}").format(moment=moment(state.complete_ms, place.zone, now_ms))


def complete(view: Overview, now_ms: int) -> str:
    """How far most of the places are complete, said once for all of them."""
    if view.agreed is None:
        return ""
    to = moment(view.agreed.earliest_ms, view.agreed.place.zone, now_ms)
    if view.agreed.everyone:
        return _("Complete to {moment}.").format(moment=to)
    return _("Complete to {moment}, except where a place says otherwise.").format(moment=to)


def state(view: Overview, line: Line, now_ms: int) -> str:
    """What a place's own line has to say beside that: what differs, what is wrong, what was set aside."""
    is_said = view.agreed is not None and view.agreed.covers(line.place, line.delivery, now_ms)
    own = "" if is_said else delivery(line.delivery, line.place, now_ms)
    aside = ngettext("{n} set aside", "{n} set aside", line.aside).format(n=number(line.aside)) if line.aside else ""
    return listed([part for part in (own, uncertain(line), aside) if part])


def uncertain(line: Line) -> str:
    """Of whom it is not certain that they stand where their answers are counted."""
    n = line.delivery.uncertain
    if not n:
        return ""
    if line.delivery.screens == 1:
        return _("location uncertain")
    return ngettext("location of {n} screen uncertain", "location of {n} screens uncertain", n).format(n=number(n))


def yesterday(view: Overview) -> str:
    """The sentence a day begins with."""
    past, n = view.yesterday, view.yesterday.figure.n
    if not view.places:
        return _("There is no place yet.")
    if view.youth and view.youth.is_new:
        if view.youth.first is None:
            return _("No answers yet. The morning after the first ones, this line says how it was.")
        return _("The first answers came in today. From tomorrow on, this line says how yesterday was.")
    if not n:
        return _("Nobody answered yesterday.")
    if past.figure.score is None:
        few = ngettext(
            "Yesterday {n} answer: too few to say how it was.", "Yesterday {n} answers: too few to say how it was.", n
        )
        return few.format(n=number(n))
    return _scored(past) + ("" if past.figure.showing == "full" else " " + _("That is early: few answered."))


def _scored(past: Yesterday) -> str:
    """Yesterday, beside the usual. A difference is claimed where it is certain; "about the usual"
    only where there are answers enough to say so."""
    figure, n, change = past.figure, past.figure.n, past.change
    said = ngettext(
        "Yesterday {n} answer, {name} {score} ({range}).", "Yesterday {n} answers, {name} {score} ({range}).", n
    )
    if change is not None and change.certain and rounded(abs(change.value)) > 0:
        said = _above(n) if change.value > 0 else _below(n)
    elif change is not None and figure.showing == "full":
        said = ngettext(
            "Yesterday {n} answer, {name} {score} ({range}), about the usual {weekday}.",
            "Yesterday {n} answers, {name} {score} ({range}), about the usual {weekday}.",
            n,
        )
    return said.format(
        n=number(n),
        name=score_name(figure.scale),
        score=score(figure.scale, figure.score.value) if figure.score else "",
        range=whole_interval(figure),
        size=size(figure.scale, change) if change else "",
        weekday=weekday(past.day),
    )


def _above(n: int) -> str:
    return ngettext(
        "Yesterday {n} answer, {name} {score} ({range}), {size} above the usual {weekday}.",
        "Yesterday {n} answers, {name} {score} ({range}), {size} above the usual {weekday}.",
        n,
    )


def _below(n: int) -> str:
    return ngettext(
        "Yesterday {n} answer, {name} {score} ({range}), {size} below the usual {weekday}.",
        "Yesterday {n} answers, {name} {score} ({range}), {size} below the usual {weekday}.",
        n,
    )


def period(view: Overview) -> str:
    """Since when what is shown was answered; as it stands within a sentence."""
    if view.youth is None:
        return ngettext("in the last {n} day", "in the last {n} days", PERIOD).format(n=PERIOD)
    if view.youth.first is None:
        return _("so far")
    return _("since {day}").format(day=short_date(view.youth.first))


def below(view: Overview) -> str:
    """What the table of places shows."""
    n = view.places
    if view.youth is None:
        said = ngettext(
            "Below are the last {days} days of {n} place, today included.",
            "Below are the last {days} days of {n} places, today included.",
            n,
        )
    elif view.youth.is_new:
        said = ngettext("Below is {n} place.", "Below are {n} places.", n)
    else:
        said = ngettext(
            "Below is {n} place {period}, today included.", "Below are {n} places {period}, today included.", n
        )
    return said.format(n=number(n), days=PERIOD, period=period(view))


def summary(view: Overview, line: Line) -> str:
    """What a place's big number rests on."""
    if not line.figure.n:
        if view.youth:
            return _("Nobody has answered here yet.")
        return _("Nobody has answered here {period}.").format(period=period(view))
    rests = _rests(line.figure.n, line.today).format(
        n=number(line.figure.n), today=number(line.today), period=period(view)
    )
    match line.figure.showing:
        case "none":
            return f"{rests} " + _("From {n} on there is a score.").format(n=ENOUGH)
        case "early":
            return f"{rests} " + _("Early: from {n} on it stands firmer.").format(n=RANKED)
        case "full":
            return rests


def _rests(n: int, today: int) -> str:
    if today == n:
        return ngettext("{n} answer {period}, today.", "{n} answers {period}, all of them today.", n)
    if not today:
        return ngettext("{n} answer {period}.", "{n} answers {period}, none of them today.", n)
    return ngettext("{n} answer {period}, {today} today.", "{n} answers {period}, {today} of them today.", n)


def given(comment: Comment, now_ms: int) -> str:
    """When, on the clock of the place; the day alone where the hour is not known."""
    return moment_given(comment.cursor.captured_ms, comment.place.zone, comment.is_timed, now_ms)


def moment_given(captured_ms: int, zone: str, is_timed: bool, now_ms: int) -> str:
    """When, on the clock of a zone; the day alone where the hour is not known."""
    return moment(captured_ms, zone, now_ms) if is_timed else date(local_time.day_of(captured_ms, zone))
