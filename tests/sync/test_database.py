"""Opening the centre's database: the pragmas that keep commits, the refusals that touch nothing, the migrations."""

import os
import pwd
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from sync import migrations
from sync.db import APPLICATION_ID, Database, DatabaseRefused, journal_for, open_database, set_pragmas
from sync.models import centre, metadata, touchpoints


@pytest.fixture
def folder() -> Iterator[Path]:
    """Below /tmp: pytest's own may be entered by its owner only."""
    made = Path(tempfile.mkdtemp(prefix="smilepost-"))
    yield made
    shutil.rmtree(made)


@contextmanager
def nobodys_rights(*paths: Path) -> Iterator[None]:
    """Gives the paths to nobody, whose rights we then have: root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    nobody = pwd.getpwnam("nobody").pw_uid
    for path in paths:
        os.chown(path, nobody, -1)
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Each file's bytes and time of change."""
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir() if p.is_file()}


def add_fact(database: Database, name: str, value: str) -> None:
    with database.writing() as tx:
        tx.execute(insert(centre).values(name=name, value=value))


def facts(database: Database) -> list[str]:
    with database.reading() as tx:
        return sorted(tx.scalars(select(centre.c.name)))


def test_what_is_written_is_there_after_opening_again(database_url: str) -> None:
    database = open_database(database_url, migrate=False)
    add_fact(database, "epoch", "one")
    database.close()
    again = open_database(database_url, migrate=True)
    assert facts(again) == ["epoch"]
    again.close()


def test_the_migrations_build_exactly_the_tables(database: Database) -> None:
    with database.reading() as tx:
        context = MigrationContext.configure(
            tx, opts={"compare_type": True, "compare_server_default": True, "version_table": migrations.VERSION_TABLE}
        )
        assert compare_metadata(context, metadata) == []


def test_the_partial_index_is_partial(database: Database) -> None:
    with database.reading() as tx:
        (index,) = (i for i in inspect(tx).get_indexes("responses") if i["name"] == "ix_responses_comments")
        assert "commented" in str(index["dialect_options"][f"{database.dialect}_where"])


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    def fail(tx_name: str) -> None:
        with database.writing() as tx:
            tx.execute(insert(centre).values(name=tx_name, value="x"))
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail("epoch")
    assert facts(database) == []


def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError), database.reading() as tx:
        tx.execute(insert(centre).values(name="epoch", value="x"))
    add_fact(database, "later", "the same connection writes again")
    assert facts(database) == ["later"]


def test_a_row_must_point_at_something(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as tx:
        tx.execute(insert(touchpoints).values(location_id=77, name="Checkout"))


def test_writers_take_turns_and_lose_nothing(database: Database) -> None:
    def count_up() -> None:
        for _ in range(20):
            with database.writing() as tx:
                row = tx.execute(select(centre.c.value).where(centre.c.name == "count").with_for_update()).scalar_one()
                tx.execute(centre.update().where(centre.c.name == "count").values(value=str(int(row) + 1)))

    add_fact(database, "count", "0")
    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as tx:
        assert tx.scalar(select(centre.c.value)) == "80"


def test_sqlite_runs_with_the_pragmas_that_keep_commits(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/centre.sqlite3", migrate=True)
    mode, synchronous = journal_for(sqlite3.sqlite_version_info)
    with database.writing() as tx:
        pragmas = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "busy_timeout", "journal_mode", "synchronous", "secure_delete")
        }
    assert pragmas == {
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "journal_mode": mode.lower(),
        "synchronous": {"FULL": 2, "EXTRA": 3}[synchronous],
        "secure_delete": 1,
    }
    assert database.journal == f"{mode.lower()}+{synchronous.lower()}"
    database.close()


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "TRUNCATE"),
        ((3, 44, 5), "TRUNCATE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "TRUNCATE"),
        ((3, 50, 6), "TRUNCATE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 2), "TRUNCATE"),
        ((3, 51, 3), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_the_write_ahead_log_is_used_where_it_is_mended(version: tuple[int, int, int], mode: str) -> None:
    assert journal_for(version) == (mode, {"WAL": "FULL", "TRUNCATE": "EXTRA"}[mode])


def test_a_disk_without_a_log_gets_the_other_journal(tmp_path: Path) -> None:
    # A mended SQLite on such a disk would go on with DELETE + FULL, which loses commits when the power goes.
    unshared = sqlite3.connect(f"file:{tmp_path}/centre.sqlite3?vfs=unix-dotfile", uri=True)
    set_pragmas(unshared, "WAL", "FULL")
    assert unshared.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
    assert unshared.execute("PRAGMA synchronous").fetchone() == (3,)
    unshared.close()


def test_a_library_that_is_mended_gets_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    path = tmp_path / "centre.sqlite3"
    database = open_database(f"sqlite:///{path}", migrate=True)
    assert database.journal == "wal+full"
    add_fact(database, "epoch", "one")
    killed = tmp_path / "killed"
    shutil.copytree(tmp_path, killed, ignore=shutil.ignore_patterns("killed"))
    database.close()
    assert (killed / "centre.sqlite3-wal").stat().st_size > 0
    again = open_database(f"sqlite:///{killed}/centre.sqlite3", migrate=False)
    assert facts(again) == ["epoch"]
    again.close()
    monkeypatch.undo()
    older = open_database(f"sqlite:///{path}", migrate=False)
    mode, synchronous = journal_for(sqlite3.sqlite_version_info)
    assert (older.journal, facts(older)) == (f"{mode}+{synchronous}".lower(), ["epoch"])
    older.close()


def test_a_newer_version_is_seen_beside_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    path = tmp_path / "centre.sqlite3"
    a_newer_versions(path)
    running = sqlite3.connect(path)
    running.execute("INSERT INTO centre VALUES ('epoch', 'one')")
    running.commit()
    before = everything(tmp_path)
    assert before["centre.sqlite3-wal"][0]
    with pytest.raises(DatabaseRefused, match="newer version"):
        open_database(f"sqlite:///{path}", migrate=True)
    assert everything(tmp_path) == before
    running.close()


def test_a_new_file_is_ours_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "centre.sqlite3"
    open_database(f"sqlite:///{path}", migrate=True).close()
    assert int.from_bytes(path.read_bytes()[68:72], "big") == APPLICATION_ID
    assert path.stat().st_mode & 0o077 == 0


def test_a_start_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "centre.sqlite3"
    path.touch()
    cut_off = sqlite3.connect(path)
    cut_off.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    cut_off.close()
    open_database(f"sqlite:///{path}", migrate=True).close()


def not_a_database(path: Path) -> str:
    path.write_text("Dear diary, " * 40)
    return "is not a database"


def another_programs_database(path: Path) -> str:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    return "is a database of another program"


def another_programs_log(path: Path) -> str:
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("CREATE TABLE songs (title TEXT)")
    copies = {p: p.read_bytes() for p in path.parent.iterdir()}
    other.close()
    for copy, content in copies.items():
        copy.write_bytes(content)
    return "is a database of another program"


def a_newer_versions(path: Path) -> str:
    open_database(f"sqlite:///{path}", migrate=True).close()
    newer = sqlite3.connect(path)
    newer.execute(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'")
    newer.commit()
    newer.close()
    return "was upgraded by a newer version of Smilepost (revision 9999"


def a_folder(path: Path) -> str:
    path.mkdir()
    return "is not a file"


@pytest.mark.parametrize(
    "make", [not_a_database, another_programs_database, another_programs_log, a_newer_versions, a_folder]
)
def test_a_file_that_is_not_ours_is_refused_and_not_touched(make: Callable[[Path], str], tmp_path: Path) -> None:
    path = tmp_path / "centre.sqlite3"
    reason = make(path)
    before = everything(tmp_path)
    for migrate in (True, False):
        with pytest.raises(DatabaseRefused) as refused:
            open_database(f"sqlite:///{path}", migrate=migrate)
        assert reason in str(refused.value)
        assert str(path) in str(refused.value)
    assert everything(tmp_path) == before


def test_a_damaged_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "centre.sqlite3"
    open_database(f"sqlite:///{path}", migrate=True).close()
    damaged = bytearray(path.read_bytes())
    damaged[100:4096] = os.urandom(3996)
    path.write_bytes(damaged)
    with pytest.raises(DatabaseRefused, match="cannot be opened: database disk image is malformed"):
        open_database(f"sqlite:///{path}", migrate=True)


def test_a_missing_database_is_made_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "centre.sqlite3"
    with pytest.raises(DatabaseRefused, match="smilepost server migrate"):
        open_database(f"sqlite:///{path}", migrate=False)
    assert not path.exists()
    with pytest.raises(DatabaseRefused, match=r"The folder .*nowhere for the database does not exist"):
        open_database(f"sqlite:///{tmp_path}/nowhere/centre.sqlite3", migrate=True)


def test_an_unwritable_file_is_refused(folder: Path) -> None:
    path = folder / "centre.sqlite3"
    open_database(f"sqlite:///{path}", migrate=True).close()
    path.chmod(0o400)
    refused = pytest.raises(DatabaseRefused, match="cannot be opened for writing: Permission denied")
    with nobodys_rights(folder, path), refused:
        open_database(f"sqlite:///{path}", migrate=True)


def test_an_unwritable_folder_is_refused(folder: Path) -> None:
    folder.chmod(0o500)
    refused = pytest.raises(DatabaseRefused, match=r"cannot be opened: .*Permission denied")
    with nobodys_rights(folder), refused:
        open_database(f"sqlite:///{folder}/centre.sqlite3", migrate=True)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["mysql://oslo:geheim@db/smilepost", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://u:geheim@h/d", "?"],
)
def test_another_kind_of_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseRefused, match=r"sqlite:///FILE (or|and) postgresql://") as refused:
        open_database(url, migrate=True)
    assert "geheim" not in str(refused.value)


def test_a_postgresql_of_another_program_is_refused(empty_postgres: str) -> None:
    with psycopg.connect(empty_postgres) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
    with pytest.raises(DatabaseRefused, match="holds tables of another program"):
        open_database(empty_postgres, migrate=True)
    with psycopg.connect(empty_postgres) as other:
        tables = other.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchall()
    assert tables == [("alembic_version",)]


def test_a_newer_versions_postgresql_is_refused(empty_postgres: str) -> None:
    open_database(empty_postgres, migrate=True).close()
    with psycopg.connect(empty_postgres) as newer:
        newer.execute(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'".encode())
    with pytest.raises(DatabaseRefused, match="newer version of Smilepost"):
        open_database(empty_postgres, migrate=True)


def test_a_postgresql_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match="cannot be opened: ") as refused:
        open_database(f"postgresql://oslo:geheim@/smilepost?host={tmp_path}", migrate=True)
    assert "geheim" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_empty_postgresql_is_not_migrated_unasked(empty_postgres: str) -> None:
    with pytest.raises(DatabaseRefused, match="run `smilepost server migrate`"):
        open_database(empty_postgres, migrate=False)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_several_processes_may_start_at_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/c.sqlite3" if kind == "sqlite" else request.getfixturevalue("empty_postgres")
    problems: list[BaseException] = []

    def start(gate: threading.Barrier) -> None:
        gate.wait()
        try:
            open_database(url, migrate=True).close()
        except BaseException as problem:
            problems.append(problem)

    gate = threading.Barrier(4)
    threads = [threading.Thread(target=start, args=(gate,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    open_database(url, migrate=False).close()


def test_a_commit_is_durable_though_the_server_thinks_otherwise(empty_postgres: str) -> None:
    name = empty_postgres.split("/")[3].split("?")[0]
    with psycopg.connect(empty_postgres) as lax:
        lax.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    database = open_database(empty_postgres, migrate=True)
    assert database.journal == "synchronous_commit=on"
    database.close()
