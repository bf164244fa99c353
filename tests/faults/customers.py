"""Customers at a screen, as its page's script sends them: every revision whole, repeated until the terminal has it."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from kiosk.screens import SCREEN_HEADER
from kiosk.touches import edition
from sync.survey import BUILTIN
from tests.boxes import new_id

Answers = dict[str, Any]


@dataclass(frozen=True)
class Touch:
    """One revision: the fields of its form, and what the response says from then on."""

    rev: int
    fields: dict[str, Any]
    answers: Answers


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

    def touch(on: str, action: str, **fields: Any) -> None:
        asked = BUILTIN.reasons_after(value)
        said = BUILTIN.comment_after(value)
        assert asked is not None
        assert said is not None
        answers: Answers = {BUILTIN.first.id: value}
        answers |= {asked.id: list(reasons)} if reasons else {}
        answers |= {said.id: text} if text else {}
        whole = {"on": on, "action": action, "value": value, "reason": list(reasons), "about": asked.id, "text": text}
        touches.append(Touch(len(touches) + 1, {**whole, **fields}, answers))

    touch("ask", "answer")
    for _ in range(chance.choice((0, 0, 1, 2, 3))):
        if chance.random() < 0.2:
            value, reasons = chance.randrange(4), []
            touch("ask", "answer")
            continue
        asked = BUILTIN.reasons_after(value)
        assert asked is not None
        toggled = chance.choice(asked.choices).id
        before = list(reasons)
        reasons = [name for name in reasons if name != toggled] if toggled in reasons else [*reasons, toggled]
        touch("thanks", "", toggle=toggled, reason=before)
    if chance.random() < 0.3:
        text = f"Snøggare enn eg trudde, {chance.randrange(10**9)}"
        touch("comment", "finish", comment=text)
    elif chance.random() < 0.7:
        touch("thanks", "finish")
    return touches


class Customer(threading.Thread):
    """Comes to the screen again and again until `closing`."""

    def __init__(self, screen: str, closing: threading.Event, seed: object) -> None:
        super().__init__(daemon=True)
        self.screen, self.closing, self.chance = screen, closing, random.Random(str(seed))
        self.told = Told()

    def run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self.closing.is_set():
                self._visit(session, new_id(time.time_ns() // 1_000_000), a_visit(self.chance))

    def _visit(self, session: requests.Session, name: str, touches: list[Touch]) -> None:
        tried = self.told.tried.setdefault(name, {})
        for touch in touches:
            tried[touch.rev] = touch.answers
            while not self._is_held(session, name, touch):
                if self.closing.is_set():
                    return
                time.sleep(0.02)
            self.told.thanked[name] = touch.rev
            if self.chance.random() < 0.15:  # the page did not hear the answer, and sends something again
                self._is_held(session, name, self.chance.choice(touches[: touch.rev]))
            if self.chance.random() < 0.05:  # somebody reloads the page: whoever was there has left
                self._ask(session, "GET", "/", None)

    def _is_held(self, session: requests.Session, name: str, touch: Touch) -> bool:
        """Whether the page may forget this touch: the terminal itself said that it has it."""
        form = {"by": "page", "survey": edition(BUILTIN), "lang": "en", "first_ms": 5, "id": name, "rev": touch.rev}
        reply = self._ask(session, "POST", "/visit", {**form, **touch.fields})
        return reply is not None and reply.status_code in (200, 204) and SCREEN_HEADER in reply.headers

    def _ask(self, session: requests.Session, method: str, path: str, form: Any) -> requests.Response | None:
        try:
            return session.request(
                method, self.screen + path, data=form, headers={"HX-Request": "true"}, timeout=5, allow_redirects=False
            )
        except requests.RequestException:
            return None
