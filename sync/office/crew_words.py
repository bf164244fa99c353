"""What is said of crews that are shown together, and of agreements that open them."""

from sync.office import answer_words, local_time, writing, zones
from sync.office.agreements import Agreement
from sync.office.counts import PERIOD
from sync.office.crew_together import Together, Told
from sync.office.tongue import _, ngettext
from sync.office.works_council import Sheet


def basis(told: Told) -> str:
    """Of which question, and what it rests on."""
    n = ngettext("{n} answer", "{n} answers", told.figure.n).format(n=writing.number(told.figure.n))
    crews = ngettext("{n} crew", "{n} crews", told.crews).format(n=writing.number(told.crews))
    said = _("{answers} of {crews} in {days} days to “{question}”")
    return said.format(answers=n, crews=crews, days=PERIOD, question=answer_words.text(told.question.texts))


def nothing(crews: Together) -> str:
    return ngettext(
        "There is {n} crew here, of which nothing is shown: it would be that crew alone.",
        "There are {n} crews here; of several together there is too little to be shown yet.",
        crews.hidden,
    ).format(n=writing.number(crews.hidden))


def rule(crews: Together) -> str:
    return _(
        "A crew’s results are for the crew and whoever manages it, and are in no other figure of this page. Several "
        "crews of a group are shown together once a day: at least five new answers, of at least two crews, of which "
        "none gave more than three quarters."
    )


def opened(agreement: Agreement) -> str:
    """By what single crews are shown to whoever sees the place."""
    told = {"name": agreement.name, "day": writing.full_date(agreement.from_day)}
    return _("Opened by {name}, in force since {day}.").format(**told)


def state(agreement: Agreement, now_ms: int) -> str:
    """Whether it is in force, and since when or until when."""
    since = writing.full_date(agreement.from_day)
    if agreement.ended_ms is not None:
        until = writing.full_date(local_time.day_of(agreement.ended_ms, zones.DEFAULT_ZONE))
        return _("from {since}, taken back on {until}").format(since=since, until=until)
    if agreement.holds(now_ms):
        return _("since {since}").format(since=since)
    return _("from {since} on, not in force yet").format(since=since)


def times(sheet: Sheet) -> str:
    """Who reads the morning first."""
    at, lead = _span(*sheet.ats), _span(*(writing.number(each) for each in sheet.leads))
    return _(
        "Every morning at {at} the crew reads its briefing of the day before; its manager does {lead} minutes later."
    ).format(at=at, lead=lead)


def _span(first: str, last: str) -> str:
    return first if first == last else _("{first} to {last} (as set for the place)").format(first=first, last=last)


def head_office(sheet: Sheet) -> str:
    return _(
        "Head office, and everybody else above the crew, sees crews only together: those of one group, once a day "
        "after {hour}:00, at least {few} new answers of at least {crews} crews, none of which gave more than {most} % "
        "of them. With a single crew in a group nothing is shown."
    ).format(hour=f"{sheet.hour:02}", few=sheet.few, crews=sheet.crews, most=sheet.most)


def few(sheet: Sheet) -> str:
    return _(
        "No score rests on fewer than {few} answers. What is shown to those who may not read single answers moves by "
        "at least {few} new ones, of a crew once a day, so that no difference between two looks is one customer."
    ).format(few=sheet.few)


def kept(sheet: Sheet) -> str:
    return _(
        "Comments are taken out by themselves after {comments} days, and how to reach customers who asked to be called "
        "after {contacts}. What was touched, jobs and handovers are kept as numbers."
    ).format(comments=writing.number(sheet.terms.comments), contacts=writing.number(sheet.terms.contacts))
