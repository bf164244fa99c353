"""The [server] section of config.toml."""

from pathlib import Path

import pytest

from sync.config import BadConfig, Settings, load

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
    settings = load(None)
    assert settings == Settings(data=tmp_path / "smilepost-data")
    assert settings.database == f"sqlite:///{tmp_path}/smilepost-data/centre.sqlite3"
    assert settings.secrets_file == tmp_path / "smilepost-data" / "smilepost-secrets"


def test_the_example_says_the_defaults() -> None:
    here = EXAMPLE.parent
    assert load(EXAMPLE) == Settings(data=here / "smilepost-data", secrets_file=here / "smilepost-secrets")


def test_the_secrets_stand_beside_the_configuration(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[server]\ndata = "/srv/smilepost"\n'))
    assert settings.data == Path("/srv/smilepost")
    assert settings.secrets_file == tmp_path / "smilepost-secrets"


def test_the_erasures_stand_beside_the_secrets(tmp_path: Path) -> None:
    assert load(write(tmp_path, "[server]\n")).erasures_file == tmp_path / "smilepost-erasures"
    elsewhere = load(write(tmp_path, '[server]\nsecrets_file = "keys/secrets"\n'))
    assert elsewhere.erasures_file == tmp_path / "keys" / "smilepost-erasures"
    named = load(write(tmp_path, '[server]\nerasures_file = "/srv/erased"\n'))
    assert named.erasures_file == Path("/srv/erased")


def test_postgresql_is_one_setting(tmp_path: Path) -> None:
    url = "postgresql://smilepost@db/smilepost"
    assert load(write(tmp_path, f'[server]\ndatabase_url = "{url}"\n')).database == url


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("port = 70000", ["port", "70000", "1 to 65535"]),
        ("port = 1.5", ["port", "1.5", "a whole number"]),
        ('database_url = "mysql://db/x"', ["database_url", "mysql", "postgresql://"]),
        ('database_url = "sqlite:///"', ["database_url", "sqlite:///FILE"]),
        ('public_url = "feedback.example.com"', ["public_url", "https://"]),
        ("threads = 0", ["threads", "0", "1 to 64"]),
        ("trusted_proxies = -1", ["trusted_proxies", "-1", "0 to 5"]),
        ('smtp_security = "ssl"', ["smtp_security", "ssl", "starttls, tls, none"]),
        ('mail_from = "Smilepost"', ["mail_from", "feedback@example.com"]),
        ('mail_from = "a@b.c, d@e.f"', ["mail_from", "feedback@example.com"]),
        ('smtp_host = "mail.example.com"\npublic_url = "https://hq.example"', ["smtp_host", "needs mail_from"]),
        ('smtp_host = "mail.example.com"\nmail_from = "a@b.c"', ["smtp_host", "needs public_url"]),
        ("secrets_file = 1", ["secrets_file", "path of a file"]),
        ("centre = 1", ["'centre'", "database_url"]),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(line: str, words: list[str], tmp_path: Path) -> None:
    sentence = refusal(tmp_path, f"[server]\n{line}\n")
    assert [word for word in words if word not in sentence] == []


def test_a_password_is_not_repeated(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, '[server]\ndatabase_url = "mysql://oslo:ge:h@im@db/x"\n')
    assert "oslo:***@db" in sentence


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    assert "'sever'" in refusal(tmp_path, "[sever]\nport = 1\n")


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")
    assert "is not TOML" in refusal(tmp_path, "[server]\nport =\n")
