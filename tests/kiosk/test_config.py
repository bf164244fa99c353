"""The [kiosk] section of config.toml."""

from pathlib import Path

import pytest

from kiosk.config import BadConfig, Settings, load

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def write(folder: Path, content: str) -> Path:
    path = folder / "config.toml"
    path.write_text(content, "utf-8")
    return path


def refusal(folder: Path, content: str) -> str:
    with pytest.raises(BadConfig) as refused:
        load(write(folder, content))
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(None) == Settings(data=tmp_path / "smilepost-data")


def test_the_example_says_the_defaults() -> None:
    assert load(EXAMPLE) == Settings(data=EXAMPLE.parent / "smilepost-data")


def test_a_file_is_taken_as_written(tmp_path: Path) -> None:
    path = write(tmp_path, '[kiosk]\ndata = "box"\nport = 9000\ncentre = "https://hq.example/smilepost/"\n')
    assert load(path) == Settings(data=tmp_path / "box", port=9000, centre="https://hq.example/smilepost")


def test_the_other_section_is_left_to_the_other(tmp_path: Path) -> None:
    assert load(write(tmp_path, '[server]\nport = "for the server to judge"\n')).port == 8321


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("port = 0", ["port", "0", "1 to 65535"]),
        ("port = true", ["port", "True", "1 to 65535"]),
        ('port = "8321"', ["port", "'8321'", "a whole number"]),
        ("allow_insecure = 1", ["allow_insecure", "1", "true or false"]),
        ('centre = "hq.example"', ["centre", "'hq.example'", "https://"]),
        ('centre = "https://hq.example:port"', ["centre", "https://"]),
        ('centre = "https://hq.example/?key=1"', ["centre", "https://"]),
        ('host = ""', ["host", "''", "127.0.0.1"]),
        ('data = "a\\u0000b"', ["data", "path of a folder"]),
        ("input_guard_ms = 60000", ["input_guard_ms", "60000", "0 to 5000"]),
        ('keyboard = "none"', ["keyboard", "'none'", '"auto", "screen" or "native"']),
        ("keyboard = true", ["keyboard", "True", '"native"']),
        ("colour = 1", ["'colour'", "data, host, port"]),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(line: str, words: list[str], tmp_path: Path) -> None:
    sentence = refusal(tmp_path, f"[kiosk]\n{line}\n")
    assert [word for word in words if word not in sentence] == []


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    assert "'kisok'" in refusal(tmp_path, "[kisok]\nport = 1\n")
    assert "[kiosk] and [server]" in refusal(tmp_path, "kiosk = 3\n")


@pytest.mark.parametrize("centre", ["http://hq.example", "http://10.0.0.1:8320", "http://localhost.example"])
def test_plain_http_is_for_this_machine(centre: str, tmp_path: Path) -> None:
    assert "plain http" in refusal(tmp_path, f'[kiosk]\ncentre = "{centre}"\n')
    trusted = write(tmp_path, f'[kiosk]\ncentre = "{centre}"\nallow_insecure = true\n')
    assert load(trusted).centre == centre


@pytest.mark.parametrize("centre", ["http://127.0.0.1:8320", "http://[::1]:8320", "http://localhost:8320"])
def test_plain_http_to_this_machine_is_fine(centre: str, tmp_path: Path) -> None:
    assert load(write(tmp_path, f'[kiosk]\ncentre = "{centre}"\n')).centre == centre


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")
    assert "is not TOML" in refusal(tmp_path, "[kiosk\n")
    (tmp_path / "latin.toml").write_bytes(b'[kiosk]\nhost = "\xe5"\n')
    with pytest.raises(BadConfig, match="UTF-8"):
        load(tmp_path / "latin.toml")


def test_a_pin_stands_in_no_file_that_others_read(tmp_path: Path) -> None:
    """It is set with `smilepost kiosk pin`, which keeps a hash."""
    refused = refusal(tmp_path, '[kiosk]\nstaff_pin = "830516"\n')
    assert "has no key 'staff_pin'" in refused
    assert "830516" not in refused
