"""A terminal that runs: its card, its clocks, its pages, and the pass of its sender, which can be stopped between any
two of its steps. Everything that decides is the shipped code (`sync.wire`; `kiosk.pace`, `audits`, `keeping`); here is
only the order of the steps, as `kiosk.sender` has it."""

import random
from collections.abc import Callable, Generator
from typing import Any, NamedTuple, Protocol

import msgspec

from kiosk import identity, late, starts
from kiosk.audits import Acked, Audit
from kiosk.keeping import TEXT_MS, must_rotate
from kiosk.outbox import Draft, Waiting
from kiosk.pace import SILENCE_S, Kind, Outcome, Pace, judge, resume
from sync import wire
from tests.faults.simulation.card import Card
from tests.faults.simulation.clockwork import DRIFT, Clock
from tests.faults.simulation.post import Post, Reply, signed_post
from tests.faults.simulation.visits import Page, Revision

PARKED = {Kind.BAD: "bad_request", Kind.ERROR: "server_error", Kind.TOO_LARGE: "too_large"}


class Request(NamedTuple):
    """What goes out: `sent` are its entries; an audit `asked` for some, `last` when no acked entry lies after them,
    `before` as it was."""

    batch: wire.Batch
    sent: list[tuple[str, int]]
    asked: list[Acked] | None = None
    last: bool = False
    before: Audit = Audit()


Pass = Generator[Post | None, Reply | None, float]
"""One pass of the sender: gives a request and is sent the reply to it, gives None between two of its other steps, and
returns the seconds until the next pass."""


class Watcher(Protocol):
    """Who sees everything that a box does."""

    def was_sealed(self, box: "Box", entry: dict[str, Any]) -> None: ...

    def was_acked(self, box: "Box", pairs: list[tuple[str, int]]) -> None:
        """The box believes these to be at the centre."""

    def was_answered(self, box: "Box", batch: wire.Batch, answer: wire.Answer) -> None:
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
        self.audit_limit = chance.choice((3, 10, 40))
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
        self.pace.audit_limit, self.pace.limit = self.audit_limit, self.chance.choice((200, 200, 4))
        self.next_ms = self.true_ms() + int(wait * 1000)
        self.posted_ms = 0
        self.strange, self.turned_away = False, False
        """Whether head office asked to be enrolled again, or takes nothing from it any more."""
        self._tried, self._last_s = 0, None
        self._previous: dict[str | None, int] = {}
        self.card.identity, moved = identity.found_on(self.card.identity, self.hardware)
        if moved:
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
        entry = self.card.seal(name, ended, self._salt())
        if entry is not None:
            self.watcher.was_sealed(self, entry)

    def offer(self, name: str) -> None:
        """Something else than a response is sealed."""
        plain = {"id": name, "rev": 1, "stamp": self.clock.stamp(), "outcome": "declined"}
        entry = self.card.put("letter", wire.read_entry(wire.encode(plain)), self._salt())
        self.watcher.was_sealed(self, entry)

    def _salt(self) -> str:
        return f"salt-{self.chance.getrandbits(32):08x}"

    def become(self, given: wire.Enrolment) -> None:
        """Head office gave it a place."""
        self.card.identity = identity.enrolled(self.card.identity, given)
        self.card.pace, self.strange, self.turned_away = None, False, False
        self.pace, self.next_ms = Pace(audit_limit=self.pace.audit_limit), self.true_ms()

    # -- the sender

    def pass_once(self) -> Pass:
        now = self.clock.boottime_ms() / 1000
        if self.card.identity.device is None:
            return 60.0
        request = self._request(now)
        if request is None:
            return self.pace.look(self.chance.random)
        yield None
        self._last_s, before_ms = now, self.clock.boottime_ms()
        who, name = self.card.identity, f"request-{self.chance.getrandbits(64):016x}"
        self.requests += 1
        reply = yield signed_post(who.secret, who.device or "", who.generation, name, wire.encode(request.batch))
        outcome, anchor = self._outcome(who, reply, name, request.batch, before_ms)
        yield None
        if outcome.answer is not None and anchor is not None:
            yield from self._write_down(outcome.answer, anchor, request, now)
        else:
            self._blame(outcome, request.sent, now)
        if request.asked is not None:
            self.pace.audited(outcome, now)
        wait = self.pace.after(outcome, request.sent, self._has_more(now), self.chance.random)
        self.card.pace = self.pace.keep(self.clock.boot, self.clock.boottime_ms(), wait, wire.APP)
        self.turned_away = outcome.kind is Kind.REJECTED
        return wait

    def _request(self, now: float) -> Request | None:
        card, pace = self.card, self.pace
        if self.clock.boot not in card.firsts or pace.holding:
            return Request(self.batch([]), [])
        waiting = [] if pace.is_turned_away(now) else card.take(pace.limit, pace.resting(now))
        chosen = set(pace.together([entry[:2] for entry in waiting]))
        waiting = [entry for entry in waiting if entry[:2] in chosen]
        if card.audit.due and pace.audits_now(now, bool(waiting)):
            asked, last = card.question(pace.audit_limit)
            return Request(self.batch([], asked), [], asked, last, card.audit)
        if waiting or self._last_s is None or now - self._last_s >= SILENCE_S:
            return Request(self.batch(waiting), [entry[:2] for entry in waiting])
        return None

    def batch(self, waiting: list[Waiting], asked: list[Acked] | None = None) -> wire.Batch:
        card, stamp = self.card, self.clock.stamp()
        boots = {stamp.boot} | {wire.boot_of(entry.body) for entry in waiting} - {""}
        boots = starts.concerned(card.boots, card.firsts, boots) if asked is None else set(card.boots)
        return wire.Batch(
            proto=1, batch=f"batch-{self.chance.getrandbits(64):016x}", install=card.identity.install, boot=stamp.boot,
            boottime_ms=stamp.boottime_ms, wall_ms=stamp.wall_ms, synced=stamp.synced, app=wire.APP,
            seen=(card.seen_ms, self._tried), anchors=card.anchors(boots),
            entries=[msgspec.Raw(entry.body) for entry in waiting],
            health=wire.Health(
                streams=card.counts(), stream=card.stream, fingerprint=self.hardware, lost=len(card.lost())
            ),
            audit=None if asked is None else [(acked.id, acked.rev) for acked in asked],
            boots={boot: card.boots[boot] for boot in sorted(boots & card.boots.keys())},
        )  # fmt: skip

    def _outcome(
        self, who: identity.Identity, reply: Reply | None, request: str, batch: wire.Batch, before_ms: int
    ) -> tuple[Outcome, wire.Anchor | None]:
        if reply is None:
            return Outcome(Kind.NO_ANSWER), None
        answer = wire.read_answer(
            who.secret, reply.status, reply.kind, request, batch.batch, reply.body, reply.signature
        )  # fmt: skip
        if answer is None:
            signed = wire.answer_is_signed(who.secret, reply.status, request, reply.body, reply.signature)
            return judge(reply.status, signed, reply.retry_after, wire.problem_code(reply.body)), None
        now_ms = self.clock.boottime_ms()
        middle = before_ms + (now_ms - before_ms) // 2
        return Outcome(Kind.ACCEPTED, answer), wire.Anchor(batch.boot, middle, answer.server_ms, now_ms - before_ms)

    def _write_down(
        self, answer: wire.Answer, anchor: wire.Anchor, request: Request, now: float
    ) -> Generator[Post | None, Reply | None, None]:
        """Verdicts first, and what an audit found; then, in one transaction, what both mean."""
        card, told = self.card, request.batch.health
        self._tried = 0
        results = [result for result in answer.results if (result.id, result.rev) in set(request.sent)]
        waited = {pair for pair in request.sent if card.entries[pair].state == "sealed"}
        for some in (results[::2], results[1::2]):  # in bites, between which it may end
            card.settle(some, answer.server_ms)
            yield None
        card.seen_ms = answer.server_ms
        self.watcher.was_acked(self, [pair for pair in waited if card.entries[pair].state == "acked"])
        card.find(answer, request.asked)
        yield None
        card.anchor(anchor)
        card.note(answer, request.before, request.asked, request.last, self.chance.random)
        held, sealed = answer.have.get(card.stream), card.counts().get(card.stream, _NOTHING).sealed
        said = told.streams.get(card.stream, _NOTHING).sealed
        if card.stream == told.stream and must_rotate(
            said, held.max_seq if held else 0, "rotate_stream" in answer.do, sealed
        ):
            self.rotate()
        self.watcher.was_answered(self, request.batch, answer)
        yield None
        self.pace.later(results, now)
        if answer.app and answer.app != card.centre_app:
            card.unpark(PARKED[Kind.ERROR])
            card.centre_app = answer.app
        self.strange = "reenrol" in answer.do
        self._tidy(answer)

    def _tidy(self, answer: wire.Answer) -> None:
        acked = {pair: kept.acked_ms for pair, kept in self.card.entries.items()}
        for pair in self.card.tidy(answer.server_ms, answer.backed_up_ms):
            self.watcher.was_wiped(self, pair, answer.server_ms - acked[pair] > TEXT_MS)

    def _blame(self, outcome: Outcome, sent: list[tuple[str, int]], now: float) -> None:
        self._tried += 1
        if len(sent) == 1 and outcome.kind in PARKED and self.pace.alone(outcome, sent[0], now) == "park":
            self.card.park(sent, PARKED[outcome.kind])

    def _has_more(self, now: float) -> bool:
        waits = not self.pace.is_turned_away(now) and bool(self.card.take(1, self.pace.resting(now)))
        return waits or (self.card.audit.due and self.pace.audits_now(now, waits))


_NOTHING = wire.StreamCounts(0, 0, 0, 0)
