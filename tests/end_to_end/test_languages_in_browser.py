"""Every screen of the terminal in every language, as a browser shows it: no word of English left over, nothing cut, and
numbers told by the page as the terminal tells them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from kiosk.identity import KeptManifest
from kiosk.terminal import Terminal
from sync import i18n, wire
from tests.sync import catalogues
from tests.terminals import Served, served, terminal
from tests.whole_survey import WHOLE

LANGUAGES = list(i18n.NAMES)
FOUR_EACH = [LANGUAGES[at : at + 4] for at in range(0, len(LANGUAGES), 4)]
SIZES = [(1280, 800), (800, 480), (375, 812)]
NUMBERS = list(range(201))
LOOKS: dict[str, dict[str, bool]] = {"plain": {}, "large": {"large": True}, "low": {"low_reach": True}}
SHOWN = [("smiley4", "plain"), ("smiley5", "plain"), ("yesno", "plain"), ("smiley4", "large"), ("smiley5", "low")]
"""The scales whose answers have words (the others have numbers), and the ways a screen can be set."""

HOLE = re.compile("{[a-z_]+}")
SEEN = """() => {
  const main = document.querySelector("main");
  const lines = (one) => {
    const text = document.createRange();
    text.selectNodeContents(one);
    return new Set(Array.from(text.getClientRects(), (line) => Math.round(line.top))).size;
  };
  const broken = (one) => {
    const nodes = document.createTreeWalker(one, NodeFilter.SHOW_TEXT), range = document.createRange(), found = [];
    while (nodes.nextNode()) {
      for (const word of nodes.currentNode.data.matchAll(/[^\\s-]+/g)) {
        range.setStart(nodes.currentNode, word.index);
        range.setEnd(nodes.currentNode, word.index + word[0].length);
        if (new Set(Array.from(range.getClientRects(), (part) => part.top)).size > 1) found.push(word[0]);
      }
    }
    return found;
  };
  const within = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1
    && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  const visible = (all) => Array.from(main.querySelectorAll(all)).filter((one) => one.getClientRects().length);

  function problems() {
    const found = [];
    const over = [document.body.scrollWidth - innerWidth, document.body.scrollHeight - innerHeight];
    if (over[0] || over[1]) found.push(`scrolls by ${over}`);
    for (const one of visible("button, a, h1, h2, p, label, .label, .aside")) {
      if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth) found.push(`cut: ${one.innerText}`);
      found.push(...broken(one).map((word) => `broken: ${word}`));
    }
    for (const one of visible("button")) {
      const text = document.createRange();
      text.selectNodeContents(one);
      const parts = Array.from(text.getClientRects());
      if (!parts.every((part) => within(part, one.getBoundingClientRect()))) found.push(`sticks out: ${one.innerText}`);
    }
    for (const one of visible(".faces .label")) if (lines(one) > 2) found.push(`three lines: ${one.innerText}`);
    return found;
  }

  function words() {
    const nodes = document.createTreeWalker(main, NodeFilter.SHOW_TEXT), found = [];
    while (nodes.nextNode()) found.push(nodes.currentNode.data);
    for (const name of ["aria-label", "aria-description", "data-says", "data-again", "title", "placeholder", "alt"]) {
      found.push(...Array.from(main.querySelectorAll(`[${name}]`), (one) => one.getAttribute(name)));
    }
    return found.map((text) => text.trim()).filter(Boolean);
  }

  const read = document.createElement("template");
  read.innerHTML = Object.values(FRAMES).join("");
  return Array.from(read.content.querySelectorAll("template[data-frame]"), (template) => {
    main.replaceChildren(template.content.cloneNode(true));
    const screen = main.firstElementChild;
    screen.classList.add("still");
    document.documentElement.lang = screen.getAttribute("lang");
    document.documentElement.dir = screen.dir;
    const faces = Array.from(main.querySelectorAll(".faces .option"), (one) => one.getBoundingClientRect().left);
    const seen = { screen: template.dataset.frame, lang: screen.getAttribute("lang"), dir: screen.dir, faces,
                   problems: problems(), words: words() };
    const wait = main.querySelector(".wait");
    for (const line of wait ? wait.querySelectorAll("[data-wait]") : []) {
      wait.hidden = line.hidden = false;
      seen.problems.push(...problems());
      line.hidden = true;
    }
    return seen;
  });
}"""


def definition(scale: str) -> dict[str, Any]:
    """The whole survey, or its first question alone on another scale."""
    asked: dict[str, Any] = wire.read_entry(wire.encode(WHOLE))
    if scale == asked["questions"][0]["scale"]:
        return asked
    return asked | {"id": scale, "questions": [asked["questions"][0] | {"scale": scale}]}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A box with a screen for each scale, look and four languages."""
    told = {
        f"{scale}-{look}-{at}": wire.ScreenManifest(
            "plc", [definition(scale)], four, "Oslo", "Europe/Oslo", settings=LOOKS[look]
        )
        for scale, look in SHOWN
        for at, four in enumerate(FOUR_EACH)
    }
    with terminal(tmp_path_factory.mktemp("languages")) as box, served(box) as opened:
        _take(box, told)
        yield opened


def _take(box: Terminal, told: dict[str, wire.ScreenManifest]) -> None:
    box.standings.take(KeptManifest("", wire.Manifest(told)))
    assert box.standings.problem is None


@pytest.mark.parametrize(("scale", "look"), SHOWN)
def test_every_screen_speaks_its_language_and_fits(
    new_page: Callable[..., Page], there: Served, scale: str, look: str
) -> None:
    page = new_page(service_workers="block", reduced_motion="reduce")
    found = []
    for at, four in enumerate(FOUR_EACH):
        page.goto(f"{there.address}/s/{scale}-{look}-{at}/")
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            seen = page.evaluate(SEEN)
            assert {one["lang"] for one in seen} == set(four)
            found += [((width, height), one["lang"], one["screen"], one["problems"]) for one in seen if one["problems"]]
            assert [one for one in seen if one["dir"] != i18n.direction(one["lang"])] == []
            for one in seen:
                assert _foreign(one["lang"], one["words"], scale) == [], (one["lang"], one["screen"])
                assert one["faces"] == sorted(one["faces"], reverse=one["dir"] == "rtl"), "the worst is read first"
    assert found == [], "\n".join(map(str, found))


def _foreign(lang: str, shown: list[str], scale: str) -> list[str]:
    """What is shown that neither a catalogue nor the survey says in this language."""
    known = [*i18n.NAMES.values(), *_texts(definition(scale), lang)]
    for message in catalogues.read(lang):
        known += [message.string] if isinstance(message.string, str) else message.string
    # What has little but holes would fit anything.
    known = [text for text in known if HOLE.search(text) is None or len(HOLE.sub("", text)) > 12]
    parts = [HOLE.split(text) for text in sorted(known, key=len, reverse=True) if text]
    said = "|".join(".+?".join(map(re.escape, part)) for part in parts)
    return [text for text in shown if re.search(r"[^\W\d_]", re.sub(said, "", text))]


def _texts(part: Any, lang: str) -> Iterator[str]:
    """Every text of a survey in this language."""
    if isinstance(part, dict):
        if lang in part:
            yield part[lang]
        for inner in part.values():
            yield from _texts(inner, lang)
    elif isinstance(part, list):
        for inner in part:
            yield from _texts(inner, lang)


def test_the_page_tells_numbers_as_the_terminal_does(new_page: Callable[..., Page], there: Served) -> None:
    page = new_page(service_workers="block")
    page.goto(there.address)
    told = [message for message in catalogues.messages() if isinstance(message, tuple)]
    for lang in LANGUAGES:
        rule = i18n._read(lang, i18n.DOMAIN).plural  # type: ignore[attr-defined]
        # Beside the messages there are: one whose every form is its own.
        each = {category: f"{{n}} in form {rule(n)}" for category, n in i18n._COUNTS.get(lang, i18n._TWO).items()}
        assert _says(page, each, lang) == [f"{n} in form {rule(n)}" for n in NUMBERS]
        for one, many in told:
            expected = [i18n.plural(lang)(one, many, n).replace("{n}", str(n)) for n in NUMBERS]
            assert _says(page, i18n.forms(lang)(one, many), lang) == expected


def _says(page: Page, forms: dict[str, str], lang: str) -> list[str]:
    said: list[str] = page.evaluate(
        "([forms, lang, all]) => all.map((n) => Counted.say(forms, lang, n))", [forms, lang, NUMBERS]
    )
    return said
