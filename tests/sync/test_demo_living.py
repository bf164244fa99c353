"""The demo's terminals while time passes: they report each minute, answers arrive as they are given."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select
from werkzeug.serving import make_server

from sync import models
from sync.app import create_app
from sync.centre import Centre, open_centre
from sync.config import Settings
from sync.demo import founding, history, sending, world
from sync.demo.folder import Account, Chain
from sync.demo.living import AWAY_MS, REPORT_MS, Chorus, Tale
from sync.intake import tally
from sync.office import devices
from sync.office.people import User
from sync.office.rights import Grant, Rights
from tests.sync.conftest import Clock

# Wednesday noon: every shop is open.
NOW = int(datetime(2025, 1, 15, 11, 0, tzinfo=UTC).timestamp() * 1000)
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
BOX = {box.key: box for box in world.BOXES}
STORY = history.begun("a seed", datetime(2025, 1, 15, tzinfo=UTC).date(), 3)
SLOT = history.Slot("scr-1", "plc-1", "stream-1")


@pytest.fixture
def centre(tmp_path: Path, clock: Clock) -> Iterator[Centre]:
    clock.ms = NOW
    opened = open_centre(Settings(data=tmp_path, secrets_file=tmp_path / "secrets"), clock)
    yield opened
    opened.db.close()


@pytest.fixture
def chain(centre: Centre) -> Chain:
    with centre.db.writing() as tx:
        return founding.found(tx, 2, NOW)


@contextmanager
def serving(centre: Centre, port: int = 0) -> Iterator[str]:
    server = make_server("127.0.0.1", port, create_app(centre), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Players:
    """Some of the chain's terminals, enrolled, their past sent; the line of those in `away` fell before its end."""

    def __init__(self, centre: Centre, chain: Chain, address: str, *keys: str, away: Sequence[str] = ()) -> None:
        self.lines: list[tuple[sending.Line, Tale]] = []
        self.away: list[Tale] = []
        self.said: list[str] = []
        self.kept = 0
        with centre.db.writing() as tx:
            codes = founding.codes(tx, chain, NOW)
        for key in keys:
            self._send_past(chain, address, key, codes.get(key), world.KEPT_BACK if key in away else 0)
        self.chorus = Chorus(self.lines, NOW, self._keep, self.said.append, self.away)

    def _send_past(self, chain: Chain, address: str, key: str, code: str | None, kept_back: int) -> None:
        account = chain.boxes[key]
        if code:
            told = sending.enrol(address, code, account.install, key)
            account.device, account.generation, account.key = told.device, told.generation, told.key
        line, tale = sending.Line(address, account), Tale(BOX[key], account.slot, chain.story, account.sent)
        sending.send_past(line, list(tale.until(NOW)), lambda _: True, kept_back)
        if kept_back:
            tale = Tale(BOX[key], account.slot, chain.story, account.sent)
            self.away.append(tale)
        self.lines.append((line, tale))

    def _keep(self) -> None:
        self.kept += 1

    def live(self, clock: Clock, ms: int, step_ms: int = 20 * SECOND) -> None:
        """Time passes."""
        until = clock.ms + ms
        while clock.ms < until:
            clock.ms += step_ms
            self.chorus.speak(clock.ms)

    def close(self) -> None:
        for line, _ in self.lines:
            line.close()


def stored(centre: Centre) -> int:
    with centre.db.reading() as tx:
        return tx.execute(select(func.count()).select_from(models.responses)).scalar_one()


def heard(centre: Centre, account: Account) -> tuple[int, int]:
    """When a device was heard last, and through when everything of it has arrived."""
    with centre.db.reading() as tx:
        row = tx.execute(select(models.devices).where(models.devices.c.id == account.device)).one()
    return row.contact_ms, row.complete_ms


def test_a_tale_told_bit_by_bit_is_the_tale_told_at_once() -> None:
    whole = list(history.history(BOX["berlin-1"], SLOT, STORY, NOW))
    tale = Tale(BOX["berlin-1"], SLOT, STORY, 10)
    bits = [entry for ms in range(NOW - 20 * HOUR, NOW + 1, 7 * 60 * SECOND) for entry in tale.until(ms)]
    assert bits == whole[10 : 10 + len(bits)]
    assert [*bits, *tale.until(NOW)] == whole[10:]
    assert list(tale.until(NOW)) == []
    assert tale.next_ms > NOW


def test_answers_arrive_while_time_passes_and_none_twice(centre: Centre, chain: Chain, clock: Clock) -> None:
    keys = ("amsterdam-1", "berlin-1", "hamburg-1", "ghent-1")
    with serving(centre) as address:
        players = Players(centre, chain, address, *keys)
        before = stored(centre)
        players.live(clock, 2 * HOUR)
        told = {key: list(history.history(BOX[key], chain.boxes[key].slot, chain.story, clock.ms)) for key in keys}
        players.close()
    assert before + 3 < stored(centre) == sum(map(len, told.values()))
    assert {key: chain.boxes[key].sent for key in keys} == {key: len(entries) for key, entries in told.items()}
    assert players.kept > 3
    assert players.said == []
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None
        flags = dict(tx.execute(select(models.responses.c.id, models.responses.c.flags)).all())
    for entry in (entry for entries in told.values() for entry in entries):
        mashed = (entry["since_prev_ms"] or history.APART_MS) < 5 * SECOND or entry["flags"]
        assert bool(flags[entry["id"]]) == bool(mashed), "nothing is flagged but what somebody drummed"


def test_every_terminal_reports_each_minute_also_when_nobody_comes(centre: Centre, chain: Chain, clock: Clock) -> None:
    with serving(centre) as address:
        players = Players(centre, chain, address, "ghent-1", "utrecht-1")
        for _ in range(30):
            players.live(clock, 60 * SECOND, step_ms=SECOND)
            for key in ("ghent-1", "utrecht-1"):
                contact, complete = heard(centre, chain.boxes[key])
                assert clock.ms - contact <= REPORT_MS
                assert complete == contact
        players.close()


def test_what_head_office_does_not_take_is_sent_when_it_does(centre: Centre, chain: Chain, clock: Clock) -> None:
    with serving(centre) as address:
        players = Players(centre, chain, address, "berlin-1", "munich-1")
        before = stored(centre)
    port = int(address.rsplit(":", 1)[1])
    players.live(clock, 3 * HOUR)
    assert len(players.said) == 1
    assert "cannot send for now" in players.said[0]
    assert stored(centre) == before
    with serving(centre, port):
        players.live(clock, 2 * REPORT_MS)
        players.close()
    assert players.said[1:] == ["The simulated terminals send again."]
    expected = [
        len(list(history.history(BOX[key], chain.boxes[key].slot, chain.story, clock.ms)))
        for key in ("berlin-1", "munich-1")
    ]
    assert before < stored(centre) == sum(expected)


def test_a_line_that_fell_leaves_a_debt_until_it_is_back(centre: Centre, chain: Chain, clock: Clock) -> None:
    account = chain.boxes[world.CUT_OFF]
    with serving(centre) as address:
        players = Players(centre, chain, address, "berlin-1", world.CUT_OFF, away=[world.CUT_OFF])
        astrid = User(1, "astrid@example.com", "Astrid", Rights((Grant("admin", None, "/"),)))
        with centre.db.reading() as tx:
            before = devices.find(tx, astrid, account.device or "", clock.ms)
        held = len(list(history.history(BOX[world.CUT_OFF], account.slot, chain.story, NOW))) - account.sent
        players.live(clock, AWAY_MS - MINUTE)
        missing = heard(centre, account)
        players.live(clock, 3 * MINUTE)
        with centre.db.reading() as tx:
            after = devices.find(tx, astrid, account.device or "", clock.ms)
        players.close()
    assert before
    assert after
    assert (before.counts.unsent, before.counts.gap, before.needs) == (held, 0, ("behind",))
    assert 0 < held <= world.KEPT_BACK
    assert missing[0] == NOW
    assert (after.counts.owed, after.needs) == (0, ())


def test_one_failure_is_not_worth_a_word(centre: Centre, chain: Chain, clock: Clock) -> None:
    with serving(centre) as address:
        players = Players(centre, chain, address, "berlin-1")
    port = int(address.rsplit(":", 1)[1])
    clock.ms += REPORT_MS
    players.chorus.speak(clock.ms)
    with serving(centre, port):
        players.live(clock, 30 * SECOND, step_ms=SECOND)
        players.close()
    assert heard(centre, chain.boxes["berlin-1"])[0] > NOW + REPORT_MS
    assert players.said == []


def test_a_disk_that_is_full_does_not_end_it(centre: Centre, chain: Chain, clock: Clock) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    with serving(centre) as address:
        players = Players(centre, chain, address, "berlin-1")
        players.chorus = Chorus(players.lines, NOW, full, players.said.append)
        players.live(clock, 3 * HOUR)
        players.close()
    assert chain.boxes["berlin-1"].sent == stored(centre)


def test_a_clock_that_is_set_back_silences_nobody(centre: Centre, chain: Chain, clock: Clock) -> None:
    with serving(centre) as address:
        players = Players(centre, chain, address, "ghent-1")
        clock.ms = NOW - HOUR
        players.chorus.speak(clock.ms)
        players.close()
    assert heard(centre, chain.boxes["ghent-1"])[0] == clock.ms
