"""A small chain and its people: Oslo is busy, Bergen is offline, Molde is empty; Astrid runs head office, Bjørn runs
Oslo, Per looks after a shop in another country and must see nothing of it."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import insert

from sync.app import create_app
from sync.centre import Centre
from sync.models import users
from sync.office import people, places
from tests.boxes import Box, enrol_box
from tests.sync.conftest import Clock

PASSWORD = "correct horse battery"
OURS = {"Origin": "http://localhost"}
MINUTE_MS, DAY_MS = 60_000, 86_400_000
FRAGMENT = {"HX-Request": "true"}


@cache
def hashed() -> str:
    """PASSWORD as people.add_user keeps it, hashed once for all tests: that is slow on purpose."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)


class Chain:
    """The chain at a centre. Every answer comes in through the API, as a terminal sends it."""

    def __init__(self, centre: Centre, clock: Clock, *, founded: bool = True) -> None:
        self.centre, self.clock = centre, clock
        self.app = create_app(centre)
        self.boxes: dict[int, Box] = {}
        if founded:
            self._found()

    def _found(self) -> None:
        self.norway = self.group("Norway", zone="Europe/Oslo")
        self.oslo, self.bergen = self.shop("Oslo"), self.shop("Bergen")
        self.molde = self.shop("Molde", screen=False)
        self.sweden = self.group("Sweden", zone="Europe/Stockholm")
        self.malmo = self.shop("Malmö", self.sweden)
        self.astrid = self.person("astrid@example.com", "Astrid", responses=True)
        self.bjorn = self.person("bjorn@example.com", "Bjørn", self.oslo)
        self.per = self.person("per@example.com", "Per", self.malmo, responses=True)

    def group(self, name: str, parent: int | None = None, **options: Any) -> int:
        with self.centre.db.writing() as tx:
            return places.add_location(tx, name, kind="group", parent=parent, **options)

    def shop(self, name: str, parent: int | None = None, *, screen: bool = True, **options: Any) -> int:
        """A shop, with a touchpoint and an enrolled screen unless it has none."""
        with self.centre.db.writing() as tx:
            shop = places.add_location(tx, name, parent=parent or self.norway, **options)
            if not screen:
                return shop
            touchpoint = places.add_touchpoint(tx, shop, "Checkout")
            _, placement = places.add_screen(tx, f"{name} 1", touchpoint, self.clock() - 40 * DAY_MS)
        self.boxes[shop] = enrol_box(self.centre, placement)
        return shop

    def person(self, email: str, name: str, location: int | None = None, *, responses: bool = False) -> int:
        role = "viewer" if not responses else "admin" if location is None else "manager"
        return self.hired(email, name, (role, location))

    def hired(self, email: str, name: str, *roles: tuple[str, int | None]) -> int:
        """Somebody with these roles, each at a location (None: everywhere)."""
        row = {"email": email, "name": name, "password_hash": hashed(), "created_ms": self.clock()}
        with self.centre.db.writing() as tx:
            number = int(tx.execute(insert(users).values(row).returning(users.c.id)).scalar_one())
            for role, at in roles:
                people.grant(tx, number, role, at)
            return number

    def browser(self, user: int | None = None) -> FlaskClient:
        """A browser in which this person is signed in, with their second factor if need be; nobody without one."""
        client = self.app.test_client()
        if user is not None:
            with self.centre.db.writing() as tx:
                client.set_cookie("smilepost", people.new_session(tx, user, self.clock(), second=True))
        return client

    def page(self, path: str, user: int | None = None, **headers: str) -> str:
        """What this person (Astrid, if nobody is named) reads there."""
        answer = self.browser(user or self.astrid).get(path, headers=headers)
        assert answer.status_code == 200, answer.status
        return answer.get_data(as_text=True)

    def visits(self, shop: int, values: Sequence[int], *, days_ago: int = 0, **changes: Any) -> None:
        """Customers who answer one after the other, a minute apart, from half past one at night on."""
        box = self.boxes[shop]
        first_ms = self.clock() - days_ago * DAY_MS - 630 * MINUTE_MS
        entries, boot = [], f"{box.boot}-{box.seq}"  # others of the same minutes are no burst with these
        for index, value in enumerate(values):
            at_ms = first_ms + index * MINUTE_MS
            stamp = {"boot": boot, "boottime_ms": at_ms % 10**12, "wall_ms": at_ms, "synced": True}
            entries.append(box.response(value, at_ms=at_ms, **{"stamp": stamp, **changes}))
        for start in range(0, len(entries), 150):
            box.send(self.app.test_client(), *entries[start : start + 150])

    def comment(self, shop: int, text: str, value: int = 3, *, lang: str = "en", **changes: Any) -> None:
        self.visits(shop, [value], answers={"comment": text}, lang=lang, **changes)
