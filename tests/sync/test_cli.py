"""`smilepost server …` as a process: what it says, its exit code, and what it leaves alone."""

import io
import shutil
import signal
import socket
import sqlite3
from pathlib import Path
from typing import Protocol

import pytest
import requests

from kiosk.cli import main
from sync import cli
from sync.sqlite_file import journal_for
from tests.processes import Result, running, smilepost, stop


@pytest.fixture
def set_up(home: Path, migrated_file: Path) -> Path:
    """The same, with a database in it."""
    (home / "data").mkdir()
    shutil.copyfile(migrated_file, home / "data" / "centre.sqlite3")
    return home


class Server(Protocol):
    """Runs a verb in this process, with the configuration in that folder."""

    def __call__(self, home: Path, *arguments: str, stdin: str = "") -> Result: ...


@pytest.fixture
def server(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Server:
    def run(home: Path, *arguments: str, stdin: str = "") -> Result:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main(["server", *arguments, "--config", str(home / "config.toml")])
        said = capsys.readouterr()
        return Result(arguments, code, said.out, said.err)

    return run


def start(home: Path) -> Result:
    """`server run` as a process that is expected to refuse."""
    return smilepost("server", "run", "--config", "config.toml", cwd=home)


def address(home: Path) -> str:
    port = (home / "config.toml").read_text().split("port = ")[1].split("\n")[0]
    return f"http://127.0.0.1:{port}"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def assert_refused(result: Result, *words: str) -> None:
    """One sentence on stderr, nothing else, exit code 2."""
    assert result.returncode == cli.REFUSED, result.stderr
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert [word for word in words if word not in result.stderr] == [], result.stderr


def test_the_first_start_says_what_to_do_next_and_the_second_does_not(home: Path, server: Server) -> None:
    with running("server", "run", "--config", "config.toml", cwd=home, health=f"{address(home)}/readyz") as process:
        assert stop(process) == 0
    first = (home / "server-run.log").read_text()
    assert f"Head office is at {address(home)}.\n" in first
    assert "smilepost server user add EMAIL --name NAME --config config.toml" in first
    link = next(line for line in first.splitlines() if line.startswith(f"{address(home)}/start/"))
    assert len(link.rpartition("/")[2]) >= 40
    mode, synchronous = journal_for(sqlite3.sqlite_version_info)
    assert f"The database is sqlite, and its commits last by {mode}+{synchronous}.".lower() in first.lower()
    added = server(
        home, "user", "add", "astrid@example.com", "--name", "Astrid", "--password-stdin", stdin="ten letters\n"
    )
    assert (added.returncode, added.stdout) == (0, "Astrid may sign in as astrid@example.com and sees every place.\n")
    (home / "server-run.log").unlink()
    with running("server", "run", "--config", "config.toml", cwd=home, health=f"{address(home)}/readyz") as process:
        assert stop(process, signal.SIGINT) == 0
    second = (home / "server-run.log").read_text()
    assert "user add" not in second
    assert "/start/" not in second
    assert "Traceback" not in (home / "server-run.log").read_text()


def test_it_serves_without_saying_what_it_is(set_up: Path) -> None:
    base = address(set_up)
    with running("server", "run", "--config", "config.toml", cwd=set_up, health=f"{base}/healthz"):
        page = requests.get(f"{base}/", allow_redirects=False, timeout=10)
        assert (page.status_code, page.headers["Location"]) == (303, "/sign-in")
        assert "Server" not in page.headers
        # Refused by its head alone: not one byte of this body is sent.
        with socket.create_connection(("127.0.0.1", int(base.rsplit(":", 1)[1])), timeout=10) as large:
            large.sendall(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
            assert large.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(("hops", "status"), [(0, 403), (1, 401)])
def test_a_proxy_speaks_for_somebody_only_when_it_is_trusted(hops: int, status: int, set_up: Path) -> None:
    with (set_up / "config.toml").open("a") as config:
        config.write(f"trusted_proxies = {hops}\n")
    base = address(set_up)
    forwarded = {"X-Forwarded-Host": "hq.example", "X-Forwarded-Proto": "https", "Origin": "https://hq.example"}
    with running("server", "run", "--config", "config.toml", cwd=set_up, health=f"{base}/healthz"):
        tried = requests.post(f"{base}/sign-in", headers=forwarded, timeout=10)
    assert tried.status_code == status


def test_a_port_in_use_stops_the_start_before_anything_is_made(home: Path, server: Server) -> None:
    before = contents(home)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(address(home).rsplit(":", 1)[1])))
        taken.listen()
        assert_refused(start(home), "Port", "Address already in use")
    assert contents(home) == before
    assert not (home / "data").exists()


def test_a_data_folder_that_cannot_be_made_stops_the_start(home: Path, server: Server) -> None:
    (home / "data").write_text("a file")
    before = contents(home)
    assert_refused(start(home), "data folder", str(home / "data"))
    assert contents(home) == before


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="only Linux has a folder that not even root may write")
def test_an_unwritable_data_folder_stops_the_start(home: Path) -> None:
    config = home / "config.toml"
    config.write_text(config.read_text().replace('"data"', '"/sys/kernel"'))
    assert_refused(start(home), "/sys/kernel/centre.sqlite3 cannot be opened: ")
    assert [path.name for path in home.iterdir()] == ["config.toml"]


@pytest.mark.parametrize(
    "verb",
    [["run"], ["migrate"], ["verify"], ["rebuild-tallies"], ["enrol-code", "Oslo"], ["backup", "x"], ["revoke", "x"]],
)
def test_another_programs_database_stops_every_verb(verb: list[str], home: Path, server: Server) -> None:
    (home / "data").mkdir()
    other = sqlite3.connect(home / "data" / "centre.sqlite3")
    other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    before = contents(home)
    assert_refused(server(home, *verb), "is a database of another program")
    assert contents(home) == before


def test_a_newer_versions_database_stops_the_start(set_up: Path, server: Server) -> None:
    newer = sqlite3.connect(set_up / "data" / "centre.sqlite3")
    newer.execute("UPDATE smilepost_revision SET version_num = '9999'")
    newer.commit()
    newer.close()
    before = contents(set_up)
    assert_refused(start(set_up), "newer version of Smilepost", "9999")
    assert contents(set_up) == before


@pytest.mark.parametrize("verb", [["verify"], ["rebuild-tallies"], ["enrol-code", "Oslo"]])
def test_without_a_database_a_verb_says_how_to_make_one(verb: list[str], home: Path, server: Server) -> None:
    before = contents(home)
    assert_refused(server(home, *verb), "smilepost server migrate")
    assert contents(home) == before


def test_a_bad_configuration_stops_the_start(home: Path, server: Server) -> None:
    (home / "config.toml").write_text("[server]\nport = 99999\n")
    assert_refused(start(home), "port", "99999", "1 to 65535")
    assert_refused(smilepost("server", "run", "--config", "nowhere.toml", cwd=home), "nowhere.toml", "cannot be read")


def test_migrating_makes_a_database_and_its_secrets(home: Path, server: Server) -> None:
    made = server(home, "migrate")
    assert (made.returncode, made.stderr) == (0, "")
    assert sorted(p.name for p in home.iterdir()) == ["config.toml", "data", "smilepost-erasures", "smilepost-secrets"]
    assert server(home, "migrate").returncode == 0


def test_a_code_leads_to_a_new_place(set_up: Path, server: Server) -> None:
    made = server(set_up, "enrol-code", "Oslo", "--new", "--zone", "Europe/Oslo", "--group", "Norway")
    assert made.returncode == 0, made.stderr
    assert "leads a terminal to Oslo, Checkout; it is valid for 15 minutes." in made.stdout
    assert "smilepost kiosk enrol " in made.stdout
    assert "█" in made.stdout
    again = server(set_up, "enrol-code", "oslo")
    assert "leads a terminal to Oslo, Checkout; it" in again.stdout  # the screen that nobody enrolled yet
    second = server(set_up, "enrol-code", "Oslo", "--screen", "Door")
    assert "leads a terminal to Oslo, Checkout, the screen 'Door'; it" in second.stdout
    third = server(set_up, "enrol-code", "Oslo", "--screen", "Oslo, Checkout")
    assert "leads a terminal to Oslo, Checkout; it" in third.stdout


def test_a_code_for_an_unknown_place_names_the_known_ones(set_up: Path, server: Server) -> None:
    assert_refused(server(set_up, "enrol-code", "Oslo"), "no place 'Oslo'", "there is none yet", "--new")
    server(set_up, "enrol-code", "Bergen", "--new", "--zone", "Europe/Oslo", "--group", "Norway")
    assert_refused(server(set_up, "enrol-code", "Oslo"), "there is Bergen")
    assert_refused(server(set_up, "enrol-code", "Norway"), "is a group")
    assert_refused(server(set_up, "enrol-code", "Bergen", "--touchpoint", "Repairs"), "'Repairs'", "there is Checkout")
    assert_refused(server(set_up, "enrol-code", "Molde", "--new", "--zone", "Norway/Molde"), "no time zone")
    assert_refused(server(set_up, "enrol-code", "Bergen", "--zone", "Europe/Oslo"), "--new")


def test_a_person_who_cannot_be_added_is_a_sentence(set_up: Path, server: Server) -> None:
    add = ["user", "add", "bjorn@example.com", "--name", "Bjørn"]
    assert_refused(server(set_up, *add, "--password-stdin", stdin="short\n"), "10 to 200 characters")
    assert_refused(server(set_up, *add, "--at", "Oslo", "--password-stdin", stdin="ten letters\n"), "no place 'Oslo'")
    assert_refused(server(set_up, *add), "--password-stdin")
    server(set_up, "enrol-code", "Oslo", "--new", "--zone", "Europe/Oslo")
    added = server(set_up, *add, "--at", "Oslo", "--role", "viewer", "--password-stdin", stdin="ten letters\n")
    assert added.stdout == "Bjørn may sign in as bjorn@example.com and sees Oslo.\n"
    assert_refused(server(set_up, *add, "--password-stdin", stdin="ten letters\n"), "already an account")


def test_counts_that_were_tampered_with_are_found_and_mended(set_up: Path, server: Server) -> None:
    assert server(set_up, "verify").returncode == 0
    with sqlite3.connect(set_up / "data" / "centre.sqlite3") as tampering:
        tampering.execute(
            "INSERT INTO tallies_day VALUES (1, 'visit', '', 20000, 1, 'en', 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)"
        )
    found = server(set_up, "verify")
    assert (found.returncode, found.stdout) == (cli.DIFFERENT, "")
    assert len(found.stderr.strip().splitlines()) == 1
    assert server(set_up, "rebuild-tallies").returncode == 0
    assert server(set_up, "verify").returncode == 0


def test_counts_are_not_rebuilt_from_answers_that_were_tampered_with(set_up: Path, server: Server) -> None:
    with sqlite3.connect(set_up / "data" / "centre.sqlite3") as tampering:
        tampering.execute(
            "INSERT INTO responses (id, rev, device_id, location_id, touchpoint_id, survey, version, test, captured_ms,"
            " quality, error_ms, day, flags, aside, commented, received_ms, body)"
            " VALUES ('x', 1, 'd', 1, 1, 'builtin', 1, 0, 0, 'synced', 0, 0, '', 0, 0, 0, '{}')"
        )
    for verb in ("verify", "rebuild-tallies"):
        refused = server(set_up, verb)
        assert (refused.returncode, refused.stdout) == (cli.DIFFERENT, "")
        assert "has no receipt that fits it" in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1


WORDS = [
    *("", "run", "migrate", "enrol-code", "settle-clone", "revoke"),
    *("user", "user add", "user list", "user reset", "user disable", "user enable"),
    *("set", "settings", "survey", "survey check", "survey publish", "survey ask", "survey show", "survey list"),
    *("backup", "restore", "erase", "import", "replay-quarantine", "rebuild-tallies", "verify"),
]


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words or "all")
def test_every_verb_explains_itself(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["server", *words.split(), "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: smilepost server {words}".strip())
