"""config.toml -> the terminal's frozen settings, or a refusal that names the key, the value and what is allowed."""

import tomllib
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

SECTIONS = ("kiosk", "server")
"""One file serves a terminal and the centre; each reads its own section."""
DATA = "smilepost-data"


class BadConfig(Exception):
    """A configuration that cannot be used; the message is one sentence for whoever wrote it."""


class Settings(msgspec.Struct, frozen=True):
    """The `[kiosk]` section; config.example.toml explains every key. `input_guard_ms`: milliseconds after a change
    of screen in which touches are ignored. With a `public_url` this terminal is a gateway: it drives the screens of
    other machines' browsers, each bound to its own."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8321
    centre: str | None = None
    allow_insecure: bool = False
    sync_at_once: bool = False
    input_guard_ms: int = 700
    threads: int = 4
    keyboard: Literal["auto", "screen", "native"] = "auto"
    public_url: str | None = None
    trusted_proxies: int = 0


def load(path: Path | None) -> Settings:
    """The settings in the file, its paths taken from its folder; without a file the defaults, with data in
    ./smilepost-data. Raises BadConfig."""
    if path is None:
        return Settings(data=Path(DATA).absolute())
    section = _section(path, "kiosk")
    given = {key: _checked(path, key, value) for key, value in section.items()}
    folder = path.absolute().parent
    settings = Settings(**{**given, "data": folder / given.get("data", DATA)})
    _refuse_plain_http(path, settings)
    _refuse_an_open_gateway(path, settings)
    return settings


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


def _checked(path: Path, key: str, value: Any) -> Any:
    if key not in _KEYS:
        raise BadConfig(f"{path}: [kiosk] has no key {key!r}: {', '.join(_KEYS)} are allowed.")
    check, allowed = _KEYS[key]
    if not check(value):
        raise BadConfig(f"{path}: {key} in [kiosk] is {value!r}: {allowed} is allowed.")
    return value.rstrip("/") if key in ("centre", "public_url") else value


def _refuse_plain_http(path: Path, settings: Settings) -> None:
    if settings.centre is None or settings.allow_insecure:
        return
    address = urlsplit(settings.centre)
    if address.scheme == "http" and not is_this_machine(address.hostname or ""):
        raise BadConfig(
            f"{path}: centre in [kiosk] is {settings.centre!r}: plain http is allowed to this machine only, else "
            "https, or allow_insecure = true in a network that you trust."
        )


def _refuse_an_open_gateway(path: Path, settings: Settings) -> None:
    """Browsers keep what customers said only for pages that came over https."""
    if settings.public_url is None:
        return
    address = urlsplit(settings.public_url)
    if address.path or (address.scheme == "http" and not is_this_machine(address.hostname or "")):
        raise BadConfig(
            f"{path}: public_url in [kiosk] is {settings.public_url!r}: an address such as https://tablets.example.com"
            ", without anything behind the name, is allowed."
        )


def is_this_machine(host: str) -> bool:
    """Whether a host name or address leads back here."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


_YES_OR_NO = (lambda value: isinstance(value, bool), "true or false")
_KEYS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "data": (_is_text, "the path of a folder"),
    "host": (_is_text, "an address of this machine, such as 127.0.0.1,"),
    "port": _whole(1, 65535),
    "centre": (_is_web_address, "an address such as https://feedback.example.com"),
    "allow_insecure": _YES_OR_NO,
    "sync_at_once": _YES_OR_NO,
    "input_guard_ms": _whole(0, 5000),
    "threads": _whole(1, 64),
    "public_url": (_is_web_address, "an address such as https://tablets.example.com"),
    "trusted_proxies": _whole(0, 5),
    "keyboard": (lambda value: value in ("auto", "screen", "native"), '"auto", "screen" or "native"'),
}
