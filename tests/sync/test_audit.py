"""The audit log: who did what to what; read, narrowed and kept, and never changed."""

import csv
import io
import os
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from sync import models
from sync.centre import Centre
from sync.db import open_database
from sync.office import audit, audit_log
from sync.office.audit import Actor, Subject
from sync.office.audit_log import Cursor, Filter
from tests import postgres
from tests.sync.conftest import Clock, Verb
from tests.sync.norway import DAY_MS, MINUTE_MS, OURS, Chain

HOUR_MS = 60 * MINUTE_MS


class Log:
    """A chain, and things that were done in it."""

    def __init__(self, centre: Centre, clock: Clock) -> None:
        self.chain, self.centre, self.clock = Chain(centre, clock), centre, clock
        self.kari = Actor("Kari <kari@example.com>", self.chain.bjorn, "10.0.0.7")

    def note(self, action: str, name: str, *, path: str = "/", by: Actor | None = None, **options: Any) -> None:
        what = Subject(options.pop("kind", "place"), str(options.pop("subject", "1")), name, path)
        at_ms = options.pop("at_ms", self.clock())
        with self.centre.db.writing() as tx:
            audit.note(tx, by or self.kari, action, what, at_ms, **options)

    def path(self, place: int) -> str:
        with self.centre.db.reading() as tx:
            query = select(models.locations.c.path).where(models.locations.c.id == place)
            return str(tx.execute(query).scalar_one())

    def read(self, query: str = "", user: int | None = None) -> list[str]:
        """What stands in the log: a line of words for each entry."""
        page = self.chain.page(f"/audit{query}", user)
        body = page.split("<tbody", 1)[1].split("</tbody>")[0] if "<tbody" in page else ""
        rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
        return [" ".join(unescape(re.sub(r"<[^>]*>", " ", row)).split()) for row in rows]

    def kept(self, query: str = "", user: int | None = None) -> list[list[str]]:
        """The same as the export has it, below its header."""
        answer = self.chain.browser(user or self.chain.astrid).get(f"/audit.csv{query}")
        assert answer.status_code == 200
        return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))[1:]


@pytest.fixture
def _postgresqls_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    if tools := postgres.tools():
        monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")


@pytest.fixture
def log(a_centre: Centre, clock: Clock) -> Log:
    return Log(a_centre, clock)


def older(page: str) -> str:
    """Where the next page of the log is."""
    (address,) = re.findall(r'rel="next" href="([^"]*)"', page)
    return unescape(address)


def test_a_deed_is_read_with_who_when_from_where_and_what_changed(log: Log) -> None:
    log.note(
        "place renamed", "Oslo City", before={"name": "Oslo", "zone": None}, after={"name": "Oslo City", "zone": None}
    )
    (line,) = log.read()
    assert line == (
        "3 Mar 2026 12:00:00 Kari <kari@example.com> 10.0.0.7 place renamed Oslo City name : Oslo → Oslo City"
    )
    (row,) = log.kept()
    assert row == ["2026-03-03T12:00:00+01:00", "Kari <kari@example.com>", "10.0.0.7", "place renamed", "Place", "1",
                   "Oslo City", "name: Oslo → Oslo City"]  # fmt: skip


def test_an_empty_log_says_so(log: Log) -> None:
    assert "Nothing was changed yet" in log.chain.page("/audit")
    assert log.kept() == []


def test_hours_days_and_lists_are_read_in_words(log: Log) -> None:
    week = [[[540, 1080]]] * 5 + [[[1320, 1680]], []]
    log.note("place changed", "Oslo", before={"hours": None, "closed_day": None, "open": False},
             after={"hours": week, "closed_day": 20_515, "open": True, "odd_thing": ["a", "b"]})  # fmt: skip
    (line,) = log.read()
    assert "opening hours : always → Mo-Fr 09:00-18:00; Sa 22:00-04:00" in line
    assert "last day : nothing → 3 Mar 2026" in line
    assert "open : no → yes" in line
    assert "odd thing : a, b" in line


def test_whoever_audits_a_part_reads_of_that_part_alone(log: Log) -> None:
    chain = log.chain
    for name, place in (("Oslo", chain.oslo), ("Bergen", chain.bergen), ("Malmö", chain.malmo)):
        log.note("place changed", name, path=log.path(place))
    log.note("survey published", "everybody's")
    inger = chain.hired("inger@example.com", "Inger", ("admin", chain.norway))
    assert [line.rsplit(" ", 1)[1] for line in log.read(user=inger)] == ["Bergen", "Oslo"]
    assert [row[6] for row in log.kept(user=inger)] == ["Bergen", "Oslo"]
    assert len(log.read()) == 4
    assert log.read("?search=Malm%C3%B6", inger) == []
    for nobody in (chain.bjorn, chain.per):
        assert chain.browser(nobody).get("/audit").status_code == 403
        assert chain.browser(nobody).get("/audit.csv").status_code == 403


def test_it_is_narrowed_by_everything_that_one_would_ask_for(log: Log) -> None:
    day = 20 * DAY_MS
    astrid = Actor("Astrid <astrid@example.com>", log.chain.astrid)
    log.note("place renamed", "Oslo", subject=12, at_ms=log.clock() - day)
    log.note("place closed", "Bergen", subject=13, by=astrid)
    log.note("device revoked", "dev-1", kind="device", subject="dev-1")
    cases = {
        "": 3,
        "?kind=place": 2,
        "?kind=place&subject=12": 1,
        "?action=place+closed": 1,
        "?who=astrid": 1,
        f"?person={log.chain.astrid}": 1,
        "?search=osl": 1,
        "?search=%25": 0,
        "?from=2026-03-03": 2,
        "?to=2026-03-02": 1,
        "?from=2026-03-03&to=2026-03-03&kind=device": 1,
        "?kind=nothing": 0,
        "?person=9999999999999": 3,
    }
    assert {query: len(log.read(query)) for query in cases} == cases
    assert {query: len(log.kept(query)) for query in cases} == cases


def test_a_day_is_the_readers_own_also_when_the_clocks_change(log: Log) -> None:
    midnight = 1_774_738_800_000  # 29 March 2026 in Oslo, a day of 23 hours
    for offset, name in ((-1, "before"), (0, "first"), (23 * HOUR_MS - 1, "last"), (23 * HOUR_MS, "after")):
        log.note("place changed", name, at_ms=midnight + offset)
    assert [row[6] for row in log.kept("?from=2026-03-29&to=2026-03-29")] == ["last", "first"]
    assert "those of Europe/Oslo" in log.chain.page("/audit")
    sven = log.chain.hired("sven@example.com", "Sven", ("admin", log.chain.malmo))
    assert "those of Europe/Stockholm" in log.chain.page("/audit", sven)


@pytest.mark.parametrize("query", ["?from=yesterday", "?to=2026-02-30", "?from=0001-01-01", "?to=9999-12-31",
                                   "?from=2026-03-04&to=2026-03-03"])  # fmt: skip
def test_a_day_that_is_none_is_said_beside_its_field(query: str, log: Log) -> None:
    browser = log.chain.browser(log.chain.astrid)
    for address in ("/audit", "/audit.csv"):
        answer = browser.get(address + query)
        assert answer.status_code == 400
        assert 'aria-invalid="true"' in answer.get_data(as_text=True)


def test_a_long_log_is_read_page_by_page_and_kept_whole(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(audit_log.A_PAGE + 30):
        log.note("place changed", f"n{number:03}", at_ms=log.clock() + number // 3)
    both = [*log.read(), *log.read(older(log.chain.page("/audit")).removeprefix("/audit"))]
    names = [f"n{number:03}" for number in reversed(range(audit_log.A_PAGE + 30))]
    assert [line.rsplit(" ", 1)[1] for line in both] == names
    monkeypatch.setattr(audit_log, "A_PIECE", 7)
    assert [row[6] for row in log.kept()] == names


def test_what_is_rare_is_looked_for_piece_by_piece(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page looks through more than it has time for; it says so, and goes on from there."""
    log.note("place changed", "the needle")
    for number in range(30):
        log.note("place changed", f"hay {number}")
    monkeypatch.setattr(audit_log, "LOOK", 10)
    browser, address, pages = log.chain.browser(log.chain.astrid), "/audit?search=needle", 0
    while "the needle</bdi>" not in (page := browser.get(address).get_data(as_text=True)):
        assert "Older ones were not looked at yet" in page
        address, pages = older(page), pages + 1
    assert pages == 3
    assert [row[6] for row in log.kept("?search=needle")] == ["the needle"]


def test_no_plan_reads_the_whole_log(log: Log) -> None:
    """On the embedded database, which says how it finds what it is asked for."""
    if log.centre.db.dialect != "sqlite":
        return
    asked = (Filter(), Filter(person=1), Filter(kind="place", subject="1"), Filter(action="place renamed"))
    for wanted in asked:
        with log.centre.db.reading() as tx:
            query = audit_log._ordered(select(models.audit).where(*audit_log._found(wanted, Cursor(5, 5)))).limit(9)
            sql = str(query.compile(tx.engine, compile_kwargs={"literal_binds": True}))
            plan = " ".join(row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))
        assert "USING INDEX ix_audit_" in plan, plan
        assert "SCAN audit " not in f"{plan} ".replace("SCAN audit USING INDEX", ""), plan


def test_nobody_changes_or_deletes_a_line(log: Log) -> None:
    log.note("place renamed", "Oslo")
    for change in (update(models.audit).values(name="x"), delete(models.audit)):
        with pytest.raises(DBAPIError, match="only ever added to"), log.centre.db.writing() as tx:
            tx.execute(change)
    if log.centre.db.dialect == "postgresql":
        with pytest.raises(DBAPIError, match="only ever added to"), log.centre.db.writing() as tx:
            tx.exec_driver_sql("TRUNCATE audit")
    assert len(log.read()) == 1


def test_it_stands_in_the_head_of_who_may_read_it(log: Log) -> None:
    assert 'href="/audit"' in log.chain.page("/")
    assert 'href="/audit"' not in log.chain.page("/", log.chain.bjorn)
    history = f'href="/audit?kind=place&amp;subject={log.chain.oslo}"'
    assert history in log.chain.page(f"/places/{log.chain.oslo}")
    assert history not in log.chain.page(f"/places/{log.chain.oslo}", log.chain.bjorn)
    assert log.chain.browser(log.chain.astrid).post("/audit", headers=OURS).status_code == 405


def test_reading_single_answers_is_written_down_once_a_day(log: Log) -> None:
    chain = log.chain
    address = f"/locations/{chain.oslo}"
    inger = chain.hired("inger@example.com", "Inger", ("analyst", chain.norway))
    chain.page(address, inger)
    assert log.read() == []  # there was nothing to read
    chain.comment(chain.oslo, "Anna was kind")
    for path in (f"{address}/now", f"{address}/now?newest=0-0"):
        chain.page(path, inger)
    assert log.read() == []
    for path in (address, f"{address}/comments", address):
        chain.page(path, inger)
    chain.page(address, chain.bjorn)  # sees scores, and no comment
    assert log.read() == ["3 Mar 2026 12:00:00 Inger <inger@example.com> 127.0.0.1 answers read Oslo"]
    log.clock.ms += 14 * HOUR_MS
    chain.page(f"{address}/comments", inger)
    assert len(log.read()) == 2
    assert "Anna" not in "".join(log.read())


@pytest.mark.usefixtures("_postgresqls_tools")
def test_what_commands_change_is_written_down(log: Log, verb: Verb, tmp_path: Path) -> None:
    chain = log.chain
    device, name = chain.boxes[chain.oslo].device, "0193f1c8-9a40-7c01-8a2b-5d1e0c9f7a11"
    assert verb("set", "Oslo", "accent", "#33468c")[0] == 0
    assert verb("set", "Oslo", "staff_pin", "738211")[0] == 0
    assert verb("set", "Oslo", "accent", "--inherit")[0] == 0
    assert verb("survey", "ask", "builtin", "Bergen")[0] == 0
    assert verb("enrol-code", "Alta", "--new", "--zone", "Europe/Oslo", "--group", "Finnmark")[0] == 0
    assert verb("erase", name)[0] == 0
    assert verb("revoke", device)[0] == 0
    assert verb("replay-quarantine")[0] == 0
    assert verb("rebuild-tallies")[0] == 0
    assert verb("backup", tmp_path / "backup")[0] == 0
    assert verb("set", "Oslo", "nothing", "at all")[0] == 2
    kept = log.kept()
    assert [row[3] for row in reversed(kept)] == [
        *["setting changed"] * 3, "survey chosen", "place added", "place added", "touchpoint added", "screen added",
        "answer erased", "device revoked", "quarantine replayed", "counts rebuilt", "backup made",
    ]  # fmt: skip
    assert {row[1] for row in kept} == {"The server’s command line"}
    assert "738211" not in str(kept)
    inger = chain.hired("inger@example.com", "Inger", ("admin", chain.norway))
    assert [row[3] for row in log.kept(user=inger)] == ["device revoked", "survey chosen", *["setting changed"] * 3]


@pytest.mark.usefixtures("_postgresqls_tools")
def test_the_log_comes_back_with_a_backup_and_stays_closed(log: Log, verb: Verb, tmp_path: Path) -> None:
    log.note("place renamed", "Oslo")
    assert verb("backup", tmp_path / "backup")[0] == 0
    log.note("place renamed", "after the backup")
    url = log.centre.settings.database
    log.centre.db.close()
    assert verb("restore", tmp_path / "backup")[0] == 0
    assert verb("verify")[0] == 0
    restored = open_database(url, migrate=False)
    with restored.reading() as tx:
        kept = tx.execute(select(models.audit.c.action).order_by(models.audit.c.id)).scalars()
        assert list(kept) == ["place renamed", "backup restored"]
    with pytest.raises(DBAPIError, match="only ever added to"), restored.writing() as tx:
        tx.execute(delete(models.audit))
    restored.close()
