"""The preview beside the terminal: the same screens, by the same templates, for the same survey."""

import re
from pathlib import Path

import msgspec
import pytest
from flask.testing import FlaskClient

from kiosk import reach, visits, worker
from kiosk.app import create_app
from sync import survey
from sync.centre import Centre
from sync.office import drafts, preview, surveys
from sync.survey import BUILTIN, Choice, Question, Survey
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain
from tests.terminals import terminal

HERE = {"Origin": "http://localhost"}
SAID = {"en": "Would you say so?", "ar": "هل تقول ذلك؟", "de": "Würden Sie das so sagen, wenn man Sie danach fragte?"}


def asking(scale: str) -> Survey:
    """A survey with every screen after each answer: two reasons alone, so that chance has nothing to mix but them."""
    return Survey("all", 1, ("de", "ar"), (
        Question("first", "scale", SAID, scale=scale),
        Question("why", "reasons", SAID, choices=(Choice("one", SAID), Choice("other", SAID))),
        Question("words", "text", SAID),
        Question("again", "scale", SAID, scale="nps11"),
        Question("call", "contact", SAID, consent=SAID),
    ))  # fmt: skip


def drawn(page: str) -> str:
    """What stands on the screen: without what tells the visits apart, and without what only the script needs."""
    (main,) = re.findall(r"<main[^>]*>(.*?)</main>", page, re.DOTALL)
    main = re.sub(r'<input type="hidden"[^>]*>', "", main)
    main = re.sub(r'(action|href)="[^"]*?(/visit|/\?[^"]*|/)"', r'\1="\2"', main)
    main = re.sub(r' data-idle="\d+"', "", main)
    return re.sub(r"\s+", " ", main)


def hidden(page: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    (main,) = re.findall(r"<main[^>]*>(.*?)</main>", page, re.DOTALL)
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', main):
        found.setdefault(name, []).append(value.replace("&#34;", '"').replace("&amp;", "&").replace("&#39;", "'"))
    return found


STEPS: list[dict[str, str]] = [
    {"value": "1", "action": "answer"},
    {"toggle": "other"},
    {"action": "write"},
    {"comment": "Fine", "action": "finish"},
    {"action": "back"},
    {"action": "finish"},
    {"rate": "9"},
    {"action": "agree", "reach": "", "name": "Kari"},
    {"action": "agree", "reach": "555 12345", "name": "Kari", "agree": "1"},
]


class Kiosk:
    """A customer without script at the terminal."""

    def __init__(self, client: FlaskClient, lang: str) -> None:
        self.client, self.page = client, client.get(f"/?lang={lang}").get_data(as_text=True)

    def touch(self, **given: str) -> None:
        answer = self.client.post("/visit", data=_sent(self.page, given), headers=HERE, follow_redirects=True)
        self.page = answer.get_data(as_text=True)


class Frame:
    """Somebody at the preview."""

    def __init__(self, client: FlaskClient, asked: Survey, lang: str) -> None:
        self.client = client
        at = f"/surveys/{asked.id}/preview/?lang={lang}&version={asked.version}"
        self.page = client.get(at).get_data(as_text=True)
        self.at = f"/surveys/{asked.id}/preview/visit"

    def touch(self, **given: str) -> None:
        answer = self.client.post(self.at, data=_sent(self.page, given), headers=OURS)
        assert answer.status_code == 200
        self.page = answer.get_data(as_text=True)


def _sent(page: str, given: dict[str, str]) -> dict[str, list[str]]:
    sent = hidden(page)
    for name, value in given.items():
        sent[name] = [*sent.get(name, []), value] if name == "value" else [value]
    return sent


pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


@pytest.mark.parametrize("scale", list(survey.SCALES))
def test_each_screen_is_drawn_as_on_the_terminal(scale: str, chain: Chain, tmp_path: Path) -> None:
    asked = asking(scale)
    with chain.centre.db.writing() as tx:
        surveys.publish(tx, asked, 1)
    folder = tmp_path / "terminal"
    folder.mkdir()
    with terminal(folder, "s-1", asked=asked, languages=asked.languages) as box:
        there, here = create_app(box).test_client(), chain.browser(chain.astrid)
        for lang in asked.languages:
            kiosk, frame = Kiosk(there, lang), Frame(here, asked, lang)
            assert drawn(frame.page) == drawn(kiosk.page)
            for step in STEPS:
                kiosk.touch(**step)
                frame.touch(**step)
                assert drawn(frame.page) == drawn(kiosk.page), (lang, step)


def test_it_wears_the_styles_of_the_terminal(database_url: str) -> None:
    assert ("tokens.css", *(f"kiosk/{name}.css" for name in preview.STYLES)) == worker.STYLES
    assert preview.MAX_LANGUAGES == visits.MAX_LANGUAGES
    assert (preview._MAX_NAME, preview._MAX_REACH) == (reach.MAX_NAME, reach.MAX_REACH)


def test_what_is_typed_is_shown_and_not_kept(chain: Chain) -> None:
    client = chain.browser(chain.astrid)
    data = {"languages": ["en"], "q.0.id": "first", "q.0.kind": "scale", "q.0.scale": "smiley5",
            "q.0.texts.en": "<b>Typed?</b>", "lang": "en", "screen": "ask"}  # fmt: skip
    page = client.post("/surveys/builtin/preview/", data=data, headers=OURS).get_data(as_text=True)
    assert "&lt;b&gt;Typed?&lt;/b&gt;" in page
    assert page.count('class="option r5-') == 5
    thanks = client.post("/surveys/builtin/preview/", data={**data, "screen": "thanks:2"}, headers=OURS)
    assert 'data-screen="thanks"' in thanks.get_data(as_text=True)
    nothing = client.post("/surveys/builtin/preview/", data={"languages": "en"}, headers=OURS)
    assert "There is nothing to show yet" in nothing.get_data(as_text=True)
    assert client.post("/surveys/builtin/preview/visit", data={"survey": "{"}, headers=OURS).status_code == 400
    with chain.centre.db.reading() as tx:
        assert drafts.find(tx, "first") is None


def test_only_a_preview_stands_in_a_frame_and_only_in_ours(chain: Chain) -> None:
    client = chain.browser(chain.astrid)
    policy = client.get("/surveys/builtin/preview/").headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in client.get("/surveys/builtin").headers["Content-Security-Policy"]
    assert chain.browser().get("/surveys/builtin/preview/").status_code == 303


def test_a_pool_shows_the_question_that_stands_first(chain: Chain) -> None:
    pool = (
        Question("a", "scale", SAID, scale="smiley4", pool="p"),
        Question("b", "scale", SAID, scale="smiley4", pool="p"),
    )
    asked = msgspec.structs.replace(BUILTIN, questions=pool, languages=("en",))
    assert preview.begin(asked, "en").first == "a"
