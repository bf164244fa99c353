"""The installation sheet: for paper, with this terminal's own facts, and nothing forgotten."""

from pathlib import Path

import pytest

from kiosk import cli, control, sheet
from kiosk.config import Settings
from tests.terminals import set_pin, terminal

NEW = sheet.Facts("http://127.0.0.1:8321/", [], "https://hq.example", "/data/box", has_pin=False)
OSLO = NEW._replace(places=["Oslo"], has_pin=True)


@pytest.mark.parametrize("facts", [NEW, OSLO, NEW._replace(centre=None)])
def test_it_fits_on_paper(facts: sheet.Facts) -> None:
    typed = {said.strip() for step in sheet.steps(facts) for said in step.says if said.startswith(" ")}
    assert all(len(line) <= sheet.WIDTH or line.strip() in typed for line in sheet.text(facts).splitlines())


@pytest.mark.parametrize(
    "words",
    ["1220 mm", "wheelchair", "queue", "staff's sight", "mirrors", "at night", "OverscrollHistoryNavigation",
     "--incognito", "URLBlocklist", "overlayroot=tmpfs:recurse=0", "smilepost kiosk enrol", "smilepost kiosk pin",
     "left, right, left, right", "http://127.0.0.1:8321/staff"],
)  # fmt: skip
def test_whoever_puts_it_up_is_told(words: str) -> None:
    assert words in " ".join(sheet.text(NEW).split())


def test_it_knows_what_is_done_already() -> None:
    assert "It stands at Oslo already" in sheet.text(OSLO)
    assert "It has one." in sheet.text(OSLO)
    assert "kiosk enrol" not in sheet.text(OSLO)
    assert "Name head office first" in sheet.text(NEW._replace(centre=None))


def test_the_page_to_print_escapes_what_others_wrote() -> None:
    page = sheet.html(OSLO._replace(places=["<b>Oslo</b>"]))
    assert "&lt;b&gt;Oslo" in page
    assert "<b>" not in page


def test_the_command_prints_it_before_the_first_start_and_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[kiosk]\ndata = "box"\nport = 9000\n')
    assert cli.main(["kiosk", "sheet", "--config", str(config)]) == 0
    assert "http://127.0.0.1:9000/staff" in capsys.readouterr().out
    assert not (tmp_path / "box").exists()
    set_pin(tmp_path / "box")
    with terminal(tmp_path / "box", "scr-1"):
        assert control.facts(Settings(data=tmp_path / "box"))[1:5] == (["Oslo"], None, str(tmp_path / "box"), True)
    assert cli.main(["kiosk", "sheet", "--html", "--config", str(config)]) == 0
    page = capsys.readouterr().out
    assert "putting up a screen at Oslo</h1>" in page
    assert f"smilepost kiosk pin --config {config}" in page
