"""config.toml -> the centre's frozen settings, or a refusal that names the key, the value and what is allowed."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import force_setattr

from sync.log_lines import FORMS, Form

SECTIONS = ("kiosk", "server")
"""One file serves a terminal and the centre; each reads its own section."""
DATA = "smilepost-data"
SECRETS = "smilepost-secrets"
ERASURES = "smilepost-erasures"
_IN_DATA = Path()


class BadConfig(Exception):
    """A configuration that cannot be used; the message is one sentence for whoever wrote it."""


class Settings(msgspec.Struct, frozen=True):
    """The `[server]` section; config.example.toml explains every key. `secrets_file` is in `data` when it is not
    given, `erasures_file` beside it."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8320
    database_url: str | None = None
    secrets_file: Path = _IN_DATA
    erasures_file: Path = _IN_DATA
    public_url: str | None = None
    threads: int = 8
    trusted_proxies: int = 0
    log: Form = "auto"
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_user: str | None = None
    smtp_password_file: Path | None = None
    mail_from: str | None = None

    def __post_init__(self) -> None:
        if self.secrets_file == _IN_DATA:
            force_setattr(self, "secrets_file", self.data / SECRETS)
        if self.erasures_file == _IN_DATA:
            force_setattr(self, "erasures_file", self.secrets_file.parent / ERASURES)

    @property
    def database(self) -> str:
        """The address of the database, also when it is the file in `data`."""
        return self.database_url or f"sqlite:///{self.data / 'centre.sqlite3'}"


def load(path: Path | None) -> Settings:
    """The settings in the file, its paths taken from its folder; without a file the defaults, with data in
    ./smilepost-data. Raises BadConfig."""
    if path is None:
        return Settings(data=Path(DATA).absolute())
    section = _section(path, "server")
    given = {key: _checked(path, key, value) for key, value in section.items()}
    folder = path.absolute().parent
    # Beside the configuration, not in `data`: whoever copies the data for a backup doesn't copy the secrets too.
    paths = {"data": folder / given.get("data", DATA), "secrets_file": folder / given.get("secrets_file", SECRETS)}
    paths |= {key: folder / given[key] for key in ("erasures_file", "smtp_password_file") if key in given}
    _check_mail(path, given)
    return Settings(**{**given, **paths})


def _section(path: Path, name: str) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise BadConfig(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{path} is not text in UTF-8.") from None
    except tomllib.TOMLDecodeError as problem:
        raise BadConfig(f"{path} is not TOML: {problem}.") from None
    for key, value in content.items():
        if key not in SECTIONS or not isinstance(value, dict):
            raise BadConfig(f"{path}: {key!r} is not known there: only the sections [kiosk] and [server] are allowed.")
    return dict(content.get(name, {}))


def _check_mail(path: Path, given: dict[str, Any]) -> None:
    """Letters need somebody who sends them, and an address to lead to that no visitor can choose."""
    for needed in ("mail_from", "public_url"):
        if "smtp_host" in given and needed not in given:
            raise BadConfig(f"{path}: smtp_host in [server] needs {needed} beside it.")


def _checked(path: Path, key: str, value: Any) -> Any:
    if key not in _KEYS:
        raise BadConfig(f"{path}: [server] has no key {key!r}: {', '.join(_KEYS)} are allowed.")
    check, allowed = _KEYS[key]
    if not check(value):
        raise BadConfig(f"{path}: {key} in [server] is {_without_password(value)!r}: {allowed} is allowed.")
    return value.rstrip("/") if key == "public_url" else value


def _without_password(value: Any) -> Any:
    return re.sub(r"(//[^/@:]*):[^/]*@", r"\1:***@", value) if isinstance(value, str) else value


def _whole(low: int, high: int) -> tuple[Callable[[Any], bool], str]:
    # True and False are numbers to Python, not to whoever wrote them.
    return lambda value: type(value) is int and low <= value <= high, f"a whole number from {low} to {high}"


def _is_web_address(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        address = urlsplit(value)
        port_is_fine = address.port is None or address.port > 0
    except ValueError:
        return False
    plain = not (address.query or address.fragment or address.username or any(c.isspace() for c in value))
    return address.scheme in ("http", "https") and bool(address.hostname) and port_is_fine and plain


def _is_database(value: Any) -> bool:
    prefixes = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
    return isinstance(value, str) and value.startswith(prefixes) and not value.endswith("///")


def _is_mailbox(value: Any) -> bool:
    return (
        isinstance(value, str)
        and re.fullmatch(r"([^<>@,;\x00-\x1f]* <)?[^\s<>@,;]+@[^\s<>@,;]+(?(1)>)", value) is not None
    )


def _one_of(*words: str) -> tuple[Callable[[Any], bool], str]:
    return lambda value: value in words, f"one of {', '.join(words)}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


_KEYS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "data": (_is_text, "the path of a folder"),
    "host": (_is_text, "an address of this machine, such as 127.0.0.1,"),
    "port": _whole(1, 65535),
    "database_url": (_is_database, "sqlite:///FILE or postgresql://USER@HOST/NAME"),
    "secrets_file": (_is_text, "the path of a file"),
    "erasures_file": (_is_text, "the path of a file"),
    "public_url": (_is_web_address, "an address such as https://feedback.example.com"),
    "threads": _whole(1, 64),
    "trusted_proxies": _whole(0, 5),
    "log": _one_of(*FORMS),
    "smtp_host": (_is_text, "the name of a mail server"),
    "smtp_port": _whole(1, 65535),
    "smtp_security": _one_of("starttls", "tls", "none"),
    "smtp_user": (_is_text, "the name with which the mail server is used"),
    "smtp_password_file": (_is_text, "the path of a file"),
    "mail_from": (_is_mailbox, "an address such as Smilepost <feedback@example.com>"),
}
