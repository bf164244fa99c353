"""What the page of one place says about its days: what happened, what came of it, when in the week it goes wrong."""

from sync.office import overview_words, words
from sync.office.answer_words import answers, text
from sync.office.filters import Hours
from sync.office.hour_map import HourMap, Worst
from sync.office.lines import Day, Line, Overview
from sync.office.location import Page
from sync.office.marks import Mark
from sync.office.outcomes import Outcome
from sync.office.reasons import Reasons
from sync.office.tongue import _, ngettext
from sync.office.windows import Window
from sync.office.writing import from_left, full_date, number, share, short_date, short_weekday, weekday
from sync.scores import ENOUGH, RANKED, Difference
from sync.survey import Scale

_MONDAY = 4
"""A day that was one: 1970-01-01 was a Thursday."""


def title(view: Overview) -> str:
    """What stands over the trend."""
    if view.wanted.is_plain:
        return _("The last four weeks")
    return overview_words.dates(view.window, view.yesterday.day + 1)


def period(view: Overview) -> str:
    """Which days; as it stands within a sentence."""
    if view.wanted.is_plain:
        return words.period(view)
    return overview_words.dates(view.window, view.yesterday.day + 1)


def summary(view: Overview, line: Line) -> str:
    """What a big number rests on."""
    if view.wanted.is_plain:
        return words.summary(view, line)
    n = line.figure.n
    if not n:
        return _("Nobody answered here, {period}.").format(period=period(view))
    said = ngettext("{n} answer, {period}.", "{n} answers, {period}.", n).format(n=number(n), period=period(view))
    match line.figure.showing:
        case "none":
            return f"{said} " + _("From {n} on there is a score.").format(n=ENOUGH)
        case "early":
            return f"{said} " + _("Early: from {n} on it stands firmer.").format(n=RANKED)
        case "full":
            return said


def both(page: Page) -> str:
    """The other number: with what a flag keeps out."""
    if page.whole is None or page.whole.score is None:
        return ""
    return _("With flagged answers: {score} ({range}), n {n}.").format(
        score=words.score(page.whole.scale, page.whole.score.value),
        range=words.interval(page.whole),
        n=number(page.whole.n),
    )


# The trend


def mark(each: Mark) -> str:
    """What happened; the text of an improvement as it was written."""
    match each.kind:
        case "improvement":
            return each.improvement.text if each.improvement else ""
        case "version":
            return _("First answers under version {version} of “{survey}”").format(
                version=each.version, survey=each.what
            )
        case "published":
            return _("Version {version} of “{survey}” was published").format(version=each.version, survey=each.what)
        case "survey":
            return _("“{survey}” is asked from here on").format(survey=each.what)
        case "terminal":
            return _("{screen} got another terminal").format(screen=each.what)
        case "came":
            return _("{screen} was put up").format(screen=each.what)
        case "left":
            return _("{screen} was taken away").format(screen=each.what)


def point(day: Day, window: Window) -> str:
    """The day of a point, or the week that begins with it."""
    return short_date(day.day) if window.step == 1 else _("week from {day}").format(day=short_date(day.day))


def outcome(each: Outcome, scale: Scale) -> str:
    """What came of it, where that is certain, else why nothing can be said."""
    n, weeks = ngettext("{n} answer", "{n} answers", each.n), ngettext("{n} week", "{n} weeks", each.weeks)
    rests = {"weeks": weeks.format(n=number(each.weeks)), "answers": n.format(n=number(each.n))}
    if not each.weeks:
        return _("Too early to say: a whole week is needed.")
    if each.change is None:
        return _("Too few answers to say ({weeks}, {answers}).").format(**rests)
    if each.change.certain:
        told = {"size": signed(scale, each.change), "range": between(scale, each.change), **rests}
        return _("{size} ({range}) since then ({weeks}, {answers}).").format(**told)
    if each.is_over:
        return _("No certain change ({weeks}, {answers}).").format(**rests)
    return _("Too early to say ({weeks}, {answers}).").format(**rests)


def signed(scale: Scale, change: Difference) -> str:
    """ "+4", with a real minus."""
    size = words.size(scale, change)
    return from_left(("+" if change.value > 0 else "−") + size)


def between(scale: Scale, change: Difference) -> str:
    """Where the true difference lies: "+1 to +7"."""
    low, high = (_end(scale, end) for end in (change.low, change.high))
    return _("{low} to {high}").format(low=low, high=high)


def _end(scale: Scale, end: float) -> str:
    written = words.points(scale, abs(end))
    return from_left(("−" if end < 0 else "+") + written) if written.strip("0.,") else written


# The hours of the week


def hours(first: int, end: int) -> str:
    """ "16–18 h"."""
    return overview_words.hours(Hours(first, end))


def day_name(number_of: int) -> str:
    """ "Mon" for 0."""
    return short_weekday(_day(number_of))


def full_day_name(number_of: int) -> str:
    """ "Monday" for 0."""
    return weekday(_day(number_of))


def _day(number_of: int) -> int:
    return number_of + _MONDAY


def worst(found: Worst | None) -> str:
    """Where in the week it goes wrong; that nothing stands out, where nothing certainly does."""
    if found is None or found.figure.score is None:
        return _("No hours of the week are certainly worse than the others.")
    figure = found.figure
    return _("{weekday}, {hours}, is where it goes wrong: {score} ({range}), n {n}.").format(
        weekday=full_day_name(found.weekday),
        hours=hours(found.first, found.end),
        score=words.score(figure.scale, figure.score.value) if figure.score else "",
        range=words.interval(figure),
        n=number(figure.n),
    )


def busiest(found: HourMap) -> str:
    """When most people answer."""
    if found.busiest is None:
        return ""
    at, hour = found.busiest
    n = found.count(at, hour)
    said = ngettext(
        "Most answer on {weekday}, {hours}: {n} answer of {all}.",
        "Most answer on {weekday}, {hours}: {n} answers of {all}.",
        n,
    )
    return said.format(weekday=full_day_name(at), hours=hours(hour, hour + 1), n=number(n), all=number(found.n))


# Reasons


def asked_why(view: Overview, reasons: Reasons) -> str:
    """Whose reasons these are, and what a mark beside one means."""
    n = reasons.week if reasons.compared else reasons.whole
    if not reasons.compared:
        said = ngettext("Of {n} person {who}.", "Of {n} people {who}.", n)
    elif not reasons.usual:
        said = ngettext(
            "Of {n} person in these days, and {before} in {then}, {who}.",
            "Of {n} people in these days, and {before} in {then}, {who}.",
            n,
        )
    elif view.youth:
        said = ngettext(
            "Of {n} person this week, and {before} before, {who}.",
            "Of {n} people this week, and {before} before, {who}.",
            n,
        )
    else:
        said = ngettext(
            "Of {n} person this week, and {before} in the three weeks before, {who}.",
            "Of {n} people this week, and {before} in the three weeks before, {who}.",
            n,
        )
    told = {"before": number(reasons.before), "then": overview_words.before(view), "who": _who(view, reasons)}
    whole = said.format(n=number(n), **told)
    marked = reasons.compared and any(reason.change for reason in reasons.ranked)
    return whole + (" " + _("▲ and ▼ mark what has certainly changed.") if marked else "")


def _who(view: Overview, reasons: Reasons) -> str:
    scale, name = view.question.scale, view.question.scale_name
    everybody = len(set(reasons.values)) == scale.high - scale.low + 1
    said = "" if everybody else answers(name, reasons.values)
    if reasons.firsts > 1:
        if everybody:
            return _("who answered to one of {n} questions asked in turn").format(n=reasons.firsts)
        return _("who answered {answers} to one of {n} questions asked in turn").format(answers=said, n=reasons.firsts)
    return _("who answered") if everybody else _("who answered {answers}").format(answers=said)


def why(page: Page) -> str:
    """What the unhappy complain about most; empty where few say why."""
    scale = page.overview.question.scale
    for reasons in page.reasons:
        some = [each for each in reasons.ranked if each.whole.n]
        if max(reasons.values) * 2 <= scale.high + scale.low and reasons.whole >= RANKED and some:
            most = max(some, key=lambda each: each.whole.n)
            told = {"reason": text(most.texts), "share": share(most.whole.n, reasons.whole)}
            return _("The unhappy name “{reason}” most often ({share}).").format(**told)
    return ""


def unnarrowed(page: Page) -> str:
    """What of the filters the reasons cannot follow."""
    narrowed = page.filters.narrowed
    if page.is_wide and not narrowed.is_wide:
        return _("Of so many places reasons are told apart by day and question alone: these are of all answers.")
    if narrowed.hours is not None:
        return _("Reasons are counted by the day: these are of all hours.")
    return ""


def span(first: int, last: int, today: int) -> str:
    """The days of one row of many."""
    written = short_date if today - first < 300 else full_date
    return written(first) if first == last else _("{first}–{last}").format(first=written(first), last=written(last))
