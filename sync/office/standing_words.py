"""How a figure stands, in the viewer's language: through when it is complete, whether it is final, what changed it."""

from fractions import Fraction

from sync.i18n import mark
from sync.intake.record import Cause
from sync.office import local_time
from sync.office.awaited import Owing
from sync.office.counts import Figure
from sync.office.delivery import Delivery
from sync.office.lines import Overview
from sync.office.places import Location
from sync.office.restated import Change
from sync.office.standing import Standing
from sync.office.tongue import _, ngettext
from sync.office.why import Mix, Share
from sync.office.words import delivery, score
from sync.office.writing import clock, date, from_left, listed, moment, number, share
from sync.survey import Scale

MOST_NAMED = 3
_CAUSES: dict[Cause, str] = {
    "late": mark("Came late"),
    "revised": mark("Answered anew"),
    "flagged": mark("Set aside"),
    "lifted": mark("Counted again"),
    "moved": mark("Moved with their screen"),
    "clock": mark("Dated anew"),
    "erased": mark("Words erased"),
    "recounted": mark("Counted anew"),
}


def cause(change: Change) -> str:
    """In two words, for a table."""
    return _(_CAUSES[change.cause])


def signed(scale: Scale, value: Fraction | float) -> str:
    """A score; what may be below zero has its sign above zero, too."""
    said = score(scale, value)
    return f"+{said}" if scale.family == "nps" and float(value) > 0 and said != "0" else said


def figure(told: Figure) -> str:
    """The score, or how few answers there are."""
    if told.score is not None:
        return signed(told.scale, told.score.value)
    return _answers(told.n)


def when(ms: int, zone: str, now_ms: int) -> str:
    """ "at 09:10" today, else "on Tue 09:10"."""
    if local_time.day_of(ms, zone) == local_time.day_of(now_ms, zone):
        return _("at {time}").format(time=clock(ms, zone))
    return _("on {moment}").format(moment=moment(ms, zone, now_ms))


def box(standing: Standing, device: str | None) -> str:
    """A terminal by its screens and where they stand."""
    screens = standing.boxes.get(device or "", [])
    if not screens or len(screens) > MOST_NAMED:
        return _("a terminal")
    return listed([spot(screen, place) for screen, place in screens])


def spot(screen: str, place: str) -> str:
    """A screen and its place, which is often in its name."""
    if place.casefold() in screen.casefold():
        return screen
    return _("{screen} in {place}").format(screen=screen, place=place)


def through(state: Delivery, place: Location, now_ms: int) -> str:
    """How far a day that goes on is complete: "Complete to 17:40; 2 of 42 screens dead since 15:10"."""
    if not state.dead or state.living_ms is None or state.dead_since_ms is None:
        return delivery(state, place, now_ms)
    said = ngettext(
        "Complete to {moment}; {n} of {screens} screens dead since {since}",
        "Complete to {moment}; {n} of {screens} screens dead since {since}",
        state.dead,
    )
    return said.format(
        moment=moment(state.living_ms, place.zone, now_ms),
        n=number(state.dead),
        screens=number(state.screens - state.unenrolled),
        since=moment(state.dead_since_ms, place.zone, now_ms),
    )


def state(standing: Standing, zone: str, now_ms: int) -> str:
    """Provisional or final, and for want of what."""
    if standing.state == "running":
        return _("Provisional: the last of these days is not over.")
    if standing.state == "provisional":
        return _provisional(standing, zone, now_ms)
    gone = standing.awaited.gone
    if not gone:
        return _("Final: every screen of a place that was open has delivered.")
    where = listed([spot(each.screen, each.place.name) for each in gone[:MOST_NAMED]])
    if gone[0].since_ms is None:
        return _("Final, without what {screens} never delivered: it is out of service.").format(screens=where)
    said = _("Final, without what {screens} did not deliver since {moment}: it is out of service.")
    return said.format(screens=where, moment=moment(gone[0].since_ms, zone, now_ms))


def _provisional(standing: Standing, zone: str, now_ms: int) -> str:
    owing = standing.awaited
    since = owing.since_ms
    if owing.owes == 1:
        named = spot(owing.owing[0].screen, owing.owing[0].place.name)
        if since is None:
            return _("Provisional: {screen} has not delivered anything yet.").format(screen=named)
        said = _("Provisional: {screen} has not delivered since {moment}.")
        return said.format(screen=named, moment=moment(since, zone, now_ms))
    told = {"n": number(owing.owes), "screens": number(owing.screens)}
    if since is None:
        none = _("Provisional: {n} of {screens} screens have not delivered anything yet.")
        return none.format(**told)
    some = _("Provisional: {n} of {screens} screens have not delivered everything, one of them since {moment}.")
    return some.format(**told, moment=moment(since, zone, now_ms))


def restated(standing: Standing, zone: str, now_ms: int) -> str:
    """The figure and what it was first, with what came between; empty where nothing did."""
    if standing.first is None or not standing.is_restated:
        return ""
    told = {"now": figure(standing.now), "first": figure(standing.first)}
    if told["now"] == told["first"]:
        told = {"now": told["now"], "first": _answers(standing.first.n)}
    real = [each for each in standing.changes if each.cause != "erased"]
    if not real:
        return _("{now}, first shown as {first}.").format(**told)
    last = what(standing, real[-1], zone, now_ms)
    if len(real) == 1:
        return _("{now}, first shown as {first}; restated after {what}.").format(**told, what=last)
    said = _("{now}, first shown as {first}; restated {times} times, the last time after {what}.")
    return said.format(**told, times=number(len(real)), what=last)


def _answers(n: int) -> str:
    if not n:
        return _("no answers")
    return ngettext("{n} answer", "{n} answers", n).format(n=number(n))


def what(standing: Standing, change: Change, zone: str, now_ms: int) -> str:
    """What was done, as it stands after "after": "van 12 delivered 14 answers on Tue 09:10"."""
    n = change.responses
    return _done(change).format(
        box=box(standing, change.device),
        actor=change.actor.partition(" <")[0],
        n=number(n),
        when=when(change.to_ms, zone, now_ms),
    )


def _done(change: Change) -> str:
    n, by = change.responses, bool(change.actor)
    match change.cause:
        case "late":
            return ngettext("{box} delivered {n} answer {when}", "{box} delivered {n} answers {when}", n)
        case "revised":
            return ngettext(
                "{n} customer changed an answer ({box} told us {when})",
                "{n} customers changed their answers ({box} told us {when})",
                n,
            )
        case "flagged" if by:
            return ngettext("{actor} set {n} answer aside {when}", "{actor} set {n} answers aside {when}", n)
        case "flagged":
            return ngettext("{n} answer was set aside {when}", "{n} answers were set aside {when}", n)
        case "lifted" if by:
            return ngettext("{actor} let {n} answer count {when}", "{actor} let {n} answers count {when}", n)
        case "lifted":
            return ngettext("{n} answer counted again {when}", "{n} answers counted again {when}", n)
        case "moved":
            return ngettext(
                "{n} answer moved with its screen, as was written down {when}",
                "{n} answers moved with their screen, as was written down {when}",
                n,
            )
        case "clock":
            return ngettext(
                "{n} answer got a better time from the clock of {box} {when}",
                "{n} answers got a better time from the clock of {box} {when}",
                n,
            )
        case "erased":
            return ngettext(
                "the words of {n} answer were erased {when}", "the words of {n} answers were erased {when}", n
            )
        case _:
            return _("all answers were counted anew {when}")


def address(view: Overview) -> str:
    """Where the figure of a page's first sentence is answered for."""
    path = f"/locations/{view.top.id}/why" if view.top else "/why"
    filters = view.wanted.filters
    if not view.wanted.is_plain:
        return filters.address(path)
    return filters.address(path, day=local_time.date_of(view.yesterday.day).isoformat())


def iso(day: int) -> str:
    return local_time.date_of(day).isoformat()


def headline(view: Overview, standing: Standing) -> str:
    """The figure that the page is about, over which days, and what it was first."""
    first, last = view.window.first, view.window.last
    days = date(first) if first == last else _("{first} to {last}").format(first=date(first), last=date(last))
    if standing.first is not None and standing.is_restated:
        said = _("{days}: {now}, first shown as {first}.")
        return said.format(days=days, now=_rests(standing.now), first=_rests(standing.first))
    return _("{days}: {now}.").format(days=days, now=_rests(standing.now))


def _rests(told: Figure) -> str:
    """A score with what it rests on."""
    if told.score is None:
        return figure(told)
    said = ngettext("{score} from {n} answer", "{score} from {n} answers", told.n)
    return said.format(score=signed(told.scale, told.score.value), n=number(told.n))


def between(before: Figure, after: Figure) -> str:
    """ "+61 → +58"."""
    return from_left(f"{_bare(before)} → {_bare(after)}")


def _bare(told: Figure) -> str:
    return signed(told.scale, told.score.value) if told.score is not None else "–"


def sentence(standing: Standing, change: Change, zone: str, now_ms: int) -> str:
    """What was done, as a sentence of its own."""
    said = what(standing, change, zone, now_ms)
    return said[:1].upper() + said[1:] + "."


def owing(each: Owing, now_ms: int) -> str:
    """What a screen still owes."""
    zone = each.place.zone
    if each.since_ms is None:
        return _("out of service, and never delivered") if each.is_gone else _("has not delivered anything yet")
    told = moment(each.since_ms, zone, now_ms)
    if each.is_gone:
        return _("out of service; delivered to {moment}").format(moment=told)
    said = _("delivered to {moment}, and not heard of since") if each.dead else _("delivered to {moment}")
    return said.format(moment=told)


def mixed(mix: Mix) -> str:
    """How much of a difference is in where was answered."""
    scale = mix.now.scale
    said = _(
        "Against the same weekdays before: {was} → {now}. Of the {change} points, {mixed} come from which places were"
        " answered at, the rest from how they were answered."
    )
    return said.format(
        was=_bare(mix.was),
        now=_bare(mix.now),
        change=_points(scale, mix.change),
        mixed=_points(scale, mix.mixed),
    )


def _points(scale: Scale, value: Fraction) -> str:
    said = score(scale, value).removesuffix(" %")
    return f"+{said}" if value > 0 and not said.startswith("0") else said


def share_of(each: Share, mix: Mix) -> str:
    """What part of the answers a place gave, then and now, and how they were."""
    said = _("{before} of the answers before, {after} now; {was} → {now}")
    shares = {"before": share(each.was.n, mix.was.n), "after": share(each.now.n, mix.now.n)}
    return said.format(**shares, was=_bare(each.was), now=_bare(each.now))
