"""One history: some days of a few shops as a seed has them, until everything has healed. The same seed is the same
history."""

from collections.abc import Callable

from tests.faults.simulation.box import Box
from tests.faults.simulation.centre import VERSIONS
from tests.faults.simulation.shops import HOUR_MS, Shops
from tests.faults.simulation.truth import Broken

EVENTS = 130
REQUESTS_A_LOOK = 60
"""More than that without a rest, after everything healed, never ends."""


class History(Shops):
    """Everything that may happen, in the order of the seed."""

    def run(self) -> None:
        """Raises Broken."""
        happenings = self._happenings()
        for _ in range(EVENTS):
            happens = self.chance.choice(happenings)
            self.tell(happens.__name__.replace("_", " "))
            happens()
            self.advance(self.chance.choice((500, 3_000, 20_000, 60_000, 400_000)))
            if self.chance.random() < 0.06:
                self.truth.check_centre()
                self.truth.check_boxes(self.boxes)
                self.truth.check_signs(self.boxes)
        self.heal()
        self.truth.check_end(self.boxes)

    def _happenings(self) -> list[Callable[[], None]]:
        """Weighted by repetition; what is rare in a shop is left out of most histories."""
        usual = [self.tap] * 12 + [self.go_on] * 10 + [self.leave] * 7 + [self.deliver_late] * 3
        usual += [self.send] * 20 + [self.step] * 10 + [self.later] * 3 + [self.power_cut] * 2 + [self.crash] * 2
        rare = [
            [self.set_clock], [self.damage], [self.fill_disk] * 3, [self.begin_backup, self.finish_backup] * 2,
            [self.begin_backup, self.finish_backup, self.finish_backup, self.restore], [self.erase] * 3,
            [self.copy_card, self.clone_card, self.enrol_again], [self.copy_card, self.roll_back], [self.replay] * 4,
            [self.poison], [self.postpone], [self.publish], [self.upgrade], [self.days_pass], [self.carry] * 2,
            [self.offer], [self.gain_screen], [self.revoke, self.enrol_again],
        ]  # fmt: skip
        return usual + [happens for some in rare if self.chance.random() < 0.4 for happens in some]

    def later(self) -> None:
        self.advance(self.chance.choice((HOUR_MS, 5 * HOUR_MS, 20 * HOUR_MS)))

    def days_pass(self) -> None:
        self.advance(self.chance.choice((3, 9, 35)) * 24 * HOUR_MS)

    # -- at head office

    def begin_backup(self) -> None:
        self.centre.begin_backup()

    def finish_backup(self) -> None:
        self.centre.finish_backup()

    def restore(self) -> None:
        if self.centre.backups:
            self.truth.restores += 1
            self.centre.restore(self.chance.randrange(len(self.centre.backups)))

    def erase(self) -> None:
        if self.truth.taps:
            name = self.chance.choice(sorted(self.truth.taps))
            self.truth.erased.add(name)
            self.centre.erase(name)

    def publish(self) -> None:
        """The survey that was answered before it was known; what was kept apart counts now, however often."""
        self.centre.publish()
        for _ in range(self.chance.randrange(3)):
            self.centre.replay()

    def upgrade(self) -> None:
        self.centre.app = VERSIONS[1]
        self.centre.poison.clear()

    def poison(self) -> None:
        if self.truth.taps and self.centre.app == VERSIONS[0]:
            self.centre.poison.add(self.chance.choice(sorted(self.truth.taps)))

    def postpone(self) -> None:
        self.centre.postponed = self.chance.choice((0.0, 0.5, 1.0))

    def replay(self) -> None:
        self.network.replay()

    # -- and in the end

    def heal(self) -> None:
        """The network heals, people do what they are asked to, the pages bring what they have; then ten days pass."""
        self.tell("everything heals")
        self.network.healed, self.centre.postponed = True, 0.0
        self.publish()
        self.upgrade()
        self.finish_backup()
        for box in self.boxes:
            box.start()
            for page in box.pages:
                for revision in page.unsent:
                    box.touch(page, revision)
                    box.seal(revision.id, "left")
                page.unsent.clear()
        for _ in range(15):
            self.centre.replay()
            for box in self.boxes:
                self._drain(box)
            self.enrol_again()
            self.advance(16 * HOUR_MS + self.chance.randrange(HOUR_MS))

    def _drain(self, box: Box) -> None:
        """Passes until there is nothing more to do now."""
        before = box.requests
        while box.requests - before <= REQUESTS_A_LOOK:
            asked = box.requests
            while self._step(box) and box.passing:
                pass
            if box.requests == asked or box.pace.holding:
                return
            self.now_ms = max(self.now_ms, box.next_ms)
        raise Broken(f"{box.name} does not come to rest: {REQUESTS_A_LOOK} requests after everything healed")
