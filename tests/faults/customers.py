"""Customers at a screen, as its page's script sends them: every revision whole, repeated until the terminal has it."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from sync.survey import BUILTIN
from tests.boxes import new_id
from tests.deliveries import PageClock

Answers = dict[str, Any]


@dataclass(frozen=True)
class Touch:
    """One revision: what the response says from then on, and how it ended, if it did."""

    rev: int
    answers: Answers
    ended: str | None


@dataclass
class Told:
    """What customers did: id -> revision -> its answers; and the highest revision they were thanked for."""

    tried: dict[str, dict[int, Answers]] = field(default_factory=dict)
    thanked: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Told") -> None:
        self.tried |= other.tried
        self.thanked |= other.thanked


def a_visit(chance: random.Random) -> list[Touch]:
    """The touches of somebody who taps, may name reasons, change the answer, write, finish or walk away."""
    touches: list[Touch] = []
    value, reasons, text = chance.randrange(4), list[str](), ""

    def touch(ended: str | None = None) -> None:
        follow = BUILTIN.follow_ups(BUILTIN.first.id, value)
        asked, said = follow.reasons, follow.comment
        assert asked is not None
        assert said is not None
        answers: Answers = {BUILTIN.first.id: value}
        answers |= {asked.id: list(reasons)} if reasons else {}
        answers |= {said.id: text} if text else {}
        touches.append(Touch(len(touches) + 1, answers, ended))

    touch()
    for _ in range(chance.choice((0, 0, 1, 2, 3))):
        if chance.random() < 0.2:
            value, reasons = chance.randrange(4), []
            touch()
            continue
        asked = BUILTIN.follow_ups(BUILTIN.first.id, value).reasons
        assert asked is not None
        toggled = chance.choice(asked.choices).id
        reasons = [name for name in reasons if name != toggled] if toggled in reasons else [*reasons, toggled]
        touch()
    if chance.random() < 0.3:
        text = f"Snøggare enn eg trudde, {chance.randrange(10**6)}"
        touch("done")
    elif chance.random() < 0.7:
        touch("done")
    return touches


class Customer(threading.Thread):
    """Comes to the screen again and again until `closing`."""

    def __init__(self, screen: str, closing: threading.Event, seed: object) -> None:
        super().__init__(daemon=True)
        self.screen, self.closing, self.chance = screen, closing, random.Random(str(seed))
        self.told = Told()
        self.clock = PageClock()

    def run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self.closing.is_set():
                self._visit(session, new_id(time.time_ns() // 1_000_000), a_visit(self.chance))

    def _visit(self, session: requests.Session, name: str, touches: list[Touch]) -> None:
        tried, now_ms = self.told.tried.setdefault(name, {}), self.clock.now_ms()
        for touch in touches:
            tried[touch.rev] = touch.answers
            while not self.is_held(session, name, touch, now_ms):
                if self.closing.is_set():
                    return
                time.sleep(0.02)
            self.told.thanked[name] = touch.rev
            if self.chance.random() < 0.15:  # the page did not hear the answer, and sends something again
                self.is_held(session, name, self.chance.choice(touches[: touch.rev]), now_ms)
            if self.chance.random() < 0.05:  # somebody reloads the page: whoever was there has left
                self._ask(session, "GET", "/", None)

    def is_held(self, session: requests.Session, name: str, touch: Touch, tapped_ms: int) -> bool:
        """Whether the page may forget this touch: the terminal itself said that it has it."""
        if not self.clock.anchors and self._ask(session, "GET", "/clock", None) is None:
            return False
        record = self.clock.record(name, touch.rev, touch.answers, touch.ended, tapped_ms)
        said = self._ask(session, "POST", "/late", self.clock.delivery(record))
        return said is not None and [name, touch.rev] in said.get("held", [])

    def _ask(self, session: requests.Session, method: str, path: str, body: Any) -> dict[str, Any] | None:
        """What the terminal says to the page's script; None when it wasn't the terminal, or said nothing."""
        sent_ms = self.clock.now_ms()
        try:
            reply = session.request(
                method, self.screen + path, json=body, headers={"Origin": self.screen}, timeout=5, allow_redirects=False
            )
            said: dict[str, Any] = reply.json()
        except (requests.RequestException, ValueError):
            return None
        self.clock.heard(sent_ms, said)
        return said
