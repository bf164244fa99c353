"""The page's script and the terminal walk the same table: whoever takes the same steps on either sees the same screens,
and leaves the same response behind."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

from kiosk.app import create_app
from kiosk.identity import KeptManifest
from kiosk.terminal import Terminal
from sync import survey, wire
from sync.survey import SCALES, STEPS, Survey
from tests import asking
from tests.end_to_end.test_screen_in_browser import NewPage, at, press, until
from tests.terminals import Visitor, sealed, served, terminal

OFFERS = ("comment", "rating", "contact")
SUBSETS = [frozenset(name for n, name in enumerate(OFFERS) if bits >> n & 1) for bits in range(8)]
MAX_TOUCHES = 14
REACH = ({"name": "Kari", "reach": "kari@example.org"}, {"name": "", "reach": "+47 555 01 23"})
TAKEN = """async (touches) => {
  const main = document.querySelector("main"), seen = [];
  const until = async (is) => { while (!is()) await new Promise((later) => setTimeout(later, 5)); };
  for (const { name, value, typed } of touches) {
    const before = main.firstElementChild;
    for (const [field, text] of Object.entries(typed)) {
      const input = before.querySelector(`[name=${field}]`);
      if (input.type === "checkbox") input.checked = Boolean(text); else input.value = text;
    }
    before.querySelector(`button[name=${name}][value="${value}"]:not([hidden])`).click();
    const missing = name === "action" && value === "agree" && before.querySelector("[data-missing]:not([hidden])");
    if (name !== "toggle" && !missing) await until(() => main.firstElementChild !== before);
    const screen = main.firstElementChild;
    seen.push([screen.dataset.screen,
               Array.from(screen.querySelectorAll("[aria-pressed=true]"), (one) => one.value).sort(),
               Array.from(screen.querySelectorAll("[data-missing]:not([hidden])"), (one) => one.dataset.missing)]);
  }
  return seen;
}"""


class Press(NamedTuple):
    """One touch: what is typed into the screen, and which button is pressed."""

    name: str
    value: str
    typed: dict[str, str]


class Seen(NamedTuple):
    screen: str
    pressed: list[str]
    missing: list[str]


def walk(asked: Survey, dice: random.Random) -> list[Press]:
    """Touches at random, as the table has them, until the visit is over and nobody changes their mind."""
    touches: list[Press] = []
    screen, value = "ask", None
    while screen != "done" or (dice.random() < 0.3 and len(touches) < MAX_TOUCHES):
        after = asked.follow_ups(asked.first.id, value) if value is not None else None
        offers = after.offers if after else frozenset()
        known = {step.action for step in STEPS if step.screen == screen and survey.step(screen, step.action, offers)}
        action = dice.choice(sorted(known - {"idle"} - ({"change", "back"} if len(touches) > MAX_TOUCHES else set())))
        if action == "answer":
            value = dice.randint(asked.scale.low, asked.scale.high)
        reasons = [choice.id for choice in after.reasons.choices] if after and after.reasons else []
        touches.append(_press(screen, action, value, reasons, asked, dice))
        step = survey.step(screen, action, offers)
        assert step is not None
        screen = screen if _is_refused(touches[-1]) else step.to
    return touches


def _press(
    screen: str, action: str, value: int | None, reasons: list[str], asked: Survey, dice: random.Random
) -> Press:
    typed = {"comment": dice.choice(["", "Fine.", "No bags,\nno till."])} if screen == "comment" else {}
    if screen == "contact":
        typed = {**dice.choice(REACH), "agree": dice.choice(["", "1", "1"])}
        typed["reach"] = dice.choice([typed["reach"], typed["reach"], "12"])
    if action == "answer":
        return Press("value", str(value), typed)
    if action == "reason":
        return Press("toggle", dice.choice(reasons), typed)
    if action == "rate":
        rated = next(q for q in asked.questions if q.id.startswith("rate"))
        scale = SCALES[rated.scale or ""]
        return Press("rate", str(dice.randint(scale.low, scale.high)), typed)
    return Press("action", action, typed)


def _is_refused(touch: Press) -> bool:
    return touch.value == "agree" and (touch.typed["reach"] == "12" or not touch.typed["agree"])


def by_script(page: Page, address: str, touches: list[Press]) -> list[Seen]:
    page.goto(address)
    seen = page.evaluate(TAKEN, [touch._asdict() for touch in touches])
    return [Seen(*one) for one in seen]


def by_forms(visitor: Visitor, touches: list[Press]) -> list[Seen]:
    visitor.go("/s/s-plain/")
    seen = []
    for touch in touches:
        visitor.press(touch.name, touch.value, typed=touch.typed)
        page = visitor.page
        seen.append(Seen(page.screen, sorted(page.pressed), page.missing))
    return seen


def left_behind(box: Terminal, screen: str) -> dict[str, Any]:
    """The newest revision of the last visit to `screen`, the questions that chance picked without their numbers."""
    entries = [entry for entry in sealed(box) if entry["screen"] == screen]
    last = next(entry for entry in reversed(entries) if entry["kind"] == "response")
    contacts = [e for e in entries if e["kind"] == "contact" and (e["response"], e["rev"]) == (last["id"], last["rev"])]
    return {
        "answers": {name.rstrip("0123456789"): answer for name, answer in last["answers"].items()},
        "shown": {name: sorted(told) if len(told) > 1 else len(told) for name, told in last["shown"].items()},
        "ended": last["ended"],
        "contacts": [(contact["consent"], contact["answers"]) for contact in contacts],
    }


def ask(box: Terminal, definition: dict[str, Any]) -> Survey:
    told = {
        name: wire.ScreenManifest(f"p-{name}", [definition], ["en"], "Oslo", "Europe/Oslo")
        for name in ("s-script", "s-plain")
    }
    box.standings.take(KeptManifest("", wire.Manifest(told)))
    assert box.standings.problem is None
    return asking.read(definition)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, "s-script", "s-plain") as opened:
        yield opened


def test_both_walkers_come_by_the_same_screens_and_leave_the_same_behind(new_page: NewPage, box: Terminal) -> None:
    dice = random.Random(2026)
    visitor = Visitor(create_app(box).test_client(), "/s/s-plain")
    been = set()
    with served(box) as there:
        page = new_page(reduced_motion="reduce")
        for n in range(24):
            scale, rating = list(SCALES)[n % 6], list(SCALES)[(n * 5 + n // 6) % 6]
            shape = {"firsts": 1 + n % 3, "ratings": 1 + n // 3 % 3}
            asked = ask(box, asking.asking(SUBSETS[n % 8], scale, rating=rating, **shape) | {"version": n + 1})
            touches = walk(asked, dice)
            plain = by_forms(visitor, touches)
            assert by_script(page, f"{there.address}/s/s-script/", touches) == plain, (n, touches)
            until(lambda: page.evaluate("async () => (await Store.waiting()).records.length") == 0)
            assert left_behind(box, "s-script") == left_behind(box, "s-plain"), (n, touches)
            been |= {(one.screen, tuple(one.missing)) for one in plain}
    assert {screen for screen, _missing in been} == {step.screen for step in STEPS}
    assert been >= {("contact", ("reach",)), ("contact", ("consent",))}


def test_the_script_takes_each_step_as_the_terminal_does(new_page: NewPage, box: Terminal) -> None:
    screens, actions = ({getattr(step, name) for step in STEPS} | {"nothing"} for name in ("screen", "action"))
    asked = [(screen, action, sorted(offers)) for screen in screens for action in actions for offers in SUBSETS]
    with served(box) as there:
        page = new_page()
        page.goto(f"{there.address}/s/s-script/")
        taken = page.evaluate("all => all.map(([on, does, offers]) => Visit.step(WALK.steps, on, does, offers))", asked)
    for (screen, action, offers), step in zip(asked, taken, strict=True):
        expected = survey.step(screen, action, frozenset(offers))
        assert step == (expected and {"to": expected.to, "ends": expected.ends}), (screen, action, offers)


def test_a_question_may_be_called_as_what_objects_have(new_page: NewPage, box: Terminal) -> None:
    told = wire.encode(asking.asking(frozenset({"rating"}), ratings=2)).replace(b'"happy"', b'"constructor"')
    ask(box, wire.read_entry(told.replace(b'"rates"', b'"valueof"')))
    with served(box) as there:
        page = new_page()
        page.goto(f"{there.address}/s/s-script/")
        press(page, "value", 3)
        at(page, "thanks")
        press(page, "toggle", "staff")
        press(page, "action", "finish")
        at(page, "rating")
        press(page, "rate", 7)
        at(page, "done")
        until(lambda: sealed(box))
    (entry,) = sealed(box)
    assert entry["answers"]["constructor"] == ["staff"]
    assert sorted(entry["shown"]["constructor"]) == ["choice", "price", "staff"]


def test_every_screen_is_there_while_the_terminal_is_dead(new_page: NewPage, box: Terminal) -> None:
    ask(box, asking.asking(frozenset(OFFERS), firsts=2, ratings=3))
    with served(box) as there:
        page = new_page()
        page.goto(f"{there.address}/s/s-script/")
        until(lambda: page.evaluate("async () => Object.keys((await Store.waiting()).anchors).length"))
        page.evaluate("() => Masks.load()")  # as it does by itself a few seconds later
        there.die()
        press(page, "value", 0)
        at(page, "thanks")
        press(page, "toggle", "staff")
        press(page, "action", "write")
        page.locator("textarea").fill("Nobody there.")
        press(page, "action", "finish")
        at(page, "rating")
        press(page, "rate", 10)
        at(page, "contact")
        press(page, "action", "agree")
        assert page.locator(".missing:visible").count() == 2
        page.locator("#reach").fill("kari@example.org")
        page.locator("[name=agree]").check()
        press(page, "action", "agree")
        at(page, "done")
        press(page, "action", "change")
        at(page, "ask")
        press(page, "value", 1)
        at(page, "thanks")
        for action in ("finish", "finish"):
            press(page, "action", action)
        at(page, "contact")
        assert page.locator("#reach").input_value() == "kari@example.org"
        press(page, "action", "agree")
        at(page, "done")
        there.revive()
        page.evaluate("() => { dispatchEvent(new Event('online')); }")
        until(lambda: len(sealed(box)) == 2)
    assert left_behind(box, "s-script") == {
        "answers": {"first": 1, "unhappy": ["staff"], "words": "Nobody there.", "rate": 10},
        "shown": {"firsts": 1, "unhappy": ["other", "staff", "wait"], "rates": 1},
        "ended": "done",
        "contacts": [("call", {"reach": "kari@example.org"})],
    }
