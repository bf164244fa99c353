"""The chain of the demo: two groups, a dozen shops, their hours, their customers and their terminals."""

from dataclasses import dataclass

Hours = list[list[tuple[int, int]]]

AMSTERDAM, BRUSSELS, BERLIN = "Europe/Amsterdam", "Europe/Brussels", "Europe/Berlin"


def _hours(*days: tuple[float, float] | None) -> Hours:
    return [[(round(day[0] * 60), round(day[1] * 60))] if day else [] for day in days]


WEEK, LATE = (10, 19), (10, 21)
DUTCH = _hours(WEEK, WEEK, WEEK, LATE, WEEK, (9.5, 18), (12, 17))
BELGIAN = _hours(*[(10, 18.5)] * 6, None)
GERMAN = _hours(*[(10, 20)] * 6, None)

SHOP = (*[0.0] * 9, 0.5, 0.6, 0.8, 1.2, 1.1, 0.8, 0.8, 1.0, 1.5, 1.4, 0.8, 0.5, *[0.0] * 3)
"""How many customers come in each hour of the day, as weights; people drop in at lunch and after work."""
STATION = (*[0.1] * 5, 0.3, 0.9, 1.7, 1.8, 1.0, 0.8, 0.8, 1.0, 0.9, 0.8, 1.0, 1.6, 2.0, 1.8, 1.2, 0.9, 0.7, 0.5, 0.3)
SHOP_WEEK = (0.8, 0.85, 0.95, 1.05, 1.2, 1.6, 0.7)
STATION_WEEK = (1.05, 1.05, 1.05, 1.1, 1.2, 0.9, 0.75)
"""How busy the days are, Monday first."""


@dataclass(frozen=True)
class Place:
    """A shop. `hours` None: always open. `mood`: how often each value of the four faces is chosen, the unhappiest
    first. `daily`: answers a terminal gets on an ordinary day. `screens`: a touchpoint for each simulated terminal.
    `live`: whether the demo runs a real terminal there, at a touchpoint of its own when it `asks` another survey than
    the built-in one. `turned`: whether it got worse on the last Tuesday."""

    key: str
    name: str
    zone: str
    hours: Hours | None
    languages: dict[str, int]
    mood: tuple[int, int, int, int]
    daily: float
    screens: tuple[str, ...] = ("Checkout",)
    live: bool = False
    asks: str | None = None
    turned: bool = False

    @property
    def rush(self) -> tuple[float, ...]:
        return SHOP if self.hours else STATION

    @property
    def week(self) -> tuple[float, ...]:
        return SHOP_WEEK if self.hours else STATION_WEEK


@dataclass(frozen=True)
class Group:
    """`accent`: the colour of its screens, where it has one of its own."""

    name: str
    zone: str
    places: tuple[Place, ...]
    accent: str | None = None


_DUTCH = {"nl": 84, "en": 12, "de": 3, "fr": 1}
_GERMAN = {"de": 86, "en": 12, "fr": 1, "nl": 1}
_BOTH = ("Checkout", "Repairs")

GROUPS = (
    Group(
        "Netherlands & Belgium",
        AMSTERDAM,
        (
            Place(
                "amsterdam",
                "Amsterdam Centraal",
                AMSTERDAM,
                None,
                {"nl": 58, "en": 33, "de": 6, "fr": 3},
                (6, 8, 34, 52),
                62,
                live=True,
            ),
            Place("rotterdam", "Rotterdam", AMSTERDAM, DUTCH, _DUTCH, (4, 6, 28, 62), 42, _BOTH),
            Place("utrecht", "Utrecht", AMSTERDAM, DUTCH, _DUTCH, (5, 7, 36, 52), 40, _BOTH),
            Place("antwerp", "Antwerp", BRUSSELS, BELGIAN, {"nl": 80, "fr": 8, "en": 12}, (4, 5, 33, 58), 38),
            Place("ghent", "Ghent", BRUSSELS, BELGIAN, {"nl": 90, "en": 10}, (3, 8, 40, 49), 0.4),
            Place(
                "brussels", "Brussels", BRUSSELS, BELGIAN, {"fr": 58, "nl": 24, "en": 18}, (8, 11, 37, 44), 40, _BOTH
            ),
        ),
    ),
    Group(
        "Germany",
        BERLIN,
        (
            Place(
                "berlin",
                "Berlin Hauptbahnhof",
                BERLIN,
                None,
                {"de": 66, "en": 28, "fr": 3, "nl": 3},
                (7, 10, 36, 47),
                66,
                live=True,
                asks="entrance",
            ),
            Place("hamburg", "Hamburg", BERLIN, GERMAN, _GERMAN, (4, 6, 31, 59), 44, _BOTH),
            Place("cologne", "Cologne", BERLIN, GERMAN, _GERMAN, (4, 6, 30, 60), 46, _BOTH, turned=True),
            Place("munich", "Munich", BERLIN, GERMAN, _GERMAN, (6, 8, 38, 48), 44, _BOTH),
            Place("leipzig", "Leipzig", BERLIN, GERMAN, {"de": 93, "en": 7}, (3, 4, 27, 66), 34),
            Place("stuttgart", "Stuttgart", BERLIN, GERMAN, _GERMAN, (6, 9, 42, 43), 36),
        ),
        accent="#6a2c70",
    ),
)


@dataclass(frozen=True)
class Person:
    """Somebody at head office or in the shops. `at`: the group or the place where the role holds, None everywhere.
    `comes`: whether they have an account already, or only an invitation."""

    email: str
    name: str
    role: str
    at: str | None
    comes: bool = True


ASTRID = Person("astrid@example.com", "Astrid", "admin", None)
COLLEAGUES = (
    Person("joris@example.com", "Joris", "manager", "Netherlands & Belgium"),
    Person("katrin@example.com", "Katrin", "manager", "Germany"),
    Person("mehmet@example.com", "Mehmet", "crew", "Cologne"),
    Person("ines@example.com", "Inès", "analyst", None),
    Person("sofie@example.com", "Sofie", "viewer", "Brussels", comes=False),
)

PLACES = tuple(place for group in GROUPS for place in group.places)


@dataclass(frozen=True)
class Box:
    """A simulated terminal: one screen at a touchpoint of a place."""

    key: str
    place: Place
    touchpoint: str
    number: int


BOXES = tuple(
    Box(f"{place.key}-{number}", place, touchpoint, number)
    for place in PLACES
    for number, touchpoint in enumerate(place.screens, start=1)
)
LIVE = tuple(place for place in PLACES if place.live)

CUT_OFF, KEPT_BACK = "leipzig-1", 31
"""The terminal whose line fell while it was catching up, and how many answers it holds until the line is back."""
