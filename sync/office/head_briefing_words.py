"""What the briefing of a manager and of head office says, in sentences."""

from typing import TYPE_CHECKING

from sync.office import overview_words, words
from sync.office.answer_words import answer_of
from sync.office.comments import Comment
from sync.office.lines import Line, Overview
from sync.office.tongue import _, ngettext
from sync.office.writing import date, from_left, full_date, number, short_date

if TYPE_CHECKING:
    from sync.office.head_briefing import Cadence, Period


def title(cadence: "Cadence", name: str, about: "Period") -> str:
    """The head of the page and the subject of the letter; `name` is empty for everything."""
    days = {"first": short_date(about.first), "last": full_date(about.last), "day": date(about.last)}
    if name:
        said = {
            "daily": _("{place}, {day}: what customers said"),
            "weekly": _("{place}, the week of {first}–{last}"),
            "monthly": _("{place}, the month of {first}–{last}"),
        }[cadence]
        return said.format(place=name, **days)
    said = {
        "daily": _("{day}: what customers said"),
        "weekly": _("The week of {first}–{last}"),
        "monthly": _("The month of {first}–{last}"),
    }[cadence]
    return said.format(**days)


def mover(view: Overview, line: Line) -> str:
    """ "Bergen: 26 below the three weeks before (18–34), 61 (57–65) in 212 answers." """
    change, figure = line.change, line.since
    if change is None or figure.score is None:
        return line.place.name
    said = (
        ngettext(
            "{place}: {size} above {then} ({least}–{most}), {score} ({range}) in {n} answer.",
            "{place}: {size} above {then} ({least}–{most}), {score} ({range}) in {n} answers.",
            figure.n,
        )
        if change.value > 0
        else ngettext(
            "{place}: {size} below {then} ({least}–{most}), {score} ({range}) in {n} answer.",
            "{place}: {size} below {then} ({least}–{most}), {score} ({range}) in {n} answers.",
            figure.n,
        )
    )
    least, most = sorted((abs(change.low), abs(change.high)))
    return said.format(
        place=line.place.name,
        size=words.size(figure.scale, change),
        then=overview_words.before(view),
        least=from_left(words.points(figure.scale, least)),
        most=from_left(words.points(figure.scale, most)),
        score=words.score(figure.scale, figure.score.value),
        range=words.whole_interval(figure),
        n=number(figure.n),
    )


def whose(comment: Comment, day: int) -> str:
    """ "Oslo, Mon 2 Mar, very unhappy"."""
    said = _("{place}, {day}").format(place=comment.place.name, day=date(day))
    if comment.value is None or comment.scale_name is None:
        return said
    return _("{list}, {more}").format(list=said, more=answer_of(comment.scale_name, comment.value))


def note(name: str, text: str) -> str:
    """ "Van 12: the lift was broken in the whole street"."""
    return _("{place}: {text}").format(place=name, text=text)


def waiting(n: int) -> str:
    said = ngettext("{n} customer waits to be called back.", "{n} customers wait to be called back.", n)
    return said.format(n=number(n))
