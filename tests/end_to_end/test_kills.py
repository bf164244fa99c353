"""kill -9 of terminal and server at random moments while customers tap: what was thanked is counted, once."""

import os
import random
import threading
import time

import requests
from sqlalchemy import func, select

from kiosk.touches import edition
from sync import models
from sync.db import open_database
from sync.intake import tally
from sync.survey import BUILTIN
from tests.boxes import new_id
from tests.end_to_end.conftest import Chain
from tests.end_to_end.test_the_whole_way import wait_until_sent
from tests.processes import PATIENCE_S

KILLS = int(os.environ.get("SMILEPOST_KILLS", "30"))
"""On SQLite; on PostgreSQL, where the same code writes, a third."""
CUSTOMERS = 3


class Customer(threading.Thread):
    """Taps, and repeats a tap under its id until it is thanked for, as the page's script does."""

    def __init__(self, screen: str, closing: threading.Event) -> None:
        super().__init__(daemon=True)
        self.screen, self.closing = screen, closing
        self.tried: dict[str, int] = {}
        self.thanked: dict[str, int] = {}

    def run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self.closing.is_set():
                name, value = new_id(time.time_ns() // 1_000_000), random.randrange(4)
                self.tried[name] = value
                while not self.closing.is_set():
                    if self.post(session, id=name, rev=1, value=value, action="answer"):
                        self.thanked[name] = value
                        break
                    time.sleep(0.05)
                if random.random() < 0.7:
                    self.post(session, id=name, rev=2, value=value, on="thanks", action="finish")

    def post(self, session: requests.Session, **fields: object) -> bool:
        """Whether the screen said thank you."""
        form = {"on": "ask", "by": "page", "survey": edition(BUILTIN), "lang": "en", "first_ms": 5, **fields}
        try:
            reply = session.post(self.screen + "/visit", data=form, headers={"HX-Request": "true"}, timeout=5)
        except requests.RequestException:
            return False
        return reply.status_code == 200 and ('data-screen="thanks"' in reply.text or 'data-screen="done"' in reply.text)


def test_what_was_thanked_is_counted_once_whoever_is_killed(open_chain: Chain, database_url: str) -> None:
    chain, closing = open_chain, threading.Event()
    kills = KILLS if database_url.startswith("sqlite") else (KILLS + 2) // 3
    customers = [Customer(chain.screen, closing) for _ in range(CUSTOMERS)]
    for customer in customers:
        customer.start()
    for number in range(kills):
        time.sleep(random.uniform(0.02, 0.5))
        victims = ("kiosk", "server") if number % 5 == 0 else (random.choice(("kiosk", "server")),)
        for victim in victims:
            chain.kill(victim)
        chain.start(*victims)
    closing.set()
    for customer in customers:
        customer.join(PATIENCE_S)
    chain.kill("kiosk")
    chain.start("kiosk")  # whoever is still at the screen has left; what is unsent is sent at once
    told = wait_until_sent(chain, 1)

    thanked = {name: value for customer in customers for name, value in customer.thanked.items()}
    tried = {name: value for customer in customers for name, value in customer.tried.items()}
    database = open_database(database_url, migrate=False)
    with database.reading() as tx:
        stored = {row.id: row.body for row in tx.execute(select(models.responses.c.id, models.responses.c.body))}
        counted = tx.execute(select(func.sum(models.tallies_day.c.n)).where(models.tallies_day.c.choice == "")).scalar()
        apart = tx.execute(select(func.count()).select_from(models.quarantine)).scalar_one()
        assert tally.verify(tx) is None
    database.close()
    print(f"{kills} kills: {len(thanked)} thanked, {len(stored)} stored, {counted} counted")
    assert len(thanked) > kills
    assert thanked.keys() <= stored.keys() <= tried.keys()
    assert all(f'"visit":{thanked[name]}' in stored[name] for name in thanked)
    assert counted == len(stored)
    assert (apart, told["parked"], told["pending"]) == (0, 0, 0)
    chain.command("server", "verify")
