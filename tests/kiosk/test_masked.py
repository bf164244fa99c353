"""What reaches or identifies a customer never comes to a terminal's disk with a comment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.app import create_app
from kiosk.terminal import Terminal
from sync import wire
from tests.kiosk.test_late import LOAD, deliver, record
from tests.kiosk.test_screens import patiently
from tests.terminals import Visitor, full_disk, sealed, terminal

SECRETS = ("kari@example.com", "06-12345678", "4111 1111 1111 1111", "NL91 ABNA 0417 1643 00", "GZ-738-K")
SAID = "Mail {}, call {}, card {} of {}, plate {}. Thanks, Kari".format(*SECRETS)
KEPT = "Mail [mail], call [tel], card [card] of [IBAN], plate [car]. Thanks, Kari"


def without_script(box: Terminal) -> None:
    visitor = Visitor(create_app(box).test_client())
    visitor.press("value", 0)
    visitor.press("action", "write")
    visitor.press("action", "back", SAID)
    assert visitor.page.values["text"] == KEPT
    assert all(secret not in visitor.answer.text for secret in SECRETS)


def by_its_page(box: Terminal) -> None:
    deliver(create_app(box).test_client(), record(answers={"visit": 0, "comment": SAID}))


def of_another_survey(box: Terminal) -> None:
    answers = {"visit": 0, "words": SAID, "more": "call 06-12345678"}
    deliver(create_app(box).test_client(), record(survey="last-years", answers=answers))


def in_pieces(box: Terminal) -> None:
    """A page that was cut off delivers its revisions one after the other."""
    for rev in (2, 3, 4):
        answers = {"visit": 0, "comment": SAID[: 30 * rev]}
        deliver(create_app(box).test_client(), record(rev=rev, answers=answers, ended=None))


def after_a_full_disk(box: Terminal) -> None:
    visitor = Visitor(create_app(box).test_client())
    visitor.press("value", 0)
    visitor.press("action", "write")
    with full_disk():
        visitor.press("action", "finish", SAID)
    patiently(visitor)


@pytest.mark.parametrize("visit", [without_script, by_its_page, of_another_survey, in_pieces, after_a_full_disk])
def test_no_file_of_the_terminal_has_it(tmp_path: Path, visit: Callable[[Terminal], Any]) -> None:
    with terminal(tmp_path) as box:
        visit(box)
        files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert b"Mail [mail]" in files
    files += b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in SECRETS:
        assert secret.encode() not in files


def test_what_is_sealed_is_what_was_masked(tmp_path: Path) -> None:
    with terminal(tmp_path) as box:
        by_its_page(box)
        (entry,) = sealed(box)
        assert entry["answers"]["comment"] == KEPT
        assert wire.is_intact(entry)
        assert wire.mask_entry(entry) == entry
        assert "wiped" not in entry


def test_who_asked_to_be_called_is_not_masked(tmp_path: Path) -> None:
    contact = {"id": "01890000-0000-7000-8000-000000000009", "consent": "call", "name": "Kari", "reach": "06-12345678"}
    with terminal(tmp_path) as box:
        deliver(create_app(box).test_client(), record(survey="last-years", contact=contact, load=LOAD))
        assert sealed(box)[1]["answers"] == {"name": "Kari", "reach": "06-12345678"}
