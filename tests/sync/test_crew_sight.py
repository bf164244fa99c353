"""A crew's results are for the crew and whoever manages it: nobody else can read them or reckon them out, wherever they
look. Kari drives van 12, Ola manages the depot, Astrid runs head office and sees crews together only."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from sync import models
from sync.centre import Centre
from sync.intake import tally
from sync.office import comment_search, counts, crew_sight, keys, places, tree
from sync.office.audit import COMMAND
from sync.office.forms import Wrong
from sync.office.rights import EVERYWHERE, Grant, Reach, Rights
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, Chain

SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WORDS = "Zaubernuss"
MANY, FIGURES = 313, re.compile(r"\b(313|316|323|326|333)\b")
"""What van 12 was answered, alone and with what stands beside it; no other number of these pages is like them."""


class Fleet(Chain):
    """With a depot below Norway, and two vans there."""

    def __init__(self, centre: Centre, clock: Clock) -> None:
        super().__init__(centre, clock)
        self.depot = self.group("Depot", self.norway)
        self.van = self.shop("Van 12", self.depot, kind="crew")
        self.other = self.shop("Van 14", self.depot, kind="crew")


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Fleet:
    return Fleet(a_centre, clock)


def fill(chain: Fleet) -> None:
    for days_ago, n in ((1, 150), (2, 150), (3, MANY - 301)):
        chain.visits(chain.van, [0] * n, days_ago=days_ago)
    chain.comment(chain.van, f"{WORDS} is all I say", 0, days_ago=1)
    chain.visits(chain.other, [0] * 3, days_ago=1)
    chain.visits(chain.oslo, [3] * 20, days_ago=1)
    chain.comment(chain.oslo, "Rosenkohl was there", 3, days_ago=1)


def addresses(chain: Fleet) -> Iterator[str]:
    """Every address that answers a GET, at groups, a store and the crew, and at the crew’s own things."""
    with chain.centre.db.reading() as tx:
        table = models.responses.c
        answer = tx.execute(select(table.id).where(table.location_id == chain.van, table.commented)).scalar_one()
        screen, device = tx.execute(
            select(models.screens.c.id, models.screens.c.device_id).where(models.screens.c.name == "Van 12 1")
        ).one()
        point = tx.execute(
            select(models.touchpoints.c.id).where(models.touchpoints.c.location_id == chain.van)
        ).scalar_one()
    spots = [chain.norway, chain.depot, chain.van, chain.oslo]
    known = {"place": spots, "answer": [answer], "screen": [screen], "device": [device], "survey": ["builtin"],
             "touchpoint": [point], "person": [chain.bjorn]}  # fmt: skip
    for rule in chain.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        filled = [rule.rule]
        for name in rule.arguments:
            kind = getattr(rule._converters[name], "kind", None)
            filled = [each.replace(f"<{kind}:{name}>", str(one)) for each in filled for one in known.get(str(kind), ())]
        for each in filled:
            yield each
            if not rule.arguments:
                yield from (f"{each}?place={spot}" for spot in spots)


MORE = (
    "/comments?search={words}", "/comments?state=hidden", "/flags/caught?rule=burst", "/ranking?days=7",
    "/?sort=score", "/?sort=change", "/?hours=8-20", "/?days=7&flagged=with", "/why?days=7",
    "/compare?place={depot}&place={oslo}", "/compare?place={norway}&period=2026-02-01..2026-03-03",
    "/locations/{depot}?days=7", "/locations/{depot}?hours=0-24&flagged=with", "/export/days.csv?place={depot}",
)  # fmt: skip


def test_nothing_of_a_crew_is_anywhere_for_head_office(chain: Fleet) -> None:
    fill(chain)
    spots = {"words": WORDS, "depot": chain.depot, "oslo": chain.oslo, "norway": chain.norway}
    every = [*addresses(chain), *(each.format(**spots) for each in MORE)]
    browser, read = chain.browser(chain.astrid), 0
    for address in every:
        answer = browser.get(address)
        assert answer.status_code < 500, address
        text = re.sub(r"[?&](v|version|fresh)=[^\"'&]*", "", answer.get_data(as_text=True))
        assert WORDS not in text.replace(f'value="{WORDS}"', "").replace(f"search={WORDS}", ""), address
        assert not FIGURES.search(re.sub(r"<svg.*?</svg>", "", text, flags=re.S)), address
        read += answer.status_code == 200
    assert read > 60, read


def test_a_crew_is_closed_but_not_what_it_is_set_up_with(chain: Fleet) -> None:
    fill(chain)
    browser, van = chain.browser(chain.astrid), chain.van
    for path in (f"/locations/{van}", f"/locations/{van}/why", f"/locations/{van}/comments", f"/export?place={van}"):
        answer = browser.get(path)
        assert answer.status_code == 403, path
        assert "for the crew and whoever manages it" in answer.text
    for path in (f"/places/{van}", f"/places/{van}/settings"):
        assert browser.get(path).status_code == 200, path
    assert f'href="/locations/{van}"' not in browser.get("/").text


def test_the_crew_and_its_manager_see_it(chain: Fleet) -> None:
    fill(chain)
    kari = chain.hired("kari@example.com", "Kari", ("crew", chain.van))
    at_van = chain.hired("at@example.com", "Even", ("viewer", chain.van))
    ola = chain.hired("ola@example.com", "Ola", ("manager", chain.depot))
    van = f"/locations/{chain.van}"
    assert str(MANY) in chain.page(van, ola)
    assert WORDS in chain.page(van, ola)
    for each in (kari, at_van):
        assert WORDS not in chain.page(van, each)
    other = chain.browser(kari).get(f"/locations/{chain.other}")
    assert other.status_code == 404
    above = chain.hired("above@example.com", "Siri", ("analyst", chain.norway), ("viewer", chain.depot))
    assert chain.browser(above).get(van).status_code == 403
    both = chain.hired("both@example.com", "Liv", ("analyst", chain.norway), ("crew", chain.van))
    page = chain.page(van, both)
    assert WORDS not in page  # a crew's role opens figures, never words


def test_who_manages_one_depot_sees_its_crews_beside_the_stores_of_the_region(chain: Fleet) -> None:
    fill(chain)
    ola = chain.hired("ola@example.com", "Ola", ("analyst", chain.norway), ("manager", chain.depot))
    assert WORDS in chain.page("/comments", ola)
    assert f'href="/locations/{chain.van}"' in chain.page("/", ola)


def test_machines_never_see_a_crew(chain: Fleet) -> None:
    fill(chain)
    with chain.centre.db.writing() as tx:
        whole, at_van = (
            keys.make(tx, COMMAND, "Report", at, "responses", chain.clock())[1] for at in (None, chain.van)
        )

    def get(path: str, key: str = whole) -> tuple[int, str]:
        answer = chain.app.test_client().get(path, headers={"Authorization": f"Bearer {key}"})
        return answer.status_code, answer.get_data(as_text=True)

    chain.clock.ms += DAY_MS
    for path in ("responses", "comments", "scores", f"places/{chain.norway}/scores", f"responses?place={chain.depot}"):
        status, text = get(f"/api/v1/{path}")
        assert (status, WORDS in text, bool(FIGURES.search(text)), '"name":"Van' in text) == (200, False, False, False)
    status, text = get(f"/api/v1/places/{chain.van}/scores")
    assert (status, "crew_closed" in text) == (403, True)
    assert WORDS not in get("/api/v1/comments", at_van)[1]
    assert "Van 12" in get("/api/v1/places")[1]


def test_a_crew_with_answers_never_becomes_a_store(chain: Fleet) -> None:
    fill(chain)
    with chain.centre.db.writing() as tx:
        node = tree.get(tx, chain.van)
        details = tree.Details("Van 12", "store")
        with pytest.raises(Wrong) as wrong:
            tree.change(tx, COMMAND, node.id, node.version, details, chain.clock())
    assert "stays the crew" in wrong.value.fields["kind"]


@SQLITE_ONLY
@pytest.mark.parametrize("planted", ["answered", "visible", "shown", "guard"])
def test_each_hole_is_found(chain: Fleet, planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule off in one room turns this red, in the very place where it is off."""
    if planted == "answered":
        monkeypatch.setattr(comment_search.crew_sight, "answered", places.below)
    elif planted == "visible":
        monkeypatch.setattr(crew_sight, "shows", lambda *_: True)
        monkeypatch.setattr(counts.crew_sight, "answered", places.below)
    elif planted == "shown":
        monkeypatch.setattr("sync.office.every_place.shown", lambda tx, numbers, paths: models.sums_day.c.n >= 0)
    else:
        monkeypatch.setattr("sync.office.subjects.Standing.is_open_to", lambda *_: True)
    with pytest.raises(AssertionError) as found:
        test_nothing_of_a_crew_is_anywhere_for_head_office(chain)
    assert "read > 60" not in str(found.value)


def test_sums_without_crews_equal_a_recount(chain: Fleet) -> None:
    fill(chain)
    chain.page(f"/compare?place={chain.norway}")
    with chain.centre.db.reading() as tx:
        assert tally.verify(tx) is None


def test_a_path_that_says_nothing_shows_no_crew() -> None:
    assert crew_sight.opened(["/1/", Reach("/1/4/")]) == ()
    analyst = Rights((Grant("analyst", 1, "/1/"), Grant("manager", 4, "/1/4/")))
    assert analyst.sees_crew("/1/4/9/", "responses")
    assert not analyst.sees_crew("/1/5/9/")
    assert analyst.sees_singles(["/1/"])
    assert not Rights((Grant("analyst", 1, "/1/"), Grant("crew", 4, "/1/4/"))).sees_singles(["/1/"])
    admin = Rights((Grant("admin", None, EVERYWHERE),))
    assert (admin.crews(), admin.sees_crew("/1/")) == ((), False)
    assert Rights(admin.grants, ("/1/",)).sees_crew("/1/9/")
