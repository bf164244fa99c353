"""Enrolment, and what the centre tells a terminal of its screens. No I/O."""

from typing import Annotated, Any, Literal

import msgspec

from sync.wire.words import Name, WallMs


class EnrolmentRequest(msgspec.Struct, frozen=True):
    """`code`: the eight characters, with or without a dash."""

    code: Annotated[str, msgspec.Meta(max_length=20)]
    install: Name
    fingerprint: Annotated[str, msgspec.Meta(pattern="^[ -~]{0,80}$")]
    app: Name


class Enrolment(msgspec.Struct, frozen=True):
    """The centre's answer to an enrolment. `key` is base64."""

    device: str
    generation: int
    key: str
    screen: str
    placement: str
    server_ms: WallMs


Colour = Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$")]
Wait = Annotated[int, msgspec.Meta(ge=2, le=600)]
Texts = Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=300)]], msgspec.Meta(max_length=40)]
"""A text in every language, by language code."""
MAX_LOGO = 48 * 1024
"""Characters of a logo in base64."""


class Accent(msgspec.Struct, frozen=True):
    """The colour of what can be touched, on light paper and on dark, each with the colour of text on it. Head office
    has checked their contrast."""

    light: Colour
    on_light: Colour
    dark: Colour
    on_dark: Colour


class Logo(msgspec.Struct, frozen=True):
    """A store's own mark. `data` is base64; `name` is what a screen reader says of it."""

    kind: Literal["image/png", "image/jpeg", "image/webp"]
    data: Annotated[str, msgspec.Meta(max_length=MAX_LOGO)]
    name: Annotated[str, msgspec.Meta(max_length=120)]


class Seconds(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long each screen waits for a touch before it goes back to the question. `ask`: only while an answer is being
    changed; `warning`: how far into a screen on which somebody types they are asked whether they are still there."""

    ask: Wait = 10
    thanks: Wait = 10
    rating: Wait = 20
    comment: Wait = 45
    contact: Wait = 45
    warning: Wait = 25
    done: Wait = 3


class Message(msgspec.Struct, frozen=True):
    """ "You said, we did"."""

    said: Texts
    did: Texts


class ScreenSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a screen looks and waits. `large`: everything larger, always; `low_reach`: everything to touch in the lower
    part, always; else a customer may choose both for themselves. `staff_pin`: its
    scrypt hash, see `sync.wire.pins`."""

    accent: Accent | None = None
    logo: Logo | None = None
    seconds: Seconds = Seconds()
    large: bool = False
    low_reach: bool = False
    staff_pin: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """One that a crew may hand its tablet over for: `day` is the local day it is planned for."""

    ref: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    day: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    what: Annotated[str, msgspec.Meta(max_length=120)] = ""


class Handing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What makes a screen one that a crew hands over to its customers. `crew` is the location's number, `team` its
    name. `pins`: the hashes of what the crew signs in with (PBKDF2, see `sync.wire.pins`), `day_codes`: local day (as
    digits) -> the hash of the code that is good that day alone. `jobs`: those of yesterday, today and tomorrow."""

    crew: Name
    team: Annotated[str, msgspec.Meta(max_length=200)]
    pins: Annotated[list[Annotated[str, msgspec.Meta(max_length=200)]], msgspec.Meta(max_length=8)] = []
    day_codes: Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=200)]], msgspec.Meta(max_length=40)] = {}
    jobs: Annotated[list[Job], msgspec.Meta(max_length=400)] = []


class Scheduled(msgspec.Struct, frozen=True, omit_defaults=True):
    """From the local day `from_day` (since 1970-01-01) on, the screen asks another one of its manifest's `surveys`, by
    its place there. `languages` as for the first."""

    from_day: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    survey: Annotated[int, msgspec.Meta(ge=0, le=100)]
    languages: list[str] = []


class ScreenManifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one screen shows, and where it stands. The first of `surveys` is asked, until one that is `scheduled` takes
    its place, in the order of their days; a terminal older than schedules asks the first until it hears of the next. Of
    `languages` the first is the place's own. `opening_hours`: seven lists of [open, close] minutes of the day, Monday
    first, or None when it is always open. `messages` are `Message`s and `settings` is a `ScreenSettings`, read when the
    manifest is adopted, so that one that is none is refused whole and the last good manifest stays."""

    placement: str
    surveys: list[dict[str, Any]]
    languages: list[str]
    place: str
    time_zone: str
    opening_hours: list[list[tuple[int, int]]] | None = None
    messages: list[dict[str, Any]] = []
    settings: dict[str, Any] = {}
    scheduled: list[Scheduled] = []
    handover: dict[str, Any] | None = None


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """The centre's answer to GET /api/v1/manifest: a terminal works from the last good one for ever."""

    screens: dict[str, ScreenManifest]
    min_app: str = "0"
