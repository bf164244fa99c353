"""Opening the centre: its secrets belong to its database, and a start that is refused leaves nothing."""

from pathlib import Path

import msgspec
import pytest

from sync import facts
from sync.centre import Centre, CentreRefused, open_centre
from sync.config import Settings
from sync.db import DatabaseRefused


def test_a_first_start_makes_everything_and_the_second_finds_it(a_centre: Centre) -> None:
    with a_centre.db.reading() as tx:
        epoch = facts.get(tx, facts.EPOCH)
    again = open_centre(a_centre.settings)
    with again.db.reading() as tx:
        assert epoch is not None
        assert facts.get(tx, facts.EPOCH) == epoch
    assert again.secrets == a_centre.secrets
    again.db.close()
    assert a_centre.settings.secrets_file.stat().st_mode & 0o077 == 0


def test_lost_secrets_are_not_replaced(a_centre: Centre) -> None:
    secrets_file = a_centre.settings.secrets_file
    secrets_file.unlink()
    with pytest.raises(CentreRefused, match="is not there"):
        open_centre(a_centre.settings)
    assert not secrets_file.exists()


def test_another_centres_secrets_are_refused(a_centre: Centre) -> None:
    a_centre.settings.secrets_file.write_text("ab" * 32 + "\n")
    with pytest.raises(CentreRefused, match="belongs to another database"):
        open_centre(a_centre.settings)


def test_after_a_rotation_the_old_secret_may_go(a_centre: Centre) -> None:
    secrets_file = a_centre.settings.secrets_file
    old = secrets_file.read_text()
    secrets_file.write_text("ab" * 32 + "\n" + old)
    open_centre(a_centre.settings).db.close()
    secrets_file.write_text("ab" * 32 + "\n")
    open_centre(a_centre.settings).db.close()
    secrets_file.write_text(old)
    with pytest.raises(CentreRefused):
        open_centre(a_centre.settings)


def test_unreadable_secrets_are_refused_without_being_repeated(a_centre: Centre) -> None:
    a_centre.settings.secrets_file.write_text("geheim\n")
    with pytest.raises(CentreRefused, match="64 hex digits") as refused:
        open_centre(a_centre.settings)
    assert "geheim" not in str(refused.value)


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CentreRefused, match="cannot be made"):
        open_centre(Settings(data=tmp_path / "file" / "data"))


def test_a_refused_database_gets_no_secrets(a_centre: Centre, tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "centre.sqlite3").write_text("Dear diary")
    settings = msgspec.structs.replace(a_centre.settings, data=strange, database_url=None)
    with pytest.raises(DatabaseRefused):
        open_centre(settings)
    assert [path.name for path in strange.iterdir()] == ["centre.sqlite3"]


def test_a_verb_that_only_reads_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused):
        open_centre(Settings(data=tmp_path / "data"), migrate=False)
    assert list(tmp_path.iterdir()) == []


def test_secrets_that_cannot_be_made_stop_before_a_database_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CentreRefused, match="cannot be used"):
        open_centre(Settings(data=tmp_path / "data", secrets_file=tmp_path / "file" / "secrets"))
    assert list((tmp_path / "data").iterdir()) == []
