"""Briefings by mail: who gets them, when they leave, what becomes of each."""

import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select, update

from kiosk.cli import main
from sync import facts
from sync.centre import Centre
from sync.db import Database
from sync.models import audit, grants, mailings, users
from sync.office import carrying, composing, local_time, places, subscribing, tongue
from sync.office import mailings as sending
from sync.office.audit import COMMAND
from sync.office.briefing import Block, Briefing, Line
from sync.office.carrying import Undelivered
from sync.office.composing import Reader
from sync.office.forms import Wrong
from sync.office.mailings import Due
from sync.office.pages import briefing_letters
from sync.office.posting import Post
from sync.office.subscribing import Asked
from tests.post_server import Post as Mailboxes
from tests.post_server import post_server
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailboxes]:
    with post_server(tmp_path_factory.mktemp("mail")) as opened:
        yield opened


@pytest.fixture
def boxes(server: Mailboxes) -> Mailboxes:
    for path in (server.folder / "new").iterdir():
        path.unlink()
    server.order()
    return server


@pytest.fixture
def here(a_centre: Centre, boxes: Mailboxes) -> Centre:
    settings = msgspec.structs.replace(
        a_centre.settings, smtp_host="127.0.0.1", smtp_port=boxes.port, smtp_security="none",
        mail_from="Smilepost <feedback@example.com>", public_url="https://hq.example",
    )  # fmt: skip
    return Centre(a_centre.db, settings, a_centre.secrets, a_centre.now_ms)


@pytest.fixture
def chain(here: Centre, clock: Clock) -> Chain:
    """On Tuesday at half past five in the morning, in Oslo."""
    chain = Chain(here, clock)
    clock.ms -= 6 * HOUR_MS + HOUR_MS // 2
    return chain


@pytest.fixture
def go(chain: Chain) -> Callable[[], Post]:
    """Some server process goes its round."""

    def once() -> Post:
        post = briefing_letters.post(chain.app, chain.centre)
        post.go_round()
        return post

    return once


Round = Callable[[], Post]


def subscribe(chain: Chain, to: str, place: int | None, what: str = "lead", cadence: str = "daily") -> int:
    with chain.centre.db.writing() as tx:
        asked = Asked(what, cadence, place, to, "en")
        return subscribing.subscribe(tx, COMMAND, asked, chain.centre.secrets, chain.clock())


def states(chain: Chain) -> list[str]:
    with chain.centre.db.reading() as tx:
        query = select(mailings.c.state).order_by(mailings.c.subscription_id, mailings.c.day)
        return list(tx.execute(query).scalars())


def test_bjorn_reads_about_oslo_half_an_hour_after_the_team(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round
) -> None:
    subscribe(chain, "bjorn@example.com", chain.oslo)
    clock.ms += HOUR_MS + 59 * 60_000  # 07:29
    go()
    assert boxes.letters() == []
    clock.ms += 60_000
    go()
    go()
    (letter,) = boxes.letters()
    assert letter["To"] == letter["X-Went-To"] == "bjorn@example.com"
    assert letter["From"] == "Smilepost <feedback@example.com>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "Oslo" in letter["Subject"]
    assert states(chain) == ["sent"]


def test_a_letter_reads_well_as_text_and_as_html(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "<script>alert(1)</script> see https://evil.example/x or mail me@evil.example\nBcc: per@example.com"
    blocks = (
        Block("words", "What they said", (Line(evil, True, "ar", "Oslo, very unhappy", "/answers/1"),)),
        Block("score", "The score", (Line("About as usual; too few to say more."),), "Shrunken over four weeks."),
    )
    says(monkeypatch, title="Oslo\r\nBcc: per@example.com, yesterday", blocks=blocks)
    subscribe(chain, "team@example.com", chain.oslo, "team")
    clock.ms += 2 * HOUR_MS
    go()
    (letter,) = boxes.letters()
    assert letter["Subject"] == "Oslo Bcc: per@example.com, yesterday"
    assert letter["Bcc"] is None
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in letter.iter_parts())
    assert "<script>" not in html
    assert "https://evil.example" not in text + html  # no mail program makes a link of it
    assert "me@evil.example" not in text + html
    assert set(re.findall(r'(?:href|src)="(https?://[^/"]+)', html)) == {"https://hq.example"}
    assert "<img" not in html
    assert 'lang="ar" dir="auto"' in html
    for said in ("Yesterday was kind.", "About as usual", "Shrunken over four weeks.", "Oslo, very unhappy"):
        assert said in text
        assert said in html
    leave = f"https://hq.example/leave/{token_of(letter)}"
    assert leave in text
    assert leave in html
    assert letter["List-Unsubscribe"] == f"<{leave}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_letter_never_grows_beyond_what_mail_programs_show(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(Line("س" * 5_000, True, "ar") for _ in range(500))
    says(monkeypatch, blocks=tuple(Block(f"b{n}", "Words", lines) for n in range(50)))
    subscribe(chain, "team@example.com", chain.oslo, "team")
    clock.ms += 2 * HOUR_MS
    go()
    (letter,) = boxes.letters()
    text, html = (part.get_content() for part in letter.iter_parts())
    assert len(html.encode()) < 100_000
    assert "more are on the page" in text
    assert token_of(letter) in html


def test_a_server_that_refuses_gets_it_later_the_same_day(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch)
    subscribe(chain, "team@example.com", chain.oslo, "team")
    clock.ms += 2 * HOUR_MS
    for order in ("rcpt 450 busy", "data 451 busy"):
        boxes.order(order)
        go()
        assert (states(chain), boxes.letters()) == (["refused"], [])
        go()  # not at once again
        clock.ms += 5 * 60_000
    before = ids(chain)
    boxes.order()
    go()
    assert [letter["Message-ID"] for letter in boxes.letters()] == before
    assert states(chain) == ["sent"]


def test_a_server_that_refuses_all_day_is_given_up(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch)
    subscribe(chain, "team@example.com", chain.oslo, "team")
    boxes.order("rcpt 550 nobody of this name")
    clock.ms += 2 * HOUR_MS
    tries = 0
    for _ in range(22):
        go()
        clock.ms += HOUR_MS
    with chain.centre.db.reading() as tx:
        tries = tx.execute(select(mailings.c.tries)).scalar_one()
    assert 8 <= tries <= 14  # ever less often
    assert states(chain) == ["gave_up"]
    assert "Could not be sent" in chain.page("/mailings")
    boxes.order()
    clock.ms += 3 * HOUR_MS
    go()
    assert states(chain) == ["gave_up", "sent"]  # the next morning's, and not the old one


def test_nobody_is_at_the_mail_server(
    chain: Chain, clock: Clock, monkeypatch: pytest.MonkeyPatch, boxes: Mailboxes
) -> None:
    says(monkeypatch)
    for to in ("one@example.com", "two@example.com"):
        subscribe(chain, to, chain.oslo, "team")
    clock.ms += 2 * HOUR_MS
    post = briefing_letters.post(chain.app, chain.centre)
    post.settings = msgspec.structs.replace(post.settings, smtp_port=1)
    with pytest.raises(Undelivered):
        post.go_round()
    assert states(chain) == ["refused", "refused"]
    assert "could not be sent" in chain.page("/people")
    clock.ms += 5 * 60_000
    briefing_letters.post(chain.app, chain.centre).go_round()
    assert states(chain) == ["sent", "sent"]
    assert "could not be sent" not in chain.page("/people")


def test_an_answer_that_never_came_is_not_a_refusal(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch)
    monkeypatch.setattr(carrying, "TIMEOUT_S", 0.3)
    subscribe(chain, "team@example.com", chain.oslo, "team")
    clock.ms += 2 * HOUR_MS
    boxes.order("silent")
    go()
    boxes.order()
    clock.ms += HOUR_MS
    go()
    assert (states(chain), len(boxes.letters())) == (["claimed"], 1)
    page = chain.page("/mailings")
    assert "May not have arrived" in page
    assert "did not say whether it took it" in page
    assert "1 briefing may not have arrived." in chain.page("/")
    assert "may not have arrived" not in chain.page("/", chain.bjorn)


def test_a_server_that_is_told_to_stop_waits_for_no_mail_server(
    chain: Chain, boxes: Mailboxes, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch)
    subscribe(chain, "team@example.com", chain.oslo, "team")
    clock.ms += 2 * HOUR_MS
    boxes.order("silent")
    with briefing_letters.sent(chain.app, chain.centre):
        boxes.wait_for_held()
    with chain.centre.db.reading() as tx:  # it was not killed: it hung up, and said what it knows
        assert tx.execute(select(mailings.c.state, mailings.c.why)).one() == ("claimed", "unanswered")


def test_who_says_so_has_it_sent_again_under_the_same_name(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch)
    number = subscribe(chain, "team@example.com", chain.oslo, "team")
    clock.ms += 2 * HOUR_MS
    day = local_time.day_of(clock(), "Europe/Oslo")
    claimed_and_killed(chain, clock)
    go()
    assert "May not have arrived" not in chain.page("/mailings")  # a server may be sending it right now
    clock.ms += 6 * 60_000
    go()
    assert (states(chain), boxes.letters()) == (["claimed"], [])
    assert "The server stopped while it was sending it." in chain.page("/mailings")
    address = f"/mailings/{number}/again"
    assert chain.browser(chain.per).post(address, data={"day": day}, headers=OURS).status_code == 404
    assert chain.browser(chain.bjorn).post(address, data={"day": day}, headers=OURS).status_code == 403
    for _ in range(2):
        assert chain.browser(chain.astrid).post(address, data={"day": day}, headers=OURS).status_code == 303
    go()
    go()
    assert [letter["Message-ID"] for letter in boxes.letters()] == ids(chain)
    assert states(chain) == ["sent"]
    assert deeds(chain).count("briefing sent again") == 1


def test_a_day_without_a_server_is_listed_and_a_late_morning_is_sent_late(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch)
    subscribe(chain, "team@example.com", chain.oslo, "team")
    clock.ms += 2 * DAY_MS + 17 * HOUR_MS  # Thursday, 22:30
    go()
    assert states(chain) == ["missed", "missed", "sent"]
    page = chain.page("/mailings")
    assert page.count("No server that could send it ran on that day") == 2
    assert len(boxes.letters()) == 1


def test_a_backup_that_was_put_back_sends_nothing_twice(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch)
    subscribe(chain, "team@example.com", chain.oslo, "team")
    go()  # and then a backup is made
    clock.ms += 2 * HOUR_MS
    with chain.centre.db.writing() as tx:
        facts.keep(tx, facts.EPOCH, "another")
    go()
    assert (states(chain), boxes.letters()) == (["claimed"], [])
    assert "A backup was put back that may be older than the letter." in chain.page("/mailings")
    clock.ms += DAY_MS
    go()
    assert states(chain) == ["claimed", "sent"]


def test_a_mistake_in_one_letter_holds_no_other_up(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisoned(db: Database, due: Due, reader: Reader, now_ms: int) -> Briefing | None:
        if due.subscription.address == "two@example.com":
            raise RuntimeError("secret words")
        return minimal(due)

    monkeypatch.setitem(composing.COMPOSERS, "store", poisoned)
    for to in ("one@example.com", "two@example.com", "three@example.com"):
        subscribe(chain, to, chain.oslo, "team")
    clock.ms += 2 * HOUR_MS
    go()
    assert states(chain) == ["sent", "refused", "sent"]
    assert "our mistake" in chain.page("/mailings?shown=waiting")


def test_what_somebody_may_see_is_asked_on_the_morning(chain: Chain, boxes: Mailboxes, clock: Clock, go: Round) -> None:
    subscribe(chain, "bjorn@example.com", chain.oslo)
    subscribe(chain, "per@example.com", chain.malmo)
    subscribe(chain, "astrid@example.com", None)
    with chain.centre.db.writing() as tx:
        tx.execute(update(users).where(users.c.id == chain.per).values(disabled_ms=clock()))
        tx.execute(delete(grants).where(grants.c.user_id == chain.bjorn))
    clock.ms += 3 * HOUR_MS
    go()
    assert states(chain) == ["dropped", "dropped", "sent"]
    assert [letter["To"] for letter in boxes.letters()] == ["astrid@example.com"]
    page = chain.page("/mailings?shown=left_out")
    assert "The account is switched off." in page
    assert "Its reader may not see this any more." in page


def test_a_crews_words_are_for_the_crew_and_its_manager(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        van = places.add_location(tx, "Van 12", kind="crew", parent=chain.norway)
    chain.hired("kari@example.com", "Kari", ("crew", van))
    assert subscribe(chain, "kari@example.com", van, "team")
    with pytest.raises(Wrong, match="neither of this crew nor its manager"):
        subscribe(chain, "astrid@example.com", van, "team")
    with pytest.raises(Wrong, match="may not see this place"):
        subscribe(chain, "per@example.com", chain.oslo)


def test_a_manager_reads_even_the_teams_letter_after_the_team(
    chain: Chain, boxes: Mailboxes, clock: Clock, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch)
    chain.hired("kari@example.com", "Kari", ("crew", chain.oslo))
    chain.hired("liv@example.com", "Liv", ("manager", chain.norway))
    for to in ("liv@example.com", "kari@example.com"):
        subscribe(chain, to, chain.oslo, "team")
    clock.ms += 3 * HOUR_MS // 2
    for came in (["kari@example.com"], ["kari@example.com", "liv@example.com"]):
        go()
        assert [letter["To"] for letter in boxes.letters()] == came
        clock.ms += 30 * 60_000


def test_whoever_sets_the_mail_server_up_tries_it_out(
    boxes: Mailboxes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "config.toml"

    def tried(host: str = "127.0.0.1", port: int = boxes.port) -> tuple[int, str]:
        written.write_text(f'[server]\nsmtp_host = "{host}"\nsmtp_port = {port}\nsmtp_security = "none"\n'
                           'mail_from = "feedback@example.com"\npublic_url = "https://hq.example"\n')  # fmt: skip
        code = main(["server", "mail-test", "astrid@example.com", "--config", str(written)])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert tried()[0] == 0
    assert boxes.letters()[0]["Subject"] == "Smilepost can send letters"
    boxes.order("rcpt 550 nobody")
    code, said = tried()
    assert code == 2
    assert "refused with 550" in said
    assert "does not answer" in tried(port=1)[1]
    written.write_text("[server]\n")
    assert main(["server", "mail-test", "astrid@example.com", "--config", str(written)]) == 2


def says(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """A store's briefing, made here."""
    monkeypatch.setitem(composing.COMPOSERS, "store", lambda _db, due, _reader, _now: minimal(due, **changes))


def minimal(due: Due, **changes: Any) -> Briefing:
    said = Briefing(
        kind="store", place=due.subscription.place, name="Oslo", title="Oslo, yesterday", day=due.day,
        date="Tue 3 Mar", lang=tongue.language(), sentence="Yesterday was kind.", blocks=(),
    )  # fmt: skip
    return msgspec.structs.replace(said, **changes)


def token_of(letter: EmailMessage) -> str:
    return str(letter["List-Unsubscribe"]).rpartition("/")[2].rstrip(">")


def ids(chain: Chain) -> list[str]:
    with chain.centre.db.reading() as tx:
        return list(tx.execute(select(mailings.c.message_id).order_by(mailings.c.day)).scalars())


def deeds(chain: Chain) -> list[str]:
    with chain.centre.db.reading() as tx:
        return list(tx.execute(select(audit.c.action).order_by(audit.c.id)).scalars())


def claimed_and_killed(chain: Chain, clock: Clock) -> None:
    """A server that goes no further than the claim."""
    with chain.centre.db.writing() as tx:
        for due in sending.look(tx, clock()).due:
            id = sending.message_id(sending.centre_id(tx), due.subscription.id, due.day, "example.com")
            assert sending.claim(tx, due, "a process that is gone", id, clock())
