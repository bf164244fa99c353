"""What is remarkable about a response. Pure: from its own numbers, its corrected time and the place's hours.

Nothing is dropped for a flag. Those in ASIDE keep a response out of the score that is shown first; the others
only say something about it."""

from collections.abc import Iterable, Mapping

from sync.intake.clocks import Captured, Local, hour_of
from sync.office import local_time
from sync.office.places import Hours
from sync.wire import Response

GRACE_MS = 15 * 60_000
"""People are still let out of the shop after its doors were locked."""

BURST = "burst"
"""From its neighbours, so derived apart: see sync.intake.bursts."""
SECOND = "second"
"""Another answer was given for the same job before: see sync.intake.seconds."""
HAND = "by_hand"
"""No rule's, but a person's."""
ASIDE = frozenset({"ghost", "interval", "closed", BURST, SECOND, HAND})


def flags(
    response: Response,
    captured: Captured,
    there: Local,
    zone: str,
    hours: Hours,
    *,
    interval_ms: int,
    unplaced: bool,
    uncertain: bool,
) -> list[str]:
    """The names of the flags, sorted: `before_enrolment`, `closed`, `ghost`, `identity_conflict` (two boxes may share
    one identity, so where it was given is `uncertain`), `interval` (less than the place's after
    the answer before), `time_unknown`."""
    known = captured.quality != "unknown"
    timed = hour_of(captured, there) is not None
    found = {
        "ghost": "ghost" in response.flags,
        "interval": response.since_prev_ms is not None and response.since_prev_ms < interval_ms,
        "closed": timed and not local_time.is_open(captured.ms, zone, hours, GRACE_MS),
        "before_enrolment": unplaced,
        "identity_conflict": uncertain,
        "time_unknown": not known,
    }
    return sorted(name for name, holds in found.items() if holds)


def decided(found: Iterable[str], decisions: Mapping[str, bool]) -> list[str]:
    """What holds of the flags that rules `found`, sorted: without those that a person lifted, with those that one
    set."""
    kept = {name for name in found if decisions.get(name, True)}
    return sorted(kept | {name for name, holds in decisions.items() if holds})
