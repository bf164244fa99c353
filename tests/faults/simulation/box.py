"""A terminal that runs: its card, its clocks, its pages, and the pass of its sender, which can be stopped between any
two of its steps. Everything that decides is the shipped code (`sync.wire`; `kiosk.pace`, `audits`, `keeping`); here is
only the order of the steps, as `kiosk.sender` has it."""

import random
from collections.abc import Callable, Generator
from typing import Any, Protocol

import msgspec

from kiosk import late, starts
from kiosk.audits import Acked
from kiosk.keeping import TEXT_MS, must_rotate
from kiosk.outbox import Draft, Waiting
from kiosk.pace import SILENCE_S, Kind, Outcome, judge, resume
from sync import wire
from tests.faults.simulation.card import Card
from tests.faults.simulation.clockwork import DRIFT, Clock
from tests.faults.simulation.post import Post, Reply, signed_post
from tests.faults.simulation.visits import Page, Revision

PARKED = {Kind.BAD: "bad_request", Kind.ERROR: "server_error", Kind.TOO_LARGE: "too_large"}
Pass = Generator[Post | None, Reply | None, float]
"""One pass of the sender: gives a request and is sent the reply to it, gives None between two of its other steps, and
returns the seconds until the next pass."""


class Watcher(Protocol):
    """Who sees everything that a box does."""

    def was_sealed(self, box: "Box", entry: dict[str, Any]) -> None: ...

    def was_acked(self, box: "Box", pairs: list[tuple[str, int]]) -> None:
        """The box believes these to be at the centre."""

    def was_answered(self, box: "Box", answer: wire.Answer) -> None:
        """After the box wrote down what an accepted answer brought."""

    def was_wiped(self, box: "Box", pair: tuple[str, int], late: bool) -> None:
        """`late`: a week after its ack."""


class Box:
    """`true_ms` is the simulation's time; `watcher` is told what happens; `known` is its own note of what the card ever
    held."""

    def __init__(
        self,
        name: str,
        card: Card,
        hardware: str,
        chance: random.Random,
        true_ms: Callable[[], int],
        watcher: "Watcher",
    ) -> None:
        self.name, self.card, self.hardware, self.chance, self.true_ms = name, card, hardware, chance, true_ms
        self.watcher = watcher
        self.known: set[tuple[str, int]] = set()
        self.pages: list[Page] = []
        self.drift = chance.uniform(-DRIFT, DRIFT)
        self.running = False
        self.requests = 0
        self.start()

    # -- power

    def start(self) -> None:
        """As after the power came back: only the card is what it was."""
        self.clock = Clock.start(self.chance, self.true_ms, self.drift)
        self.card.boots[self.clock.boot] = len(self.card.boots) + 1
        self._run()
        for name in list(self.card.drafts):
            self.seal(name, "left")

    def _run(self) -> None:
        """A process begins."""
        self.running, self.passing, self.posted = True, None, None
        self.pace, wait = resume(
            self.card.pace, self.clock.boot, self.clock.boottime_ms(), wire.APP, False, self.chance.random
        )
        self.next_ms = self.true_ms() + int(wait * 1000)
        self.posted_ms = 0
        self._tried, self._last_s = 0, None
        self._previous: dict[str | None, int] = {}
        if self.card.fingerprint != self.hardware:
            self.card.fingerprint = self.hardware
            self.rotate()

    def crash(self) -> None:
        """The process is gone in the middle of whatever it did; the machine runs on."""
        self.running = False

    def rotate(self) -> None:
        """New entries go into a new stream."""
        self.card.stream, self.card.next_seq = f"stream-{self.chance.getrandbits(48):012x}", 1

    # -- the customer is there

    def touch(self, page: Page, revision: Revision) -> bool:
        """What a page brings, held; False when the process is dead, and the page keeps it."""
        if not self.running:
            return False
        held, top = self.card.drafts.get(revision.id), self.card.sealed_rev(revision.id)
        if held is None and top >= revision.rev:
            return True
        stamp = held.stamp if held else self._stamp(page, revision)
        since = (
            max(stamp.boottime_ms - self._previous[revision.screen], 0) if revision.screen in self._previous else None
        )
        draft = Draft(
            id=revision.id, rev=revision.rev, screen=revision.screen, placement=revision.placement,
            survey=revision.survey, version=1, lang="en", answers=revision.answers, shown={}, stamp=stamp,
            first_ms=900, total_ms=4000, since_prev_ms=since, flags=[], test=revision.test,
        )  # fmt: skip
        self.card.hold(draft)
        if held is None:
            self._previous[revision.screen] = stamp.boottime_ms
        return True

    def _stamp(self, page: Page, revision: Revision) -> wire.Stamp:
        """When the page says it was, on this terminal's clock if it can be told."""
        now = self.clock.stamp()
        told = late.Late(
            revision.id, revision.rev, revision.screen, revision.placement, revision.survey, 1, "en", revision.answers,
            {}, None, None, None, None, f"page-{revision.load}", revision.page_ms, now.wall_ms,
        )  # fmt: skip
        return late.stamp(told, page.anchors.get(revision.load, []), now, self.card.firsts.__contains__)

    def anchor(self, page: Page) -> None:
        """The page compares its clock with this terminal's; it keeps the first time and the last."""
        seen = late.Anchor(page.page_ms(self.true_ms()), 0, self.clock.stamp())
        page.anchors[page.load] = [*page.anchors.get(page.load, [])[:1], seen]

    def seal(self, name: str, ended: str) -> None:
        entry = self.card.seal(name, ended, f"salt-{self.chance.getrandbits(32):08x}")
        if entry is not None:
            self.watcher.was_sealed(self, entry)

    # -- the sender

    def pass_once(self) -> Pass:
        card, pace, now = self.card, self.pace, self.clock.boottime_ms() / 1000
        if card.identity.device is None:
            return 60.0
        anchored = self.clock.boot in card.firsts
        offered = anchored and not pace.holding
        waiting = card.take(pace.limit, pace.resting(now)) if offered and not pace.is_turned_away(now) else []
        auditing = offered and card.audit.due and pace.audits_now(now, bool(waiting))
        asked = card.acked_after(card.audit.after, pace.audit_limit) if auditing else []
        if asked:
            waiting = []
        chosen = set(pace.together([entry[:2] for entry in waiting]))
        waiting = [entry for entry in waiting if entry[:2] in chosen]
        silent = self._last_s is None or now - self._last_s >= SILENCE_S
        if not waiting and not asked and anchored and not silent:
            return pace.look(self.chance.random)
        yield None
        batch = self._batch(waiting, asked)
        body = wire.encode(batch)
        self._last_s, before_ms = now, self.clock.boottime_ms()
        who = card.identity
        request = f"request-{self.chance.getrandbits(64):016x}"
        self.requests += 1
        reply = yield signed_post(who.secret, who.device or "", who.generation, request, body)
        outcome = self._outcome(reply, request, batch, before_ms)
        yield None
        sent = [entry[:2] for entry in waiting]
        return (yield from self._settle(outcome, sent, asked, now))

    def _batch(self, waiting: list[Waiting], asked: list[Acked]) -> wire.Batch:
        card, stamp = self.card, self.clock.stamp()
        boots = {stamp.boot} | {wire.boot_of(entry.body) for entry in waiting}
        boots = set(card.boots) if asked else starts.concerned(card.boots, card.firsts, boots)
        return wire.Batch(
            proto=1,
            batch=f"batch-{self.chance.getrandbits(64):016x}",
            install=card.identity.install,
            boot=stamp.boot,
            boottime_ms=stamp.boottime_ms,
            wall_ms=stamp.wall_ms,
            synced=stamp.synced,
            app=wire.APP,
            seen=(card.seen_ms, self._tried),
            anchors=card.anchors(boots),
            entries=[msgspec.Raw(entry.body) for entry in waiting],
            health=wire.Health(
                streams=card.counts(), stream=card.stream, fingerprint=self.hardware, lost=len(card.lost())
            ),
            audit=[(acked.id, acked.rev) for acked in asked] or None,
            boots={boot: card.boots[boot] for boot in sorted(boots & card.boots.keys())},
        )

    def _outcome(self, reply: Reply | None, request: str, batch: wire.Batch, before_ms: int) -> Outcome:
        if reply is None:
            return Outcome(Kind.NO_ANSWER)
        key = self.card.identity.secret
        answer = wire.read_answer(
            key, reply.status, reply.kind, request, batch.batch, reply.body, reply.signature
        )  # fmt: skip
        if answer is None:
            signed = wire.answer_is_signed(key, reply.status, request, reply.body, reply.signature)
            return judge(reply.status, signed, reply.retry_after, wire.problem_code(reply.body))
        now_ms = self.clock.boottime_ms()
        self.card.anchor(
            wire.Anchor(batch.boot, before_ms + (now_ms - before_ms) // 2, answer.server_ms, now_ms - before_ms)
        )
        return Outcome(Kind.ACCEPTED, answer)

    def _settle(self, outcome: Outcome, sent: list[tuple[str, int]], asked: list[Acked], now: float) -> Pass:
        card, pace, answer = self.card, self.pace, outcome.answer
        if answer is not None:
            self._tried = 0
            results = [result for result in answer.results if (result.id, result.rev) in set(sent)]
            waiting = {pair for pair in sent if card.entries[pair].state == "sealed"}
            acked = {pair: kept.acked_ms for pair, kept in card.entries.items()}
            wiped = card.settle(answer, results, asked, self.chance.random)
            self.watcher.was_acked(self, [pair for pair in waiting if card.entries[pair].state == "acked"])
            self.watcher.was_answered(self, answer)
            for pair in wiped:
                self.watcher.was_wiped(self, pair, answer.server_ms - acked[pair] > TEXT_MS)
            yield None
            pace.later(results, now)
            self._follow(answer)
        else:
            self._tried += 1
            if len(sent) == 1 and outcome.kind in PARKED and pace.alone(outcome, sent[0], now) == "park":
                card.park(sent, PARKED[outcome.kind])
        if asked:
            pace.audited(outcome, now)
        more = bool(card.take(1, pace.resting(now))) or card.audit.due
        wait = pace.after(outcome, sent, more, self.chance.random)
        card.pace = pace.keep(self.clock.boot, self.clock.boottime_ms(), wait, wire.APP)
        return wait

    def _follow(self, answer: wire.Answer) -> None:
        card = self.card
        if answer.app and answer.app != card.centre_app:
            card.unpark(PARKED[Kind.ERROR])
            card.centre_app = answer.app
        told = card.counts().get(card.stream, wire.StreamCounts(0, 0, 0, 0)).sealed
        have = answer.have.get(card.stream, wire.Held(0, 0))
        if must_rotate(told, have.max_seq, "rotate_stream" in answer.do, told):
            self.rotate()
