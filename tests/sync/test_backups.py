"""A backup, the disaster after it, and the way back: on both databases, through the command line and HTTP."""

import gzip
import os
import sqlite3
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from alembic import command
from flask.testing import FlaskClient
from sqlalchemy import Connection, create_engine, func, insert, inspect, select, text

from sync import facts, migrations, models, wire
from sync.app import create_app
from sync.backups import postgres as postgres_backups
from sync.centre import open_centre, wall_clock_ms
from sync.config import Settings
from sync.intake import enrol, tally
from sync.intake.keys import Secrets
from sync.occupancy import Occupancy
from sync.office import links
from tests import postgres
from tests.boxes import enrol_box, new_id, open_shop, verdicts
from tests.processes import running, smilepost
from tests.sync.conftest import Clock, Verb

WORDS = "Kari from the blue van was rude, and her name is Kari Hansen"


@pytest.fixture(autouse=True)
def _postgresqls_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    if tools := postgres.tools():
        monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")


class HeadOffice:
    """A centre with a terminal in Oslo. On SQLite it has to be stopped for a restore, on PostgreSQL it goes on."""

    def __init__(self, settings: Settings, clock: Clock, verb: Verb) -> None:
        self.settings, self.clock, self.verb = settings, clock, verb
        self.centre = open_centre(settings, clock)
        self.oslo = enrol_box(self.centre, open_shop(self.centre)[1])
        self.client: FlaskClient = create_app(self.centre).test_client()

    @property
    def is_sqlite(self) -> bool:
        return self.centre.db.dialect == "sqlite"

    def send(self, *entries: Any, **changes: Any) -> wire.Answer:
        return self.oslo.send(self.client, *entries, **changes)

    def backup(self, path: Path) -> Path:
        code, said = self.verb("backup", path)
        assert (code, "was read once more" in said) == (0, True), said
        return path

    def restore(self, path: Path, *options: str) -> tuple[int, str]:
        if self.is_sqlite:
            self.centre.db.close()
        done = self.verb("restore", path, *options)
        if self.is_sqlite:
            self.reopen()
        return done

    def reopen(self) -> None:
        self.centre.db.close()
        self.centre = open_centre(self.settings, self.clock)
        self.client = create_app(self.centre).test_client()

    def rows(self, table: Any) -> list[Any]:
        with self.centre.db.reading() as tx:
            return list(tx.execute(select(table)).all())

    def fact(self, name: str) -> str | None:
        with self.centre.db.reading() as tx:
            return facts.get(tx, name)

    def verified(self) -> str | None:
        with self.centre.db.reading() as tx:
            return tally.verify(tx)


@pytest.fixture
def office(settings: Settings, clock: Clock, verb: Verb) -> Iterator[HeadOffice]:
    opened = HeadOffice(settings, clock, verb)
    yield opened
    opened.centre.db.close()


def answered(office: HeadOffice) -> int:
    with office.centre.db.reading() as tx:
        return int(tx.execute(select(func.count()).select_from(models.responses)).scalar_one())


def test_what_came_after_the_backup_is_brought_back_by_the_terminal(office: HeadOffice, tmp_path: Path) -> None:
    before = [office.oslo.response(value % 4) for value in range(20)]
    epoch = office.send(*before).epoch
    office.backup(tmp_path / "tuesday")
    after = [office.oslo.response(value % 4, answers={"comment": "Lovely"}) for value in range(15)]
    office.send(*after)
    counts = office.rows(models.tallies_day)
    code, said = office.restore(tmp_path / "tuesday")
    assert (code, "terminals bring back what came after it." in said) == (0, True), said
    assert answered(office) == 20
    office.reopen()
    acked = [(entry["id"], entry["rev"]) for entry in before + after]
    audited = office.send(audit=acked)
    assert audited.epoch != epoch
    assert audited.missing == acked[20:]
    assert verdicts(office.send(*after)) == ["stored"] * 15
    assert office.send(audit=acked).missing == []
    assert office.rows(models.tallies_day) == counts
    assert office.verified() is None
    assert open_shop(office.centre, "Molde")[0] not in {row.location_id for row in office.rows(models.responses)}


def test_a_terminal_that_the_backup_never_knew_keeps_its_answers(office: HeadOffice, tmp_path: Path) -> None:
    _, placement = open_shop(office.centre, "Bergen")
    office.backup(tmp_path / "tuesday")
    bergen = enrol_box(office.centre, placement)
    entries = [bergen.response(3) for _ in range(5)]
    assert verdicts(bergen.send(office.client, *entries)) == ["stored"] * 5
    assert office.restore(tmp_path / "tuesday")[0] == 0
    office.reopen()
    again = bergen.send(office.client, *entries)
    assert (verdicts(again), again.do) == (["quarantined"] * 5, ["reenrol"])
    with office.centre.db.writing() as tx:
        code = enrol.new_code(tx, placement, office.clock())
    body = wire.encode(wire.EnrolmentRequest(code, "install", "board", "smilepost/0"))
    reply = office.client.post(wire.ENROLMENTS, data=body, headers=bergen.signed("POST", wire.ENROLMENTS, body))
    given = msgspec.json.decode(reply.get_data(), type=wire.Enrolment)
    assert (given.device, given.generation, b64decode(given.key)) == (bergen.device, 1, bergen.key)
    assert office.verb("replay-quarantine")[1] == "Counting now: 5 unknown_device. Still kept apart: none.\n"
    assert verdicts(bergen.send(office.client, *entries, bergen.response(2))) == ["duplicate"] * 5 + ["stored"]
    assert answered(office) == 6
    assert office.verified() is None


def test_a_backup_is_whole_though_taps_come_in(office: HeadOffice, tmp_path: Path) -> None:
    done, sent = threading.Event(), []

    def keep_sending() -> None:
        while not done.is_set():
            entries = [office.oslo.response(3, answers={"comment": WORDS}) for _ in range(10)]
            assert verdicts(office.send(*entries)) == ["stored"] * 10
            sent.extend(entries)
            done.wait(0.005)

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        files = [office.backup(tmp_path / f"backup {n}") for n in range(3)]
    finally:
        done.set()
        sender.join()
    assert office.restore(files[-1])[0] == 0
    assert answered(office) % 10 == 0
    assert 0 < answered(office) <= len(sent)
    assert office.verified() is None


def test_terminals_hear_of_a_backup_when_it_is_finished(office: HeadOffice, tmp_path: Path, clock: Clock) -> None:
    assert office.fact(facts.BACKED_UP) is None
    before = wall_clock_ms()
    office.backup(tmp_path / "monday")
    told = int(office.fact(facts.BACKED_UP) or 0)
    early = 0 if office.is_sqlite else 60_000  # several servers may tell the time differently
    assert before <= told + early <= wall_clock_ms()
    assert (tmp_path / "monday").stat().st_mode & 0o077 == 0
    (tmp_path / "birthday").write_bytes(b"a list of guests")
    for path, reason in (
        (tmp_path / "birthday", "is there already, and no backup of Smilepost"),
        (tmp_path / "nowhere" / "tuesday", "cannot be written: No such file"),
    ):
        code, said = office.verb("backup", path)
        assert (code, reason in said, len(said.splitlines())) == (2, True, 1)
    assert office.fact(facts.BACKED_UP) == str(told)
    assert (tmp_path / "birthday").read_bytes() == b"a list of guests"
    assert sorted(path.name for path in tmp_path.glob("*day*")) == ["birthday", "monday"]


def test_a_nightly_backup_takes_the_place_of_the_last(office: HeadOffice, tmp_path: Path) -> None:
    office.send(office.oslo.response(3))
    before = office.backup(tmp_path / "nightly").read_bytes()
    office.send(office.oslo.response(2))
    assert office.backup(tmp_path / "nightly").read_bytes() != before
    assert office.restore(tmp_path / "nightly")[0] == 0
    assert answered(office) == 2


def test_a_disk_that_is_full_leaves_no_half_backup(office: HeadOffice, tmp_path: Path) -> None:
    office.send(*[office.oslo.response(3, answers={"comment": os.urandom(400).hex()}) for _ in range(100)])
    (tmp_path / "stick").mkdir()
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        code, said = office.verb("backup", tmp_path / "stick" / "monday")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (code, len(said.splitlines())) == (2, 1)
    assert list((tmp_path / "stick").iterdir()) == []
    assert office.fact(facts.BACKED_UP) is None


def test_a_backup_holds_no_secrets_and_no_erasures_file(office: HeadOffice, tmp_path: Path) -> None:
    content = gzip.decompress(office.backup(tmp_path / "monday").read_bytes())
    assert office.settings.secrets_file.read_text().strip().encode() not in content
    assert bytes.fromhex(office.settings.secrets_file.read_text().strip()) not in content
    assert b"never take a line out" not in content


def state(office: HeadOffice) -> Any:
    """Everything that a refused restore may not touch."""
    tables = {table.name: sorted(map(repr, office.rows(table))) for table in models.metadata.sorted_tables}
    kept = {path: path.read_bytes() for path in office.settings.data.rglob("*") if path.is_file()}
    return tables, kept


def refused(office: HeadOffice, path: Path, *options: str) -> str:
    """The one sentence of a restore that changes nothing."""
    before = state(office)
    code, said = office.restore(path, *options)
    assert (code, len(said.splitlines())) == (2, 1), said
    assert state(office) == before
    return said


def test_a_damaged_or_foreign_file_is_refused_whole(office: HeadOffice, tmp_path: Path) -> None:
    office.send(*[office.oslo.response(3, answers={"comment": WORDS}) for _ in range(30)])
    whole = office.backup(tmp_path / "monday").read_bytes()
    broken = tmp_path / "broken"
    damages = [whole[:length] for length in (0, 1, 20, len(whole) // 2, len(whole) - 1)]
    for place in (3, 40, len(whole) // 3, len(whole) // 2, len(whole) - 6):
        damages.append(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
    damages += [b"Dear diary", gzip.compress(b"Dear diary"), gzip.compress(b"SQLite format 3\0" + bytes(4096)),
                gzip.compress(b"PGDMP" + bytes(4096))]  # fmt: skip
    for damage in damages:
        broken.write_bytes(damage)
        assert str(broken) in refused(office, broken)
    assert "cannot be read: No such file" in refused(office, tmp_path / "nowhere")
    assert "cannot be read: Is a directory" in refused(office, tmp_path)


def another_programs(office: HeadOffice, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A backup of the right kind, of another program's database."""
    path = tmp_path / "songs"
    if office.is_sqlite:
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE songs (title TEXT)")
        return path
    url = request.getfixturevalue("empty_postgres")
    with psycopg.connect(url) as other_one:
        other_one.execute("CREATE TABLE songs (title TEXT)")
    dump(url, path)
    return path


def dump(url: str, path: Path) -> None:
    import subprocess

    subprocess.run(["pg_dump", "--format=custom", f"--file={path}", url], check=True)


def test_another_programs_backup_is_refused(office: HeadOffice, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    said = refused(office, another_programs(office, tmp_path, request))
    assert "is a backup of another program" in said or "is not a backup of Smilepost" in said


def test_the_other_databases_backup_is_refused(office: HeadOffice, tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(b"PGDMP" + bytes(100) if office.is_sqlite else b"SQLite format 3\0" + bytes(100))
    assert "database_url says" in refused(office, path)


def test_a_newer_versions_backup_is_refused(office: HeadOffice, tmp_path: Path) -> None:
    def become(revision: str) -> None:
        with office.centre.db.writing() as tx:
            tx.exec_driver_sql(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '{revision}'")

    path = office.backup(tmp_path / "monday")
    if office.is_sqlite:
        path.write_bytes(gzip.decompress(path.read_bytes()))
        with closing(sqlite3.connect(path)) as newer:
            newer.execute(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'")
            newer.commit()
    else:
        become("9999")
        postgres_backups.copy(office.centre.db, path)
        become(migrations.head())
    said = refused(office, path)
    assert "was upgraded by a newer version of Smilepost (revision 9999" in said
    assert str(path) in said


def an_older_versions(office: HeadOffice, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A backup of this centre from the time of the first tables."""
    path = tmp_path / "older"
    if office.is_sqlite:
        url = f"sqlite:///{path}"
        path.touch()
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA application_id = 0x534D4350")
    else:
        url = request.getfixturevalue("empty_postgres")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as tx:
        config = migrations._config()
        config.attributes["connection"] = tx
        command.upgrade(config, "0001")
        _fill_first_tables(tx, office)
    engine.dispose()
    if not office.is_sqlite:
        dump(url, path)
    return path


def _fill_first_tables(tx: Connection, office: HeadOffice) -> None:
    """What they held of this centre."""
    older = [table for table in models.metadata.sorted_tables if inspect(tx).has_table(table.name)]
    for table in older:
        columns = {column["name"] for column in inspect(tx).get_columns(table.name)}
        for row in office.rows(table):
            values = {name: value for name, value in row._mapping.items() if name in columns}
            tx.execute(insert(table).inline().values(values))


def test_an_older_versions_backup_is_brought_up_to_date(
    office: HeadOffice, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    entry = office.oslo.response(2, answers={"comment": WORDS})
    office.send(entry)
    path = an_older_versions(office, tmp_path, request)
    office.verb("erase", entry["id"])
    office.send(office.oslo.response(1))
    code, said = office.restore(path)
    assert code == 0, said
    assert "Erased once more: 1." in said
    office.reopen()
    (row,) = office.rows(models.responses)
    assert (row.id, row.boot, WORDS in row.body) == (entry["id"], entry["stamp"]["boot"], False)
    with office.centre.db.reading() as tx:
        assert tx.execute(text("SELECT id FROM v1_responses")).all() == [(entry["id"],)]
        assert tx.execute(text("SELECT comment FROM v1_comments")).all() == []
    assert office.verified() is None


def test_what_was_erased_after_the_backup_does_not_come_back(office: HeadOffice, tmp_path: Path) -> None:
    entry = office.oslo.response(1, answers={"comment": WORDS})
    office.send(entry, office.oslo.response(2))
    office.backup(tmp_path / "monday")
    office.verb("erase", entry["id"])
    office.verb("revoke", office.oslo.device)
    code, said = office.restore(tmp_path / "monday")
    assert (code, "Erased once more: 1. Taken out of service once more: 1." in said) == (0, True)
    assert WORDS not in "".join(row.body for row in office.rows(models.responses))
    office.reopen()
    with office.centre.db.reading() as tx:
        assert tx.execute(text("SELECT count(*), count(comment) FROM v1_comments")).all() == [(0, 0)]
        assert tx.execute(text("SELECT count(*) FROM v1_responses")).scalar() == len(office.rows(models.responses))
    assert office.oslo.post(office.client, office.oslo.batch()).get_json()["code"] == "revoked"
    if office.is_sqlite:
        # The file that is in place holds none of it; the one that was, lost it before.
        for path in office.settings.data.parent.rglob("centre.sqlite3*"):
            assert WORDS.encode() not in path.read_bytes()


def test_a_lost_erasures_file_stops_a_restore_on_a_new_machine(office: HeadOffice, tmp_path: Path) -> None:
    entry = office.oslo.response(1, answers={"comment": WORDS})
    office.send(entry)
    office.backup(tmp_path / "monday")
    office.verb("erase", entry["id"])
    erasures_file = office.settings.erasures_file
    # As long as the old database can be asked, it remembers.
    erasures_file.unlink()
    assert "Erased once more: 1." in office.restore(tmp_path / "monday")[1]
    # A new machine knows nothing.
    office.centre.db.close()
    erasures_file.unlink()
    lose_the_database(office)
    code, said = office.verb("restore", tmp_path / "monday")
    assert (code, "erased after it was made: put the file back" in said, len(said.splitlines())) == (2, True, 1)
    code, said = office.verb("restore", tmp_path / "monday", "--no-erasures")
    assert (code, "What was in place" in said) == (0, False)
    office.reopen()
    assert WORDS in office.rows(models.responses)[0].body


def test_a_new_machines_own_erasures_file_does_not_pass_for_the_lost_one(office: HeadOffice, tmp_path: Path) -> None:
    entry = office.oslo.response(1, answers={"comment": WORDS})
    office.send(entry)
    office.backup(tmp_path / "monday")
    office.verb("erase", entry["id"])
    erasures_file = office.settings.erasures_file
    kept = erasures_file.read_bytes()
    office.centre.db.close()
    lose_the_database(office)
    erasures_file.unlink()
    assert office.verb("migrate")[0] == 0  # somebody tried the new machine out
    code, said = office.verb("restore", tmp_path / "monday")
    assert (code, "belongs to another database" in said, len(said.splitlines())) == (2, True, 1)
    erasures_file.write_bytes(kept)
    code, said = office.verb("verify")
    assert (code, "belongs to another database: put it back from its copy." in said) == (2, True)
    code, said = office.verb("restore", tmp_path / "monday")
    assert (code, "Erased once more: 1." in said) == (0, True)
    office.reopen()
    assert WORDS not in office.rows(models.responses)[0].body


def lose_the_database(office: HeadOffice) -> None:
    if office.is_sqlite:
        for path in Path(office.settings.database.removeprefix("sqlite:///")).parent.glob("centre.sqlite3*"):
            path.unlink()
        return
    with psycopg.connect(office.settings.database) as raw:
        raw.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def test_without_the_secrets_a_restore_says_what_it_would_cost(office: HeadOffice, tmp_path: Path) -> None:
    office.send(office.oslo.response(1))
    office.backup(tmp_path / "monday")
    secrets_file = office.settings.secrets_file
    old = secrets_file.read_text()
    office.centre.db.close()
    secrets_file.unlink()
    code, said = office.verb("restore", tmp_path / "monday")
    assert (code, "is not there. Every terminal's key was made from it" in said) == (2, True)
    assert not secrets_file.exists()
    secrets_file.write_text("ab" * 32 + "\n")
    code, said = office.verb("restore", tmp_path / "monday")
    assert (code, "belongs to another database" in said, len(said.splitlines())) == (2, True, 1)
    # One of several is enough, and the first one is remembered.
    secrets_file.write_text("ab" * 32 + "\n" + old)
    code, said = office.verb("restore", tmp_path / "monday")
    assert (code, "enrol every terminal" in said) == (0, False)
    office.reopen()
    assert office.fact(facts.SECRET) == Secrets((b"\xab" * 32,)).fingerprints[0]
    assert office.oslo.post(office.client, office.oslo.batch()).status_code == 200


def test_with_a_new_secret_every_terminal_enrols_again(office: HeadOffice, tmp_path: Path) -> None:
    lost = office.oslo.response(2)
    office.send(office.oslo.response(1))
    office.backup(tmp_path / "monday")
    office.centre.db.close()
    office.settings.secrets_file.unlink()
    code, said = office.verb("restore", tmp_path / "monday", "--new-secret")
    assert (code, "and enrol every terminal again" in said) == (0, True)
    office.reopen()
    assert office.oslo.post(office.client, office.oslo.batch()).get_json()["code"] == "bad_signature"
    again = enrol_box(office.centre, str(office.oslo.placement))
    assert verdicts(again.send(office.client, lost)) == ["stored"]


def test_what_was_in_place_is_kept_and_can_be_put_back(office: HeadOffice, tmp_path: Path) -> None:
    office.backup(tmp_path / "monday")
    entry = office.oslo.response(3, answers={"comment": WORDS})
    office.send(entry)
    cut_off = Path(office.settings.database.removeprefix("sqlite:///")).parent / "restoring-x"
    if office.is_sqlite:
        cut_off.mkdir()
        (cut_off / "centre.sqlite3").write_text(WORDS)
        assert str(cut_off) in office.verb("erase", new_id())[1]
    code, said = office.restore(tmp_path / "monday")
    assert not cut_off.exists()
    aside = said.split("is kept as ")[1].split(";")[0]
    assert (code, answered(office)) == (0, 0)
    assert f"delete it: {aside}." in office.verb("erase", entry["id"])[1]
    if office.is_sqlite:
        assert office.restore(Path(aside))[0] == 0
        assert answered(office) == 1
        assert WORDS not in office.rows(models.responses)[0].body
    else:
        with psycopg.connect(office.settings.database) as raw:
            assert raw.execute(f'SELECT count(*) FROM "{aside}".responses'.encode()).fetchone() == (1,)


def test_everybody_signs_in_again(office: HeadOffice, tmp_path: Path) -> None:
    with office.centre.db.writing() as tx:
        user = tx.execute(insert(models.users).values(email="a@b.c", name="Astrid", created_ms=0)
                          .returning(models.users.c.id)).scalar_one()  # fmt: skip
        tx.execute(
            insert(models.sessions).values(token_hash="x", user_id=user, created_ms=0, seen_ms=0, expires_ms=9**15)
        )
        tx.execute(insert(models.sign_in_links).values(token_hash="x", user_id=user, expires_ms=9**15))
        links.invite(tx, user, 0)  # followed after the backup, it would work a second time
    office.backup(tmp_path / "monday")
    assert office.restore(tmp_path / "monday")[0] == 0
    assert office.rows(models.sessions) == office.rows(models.sign_in_links) == []
    assert office.rows(models.one_time_links) == []
    assert len(office.rows(models.users)) == 1


def test_a_server_at_work_is_not_restored_under_its_feet(home: Path) -> None:
    """On SQLite: its connections would go on with the file that was taken away."""
    base = f"http://127.0.0.1:{(home / 'config.toml').read_text().split('port = ')[1].split()[0]}"
    config = ("--config", "config.toml")
    with running("server", "run", *config, cwd=home, health=f"{base}/readyz"):
        assert smilepost("server", "backup", "monday", *config, cwd=home).returncode == 0
        tried = smilepost("server", "restore", "monday", *config, cwd=home)
        assert (tried.returncode, "stop the server first" in tried.stderr) == (2, True)
    before = {path.name for path in (home / "data").iterdir()}
    done = smilepost("server", "restore", "monday", *config, cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (home / "data").iterdir()} - before == {done.stdout.split("/")[-1].split(";")[0]}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_starts_while_a_database_is_put_in_place(office: HeadOffice) -> None:
    office.centre.db.close()
    restoring = Occupancy(Path(office.settings.database.removeprefix("sqlite:///")).parent, alone=True)
    code, said = office.verb("verify")
    assert (code, "is being restored: start again when that has finished." in said) == (2, True)
    restoring.leave()
    assert office.verb("verify")[0] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_crash_left_beside_a_damaged_database_does_not_reach_the_new_one(
    office: HeadOffice, tmp_path: Path
) -> None:
    office.send(*[office.oslo.response(3) for _ in range(10)])
    office.backup(tmp_path / "monday")
    office.centre.db.close()
    path = Path(office.settings.database.removeprefix("sqlite:///"))
    damaged = bytearray(path.read_bytes())
    damaged[100:8192] = os.urandom(8092)
    path.write_bytes(damaged)
    journal = path.with_name(f"{path.name}-journal")
    journal.write_bytes(bytes.fromhex("d9d505f920a163d7") + os.urandom(4096))
    code, said = office.verb("restore", tmp_path / "monday")
    assert code == 0, said
    office.reopen()
    assert answered(office) == 10
    assert office.verified() is None
    (aside,) = (name for name in path.parent.glob("*.before-*") if not name.name.endswith("-journal"))
    assert aside.read_bytes() == damaged


def test_without_postgresqls_programs_a_sentence_says_what_is_missing(
    office: HeadOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = office.backup(tmp_path / "monday")
    monkeypatch.setenv("PATH", str(tmp_path))
    code, said = office.verb("backup", tmp_path / "tuesday")
    missing = "pg_dump is not there: install PostgreSQL's client programs of the server's version.\n"
    assert (code, said == missing) == ((0, False) if office.is_sqlite else (2, True))
    assert office.restore(kept)[0] == (0 if office.is_sqlite else 2)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_taps_go_on_while_a_postgresql_is_put_back(office: HeadOffice, tmp_path: Path) -> None:
    """An answer with the new epoch is true of the new memory; what was answered before is found by the audit."""
    office.backup(tmp_path / "monday")
    done, sent = threading.Event(), []

    def keep_sending() -> None:
        while not done.is_set():
            entry = office.oslo.response(3)
            reply = office.oslo.post(office.client, office.oslo.batch([entry]))
            if reply.status_code == 200:
                sent.append((reply.get_json()["epoch"], entry))
            else:
                assert reply.status_code == 503

    senders = [threading.Thread(target=keep_sending) for _ in range(3)]
    for sender in senders:
        sender.start()
    try:
        restored = [office.restore(tmp_path / "monday") for _ in range(3)]
    finally:
        done.set()
        for sender in senders:
            sender.join()
    assert [code for code, _ in restored] == [0, 0, 0], restored
    epochs = [epoch for epoch, _ in sent]
    now = office.fact(facts.EPOCH)
    held = {row.id for row in office.rows(models.responses)}
    assert {entry["id"] for epoch, entry in sent if epoch == now} == held
    assert len(set(epochs)) > 1
    assert office.verified() is None
    acked = [(entry["id"], entry["rev"]) for _, entry in sent]
    missing = office.send(audit=acked[:2000]).missing
    assert isinstance(missing, list)
    assert {name for name, _ in missing} == {entry["id"] for _, entry in sent[:2000]} - held


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_user_who_may_not_replace_the_tables_is_told(
    office: HeadOffice, tmp_path: Path, settings: Settings, verb: Verb
) -> None:
    office.backup(tmp_path / "monday")
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("postgresql://postgres@", "postgresql://clerk@"))
    with psycopg.connect(settings.database, autocommit=True) as raw:
        raw.execute("CREATE ROLE clerk LOGIN")
        try:
            raw.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk")
            assert "has to own the tables" in refused(office, tmp_path / "monday")
        finally:
            raw.execute("DROP OWNED BY clerk; DROP ROLE clerk")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_with_a_write_ahead_log_comes_back_too(
    settings: Settings, clock: Clock, verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    office = HeadOffice(settings, clock, verb)
    assert office.centre.db.journal == "wal+full"
    entry = office.oslo.response(1, answers={"comment": WORDS})
    office.send(entry)
    office.backup(tmp_path / "monday")
    office.send(office.oslo.response(2))
    assert office.verb("erase", entry["id"])[0] == 0
    path = Path(settings.database.removeprefix("sqlite:///"))
    assert WORDS.encode() not in b"".join(file.read_bytes() for file in path.parent.glob("centre.sqlite3*"))
    code, said = office.restore(tmp_path / "monday")
    assert (code, "Erased once more: 1." in said) == (0, True), said
    assert (answered(office), office.verified(), office.centre.db.journal) == (1, None, "wal+full")
    office.centre.db.close()
    assert WORDS.encode() not in b"".join(file.read_bytes() for file in path.parent.glob("centre.sqlite3*"))
