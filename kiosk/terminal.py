"""One box: its clock, its outbox, who it is, and the thread that sends. Everything here is safe to call from
several threads."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from threading import Event, RLock, Thread
from typing import Any

import msgspec

from kiosk import health, identity, ids, lock, memory, office
from kiosk.batches import Sheet
from kiosk.clock import Clock
from kiosk.config import Settings
from kiosk.export import content
from kiosk.identity import Identity
from kiosk.keepsakes import Keepsakes
from kiosk.line import Line
from kiosk.outbox import Draft, Ended, NotHeld, Outbox
from kiosk.reach import Reach
from kiosk.sender import Box, Sender
from kiosk.standing import Standing, Standings
from kiosk.upkeep import Upkeep
from sync import wire

log = logging.getLogger(__name__)

WALKED_AWAY_MS = 90_000
"""A visit that nobody touched for so long is over, whatever its page believes."""
HOUSEKEEPING_S = 1.0
SALVAGE_S = 0.2
"""Of each second, for what comes back from a damaged file."""
TURN_S = 0.001
"""How long one thread computes before another gets its turn: a tap waits for the sender no longer than that."""


class TerminalRefused(Exception):
    """This terminal cannot start; the message is a sentence that says why."""


class Terminal:
    """Raises TerminalRefused, OutboxRefused."""

    def __init__(
        self, settings: Settings, clock: Clock | None = None, hardware: Callable[[], str] = identity.fingerprint
    ) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        self._guard = RLock()
        try:
            self._running = lock.take(settings.data)
        except lock.Taken as refusal:
            raise TerminalRefused(str(refusal)) from None
        try:
            self.outbox = Outbox(settings.data / "outbox.sqlite3")
        except BaseException:
            self._running.close()
            raise
        self._kept = Keepsakes(settings.data, self.outbox, hardware())
        self._numbered = -1
        with suppress(NotHeld, OSError):  # of a disk in trouble; then when it is well again
            self._arrive()
        self._previous: dict[str | None, int] = {}
        self._beats: dict[str, int] = {}
        self._pages: dict[str, health.Page] = {}
        self._stopping = Event()
        self._keeper = Thread(target=self._keep, name="housekeeping", daemon=True)
        self.sender: Sender | None = None
        self.standings = Standings(self._kept, self.outbox, self.clock)
        self.upkeep = Upkeep(self.outbox, self.clock, settings.data)
        if settings.centre:
            box = Box(lambda: self._identity, self._wire_health, self.standings)
            self.sender = Sender(self.outbox, self.clock, Line(settings.centre), box, settings.sync_at_once)

    def _arrive(self) -> None:
        """Number this start, also in a file that took a damaged one's place, and write down who this box is. Raises
        NotHeld, OSError."""
        if self._numbered != self.outbox.disk.openings:
            self.outbox.starts.began(self.clock.boot)
            self._numbered = self.outbox.disk.openings
        self._kept.keep()

    @property
    def _identity(self) -> Identity:
        return self._kept.identity

    def start(self) -> None:
        """Whoever was there when the power went has left; then the threads begin."""
        memory.share_one_heap()
        sys.setswitchinterval(TURN_S)
        with suppress(NotHeld):  # of a disk in trouble; then they leave when they are known again
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
        found = self.standings.of(screen)
        if found is not None and found.screen is not None:
            self._beats[found.screen] = self.clock.boottime_ms()
        return found

    def hear(self, screen: str | None, persisted: bool, unsent: int) -> None:
        """What the page of a screen says of its own store; also of one that this box drives no longer."""
        if screen is not None and screen in self._beats:
            known = health.heard(self._pages.get(screen), persisted, unsent, self.clock.boottime_ms())
            self._pages[screen] = known

    def new_id(self) -> str:
        """Its time is this machine's."""
        return ids.new_id(self.clock.wall_ms())

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
        pause_ms: int | None = None,
        flags: Sequence[str] = (),
        test: bool = False,
        contact: Reach | None = None,
        handover: wire.Handed | None = None,
    ) -> Draft:
        """Commit one revision of a response, whole, with the disk told to hold it; returns what is held now.

        A revision that isn't higher than the one held changes nothing. For a response that is sealed already a
        higher revision opens it again (it will be sealed as another entry); otherwise a page (`from_page`) gets
        the sealed one back, and a plain form is somebody new at an old page: a new id at revision 1.
        `ago_ms`: how long ago the page saw the first tap; a page that delivers late says by `stamp` when that was, and
        by `since_prev_ms` how long after the one before. Raises NotHeld."""
        with self._guard:
            before, is_over, on_phone = self.outbox.draft(id), False, handover is not None and handover.phone
            if before is None and self.outbox.sealed_rev(id):
                sealed = self.outbox.sealed(id)
                is_over = from_page and rev <= self.outbox.sealed_rev(id)
                if is_over and sealed is not None:
                    return sealed
                if rev > self.outbox.sealed_rev(id):
                    before = sealed
                elif not from_page:
                    id, rev = self.new_id(), 1
            now = self.clock.stamp()
            tapped = before.stamp if before else stamp or _earlier(now, ago_ms)
            if before is None and since_prev_ms is None and not on_phone:
                since_prev_ms = self._since(standing.screen, tapped)
            draft = Draft(
                id=id, rev=rev, screen=standing.screen, placement=standing.placement, survey=standing.survey.id,
                version=standing.survey.version, lang=lang, answers=dict(answers), shown=dict(shown), stamp=tapped,
                first_ms=first_ms, total_ms=total_ms, flags=list(flags), test=test, pause_ms=pause_ms, contact=contact,
                since_prev_ms=before.since_prev_ms if before else since_prev_ms, handover=handover,
                mode="handover" if handover else "store",
            )  # fmt: skip
            if is_over:
                return draft  # it was sealed and sent, and its body went since: the page hears what it said itself
            held = self.outbox.hold(draft, now)
            if before is None and tapped.boot == now.boot and not on_phone:
                latest_ms = max(self._previous.get(standing.screen, 0), tapped.boottime_ms)
                self._previous[standing.screen] = latest_ms
            return held

    def offered(self, entry: dict[str, Any]) -> None:
        """Seal what came of a tablet that was handed over, once for each revision. Raises NotHeld."""
        if self.outbox.add(entry, self.clock.stamp()) and self.sender:
            self.sender.nudge()

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
        """Whoever was at this screen has left. While the disk is in trouble they are sealed later: somebody new is
        there, whose touch their page may be able to keep."""
        with suppress(NotHeld):
            for name in self.outbox.drafts_of(screen):
                self.seal(name, "left")

    # -- head office

    def enrol(self, code: str) -> str:
        """Trade the code for a place in the fleet. Returns a sentence for whoever typed it; raises
        TerminalRefused with another."""
        standing = self.standings.of(self.gain(code))
        return f"Enrolled: this screen stands at {standing.place}." if standing else "Enrolled."

    def gain(self, code: str) -> str:
        """The same, and returns the screen that this box drives from now on."""
        if self.sender is None or not self.settings.centre:
            raise TerminalRefused('The key "centre" in [kiosk] must name the address of head office first.')
        given, sentence = office.enrol(Line(self.settings.centre), self._identity, code)
        if given is None:
            raise TerminalRefused(sentence)
        with self._guard:
            try:
                self._kept.become(identity.enrolled(self._identity, given))
            except OSError as problem:
                raise TerminalRefused(f"What head office gave cannot be written down ({problem.strerror}).") from None
        self.sender.begin_anew()
        self.sender.fetch_manifest()
        return given.screen

    def export(self) -> Iterator[bytes]:
        """The content of a file with everything unsent. Raises TerminalRefused; NotHeld while it is read."""
        if self._identity.device is None:
            raise TerminalRefused(
                "This terminal is not enrolled: it has no key yet to sign an export with. Its answers are kept."
            )
        seen_ms = int(self.outbox.fact("seen_ms", "0"))
        return content(self.outbox, Sheet(self._identity, self.clock.stamp(), self._wire_health(), (seen_ms, 0)))

    # -- its own state

    def health(self) -> dict[str, object]:
        """What /healthz says: memory in bytes, what waits, when head office last answered."""
        return {
            **health.local(self._wire_health(), self._identity, self.outbox),
            "resident_bytes": memory.resident(),
            "clock_synced": self.clock.synced(),
            "manifest_error": self.standings.problem,
        }

    def _wire_health(self) -> wire.Health:
        told = health.told(self.outbox, self.settings.data, self.clock.stamp(), dict(self._beats), dict(self._pages))
        return msgspec.structs.replace(
            told,
            last_success_ms=self.sender.last_success_ms if self.sender else None,
            last_error=self._error(),
            fingerprint=self._identity.hardware,
        )

    def _error(self) -> str | None:
        """What head office should know first."""
        said = self.sender.last_error if self.sender else None
        if said is None and self.standings.problem:
            said = f"the manifest cannot be used ({self.standings.problem})"
        return said[: wire.HEALTH_TEXT] if said else None

    def _keep(self) -> None:
        while not self._stopping.wait(HOUSEKEEPING_S):
            self._chore(self.outbox.disk.mend)
            self._chore(self._arrive)
            self._chore(lambda: self.outbox.salvage(SALVAGE_S))
            self._chore(lambda: self._seal_stale(everybody=False))
            self._chore(lambda: self.outbox.disk.checkpoint(idle=True))
            self._chore(self.upkeep.now_and_then)

    def _chore(self, chore: Callable[[], object]) -> None:
        """Each for itself: what a full disk doesn't take keeps nobody from making room."""
        try:
            chore()
        except (NotHeld, OSError) as problem:
            log.debug("the disk does not take what it is given (%s)", problem)  # it has said so itself
        except Exception:
            log.exception("housekeeping failed; it is tried again")

    def _seal_stale(self, everybody: bool) -> None:
        now = self.clock.stamp()
        before_ms = now.boottime_ms + 1 if everybody else now.boottime_ms - WALKED_AWAY_MS
        for name in self.outbox.stale_drafts(now.boot, before_ms):
            self.seal(name, "left")


def _earlier(stamp: wire.Stamp, ms: int) -> wire.Stamp:
    ms = min(max(ms, 0), stamp.boottime_ms)
    return msgspec.structs.replace(stamp, boottime_ms=stamp.boottime_ms - ms, wall_ms=stamp.wall_ms - ms)
