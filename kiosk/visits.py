"""A visit from touch to touch: what is held, and which screen comes next. The order of the screens is the table in
sync.survey; HTTP is not spoken here."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

import msgspec

from kiosk import drafts, late, picks, touches
from kiosk.late import Anchor, Delivery, Late
from kiosk.outbox import Draft, NotHeld
from kiosk.reach import BLANK, Typed
from kiosk.sittings import Sitting, Sittings
from kiosk.standing import Standing
from kiosk.terminal import Terminal
from kiosk.touches import Touch
from sync import survey, wire

log = logging.getLogger(__name__)

MAX_LANGUAGES = 4
BREAK_MS = 5_000
"""How long a touch may wait at "One moment, please" before the screen is taking a break."""
MAX_WAITING = 20


@dataclass(frozen=True)
class Turn:
    """The screen that comes next; `visit` is the id its forms carry. `draft` is None when a visit starts or is
    over. `picked`: which first question somebody new is asked. `typed`: what stands in the form for a contact, and
    `missing`: what it lacks."""

    screen: str
    lang: str
    draft: Draft | None = None
    visit: str = ""
    picked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    typed: Typed = BLANK
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Unheld:
    """A touch that the disk did not take, and since when: a plain form cannot try again by itself."""

    standing: Standing
    touch: Touch
    since_ms: int


class Visits:
    """The visits to a box's screens. Safe to call from several threads. `opened` gives what a page delivers in clear;
    it raises late.Unfit."""

    def __init__(self, terminal: Terminal, opened: Callable[[bytes], bytes] = bytes) -> None:
        self._terminal, self._opened = terminal, opened
        self._sittings = Sittings()
        self._unheld: dict[str, Unheld] = {}
        self._guard = Lock()

    def fresh(self, standing: Standing, lang: str = "", wanted: str = "", arrives: bool = True) -> Turn:
        """The question for somebody new, the first one `wanted` if it may be: when one `arrives`, whoever was there
        has left. Raises NotHeld."""
        if arrives:
            self._sittings.leave(standing.screen)
            self._terminal.seal_screen(standing.screen)
        spoken = languages(standing)
        picked = picks.anew(standing.survey, wanted)
        return Turn("ask", lang if lang in spoken else spoken[0], visit=self._terminal.new_id(), picked=picked)

    def open(self, standing: Standing, name: str, screen: str) -> Turn | None:
        """A screen in the middle of a visit, or None when there is no such visit here any more. Raises NotHeld."""
        known = self._sitting(standing, name)
        if screen == "done":
            return Turn("done", known.finished.lang, visit=name) if known.finished else None
        draft = self._draft(standing, name)
        if draft is None or screen not in {step.to for step in survey.STEPS if not step.ends}:
            return None
        turn = Turn(screen if _has(standing.survey, draft, screen) else "thanks", draft.lang, draft, draft.id)
        if turn.screen != "contact":
            return turn
        typed = Typed(draft.contact.name, draft.contact.reach, agrees=True) if draft.contact else BLANK
        typed = known.typed if any(known.typed) else typed
        return replace(turn, typed=typed, missing=typed.missing if known.is_refused else frozenset())

    def idle(self, standing: Standing, name: str) -> None:
        """Nobody touched the screen for a while. Raises NotHeld."""
        self._sittings.leave(standing.screen)
        if self._draft(standing, name):
            self._terminal.seal(name, "idle")

    def take(
        self, standing: Standing, touch: Touch, waited_ms: int = 0, handover: wire.Handed | None = None
    ) -> Turn | None:
        """Hold a touch; returns where it leads, or None when that is the question for somebody new. What cannot be
        an answer changes nothing. `handover`: on a customer's own telephone. Raises NotHeld: nobody may be thanked."""
        if touch.on == "done":
            return self._reopen(standing, touch)
        step = survey.step(touch.on, touch.action, touch.after.offers)
        if step is None or not touch.answers or touch.edition != touches.edition(standing.survey):
            return self.open(standing, touch.id or "", "thanks")
        if touch.on == "contact":
            is_refused = touch.action == "agree" and bool(touch.typed.missing)
            typed = BLANK if touch.action == "finish" else touch.typed
            self._sit(standing, Sitting(touch.id or "", typed, is_refused))
            if is_refused:
                return self.open(standing, touch.id or "", "contact")
        if step.to == "rating":
            touch = replace(touch, shown=picks.with_rating(touch.after.ratings, touch.shown))
        held = self._hold(standing, touch, waited_ms, handover)
        if step.ends:
            self._terminal.seal(held.id, "done" if step.ends == "done" else "idle")
            if step.to == "ask":
                self._sittings.leave(standing.screen)
                return None
            self._sit(standing, replace(self._sitting(standing, held.id), finished=held))
            return Turn(step.to, held.lang, visit=held.id)
        # A touch older than what is held may come after its visit was over; the disk knows. Any other is the newest
        # that is known of its visit, so whoever waits for an answer to it is still there.
        draft = self._draft(standing, held.id) if held.rev > touch.rev else _if_asked(standing, held)
        return Turn(step.to, draft.lang, draft, draft.id) if draft else None

    def _reopen(self, standing: Standing, touch: Touch) -> Turn | None:
        """One may change one's mind until the screen resets; after that there is only the question. Raises NotHeld."""
        step = survey.step(touch.on, touch.action)
        known = self._sitting(standing, touch.id or "")
        before = _if_asked(standing, known.finished) if known.finished else None
        if before is None or step is None or touch.action == "idle":
            return None
        self._terminal.hold(
            standing, id=before.id, rev=before.rev + 1, lang=before.lang, answers=before.answers, shown=before.shown,
            first_ms=before.first_ms, total_ms=before.total_ms, ago_ms=0, from_page=True, contact=before.contact,
            flags=before.flags, test=before.test, pause_ms=before.pause_ms,
        )  # fmt: skip
        return self.open(standing, before.id, step.to)

    def _sitting(self, standing: Standing, name: str) -> Sitting:
        return self._sittings.at(standing.screen, name, self._terminal.clock.boottime_ms())

    def _sit(self, standing: Standing, sitting: Sitting) -> None:
        self._sittings.sit(standing.screen, replace(sitting, since_ms=self._terminal.clock.boottime_ms()))

    def receive(self, standing: Standing, delivery: Delivery) -> tuple[list[tuple[str, int]], list[int]]:
        """Hold what a page delivers, and end what is over. Returns what is held now, and the places in the delivery of
        what never will be. Raises NotHeld when nothing could be held; what was, before the disk gave up, is."""
        held: list[tuple[str, int]] = []
        refused: list[int] = []
        for place, response in enumerate(delivery.responses):
            try:
                held.append(self._received(standing, self._opened(bytes(response)), delivery.loads))
            except late.Unfit:
                refused.append(place)
            except NotHeld:
                if not held:
                    raise
                break
            except Exception as problem:  # it stays with its page, and holds nobody else up
                log.error("a response that a page delivered could not be held: %s", type(problem).__name__)
        return held, refused

    def _received(self, standing: Standing, record: bytes, loads: Mapping[str, Sequence[Anchor]]) -> tuple[str, int]:
        """Hold one record; returns its id and revision. Raises late.Unfit, NotHeld."""
        offered = late.read_offered(record)
        if offered is not None:
            is_anchored = self._terminal.outbox.starts.is_anchored
            anchors = loads.get(offered.load, [])
            stamp = late.stamp(offered, anchors, self._terminal.clock.stamp(), is_anchored)
            self._terminal.offered(drafts.as_handover(offered, stamp))
            return offered.id, offered.rev
        one = late.read_one(record, (standing.survey, survey.BUILTIN))
        self._receive(one, loads.get(one.load, []))
        return one.id, one.rev

    def _receive(self, one: Late, anchors: Sequence[Anchor]) -> None:
        if self._terminal.outbox.sealed_rev(one.id) >= one.rev:
            return
        # What was asked and where it stood is what the page showed then, which may be something else now.
        asked = survey.Survey(id=one.survey, version=one.version, languages=(), questions=())
        is_anchored = self._terminal.outbox.starts.is_anchored
        self._terminal.hold(
            Standing(one.screen, one.placement, asked, (), ""), id=one.id, rev=one.rev, lang=one.lang,
            answers=one.answers, shown=one.shown, first_ms=one.first_ms, total_ms=one.total_ms, ago_ms=0,
            from_page=True, stamp=late.stamp(one, anchors, self._terminal.clock.stamp(), is_anchored),
            since_prev_ms=one.since_prev_ms, pause_ms=one.pause_ms, flags=one.flags, test=one.test, contact=one.contact,
            handover=one.handover,
        )  # fmt: skip
        if one.ended:
            self._terminal.seal(one.id, one.ended)

    def keep(self, standing: Standing, touch: Touch) -> str:
        """Keep a touch that was not held, to try again; returns the visit's id."""
        name = touch.id or self._terminal.new_id()
        with self._guard:
            while len(self._unheld) >= MAX_WAITING:
                self._unheld.pop(next(iter(self._unheld)))
            now_ms = self._terminal.clock.boottime_ms()
            self._unheld[name] = Unheld(standing, replace(touch, id=name), now_ms)
        return name

    def again(self, standing: Standing, name: str) -> Turn | int | None:
        """Try a kept touch again. Returns where it leads, None for the question (also when it took so long that
        its customer is gone), or for how many milliseconds it has been waiting in vain."""
        with self._guard:
            kept = self._unheld.pop(name, None)
        if kept is None or kept.standing.screen != standing.screen:
            return None
        waited_ms = self._terminal.clock.boottime_ms() - kept.since_ms
        try:
            turn = self.take(kept.standing, kept.touch, waited_ms)
        except NotHeld:
            with self._guard:
                self._unheld[name] = kept
            return waited_ms
        return turn if waited_ms < BREAK_MS else None

    def _hold(self, standing: Standing, touch: Touch, waited_ms: int, handover: wire.Handed | None) -> Draft:
        contact = touch.contact
        if contact is not None and not contact.id:
            contact = msgspec.structs.replace(contact, id=self._terminal.new_id())
        return self._terminal.hold(
            standing, id=touch.id or self._terminal.new_id(), rev=touch.rev, lang=touch.lang, answers=touch.answers,
            shown=picks.with_reasons(touch.after.reasons, touch.shown), first_ms=None, total_ms=None, ago_ms=waited_ms,
            # A form of a later screen belongs to the visit it was written for, also when it is sent twice.
            from_page=touch.on != "ask" or handover is not None, test=touch.test, contact=contact, handover=handover,
        )  # fmt: skip

    def _draft(self, standing: Standing, name: str) -> Draft | None:
        """A visit to this very screen that is not over, with the survey that is asked here now."""
        draft = self._terminal.draft(name)
        return _if_asked(standing, draft) if draft else None


def _if_asked(standing: Standing, draft: Draft) -> Draft | None:
    """The draft, if it answers what this very screen asks now."""
    asked = (standing.screen, standing.survey.id, standing.survey.version)
    return draft if (draft.screen, draft.survey, draft.version) == asked else None


def _has(asked: survey.Survey, draft: Draft, screen: str) -> bool:
    """Whether a visit as far as `draft` may be at `screen`."""
    first = asked.first_answer(draft.answers)
    after = asked.follow_ups(first[0].id, first[1]) if first else touches.NOTHING
    if screen == "rating":
        return picks.rating(after.ratings, draft.shown) is not None
    return screen in ("ask", "thanks") or screen in after.offers


def languages(standing: Standing) -> tuple[str, ...]:
    """What can be chosen on the screen; the first is the place's own."""
    return standing.languages[:MAX_LANGUAGES]
