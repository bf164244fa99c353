"""Jobs and the ask-rate, in words."""

from sync.office.asked import Asked
from sync.office.tongue import _, ngettext
from sync.office.writing import number, share


def outcome(of: str | None) -> str:
    """What came of a job's tablet."""
    return {
        "answered": _("Answered"),
        "phone": _("On their own phone"),
        "declined": _("Declined"),
        "timed_out": _("No answer in time"),
        "skipped": _("Not offered"),
    }.get(of or "", _("Not asked"))


def state(of: str) -> str:
    return {"planned": _("Planned"), "done": _("Done"), "cancelled": _("Cancelled")}[of]


def rate(told: Asked) -> str:
    """ "34 %"; a dash where there were no jobs."""
    return share(told.asked, told.done) if told.done else "–"


def asked(told: Asked) -> str:
    """ "Asked in 34 % of 53 jobs." """
    if not told.done:
        return _("No jobs are known.")
    said = ngettext("Asked in {share} of {n} job.", "Asked in {share} of {n} jobs.", told.done)
    return said.format(share=rate(told), n=number(told.done))


def came(told: Asked) -> str:
    """What came of those that were asked, and why others were not."""
    parts = [
        (told.answered + told.phone, ngettext("{n} answered", "{n} answered", told.answered + told.phone)),
        (told.declined, ngettext("{n} declined", "{n} declined", told.declined)),
        (told.timed_out, ngettext("{n} gave no answer", "{n} gave no answer", told.timed_out)),
        (told.skipped, ngettext("{n} not offered", "{n} not offered", told.skipped)),
        (told.silent, ngettext("{n} not asked", "{n} not asked", told.silent)),
    ]
    said = ""
    for n, text in parts:
        part = text.format(n=number(n))
        said = (_("{list}, {more}").format(list=said, more=part) if said else part) if n else said
    return said


def done(counts: dict[str, int]) -> list[str]:
    """What an import did or would do."""
    return [
        text.format(n=number(counts[does]))
        for does, text in (
            ("new", ngettext("{n} new job", "{n} new jobs", counts["new"])),
            ("changed", ngettext("{n} job changed", "{n} jobs changed", counts["changed"])),
            ("moved", ngettext("{n} job moved to another crew", "{n} jobs moved to another crew", counts["moved"])),
            ("unchanged", ngettext("{n} job stays as it is", "{n} jobs stay as they are", counts["unchanged"])),
        )
        if counts[does]
    ]
