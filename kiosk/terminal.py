"""One box: its clock, its outbox, who it is, and the thread that sends. Everything here is safe to call from
several threads."""

import logging
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from threading import Event, RLock, Thread
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from kiosk import identity, keeping, lock, memory, office
from kiosk.archive import BREATH_S
from kiosk.batches import Sheet
from kiosk.clock import Clock
from kiosk.config import Settings
from kiosk.disk import refuse_foreign
from kiosk.export import content
from kiosk.identity import KeptManifest
from kiosk.line import Line
from kiosk.outbox import Draft, Ended, NotHeld, Outbox
from kiosk.sender import Box, Sender
from sync import survey, wire

log = logging.getLogger(__name__)

WALKED_AWAY_MS = 90_000
"""A visit that nobody touched for so long is over, whatever its page believes."""
HOUSEKEEPING_S = 1.0
TIDY_MS = 60_000
_UNHEARD = {"persisted": False, "unsent": 0}
"""Of a page without script, or before its first word."""


class TerminalRefused(Exception):
    """This terminal cannot start; the message is a sentence that says why."""


@dataclass(frozen=True)
class Standing:
    """What one screen shows now, and where it stands. `placement` is None before enrolment."""

    screen: str | None
    placement: str | None
    survey: survey.Survey
    languages: tuple[str, ...]
    place: str


class Terminal:
    """Raises TerminalRefused, OutboxRefused."""

    def __init__(
        self, settings: Settings, clock: Clock | None = None, hardware: Callable[[], str] = identity.fingerprint
    ) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        refuse_foreign(settings.data / "outbox.sqlite3")  # before anything is written beside it
        self._guard = RLock()
        try:
            self._running = lock.take(settings.data)
        except lock.Taken as refusal:
            raise TerminalRefused(str(refusal)) from None
        try:
            self._identity = identity.load(settings.data)
            self.outbox = Outbox(settings.data / "outbox.sqlite3")
            self._arrive(hardware())
        except (OSError, ValueError, sqlite3.Error, NotHeld) as problem:
            raise TerminalRefused(f"The data folder {settings.data} cannot be used: {problem}.") from None
        self._previous: dict[str | None, int] = {}
        self._beats: dict[str, int] = {}
        self._pages: dict[str, dict[str, Any]] = {}
        self._stopping = Event()
        self._keeper = Thread(target=self._keep, name="housekeeping", daemon=True)
        self.sender: Sender | None = None
        self._standings: dict[str, Standing] = {}
        self._zone: tzinfo = UTC
        self._misread: str | None = None
        self._tidy_ms = 0
        kept = identity.load_manifest(settings.data)
        if kept is not None:
            self._adopt(kept)
        if settings.centre:
            box = Box(lambda: self._identity, self._wire_health, lambda: self._zone, self._on_manifest)
            self.sender = Sender(self.outbox, self.clock, Line(settings.centre), box, settings.sync_at_once)
            self.sender.etag = kept.etag if kept else ""

    def _arrive(self, hardware: str) -> None:
        """Number this start, and see whether the card was moved here: then what comes goes into a stream of its own."""
        self.outbox.starts.began(self.clock.boot)
        who, moved = identity.found_on(self._identity, hardware)
        if moved:
            log.warning("this card was in another machine before; enrol it again")
            self.outbox.rotate()
        if who != self._identity:
            identity.save(self.settings.data, who)
            self._identity = who

    def start(self) -> None:
        """Whoever was there when the power went has left; then the threads begin."""
        memory.share_one_heap()
        self._seal_stale(everybody=True)
        self._keeper.start()
        if self.sender:
            self.sender.start()

    def stop(self) -> None:
        self._stopping.set()
        if self.sender:
            self.sender.stop()
        if self._keeper.is_alive():
            self._keeper.join(timeout=2)
        self.outbox.disk.checkpoint(idle=True)
        self.outbox.close()
        self._running.close()

    # -- what the screens ask

    def standing(self, screen: str | None = None) -> Standing | None:
        """What `screen` shows; None when this box doesn't drive it. Without a name, its first screen, or the
        built-in survey before enrolment. Its page asks each minute: this is the screen's beat."""
        with self._guard:
            first = next(iter(self._standings.values()), None) or self._unplaced()
            found = first if screen is None else self._standings.get(screen)
            if found is not None and found.screen is not None:
                self._beats[found.screen] = self.clock.boottime_ms()
            return found

    def hear(self, screen: str | None, persisted: bool, unsent: int) -> None:
        """What the page of a screen says of its own store."""
        if screen is not None:
            self._pages[screen] = {"persisted": persisted, "unsent": max(unsent, 0)}

    def _unplaced(self) -> Standing:
        """The built-in survey: nowhere before enrolment, at the known placement while the manifest is on its way."""
        screen, placement = next(iter(self._identity.screens.items()), (None, None))
        return Standing(screen, placement, survey.BUILTIN, survey.BUILTIN.languages, "")

    def new_id(self) -> str:
        """A UUIDv7, its time as this machine knows it."""
        number = (self.clock.wall_ms() & (2**48 - 1)) << 80 | secrets.randbits(80)
        number = number & ~(0xF << 76) | 0x7 << 76
        number = number & ~(0x3 << 62) | 0x2 << 62
        digits = f"{number:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def hold(
        self,
        standing: Standing,
        *,
        id: str,
        rev: int,
        lang: str,
        answers: Mapping[str, int | list[str] | str],
        shown: Mapping[str, list[str]],
        first_ms: int | None,
        total_ms: int | None,
        ago_ms: int,
        from_page: bool,
        stamp: wire.Stamp | None = None,
        since_prev_ms: int | None = None,
    ) -> Draft:
        """Commit one revision of a response, whole, with the disk told to hold it; returns what is held now.

        A revision that isn't higher than the one held changes nothing. For a response that is sealed already a
        higher revision opens it again (it will be sealed as another entry); otherwise a page (`from_page`) gets
        the sealed one back, and a plain form is somebody new at an old page: a new id at revision 1.
        `ago_ms`: how long ago the page saw the first tap; a page that delivers late says by `stamp` when that was, and
        by `since_prev_ms` how long after the one before. Raises NotHeld."""
        with self._guard:
            before = self.outbox.draft(id)
            if before is None and self.outbox.sealed_rev(id):
                sealed = self.outbox.sealed(id)
                if rev > self.outbox.sealed_rev(id):
                    before = sealed
                elif from_page and sealed is not None:
                    return sealed
                else:
                    id, rev = self.new_id(), 1
            now = self.clock.stamp()
            tapped = before.stamp if before else stamp or _earlier(now, ago_ms)
            if before is None and since_prev_ms is None:
                since_prev_ms = self._since(standing.screen, tapped)
            draft = Draft(
                id=id, rev=rev, screen=standing.screen, placement=standing.placement, survey=standing.survey.id,
                version=standing.survey.version, lang=lang, answers=dict(answers), shown=dict(shown), stamp=tapped,
                first_ms=first_ms, total_ms=total_ms, flags=[],
                since_prev_ms=before.since_prev_ms if before else since_prev_ms,
            )  # fmt: skip
            held = self.outbox.hold(draft, now)
            if before is None and tapped.boot == now.boot:
                latest_ms = max(self._previous.get(standing.screen, 0), tapped.boottime_ms)
                self._previous[standing.screen] = latest_ms
            return held

    def _since(self, screen: str | None, stamp: wire.Stamp) -> int | None:
        """Milliseconds since the response before; None when that is not known, as for one that comes late."""
        previous = self._previous.get(screen)
        is_later = previous is not None and stamp.boot == self.clock.boot and stamp.boottime_ms >= previous
        return stamp.boottime_ms - previous if previous is not None and is_later else None

    def draft(self, id: str) -> Draft | None:
        """What is held of a visit; None once it is over, or was never seen. Raises NotHeld."""
        return self.outbox.draft(id)

    def seal(self, id: str, ended: Ended) -> None:
        """End a visit; once over, nothing happens. Raises NotHeld."""
        if self.outbox.seal(id, ended, self.clock.stamp()) and self.sender:
            self.sender.nudge()

    def seal_screen(self, screen: str | None) -> None:
        """Whoever was at this screen has left. Raises NotHeld."""
        for name in self.outbox.drafts_of(screen):
            self.seal(name, "left")

    # -- head office

    def enrol(self, code: str) -> str:
        """Trade the code for a place in the fleet. Returns a sentence for whoever typed it; raises
        TerminalRefused with another."""
        if self.sender is None or not self.settings.centre:
            raise TerminalRefused('The key "centre" in [kiosk] must name the address of head office first.')
        given, sentence = office.enrol(Line(self.settings.centre), self._identity, code)
        if given is None:
            raise TerminalRefused(sentence)
        with self._guard:
            self._identity = identity.enrolled(self._identity, given)
            identity.save(self.settings.data, self._identity)
        self.sender.begin_anew()
        self.sender.fetch_manifest()
        place = next((s.place for s in self._standings.values() if s.screen == given.screen), "")
        return f"Enrolled: this screen stands at {place}." if place else "Enrolled."

    def export(self) -> Iterator[bytes]:
        """The content of a file with everything unsent. Raises TerminalRefused; NotHeld while it is read."""
        if self._identity.device is None:
            raise TerminalRefused(
                "This terminal is not enrolled: it has no key yet to sign an export with. Its answers are kept."
            )
        seen_ms = int(self.outbox.fact("seen_ms", "0"))
        return content(self.outbox, Sheet(self._identity, self.clock.stamp(), self._wire_health(), (seen_ms, 0)))

    def _on_manifest(self, told: KeptManifest | bool) -> None:
        """Keep it when it can be worked from; else go on with the last good one, and say so. True: nothing new."""
        if isinstance(told, bool):
            self._say_misread(None if told else "it cannot be read")
            return
        try:
            self._adopt(told)
        except (survey.BadSurvey, KeyError, IndexError, TypeError, ValueError) as problem:
            self._say_misread(str(problem) or type(problem).__name__)
            return
        self._say_misread(None)
        identity.save_manifest(self.settings.data, told)
        if self.sender:
            self.sender.etag = told.etag

    def _say_misread(self, problem: str | None) -> None:
        if problem and problem != self._misread:
            log.warning("the manifest from head office cannot be used (%s); going on with the last good one", problem)
        self._misread = problem

    def _adopt(self, kept: KeptManifest) -> None:
        fresh = {name: _standing(name, screen) for name, screen in kept.manifest.screens.items()}
        zone = next((screen.time_zone for screen in kept.manifest.screens.values()), "")
        with self._guard:
            self._standings, self._zone = fresh, _zone(zone)

    # -- its own state

    def health(self) -> dict[str, object]:
        """What /healthz says: memory in bytes, what waits, when head office last answered."""
        told = self._wire_health()
        counts = list(told.streams.values())
        return {
            "app": wire.APP,
            "resident_bytes": memory.resident(),
            "enrolled": self._identity.device is not None,
            "screens": list(self._identity.screens),
            "sealed": sum(c.sealed for c in counts),
            "acked": sum(c.acked for c in counts),
            "pending": sum(c.pending for c in counts),
            "parked": sum(c.parked for c in counts),
            "commits": self.outbox.disk.commits,
            **{name: getattr(told, name) for name in ("oldest_pending_ms", "last_success_ms", "last_error")},
            **{name: getattr(told, name) for name in ("free_bytes", "sqlite", "journal")},
            "clock_synced": self.clock.synced(),
            "lost": told.lost,
            "moved": bool(self._identity.successor),
            "audit": self.outbox.archive.audit.why,
            "parked_codes": self.outbox.parked(),
            "manifest_error": self._misread,
        }

    def _wire_health(self) -> wire.Health:
        oldest, now = self.outbox.oldest_waiting(), self.clock.stamp()
        sender = self.sender
        return wire.Health(
            streams=self.outbox.counts(),
            oldest_pending_ms=_age(oldest, now) if oldest else None,
            last_success_ms=sender.last_success_ms if sender else None,
            last_error=self._error(),
            free_bytes=shutil.disk_usage(self.settings.data).free,
            sqlite=sqlite3.sqlite_version,
            journal=self.outbox.disk.journal(),
            screens={
                screen: {"beat_ms": now.boottime_ms - beat, **self._pages.get(screen, _UNHEARD)}
                for screen, beat in list(self._beats.items())
            },
            stream=self.outbox.stream,
            fingerprint=self._identity.hardware,
            lost=self.outbox.archive.lost(),
        )

    def _error(self) -> str | None:
        """What head office should know first."""
        said = self.sender.last_error if self.sender else None
        if said is None and self._misread:
            said = f"the manifest cannot be used ({self._misread})"
        return said[: wire.HEALTH_TEXT] if said else None

    def _keep(self) -> None:
        while not self._stopping.wait(HOUSEKEEPING_S):
            try:
                self._seal_stale(everybody=False)
                self.outbox.disk.checkpoint(idle=True)
                self._tidy_now_and_then()
            except NotHeld as problem:
                log.warning("the disk does not take what it is given (%s)", problem)
            except Exception:
                log.exception("housekeeping failed; it is tried again")

    def _tidy_now_and_then(self) -> None:
        now_ms = self.clock.boottime_ms()
        if now_ms >= self._tidy_ms:
            self._tidy_ms = now_ms + (0 if self.tidy(bites=2) else TIDY_MS)

    def tidy(self, bites: int | None = None) -> bool:
        """Let go of what may go, in at most so many small bites; True when there may be more. Raises NotHeld."""
        went = 0
        while self._let_go():
            went += 1
            if went == bites:
                return True
            time.sleep(BREATH_S)
        if went:
            self.outbox.disk.shorten()
        return False

    def _let_go(self) -> int:
        disk = shutil.disk_usage(self.settings.data)
        room, wanted = keeping.room(disk.free + self.outbox.disk.unused(), disk.total, self._is_full())
        server_ms = self.outbox.starts.server_ms(self.clock.stamp()) or int(self.outbox.fact("seen_ms", "0"))
        return self.outbox.archive.tidy(server_ms, room, wanted)

    def _is_full(self) -> bool:
        return getattr(self.outbox.disk, "storage", None) == "full"

    def _seal_stale(self, everybody: bool) -> None:
        now = self.clock.stamp()
        before_ms = now.boottime_ms + 1 if everybody else now.boottime_ms - WALKED_AWAY_MS
        for name in self.outbox.stale_drafts(now.boot, before_ms):
            self.seal(name, "left")


def _standing(name: str, screen: wire.ScreenManifest) -> Standing:
    definition = survey.load(wire.encode(screen.surveys[0]))
    spoken = tuple(lang for lang in screen.languages if lang in definition.languages) or definition.languages
    return Standing(name, screen.placement, definition, spoken, screen.place)


def _zone(name: str) -> tzinfo:
    """Only audits at night depend on it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _earlier(stamp: wire.Stamp, ms: int) -> wire.Stamp:
    ms = min(max(ms, 0), stamp.boottime_ms)
    return msgspec.structs.replace(stamp, boottime_ms=stamp.boottime_ms - ms, wall_ms=stamp.wall_ms - ms)


def _age(then: wire.Stamp, now: wire.Stamp) -> int:
    """Milliseconds between two stamps: exact within one start, by the wall clock across starts."""
    if then.boot == now.boot:
        return max(now.boottime_ms - then.boottime_ms, 0)
    return max(now.wall_ms - then.wall_ms, 0)


def open_terminal(settings: Settings) -> Terminal:
    """Raises TerminalRefused, OutboxRefused: a sentence that says why this terminal cannot start."""
    return Terminal(settings)
