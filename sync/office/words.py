"""Numbers, dates and sentences in the viewer's language: the one seam to other languages (English for now)."""

from datetime import datetime, timedelta
from fractions import Fraction

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal, format_percent

from sync.office import local_time
from sync.office.answer_words import LANGUAGE as LANGUAGE
from sync.office.answer_words import answer_name as answer_name
from sync.office.answer_words import answer_of as answer_of
from sync.office.answer_words import answers
from sync.office.answer_words import asked as asked
from sync.office.answer_words import text as text
from sync.office.comments import Comment
from sync.office.counts import PERIOD, Figure
from sync.office.delivery import Delivery
from sync.office.overview import Line, Overview, Yesterday
from sync.office.places import Location
from sync.office.reasons import Reasons
from sync.scores import ENOUGH, RANKED, Difference, rounded
from sync.survey import Scale

LOCALE = "en_GB"

_NAMES = {"index": "score", "nps": "NPS", "csat": "satisfied", "ces": "ease", "yes": "yes"}
_MEANINGS = {
    "index": "The score runs from 0, all very unhappy, to 100, all very happy.",
    "nps": "NPS is the share of 9 and 10 less the share of 0 to 6, from −100 to 100.",
    "csat": "Satisfied are those who answered 4 or 5.",
    "ces": "Ease is the average answer, from 1 to 7.",
    "yes": "What counts is the share who answered yes.",
}
_UNITS = {"csat": " %", "yes": " %"}
_DIGITS = {"ces": 1}
_JOINER = "\N{WORD JOINER}"  # a line does not break in the middle of a range
_SHORT_WEEK = timedelta(days=6)
_LAST_MS = 250_000_000_000_000  # in the year 9892


def number(count: int) -> str:
    return format_decimal(count, locale=LOCALE)


def counted(count: int, one: str, many: str | None = None) -> str:
    """ "1 answer", "812 answers"."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def share(part: int, whole: int) -> str:
    """Of `whole` > 0, in %."""
    return format_percent(part / whole, locale=LOCALE)


def score_name(scale: Scale) -> str:
    return _NAMES[scale.family]


def score_heading(scale: Scale) -> str:
    """The name to stand over a column or beside a big number."""
    name = score_name(scale)
    return name[0].upper() + name[1:]


def meaning(scale: Scale) -> str:
    """What the lowest and the highest score would mean, in one line."""
    return _MEANINGS[scale.family]


def score(scale: Scale, value: Fraction | float) -> str:
    """A score as it is shown: rounded, with a real minus."""
    digits = _DIGITS.get(scale.family, 0)
    shown = format_decimal(float(rounded(value, digits)), format="#,##0" + (".0" if digits else ""), locale=LOCALE)
    return shown.replace("-", "−") + _UNITS.get(scale.family, "")


def interval(figure: Figure) -> str:
    """ "84–88"; with "to" where a minus stands in it. Only for a figure with a score."""
    if figure.score is None:
        return ""
    low, high = (score(figure.scale, end).removesuffix(" %") for end in (figure.score.low, figure.score.high))
    return f"{low} to {high}" if "−" in low else f"{low}–{high}"


def size(scale: Scale, change: Difference) -> str:
    """How large a change is, without its sign."""
    return score(scale, abs(change.value)).removesuffix(" %")


def date(day: int) -> str:
    """ "Sat 21 Nov"."""
    return format_skeleton("MMMEd", _midnight(day), locale=LOCALE)


def short_date(day: int) -> str:
    """ "21 Nov"."""
    return format_skeleton("MMMd", _midnight(day), locale=LOCALE)


def weekday(day: int) -> str:
    return format_date(local_time.date_of(day), "EEEE", locale=LOCALE)


def short_weekday(day: int) -> str:
    return format_date(local_time.date_of(day), "ccc", locale=LOCALE)


def _midnight(day: int) -> datetime:
    return datetime.combine(local_time.date_of(day), datetime.min.time())


def moment(ms: int, zone: str, now_ms: int) -> str:
    """On the clock of a place: "14:05" today, "Fri 14:05" in the last days, else with the date. What a terminal told
    may lie in no year at all: then as near as there is one."""
    then, now = local_time.at(min(max(ms, 0), _LAST_MS), zone), local_time.at(now_ms, zone)
    time = format_time(then.time(), "HH:mm", locale=LOCALE)
    if then.date() == now.date():
        return time
    if timedelta(0) < now.date() - then.date() <= _SHORT_WEEK:
        return f"{format_date(then, 'ccc', locale=LOCALE)} {time}"
    return f"{format_skeleton('MMMd', then.replace(tzinfo=None), locale=LOCALE)} {time}"


def delivery(state: Delivery, place: Location, now_ms: int) -> str:
    """How far it is complete, and what stands in the way."""
    if not state.screens:
        return "No screen here yet"
    if state.unenrolled == state.screens:
        return f"{counted(state.screens, 'screen')} waiting to be enrolled"
    if state.silent and state.silent_since_ms is not None:
        since = f" since {moment(state.silent_since_ms, place.zone, now_ms)}"
        return f"{counted(state.silent, 'screen')} silent{since}"
    if state.silent:
        return f"{counted(state.silent, 'screen')} not heard of yet"
    if state.complete_ms is None:
        return "Nothing delivered yet"
    return f"Complete to {moment(state.complete_ms, place.zone, now_ms)}"


def complete(view: Overview, now_ms: int) -> str:
    """How far most of the places are complete, said once for all of them."""
    if view.agreed is None:
        return ""
    to = f"Complete to {moment(view.agreed.earliest_ms, view.agreed.place.zone, now_ms)}"
    return f"{to}." if view.agreed.everyone else f"{to}, except where a place says otherwise."


def state(view: Overview, line: Line, now_ms: int) -> str:
    """What a place's own line has to say beside that: what differs, what is wrong, what was set aside."""
    is_said = view.agreed is not None and view.agreed.covers(line.place, line.delivery, now_ms)
    own = "" if is_said else delivery(line.delivery, line.place, now_ms)
    aside = f"{number(line.aside)} set aside" if line.aside else ""
    return ", ".join(part for part in (own, uncertain(line), aside) if part)


def uncertain(line: Line) -> str:
    """Of whom it is not certain that they stand where their answers are counted."""
    screens = line.delivery.uncertain
    if not screens:
        return ""
    return f"location of {counted(screens, 'screen')} uncertain" if line.delivery.screens > 1 else "location uncertain"


def yesterday(view: Overview) -> str:
    """The sentence a day begins with."""
    past = view.yesterday
    if not view.places:
        return "There is no place yet."
    if view.youth and view.youth.is_new:
        if view.youth.first is None:
            return "No answers yet. The morning after the first ones, this line says how it was."
        return "The first answers came in today. From tomorrow on, this line says how yesterday was."
    if not past.figure.n:
        return "Nobody answered yesterday."
    answers = f"Yesterday {counted(past.figure.n, 'answer')}"
    found = past.figure.score
    if found is None:
        return f"{answers}: too few to say how it was."
    scored = f"{answers}, {score_name(past.figure.scale)} {score(past.figure.scale, found.value)}"
    ended = "" if past.figure.showing == "full" else " That is early: few answered."
    range_ = interval(past.figure).replace("–", f"{_JOINER}–{_JOINER}")
    return f"{scored} ({range_}){_compared(past)}.{ended}"


def _compared(past: Yesterday) -> str:
    """A difference is claimed where it is certain; "about the usual" only where there are answers enough to say so."""
    change, day = past.change, weekday(past.day)
    if change is None:
        return ""
    if change.certain and rounded(abs(change.value)) > 0:
        return f", {size(past.figure.scale, change)} {'above' if change.value > 0 else 'below'} the usual {day}"
    return f", about the usual {day}" if past.figure.showing == "full" else ""


def period(view: Overview) -> str:
    """Since when what is shown was answered."""
    if view.youth is None:
        return f"in the last {PERIOD} days"
    return "so far" if view.youth.first is None else f"since {short_date(view.youth.first)}"


def below(view: Overview) -> str:
    """What the table of places shows."""
    shown = counted(view.places, "place")
    if view.youth is None:
        return f"Below are the last {PERIOD} days of {shown}, today included."
    if view.youth.is_new:
        return f"Below {'are' if view.places > 1 else 'is'} {shown}."
    return f"Below {'are' if view.places > 1 else 'is'} {shown} {period(view)}, today included."


def summary(view: Overview, line: Line) -> str:
    """What a place's big number rests on."""
    figure = line.figure
    if not figure.n:
        return "Nobody has answered here yet." if view.youth else f"Nobody has answered here {period(view)}."
    rests = f"{counted(figure.n, 'answer')} {period(view)}{_of_them_today(figure.n, line.today)}."
    return {
        "none": f"{rests} From {ENOUGH} on there is a score.",
        "early": f"{rests} Early: from {RANKED} on it stands firmer.",
        "full": rests,
    }[figure.showing]


def _of_them_today(n: int, today: int) -> str:
    if n == 1:
        return ", today" if today else ""
    return f", {'all' if today == n else number(today) if today else 'none'} of them today"


def asked_why(view: Overview, reasons: Reasons) -> str:
    """Whose reasons these are, and what a mark beside one means."""
    scale, name = view.question.scale, view.question.scale_name
    everybody = len(set(reasons.values)) == scale.high - scale.low + 1
    who = "who answered" if everybody else f"who answered {answers(name, reasons.values)}"
    if reasons.firsts > 1:
        who += f" to one of {reasons.firsts} questions asked in turn"
    if not reasons.compared:
        return f"Of {counted(reasons.whole, 'person', 'people')} {who}."
    before = "before" if view.youth else "in the three weeks before"
    these = f"Of {counted(reasons.week, 'person', 'people')} this week, and {number(reasons.before)} {before}"
    marked = any(reason.change for reason in reasons.ranked)
    return f"{these}, {who}." + (" ▲ and ▼ mark what has certainly changed." if marked else "")


def given(comment: Comment, now_ms: int) -> str:
    """When, on the clock of the place; the day alone where the hour is not known."""
    return moment_given(comment.cursor.captured_ms, comment.place.zone, comment.is_timed, now_ms)


def moment_given(captured_ms: int, zone: str, is_timed: bool, now_ms: int) -> str:
    """When, on the clock of a zone; the day alone where the hour is not known."""
    return moment(captured_ms, zone, now_ms) if is_timed else date(local_time.day_of(captured_ms, zone))


def language(code: str) -> str:
    """The language's own name in the viewer's language; the code where nobody knows it."""
    try:
        return Locale.parse(code, sep="-").get_display_name(LOCALE) or code
    except (ValueError, UnknownLocaleError):
        return code
