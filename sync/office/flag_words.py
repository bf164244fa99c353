"""What flags are called and what they mean, in the viewer's language."""

from sync.i18n import mark
from sync.intake import flags
from sync.office.tongue import _

_NAMES = {
    "burst": mark("Many at once"),
    "closed": mark("While it was closed"),
    "ghost": mark("Nobody touched"),
    "interval": mark("Too soon after another"),
    flags.SECOND: mark("Second answer to a job"),
    flags.HAND: mark("Set by hand"),
    "before_enrolment": mark("Before the terminal was enrolled"),
    "identity_conflict": mark("Place uncertain"),
    "time_unknown": mark("Time unknown"),
}
_MEANINGS = {
    "burst": mark(
        "Four answers or more from one screen within 15 seconds, or each right after another: somebody played."
    ),
    "closed": mark("Given more than a quarter of an hour outside the opening hours of the place."),
    "ghost": mark("The glass reported a touch as the question appeared, before anybody could have read it."),
    "interval": mark("Given sooner after the answer before than the place allows."),
    flags.SECOND: mark("Another answer was given for the same job before; one answer a job counts."),
    flags.HAND: mark("No rule caught it: somebody here said that it does not count."),
    "before_enrolment": mark("It counts at the first place where the terminal stood."),
    "identity_conflict": mark("Two boxes may share one identity, so where it was given is not certain."),
    "time_unknown": mark("The terminal could not say when; it counts on the day on which it came in."),
}


def name(flag: str) -> str:
    """One that is not known here is called by its own word."""
    return _(_NAMES[flag]) if flag in _NAMES else flag


def meaning(flag: str) -> str:
    return _(_MEANINGS[flag]) if flag in _MEANINGS else ""
