"""What each screen of this box shows and where it stands: from the last good manifest, for ever."""

import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from threading import Lock
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from kiosk.calendar import Calendar
from kiosk.choices import Choices
from kiosk.clock import Clock
from kiosk.identity import KeptManifest
from kiosk.keepsakes import Keepsakes
from kiosk.outbox import NotHeld, Outbox
from sync import survey, wire

log = logging.getLogger(__name__)

_UNUSABLE = (survey.BadSurvey, KeyError, IndexError, TypeError, ValueError)
"""What a manifest raises that nobody can work from."""
_NAME = re.compile("[!-~]{1,80}")
"""A wire.Name: head office takes no answer that names a screen or a placement otherwise."""


@dataclass(frozen=True)
class Standing:
    """What one screen shows now, and where it stands. `placement` is None before enrolment; `test_ms`: for so long
    staff try it out, and nothing that is answered counts. `team`: the crew that hands it over to its customers, empty
    where it stands still."""

    screen: str | None
    placement: str | None
    survey: survey.Survey
    languages: tuple[str, ...]
    place: str
    settings: wire.ScreenSettings = field(default_factory=wire.ScreenSettings)
    messages: tuple[wire.Message, ...] = ()
    test_ms: int = 0
    team: str = ""

    @property
    def test(self) -> bool:
        return self.test_ms > 0


class Plan(NamedTuple):
    """What one screen shows, and from which local day on (the earliest first) it shows something else. `handing`: what
    the crew's part of it needs, `zone_name` whose days those are."""

    now: Standing
    zone: tzinfo
    ahead: tuple[tuple[int, Standing], ...] = ()
    handing: wire.Handing | None = None
    zone_name: str = ""

    def on(self, day: int | None) -> Standing:
        """What it shows that day; None: nobody knows which day it is."""
        begun = [standing for first, standing in self.ahead if day is not None and first <= day]
        return begun[-1] if begun else self.now


class Standings:
    """Of all screens, as the `choices` of their staff want them. `problem` says why the newest manifest is not the one
    that is worked from; `zone` is the first place's; `etag` names the manifest that is worked from."""

    def __init__(self, kept: Keepsakes, outbox: Outbox, clock: Clock) -> None:
        self._kept, self.choices, self._guard = kept, Choices(outbox, clock), Lock()
        self._calendar = Calendar(outbox, clock)
        self._all: dict[str, Plan] = {}
        self.zone: tzinfo = UTC
        self.problem: str | None = None
        self.etag = next((manifest.etag for manifest in kept.manifests() if self._adopt(manifest) is None), "")

    def of(self, screen: str | None) -> Standing | None:
        """What `screen` shows; None when this box doesn't drive it. Without a name, its first screen, or the built-in
        survey: nowhere before enrolment, at the known placement while the manifest is on its way."""
        found = self.told(screen)
        return self.choices.applied(found) if found else None

    def told(self, screen: str | None) -> Standing | None:
        """The same as head office says, whatever staff chose."""
        with self._guard:
            plan = next(iter(self._all.values()), None) if screen is None else self._all.get(screen)
        if plan is None:
            return self._unplaced() if screen is None and not self._all else None
        return plan.on(self._calendar.day(plan.zone)) if plan.ahead else plan.now

    def handing(self, screen: str | None) -> tuple[wire.Handing, str] | None:
        """What the crew's part of a screen needs, and the time zone of its days; None where no crew hands it over."""
        with self._guard:
            plan = next(iter(self._all.values()), None) if screen is None else self._all.get(screen)
        return (plan.handing, plan.zone_name) if plan and plan.handing else None

    @property
    def staff_pin(self) -> str | None:
        """The hash of the PIN that head office set for the screens here, if it set one."""
        with self._guard:
            pins = (known.now.settings.staff_pin for known in self._all.values())
            return next((pin for pin in pins if pin), None)

    @property
    def hands_over(self) -> bool:
        """Whether a crew hands one of these screens to its customers."""
        with self._guard:
            return any(plan.handing for plan in self._all.values())

    @property
    def is_enrolled(self) -> bool:
        """Whether head office gave this box a place in its fleet."""
        return self._kept.identity.device is not None

    def _unplaced(self) -> Standing:
        screen, placement = next(iter(self._kept.identity.screens.items()), (None, None))
        return Standing(screen, placement, survey.BUILTIN, survey.BUILTIN.languages, "")

    def take(self, told: KeptManifest | bool) -> None:
        """Keep a manifest when it can be worked from; else go on with the last good one, and say so. True: the last
        one is still good, False: there is another, which cannot be read."""
        if isinstance(told, bool):
            self._say(None if told else "it cannot be read")
            return
        problem = self._adopt(told)
        self._say(problem)
        if problem is not None:
            return
        try:
            self._kept.keep_manifest(told)
            self.etag = told.etag
        except (NotHeld, OSError) as trouble:
            log.warning("the manifest from head office is not written down (%s); it is asked for again", trouble)

    def _say(self, problem: str | None) -> None:
        if problem and problem != self.problem:
            log.warning("the manifest from head office cannot be used (%s); going on with the last good one", problem)
        self.problem = problem

    def _adopt(self, kept: KeptManifest) -> str | None:
        """Work from this one; or why not."""
        screens = kept.manifest.screens
        try:
            fresh = {name: _plan(name, screen) for name, screen in screens.items()}
        except _UNUSABLE as problem:
            return str(problem) or type(problem).__name__
        with self._guard:
            self._all = fresh
        self.zone = _zone(next((screen.time_zone for screen in screens.values()), ""))
        return None


def _plan(name: str, screen: wire.ScreenManifest) -> Plan:
    """What comes one day and cannot be worked from is left out: head office is asked again until then."""
    now, ahead = _standing(name, screen), []
    for each in screen.scheduled:
        with suppress(*_UNUSABLE):
            definition = survey.load(wire.encode(screen.surveys[each.survey]))
            ahead.append(
                (each.from_day, replace(now, survey=definition, languages=_spoken(each.languages, definition)))
            )
    ahead = sorted(ahead, key=lambda change: change[0])
    return Plan(now, _zone(screen.time_zone), tuple(ahead), _handing(screen), screen.time_zone)


def _handing(screen: wire.ScreenManifest) -> wire.Handing | None:
    return msgspec.convert(screen.handover, wire.Handing) if screen.handover is not None else None


def _standing(name: str, screen: wire.ScreenManifest) -> Standing:
    for kind, given in (("screen", name), ("placement", screen.placement)):
        if not _NAME.fullmatch(given):
            raise ValueError(f"a {kind} has an id that is empty, longer than 80 characters or not plain ASCII")
    definition = survey.load(wire.encode(screen.surveys[0]))
    spoken = _spoken(screen.languages, definition)
    settings = msgspec.convert(screen.settings, wire.ScreenSettings)
    messages = msgspec.convert(screen.messages, tuple[wire.Message, ...])
    handing = _handing(screen)
    team = handing.team if handing else ""
    return Standing(name, screen.placement, definition, spoken, screen.place, settings, messages, team=team)


def _spoken(languages: Sequence[str], definition: survey.Survey) -> tuple[str, ...]:
    return tuple(lang for lang in languages if lang in definition.languages) or definition.languages


def _zone(name: str) -> tzinfo:
    """Audits at night depend on it, and when a day begins."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
