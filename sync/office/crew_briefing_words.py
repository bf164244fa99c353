"""What the briefing of a crew or a store says, in sentences: calm, exact, and never blaming."""

from collections.abc import Sequence

from sync.office import answer_words, standing_words, words
from sync.office.asked import Asked
from sync.office.briefing import Block, Line
from sync.office.counts import Figure, Question
from sync.office.crew_scores import OTHERS, USUAL_WEEKS, WEEKS, Chosen, Standing, Why
from sync.office.standing import Standing as Known
from sync.office.tongue import _, ngettext
from sync.office.writing import date as date
from sync.office.writing import from_left, listed, number, share, weekday
from sync.scores import ENOUGH, RANKED, rounded

MOST_NAMED = 12
_WEEK = 7


def title(name: str, day: int) -> str:
    return _("{place}, {day}").format(place=name, day=date(day))


def sentence(n: int, has_words: bool, may_come: bool) -> str:
    """What yesterday was, in one; `has_words`: some are shown; `may_come`: a screen has not delivered all of it."""
    if not n:
        said = _("No answers from yesterday have come in yet.") if may_come else _("Nobody answered yesterday.")
        return said + " " + _("Here is what customers said in the last week.") if has_words else said
    said = ngettext("{n} customer answered yesterday.", "{n} customers answered yesterday.", n).format(n=number(n))
    if has_words:
        return said
    if n < ENOUGH:
        return said + " " + _("What they wrote stands here once {n} answers are together.").format(n=ENOUGH)
    return said + " " + _("Nobody wrote anything.")


# Words


def praise_title() -> str:
    return _("Passed on to you as praise")


def praise_rule() -> str:
    said = _("Chosen by somebody who reads the answers. It stands first on the next morning on which {n} are together.")
    return said.format(n=ENOUGH)


def words_title(day: int) -> str:
    return _("What customers said on {weekday}").format(weekday=weekday(day))


def week_title() -> str:
    return _("From the last week")


def words_rule(n: int, most: int) -> str:
    said = _("In an order drawn by lot. A day with fewer than {few} answers is mixed into the week.").format(few=ENOUGH)
    return said if n <= most else said + " " + _drawn(most, n)


def newest_rule(n: int, most: int) -> str:
    """For those who may read every comment."""
    return _("The newest stand here; all of them are among the comments.") if n > most else _("The newest first.")


def week_rule(n: int, most: int) -> str:
    said = _("From several days, mixed and in an order drawn by lot, so that nobody knows from which door they come.")
    return said if n <= most else said + " " + _drawn(most, n)


def _drawn(most: int, n: int) -> str:
    return _("{most} of {n} stand here, drawn by lot as well.").format(most=number(most), n=number(n))


# Why


def why(found: Why) -> list[Block]:
    nothing = _("Too few gave a reason to choose one: it takes {n} who name the same.").format(n=ENOUGH)
    best = celebrate(found.best) if found.best else nothing
    worst = learn(found.worst) if found.worst else nothing
    rule = _(
        "Both: of the reasons that {n} or more chose in {weeks} weeks, the one furthest above its usual share of"
        " {usual} weeks; of equals the one named more often, then the first in the survey."
    ).format(n=ENOUGH, weeks=WEEKS, usual=USUAL_WEEKS)
    return [
        Block("celebrate", _("To celebrate"), (Line(best),), rule),
        Block("learn", _("To learn from"), (Line(worst),), rule),
    ]


def celebrate(found: Chosen) -> str:
    said = ngettext(
        "“{reason}”: {n} of {of} happy customer named it in four weeks ({share}).",
        "“{reason}”: {n} of {of} happy customers named it in four weeks ({share}).",
        found.of,
    )
    return _with_usual(said, found)


def learn(found: Chosen) -> str:
    said = ngettext(
        "“{reason}”: {n} of {of} customer who was not happy named it in four weeks ({share}).",
        "“{reason}”: {n} of {of} customers who were not happy named it in four weeks ({share}).",
        found.of,
    )
    return _with_usual(said, found)


def _with_usual(said: str, found: Chosen) -> str:
    told = said.format(
        reason=answer_words.text(found.texts), n=number(found.n), of=number(found.of), share=share(found.n, found.of)
    )
    if found.usual_of < ENOUGH:
        return told
    return told + " " + _("Usual is {share}.").format(share=share(found.usual, found.usual_of))


# The score


def score_title() -> str:
    return _("Four weeks")


def score(told: Standing) -> list[str]:
    figure, value = told.now, told.score
    if value is None:
        n = figure.n
        few = ngettext(
            "{n} answer in four weeks: too few to say how it was.",
            "{n} answers in four weeks: too few to say how it was.",
            n,
        )
        return [few.format(n=number(n)) if n else _("No answers to be shown in four weeks yet.")]
    said = ngettext("{name} {score} from {n} answer.", "{name} {score} from {n} answers.", figure.n)
    first = said.format(
        name=words.score_heading(figure.scale), score=words.score(figure.scale, value), n=number(figure.n)
    )
    return [f"{first} {certainty(told)}"]


def certainty(told: Standing) -> str:
    """How sure one may be that anything changed, in words."""
    change, few = told.change, told.now.n < RANKED
    if change is None:
        return _("It is too early to say what is usual.")
    if not change.certain or rounded(abs(change.value)) == 0:
        return _("About as usual; too few to say more.") if few else _("About as usual.")
    scale = told.now.scale
    least, most = sorted((abs(change.low), abs(change.high)))
    span = {"least": from_left(words.points(scale, least)), "most": from_left(words.points(scale, most))}
    if change.value > 0:
        said = _("Above the usual: by {least} to {most}, so it is not chance.")
    else:
        said = _("Below the usual: by {least} to {most}, so it is not chance.")
    early = " " + _("Few answered.") if few else ""
    return said.format(**span) + early


def score_rule(told: Standing) -> str:
    said = _("Usual are the {weeks} weeks before.").format(weeks=USUAL_WEEKS)
    if told.average is not None:
        pulled = _("The score is pulled towards the average of its group, the more so the fewer answers it has.")
    elif told.usual.score is not None:
        pulled = _("The score is pulled towards your own usual, the more so the fewer answers it has.")
    else:
        pulled = _("From {others} others on it would be pulled towards their average.").format(others=OTHERS)
    return f"{words.meaning(told.now.scale)} {pulled} {said}"


# What was promised, what was done


def kept_title() -> str:
    return _("What was promised")


def kept(question: Question, figure: Figure) -> str:
    """How many said yes; nothing of fewer than five."""
    asked = answer_words.asked(question)
    if figure.score is None:
        return _("{question} Too few answers in four weeks to say.").format(question=asked)
    said = _("{question} Yes, said {n} of {of} in four weeks ({share}).")
    yes = figure.counts[-1]
    return said.format(question=asked, n=number(yes), of=number(figure.n), share=share(yes, figure.n))


def done_title() -> str:
    return _("What was changed")


def said_and_did(said: str, did: str) -> str:
    return _("“{said}” – {did}").format(said=said, did=did)


def improved(text: str, day: int) -> str:
    return _("{text} (since {day})").format(text=text, day=date(day))


# Who was asked


def asked_title() -> str:
    return _("Who was asked")


def asked(yesterday: Asked, whole: Asked, missing: Sequence[str]) -> list[str]:
    if not whole.done:
        return []
    found = []
    if yesterday.done:
        said = ngettext(
            "Yesterday asked in {n} of {done} job ({share}).",
            "Yesterday asked in {n} of {done} jobs ({share}).",
            yesterday.done,
        )
        found.append(_rate(said, yesterday))
    found.append(_rate(_("In four weeks asked in {share} of jobs ({n} of {done})."), whole))
    if missing:
        named = listed([from_left(each) for each in missing[:MOST_NAMED]])
        more = len(missing) - MOST_NAMED
        said = ngettext("Not asked yesterday: job {jobs}.", "Not asked yesterday: jobs {jobs}.", len(missing))
        found.append(said.format(jobs=named))
        if more > 0:
            found.append(ngettext("And {n} more.", "And {n} more.", more).format(n=number(more)))
    return found


def _rate(said: str, told: Asked) -> str:
    return said.format(n=number(told.asked), done=number(told.done), share=share(told.asked, told.done))


# What a team may be proud of


def proud_title() -> str:
    return _("Well done")


def proud_rule() -> str:
    return _("Only what the whole team did, and only when it goes up.")


def streak(weeks: int) -> str:
    said = ngettext("{n} week in a row with every job asked.", "{n} weeks in a row with every job asked.", weeks)
    return said.format(n=number(weeks))


def record() -> str:
    return _("The best four weeks so far.")


# How complete this is


def complete_title() -> str:
    return _("How complete this is")


def late(day: int, n: int, today: int) -> str:
    """ "2 answers from Tuesday came in late." """
    said = ngettext("{n} answer from {day} came in late.", "{n} answers from {day} came in late.", n)
    return said.format(n=number(n), day=weekday(day) if today - day < _WEEK else date(day))


def restated(known: Known, zone: str, now_ms: int) -> str:
    """What the four weeks were when they were first shown, where that was something else."""
    said = standing_words.restated(known, zone, now_ms)
    return _("Four weeks: {what}").format(what=said) if said else ""
