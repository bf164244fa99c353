"""The demo's data folder: what it takes for its own, and what it leaves alone."""

from datetime import date
from pathlib import Path

import pytest

from sync.demo.folder import LOCK, MARKER, Account, Chain, Screen, open_folder
from sync.demo.processes import DemoFailed


def a_chain() -> Chain:
    account = Account("scr-1", "plc-1", "stream", "install")
    return Chain("seed", date(2025, 1, 1), date(2025, 1, 7), 1, {"oslo-1": account}, {"oslo": Screen("plc-2")})


def test_a_new_folder_becomes_a_demos_own(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "some" / "where", fresh=False)
    assert folder.chain is None
    folder.close()
    assert (tmp_path / "some" / "where" / MARKER).exists()


def test_a_second_start_finds_the_chain_of_the_first(tmp_path: Path) -> None:
    folder = open_folder(tmp_path, fresh=False)
    folder.chain = a_chain()
    folder.chain.boxes["oslo-1"].sent = 7
    folder.keep()
    folder.close()
    again = open_folder(tmp_path, fresh=False)
    assert again.chain == folder.chain
    again.close()


def test_a_first_start_that_was_cut_off_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = open_folder(tmp_path, fresh=False)
    (tmp_path / "centre").mkdir()
    (tmp_path / "centre" / "half.sqlite3").write_text("half")
    folder.close()
    open_folder(tmp_path, fresh=False).close()
    assert {inside.name for inside in tmp_path.iterdir()} == {MARKER, LOCK}


def test_fresh_empties_a_demos_folder(tmp_path: Path) -> None:
    folder = open_folder(tmp_path, fresh=False)
    folder.chain = a_chain()
    folder.keep()
    (tmp_path / "centre").mkdir()
    folder.close()
    fresh = open_folder(tmp_path, fresh=True)
    assert fresh.chain is None
    assert not (tmp_path / "centre").exists()
    fresh.close()


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("name", ["letter.txt", MARKER])
def test_somebody_elses_folder_stays_untouched(tmp_path: Path, name: str, fresh: bool) -> None:
    (tmp_path / name).write_text("Dear Astrid")
    with pytest.raises(DemoFailed, match="not a demo's"):
        open_folder(tmp_path, fresh=fresh)
    assert [(inside.name, inside.read_text()) for inside in tmp_path.iterdir()] == [(name, "Dear Astrid")]


def test_a_folder_of_another_version_stays_untouched(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text('{"program": "smilepost demo", "format": 99}')
    with pytest.raises(DemoFailed, match="another version"):
        open_folder(tmp_path, fresh=True)
    assert "99" in (tmp_path / MARKER).read_text()


def test_two_demos_never_share_a_folder(tmp_path: Path) -> None:
    first = open_folder(tmp_path, fresh=False)
    with pytest.raises(DemoFailed, match="Another demo is running"):
        open_folder(tmp_path, fresh=True)
    first.close()
    open_folder(tmp_path, fresh=False).close()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DemoFailed, match="file"):
            open_folder(path, fresh=False)
