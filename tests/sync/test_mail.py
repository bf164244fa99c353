"""Letters: they leave while the page goes on, and what goes wrong is told without saying to whom."""

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sync.config import Settings
from sync.db import Database
from sync.office import mail
from sync.office.mail import Letter, Trouble, Undelivered
from tests.post_office import PATIENCE_S, PostOffice, post_office

NOW = 1_770_000_000_000
LETTER = Letter(
    "astrid@example.com", "Hello\nBcc: per@example.com", "Guten Tag, Åsa\nhttps://hq.example/welcome/TOKEN\n"
)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


@pytest.fixture
def settings(office: PostOffice, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, smtp_host="127.0.0.1", smtp_port=office.port, smtp_security="none",
                    mail_from="Smilepost <feedback@example.com>", public_url="https://hq.example")  # fmt: skip


def carried(database: Database, settings: Settings) -> Trouble | None:
    mail.later(database, settings, lambda: NOW, lambda: LETTER).result(PATIENCE_S)
    with database.reading() as tx:
        return mail.trouble(tx)


def test_a_letter_arrives_as_it_was_written(office: PostOffice, settings: Settings) -> None:
    mail.send(settings, LETTER)
    letter = office.letter()
    assert (letter["From"], letter["To"]) == ("Smilepost <feedback@example.com>", "astrid@example.com")
    assert letter["Subject"] == "Hello Bcc: per@example.com"
    assert letter["Bcc"] is None
    assert letter.get_content().splitlines() == LETTER.text.splitlines()


def test_what_goes_wrong_is_kept_until_a_letter_leaves(
    office: PostOffice, settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    office.refuses = "550 nobody of this name"
    assert carried(database, settings) == Trouble(NOW, "refused")
    gone = msgspec.structs.replace(settings, smtp_port=1)
    assert carried(database, gone) == Trouble(NOW, "unreachable")
    locked = msgspec.structs.replace(settings, smtp_user="a", smtp_password_file=settings.data / "missing")
    assert carried(database, locked) == Trouble(NOW, "password")
    plain = msgspec.structs.replace(settings, smtp_security="starttls")
    assert carried(database, plain) == Trouble(NOW, "refused")  # never in the clear where it was not allowed
    assert office.letters.empty()
    office.refuses = ""
    assert carried(database, settings) is None
    for secret in ("astrid@example.com", "TOKEN"):
        assert secret not in caplog.text


def test_a_letter_that_cannot_even_be_written_hurts_nobody(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def write() -> Letter:
        raise RuntimeError("astrid@example.com TOKEN")

    mail.later(database, settings, lambda: NOW, write).result(PATIENCE_S)
    assert "A letter was not sent: RuntimeError." in caplog.text
    assert "TOKEN" not in caplog.text


def test_each_trouble_says_what_to_look_at() -> None:
    for why, key in (("refused", "mail_from"), ("password", "smtp_password_file"), ("unreachable", "smtp_host")):
        assert key in Trouble(NOW, why).sentence


def test_a_mail_server_that_does_not_answer_is_left_alone() -> None:
    assert mail.TIMEOUT_S <= 10
    with pytest.raises(Undelivered):
        mail.send(Settings(data=Path(), smtp_host="127.0.0.1", smtp_port=1), LETTER)
