"""A few shops: their boxes, pages and customers, and everything that may happen to them there."""

import random
from collections.abc import Callable
from contextlib import suppress

from kiosk.identity import Identity
from sync import survey, wire
from sync.intake.entries import read
from sync.office.places import Standing
from sync.problems import Refused
from tests.faults.simulation.box import Box
from tests.faults.simulation.card import Card
from tests.faults.simulation.centre import Centre
from tests.faults.simulation.network import Network
from tests.faults.simulation.truth import Truth
from tests.faults.simulation.visits import Page, Revision

BEGIN_MS = 1_767_182_400_000
"""2025-12-31 12:00 UTC"""
HOUR_MS = 3_600_000
PLACES = {
    f"plc-{number}": Standing(f"plc-{number}", f"scr-{number}", number, 1 + number // 3, f"Shop {number}", zone, hours)
    for number, (zone, hours) in enumerate(
        (zone, hours)
        for zone in ("Europe/Oslo", "Asia/Kathmandu", "Pacific/Chatham")
        for hours in (None, [[(8 * 60, 20 * 60)]] * 7)
    )
}
TIMEOUT_MS = 60_000


class Shops:
    """`tell` is given a line for everything that happens."""

    def __init__(self, seed: int, tell: Callable[[str], None] = lambda line: None) -> None:
        self.chance = random.Random(seed)
        self.tell = tell
        self.now_ms = BEGIN_MS
        self.centre = Centre(self.chance, self.read_ms, PLACES)
        self.centre.tables.surveys["builtin", 1] = survey.BUILTIN
        self.truth = Truth(self.centre)
        self.centre.on_commit, self.centre.on_replay = self.truth.was_committed, self.truth.was_replayed
        self.network = Network(self.chance, self.centre, self.advance, tell)
        self.network.meanwhile = [self.begin_backup, self.erase]
        self.boxes: list[Box] = []
        self.sticks: list[tuple[str, int, wire.Batch]] = []
        self.images: list[tuple[Box, Card, int]] = []
        placements = self.chance.sample(sorted(PLACES), len(PLACES))
        for number in range(self.chance.choice((1, 1, 2, 3))):
            box = self._new_box(
                f"box-{number}", Card(Identity(f"install-{number}"), f"stream-{number}"), f"board-{number}"
            )
            mine = [placements.pop() for _ in range(self.chance.choice((1, 1, 2)))]
            if self.chance.random() < 0.2:
                box.pages.append(self._page(box, None, None))
            for placement in mine:
                self._enrol(box, placement)

    def _new_box(self, name: str, card: Card, hardware: str) -> Box:
        box = Box(name, card, hardware, self.chance, lambda: self.now_ms, self.truth)
        self.boxes.append(box)
        return box

    # -- time

    def read_ms(self) -> int:
        """The time, which goes on while it is read."""
        self.now_ms += 1
        return self.now_ms

    def advance(self, ms: int) -> None:
        self.now_ms += ms

    # -- at the screens

    def _page(self, box: Box, screen: str | None, placement: str | None) -> Page:
        page = Page(screen, placement, f"{self.chance.getrandbits(48):012x}", self.now_ms, box.drift)
        if self.chance.random() < 0.9:
            box.anchor(page)
        return page

    def _reload(self, box: Box, page: Page) -> None:
        page.load, page.loaded_ms = f"{self.chance.getrandbits(48):012x}", self.now_ms
        if box.running:
            box.anchor(page)

    def _a_page(self) -> tuple[Box, Page] | None:
        box = self.chance.choice(self.boxes)
        return (box, self.chance.choice(box.pages)) if box.pages else None

    def _new_id(self) -> str:
        digits = f"{self.now_ms:012x}7{self.chance.getrandbits(12):03x}8{self.chance.getrandbits(60):015x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _touch(self, box: Box, page: Page, revision: Revision) -> None:
        """Thanked by the terminal, or by the page, whichever holds it."""
        self.truth.thanked(revision)
        if self.chance.random() < 0.85 and box.touch(page, revision):
            box.anchor(page)
        else:
            page.unsent.append(revision)

    def tap(self) -> None:
        found = self._a_page()
        if found:
            box, page = found
            if self.chance.random() < 0.1:
                self._reload(box, page)
            if page.visit is not None and box.running:
                box.seal(page.visit.id, "left")
            asked = "spring" if self.chance.random() < 0.1 else "builtin"
            self._touch(
                box, page, page.begin(self.chance, self._new_id(), self.now_ms, asked, self.chance.random() < 0.05)
            )

    def go_on(self) -> None:
        found = self._a_page()
        revision = found and found[1].go_on(self.chance)
        if found and revision:
            self._touch(*found, revision)

    def leave(self) -> None:
        found = self._a_page()
        if found and found[1].visit is not None and found[0].running:
            found[0].seal(found[1].visit.id, self.chance.choice(("done", "idle", "left")))
            found[1].visit = None

    def deliver_late(self) -> None:
        found = self._a_page()
        if found and found[1].unsent:
            revision = self.chance.choice(found[1].unsent)
            if found[0].touch(found[1], revision) and self.chance.random() < 0.8:
                found[1].unsent.remove(revision)
            if found[0].running and self.chance.random() < 0.7:
                found[0].seal(revision.id, "left")

    def offer(self) -> None:
        box = self.chance.choice(self.boxes)
        if box.running:
            box.offer(self._new_id())

    # -- the terminal

    def send(self) -> None:
        """A whole pass of a sender, with whatever becomes of its request."""
        box = self.chance.choice(self.boxes)
        while self._step(box) and box.passing:
            pass

    def step(self) -> None:
        self._step(self.chance.choice(self.boxes))

    def _step(self, box: Box) -> bool:
        """One step of a sender; False when it stands still."""
        if not box.running:
            return False
        reply = None
        if box.passing is None:
            box.passing = box.pass_once()
        elif box.posted is not None:
            slow = self.now_ms - box.posted_ms > TIMEOUT_MS
            reply, box.posted = self.network.carry(box.posted), None
            reply = None if slow else reply
        try:
            box.posted = box.passing.send(reply)
            box.posted_ms = self.now_ms
        except StopIteration as over:
            box.passing = None
            box.next_ms = self.now_ms + int(over.value * 1000)
        return True

    def crash(self) -> None:
        box = self.chance.choice(self.boxes)
        box.crash() if box.running else box._run()

    def power_cut(self) -> None:
        self.chance.choice(self.boxes).start()

    def set_clock(self) -> None:
        self.chance.choice(self.boxes).clock.jump(self.chance)

    def damage(self) -> None:
        box = self.chance.choice(self.boxes)
        whole = [kept for kept in box.card.entries.values() if kept.body]
        if whole:
            kept = self.chance.choice(whole)
            self.truth.damaged.add(kept[:2])
            body = kept.body or b""
            at = self.chance.randrange(len(body))
            box.card.entries[kept[:2]] = kept._replace(body=body[:at] + bytes([body[at] ^ 4]) + body[at + 1 :])

    def fill_disk(self) -> None:
        self.chance.choice(self.boxes).card.prune(self.chance.choice(("little", "none")), self.chance.randrange(5_000))

    # -- cards are copied

    def copy_card(self) -> None:
        box = self.chance.choice(self.boxes)
        self.images.append((box, box.card.copy(), self.truth.heard.get(box.name, 0)))

    def clone_card(self) -> None:
        if self.images and len(self.boxes) < 4:
            owner, image, heard = self.chance.choice(self.images)
            self.truth.twins |= {owner.name, f"{owner.name}-twin-{len(self.boxes)}"}
            twin = self._new_box(f"{owner.name}-twin-{len(self.boxes)}", image.copy(), f"other-board-{len(self.boxes)}")
            self.truth.heard[twin.name] = heard
            twin.pages = [self._page(twin, page.screen, page.placement) for page in owner.pages]

    def roll_back(self) -> None:
        if self.images:
            box, image, heard = self.chance.choice(self.images)
            self.truth.twins.add(box.name)
            self.truth.heard[box.name] = heard
            box.card, box.known = image.copy(), set()
            box.start()

    # -- with head office

    def _enrol(self, box: Box, placement: str) -> None:
        given = self.centre.enrol(box.card.identity, box.hardware, placement)
        box.become(given)
        fresh = self._page(box, given.screen, placement)
        over = [
            page for page in box.pages if page.screen == given.screen or page.screen not in box.card.identity.screens
        ]
        for page in over:  # its browser shows the new one, and still has what it couldn't deliver
            fresh.unsent += page.unsent
            fresh.anchors |= page.anchors
        box.pages = [page for page in box.pages if page not in over] + [fresh]

    def enrol_again(self) -> None:
        """A person does what a terminal asks for."""
        for box in self.boxes:
            if box.running and (box.strange or box.turned_away):
                who = box.card.identity
                forgotten = who.device not in self.centre.tables.devices and who.screens
                for placement in (forgotten and list(who.screens.values())) or [self.chance.choice(list(PLACES))]:
                    self._enrol(box, placement)

    def gain_screen(self) -> None:
        box = self.chance.choice(self.boxes)
        if box.running and len(box.pages) < 3:
            self._enrol(box, self.chance.choice(list(PLACES)))

    def revoke(self) -> None:
        self.centre.revoke(self.chance.choice(self.boxes).card.identity.device or "")

    def carry(self) -> None:
        """What is unsent goes onto a stick, and comes to head office some day, maybe more than once."""
        box = self.chance.choice(self.boxes)
        who, waiting = box.card.identity, box.card.take(20)
        if box.running and who.device and waiting:
            self.sticks.append((who.device, who.generation, box.batch(waiting)))
        if self.sticks and self.chance.random() < 0.6:
            device, generation, batch = self.chance.choice(self.sticks)
            with suppress(Refused):
                entries = [read(bytes(raw)) for raw in batch.entries]
                self.centre.take(device, generation, batch, entries, carried=True)
