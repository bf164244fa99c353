"""What head office reads: the overview, over HTTP, on both databases."""

import re
from html import unescape

import pytest
from sqlalchemy import select, update

from sync import wire
from sync.centre import Centre
from sync.intake import ledger
from sync.models import devices, placements, screens
from sync.office import overview, places, surveys, wide
from sync.survey import Question, Survey
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, FRAGMENT, MINUTE_MS, Chain


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def row(page: str, place: int) -> str:
    """What stands in a place's row, as words."""
    found = re.search(rf'<tr role="row" id="place-{place}".*?(?=<details)', page, re.DOTALL)
    assert found, f"no row for place {place}"
    return words(found[0])


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).replace("\N{WORD JOINER}", "").split())


def sentence(page: str) -> str:
    found = re.search(r'<(h1|p) class="sentence">(.*?)</\1>', page, re.DOTALL)
    assert found
    return words(found[2])


def version(page: str) -> str:
    found = re.search(r"/now\?(?:[^\"]*&amp;)?version=([^&\"]*)", page)
    assert found
    return found[1]


def test_astrid_sees_every_place_with_its_score(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30 + [2] * 6 + [1, 0, 0, 0])
    page = chain.page("/")
    assert row(page, chain.oslo).startswith("Oslo ")
    assert "86 74–94 40 40 today" in row(page, chain.oslo)
    assert "no answers 0 0 today" in row(page, chain.bergen)
    assert row(page, chain.molde) == "Molde No screen here yet no answers 0 0 today"
    assert [name for name in ("Norway", "Sweden", "Malmö") if name not in page] == []


@pytest.mark.parametrize(
    ("n", "shown"),
    [(0, "no answers 0"), (4, "too few to say 4"), (5, "early 5"), (29, "early 29"), (30, "91–100 30")],
)
def test_what_is_said_depends_on_how_many_answered(chain: Chain, n: int, shown: str) -> None:
    chain.visits(chain.oslo, [3] * n, days_ago=1)
    page = chain.page("/")
    assert shown in row(page, chain.oslo)
    assert ("100" in row(page, chain.oslo)) is (n >= 5)
    found = re.search(rf'id="numbers-{chain.oslo}".*?</summary>', page, re.DOTALL)
    assert found
    assert ("Very happy 100%" in found[0]) is (n >= 5)
    assert ("<polyline" in found[0] or "<circle" in found[0]) is (n >= 5)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "Nobody answered yesterday."),
        ([3], "Yesterday 1 answer: too few to say how it was."),
        ([3] * 4, "Yesterday 4 answers: too few to say how it was."),
        ([3] * 5, "Yesterday 5 answers, score 100 (51–100). That is early: few answered."),
        ([3] * 20 + [2] * 10, "Yesterday 30 answers, score 89 (78–94)."),
    ],
)
def test_the_day_begins_with_a_sentence(chain: Chain, values: list[int], said: str) -> None:
    chain.visits(chain.oslo, values, days_ago=1)
    assert sentence(chain.page("/")) == said


def test_the_score_has_one_name_and_a_line_that_explains_it(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30, days_ago=1)
    explained = "The score runs from 0, all very unhappy, to 100, all very happy."
    front, page = (words(chain.page(path)) for path in ("/", f"/locations/{chain.oslo}"))
    assert explained in front
    assert f"Score 100 91–100 {explained}" in page
    assert [text for text in (front, page) if "ndex" in text] == []
    quiet = words(chain.page(f"/locations/{chain.bergen}"))
    assert explained not in quiet  # there is no number that it would explain


@pytest.mark.parametrize(
    ("yesterday", "said"),
    [
        ([3] * 24 + [2] * 6 + [0] * 10, "score 70 (56–83), 22 below the usual Monday."),
        ([3] * 35 + [2] * 3 + [0] * 2, "score 93 (82–99), about the usual Monday."),
        ([3] * 4 + [0], "score 80 (26–100). That is early: few answered."),
    ],
)
def test_yesterday_is_compared_with_the_same_weekday(chain: Chain, yesterday: list[int], said: str) -> None:
    for weeks in range(1, 5):
        chain.visits(chain.oslo, [3] * 32 + [2] * 7 + [0], days_ago=1 + 7 * weeks)
    chain.visits(chain.oslo, [0] * 50, days_ago=2)  # another weekday says nothing about Mondays
    chain.visits(chain.oslo, yesterday, days_ago=1)
    assert sentence(chain.page(f"/locations/{chain.oslo}")).endswith(said)


def test_a_group_sums_up_its_places(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30)
    chain.visits(chain.bergen, [0] * 10)
    chain.visits(chain.malmo, [1] * 30)
    page = chain.page("/")
    assert "75" in row(page, chain.norway)
    assert "40 40 today" in row(page, chain.norway)
    assert "30 30 today" in row(page, chain.sweden)


def test_the_last_28_days_count_today_included(chain: Chain) -> None:
    for days_ago in (0, 27, 28):
        chain.visits(chain.oslo, [3] * 10, days_ago=days_ago)
    assert "20 10 today" in row(chain.page("/"), chain.oslo)


def test_a_day_is_the_places_own(chain: Chain, clock: Clock) -> None:
    """At noon in Oslo it is one at night in Honolulu, and one at night of the next day in Kiritimati: half past ten was
    today in Oslo, and late on another yesterday in each of the two."""
    honolulu = chain.shop("Honolulu", zone="Pacific/Honolulu")
    kiritimati = chain.shop("Kiritimati", zone="Pacific/Kiritimati")
    at_ms = clock() - 90 * MINUTE_MS
    for shop in (honolulu, kiritimati, chain.oslo):
        box = chain.boxes[shop]
        stamp = {"boot": box.boot, "boottime_ms": 10**9, "wall_ms": at_ms, "synced": True}
        box.send(chain.app.test_client(), box.response(3, at_ms=at_ms, stamp=stamp))
    page = chain.page("/")
    assert [row(page, shop).split()[-2] for shop in (honolulu, kiritimati, chain.oslo)] == ["0", "0", "1"]
    said = [chain.page(f"/locations/{shop}") for shop in (honolulu, kiritimati, chain.oslo)]
    assert [sentence(each)[:18] for each in said] == ["Yesterday 1 answer", "Yesterday 1 answer", "Nobody answered ye"]
    assert sentence(page).startswith("Yesterday 2 answers")


def test_what_was_set_aside_is_shown_and_not_counted(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30)
    chain.visits(chain.oslo, [0] * 7, flags=["ghost"])
    shown = row(chain.page("/"), chain.oslo)
    assert "7 set aside" in shown
    assert "100" in shown
    assert "30 30 today" in shown
    assert "7 answers set aside" in words(chain.page(f"/locations/{chain.oslo}"))
    assert "Answers are set aside when they were touched too quickly" in words(chain.page("/"))
    assert "set aside" not in chain.page("/", chain.per)


def test_a_change_is_shown_where_it_is_certain(chain: Chain) -> None:
    for days_ago in range(8, 18):
        chain.visits(chain.oslo, [3] * 10, days_ago=days_ago)
        chain.visits(chain.bergen, [3] * 8 + [0] * 2, days_ago=days_ago)
    for days_ago in range(1, 5):
        chain.visits(chain.oslo, [3] * 6 + [0] * 4, days_ago=days_ago)
        chain.visits(chain.bergen, [3] * 9 + [0], days_ago=days_ago)
    page = chain.page("/")
    assert row(page, chain.oslo).endswith("▼ 40 lower, for certain")
    assert "certain" not in row(page, chain.bergen)


def needs(page: str) -> list[str]:
    """The lines of what needs a look, as words."""
    found = re.search(r'<section class="attention".*?</section>', page, re.DOTALL)
    assert found
    return [words(line).replace(" :", ":") for line in re.findall(r"<li>.*?</li>", found[0], re.DOTALL)]


def test_what_needs_a_look_is_said_first(chain: Chain) -> None:
    """Which place, since when, why, the deepest fall first: of Bergen's nobody can be sure."""
    tromso = chain.shop("Tromsø")
    for days_ago in range(5, 26):
        for shop in (chain.oslo, chain.malmo, tromso):
            chain.visits(shop, [3] * 10, days_ago=days_ago)
        chain.visits(chain.bergen, [3] * 8 + [0] * 2, days_ago=days_ago)
    for days_ago in range(1, 5):
        chain.visits(chain.oslo, [3] * 6, days_ago=days_ago)
        chain.visits(chain.oslo, [0] * 4, days_ago=days_ago, answers={"visit_unhappy": ["waiting"]})
        chain.visits(chain.malmo, [3] * 4 + [0] * 6, days_ago=days_ago)
        chain.visits(tromso, [3] * 6 + [0] * 4, days_ago=days_ago)
        chain.visits(chain.bergen, [3] * 7 + [0] * 3, days_ago=days_ago)
    page = chain.page("/")
    assert sentence(page).endswith(" 3 places need a look.")
    assert needs(page)[0] == "▼ 60 Malmö: 60 lower since Friday, 40 (25–56) in 40 answers."
    assert needs(page)[1].startswith("▼ 40 Oslo: 40 lower since Friday, 60 (44–75) in 40 answers.")
    assert needs(page)[1].endswith("“ Waiting time ” is the reason of 40% of all who answered, 0% before.")
    assert f'<a href="/locations/{chain.malmo}"><bdi>Malmö</bdi></a>' in page
    assert "at most 3 in 100 are named within four weeks" in words(page)
    group = chain.page(f"/?place={chain.norway}")
    assert [line.split(":")[0] for line in needs(group)] == ["▼ 40 Oslo", "▼ 40 Tromsø"]
    assert sentence(chain.page(f"/locations/{chain.norway}")).endswith("2 places need a look.")
    assert "need" not in sentence(chain.page("/", chain.bjorn))  # one place speaks of itself


def test_unhappy_people_are_noticed_the_same_day(chain: Chain) -> None:
    for days_ago in range(1, 15):
        chain.visits(chain.oslo, [3] * 9 + [0], days_ago=days_ago)
        chain.visits(chain.bergen, [3] * 9 + [0], days_ago=days_ago)
    chain.visits(chain.oslo, [3] * 6 + [1] * 3 + [0] * 5)
    chain.visits(chain.bergen, [3] * 9 + [0] * 3)
    assert needs(chain.page("/")) == ["Today Oslo: 8 of 14 answers today are unhappy; 10% are usual."]


def test_where_nothing_is_wrong_that_is_said_too(chain: Chain, clock: Clock) -> None:
    for days_ago in range(1, 15):
        chain.visits(chain.oslo, [3] * 9 + [0], days_ago=days_ago)
    assert "Nothing needs a look. No score has certainly dropped" in words(chain.page("/"))
    with chain.centre.db.writing() as tx:
        mine = devices.c.id == chain.boxes[chain.bergen].device
        tx.execute(update(devices).where(mine).values(contact_ms=clock() - 50 * MINUTE_MS, look_ms=0))
    page = chain.page("/")
    assert needs(page) == ["Dead Bergen: 1 terminal dead since 11:10."]
    assert f'<a href="/devices/{chain.boxes[chain.bergen].device}"><bdi>Bergen</bdi></a>' in page
    assert 'class="attention"' not in chain.page("/?days=7")  # it is about now, not about what was asked for


def test_a_place_of_which_nobody_is_sure_is_shown_but_makes_no_news(chain: Chain, clock: Clock) -> None:
    """Somebody put the card of Oslo's box into another one, too."""
    for place in (chain.oslo, chain.bergen):
        chain.visits(place, [3] * 40, days_ago=8)
        chain.visits(place, [0] * 40, days_ago=1)
    assert [line.split()[2] for line in needs(chain.page("/"))] == ["Oslo:", "Bergen:"]
    box = chain.boxes[chain.oslo]
    box.send(chain.app.test_client(), health={"streams": {}, "fingerprint": "another board"})
    page = chain.page("/")
    assert [line.split()[2] for line in needs(page)] == ["Bergen:"]
    assert "location uncertain" in row(page, chain.oslo)
    assert "location of 1 screen uncertain" in row(page, chain.norway)
    assert "uncertain" not in row(page, chain.bergen)
    assert "uncertain where answers were given" in words(chain.page(f"/locations/{chain.oslo}"))
    with chain.centre.db.writing() as tx:
        ledger.settle_signs(tx, box.device, clock.ms)
    assert "uncertain" not in chain.page("/")


def test_words_say_how_far_it_is_complete(chain: Chain, clock: Clock) -> None:
    chain.visits(chain.oslo, [3])
    with chain.centre.db.writing() as tx:
        for shop, contact, complete in (
            (chain.oslo, 0, clock() - 2 * MINUTE_MS),
            (chain.bergen, 50 * MINUTE_MS, clock() - 50 * MINUTE_MS),
        ):
            mine = devices.c.id == chain.boxes[shop].device
            tx.execute(update(devices).where(mine).values(contact_ms=clock() - contact, complete_ms=complete))
        there = select(screens.c.device_id).where(screens.c.id == chain.boxes[chain.malmo].screen).scalar_subquery()
        tx.execute(update(devices).where(devices.c.id == there).values(contact_ms=None, complete_ms=None))
    page = chain.page("/")
    assert "Complete to 11:58" in row(page, chain.oslo)
    assert "1 screen dead since 11:10" in row(page, chain.bergen)
    assert "1 screen dead since 11:10" in row(page, chain.norway)
    assert "1 screen not heard of yet" in row(page, chain.malmo)


def test_what_all_places_agree_on_is_said_once(chain: Chain, clock: Clock) -> None:
    def complete(shop: int, minutes_ago: int) -> None:
        mine = devices.c.id == chain.boxes[shop].device
        then_ms = clock() - minutes_ago * MINUTE_MS
        with chain.centre.db.writing() as tx:
            tx.execute(update(devices).where(mine).values(contact_ms=clock(), complete_ms=then_ms))

    for shop, minutes_ago in ((chain.oslo, 1), (chain.bergen, 5), (chain.malmo, 3)):
        complete(shop, minutes_ago)
    page = chain.page("/")
    assert "Complete to 11:55, except where a place says otherwise." in words(page)
    assert words(page).count("Complete to") == 1
    assert row(page, chain.molde).startswith("Molde No screen here yet")
    assert "Complete to 11:57." in words(chain.page(f"/locations/{chain.malmo}"))
    complete(chain.bergen, 40)
    page = chain.page("/")
    assert "Complete to 11:57, except where a place says otherwise." in words(page)
    assert "Bergen Complete to 11:20" in row(page, chain.bergen)
    assert "Norway Complete to 11:20" in row(page, chain.norway)
    assert "Complete" not in row(page, chain.oslo) + row(page, chain.malmo) + row(page, chain.sweden)
    complete(chain.malmo, 40)
    assert "except" not in words(chain.page("/"))  # one place alone agrees with nobody
    assert "Oslo Complete to 11:59" in row(chain.page("/"), chain.oslo)


def test_places_on_other_clocks_speak_for_themselves(chain: Chain, clock: Clock) -> None:
    dublin = chain.shop("Dublin", zone="Europe/Dublin")
    with chain.centre.db.writing() as tx:
        tx.execute(update(devices).values(contact_ms=clock(), complete_ms=clock()))
    page = chain.page("/")
    assert "Complete to 12:00, except where a place says otherwise." in words(page)
    assert "Dublin Complete to 11:00" in row(page, dublin)
    assert "Complete" not in row(page, chain.oslo)


def test_a_screen_may_be_off_while_the_shop_is_closed(chain: Chain, clock: Clock) -> None:
    closed = chain.shop("Tromsø", hours=[[(600, 700)]] * 7)  # it is noon, minute 720
    with chain.centre.db.writing() as tx:
        mine = devices.c.id == chain.boxes[closed].device
        left_ms = clock() - 40 * MINUTE_MS
        tx.execute(update(devices).where(mine).values(contact_ms=left_ms, complete_ms=left_ms))
    assert "Complete to 11:20" in row(chain.page("/"), closed)


def test_a_screen_that_waits_to_be_enrolled_says_so(chain: Chain, clock: Clock) -> None:
    with chain.centre.db.writing() as tx:
        touchpoint = places.add_touchpoint(tx, chain.molde, "Door")
        places.add_screen(tx, "Molde 1", touchpoint, clock())
    assert "1 screen waiting to be enrolled" in row(chain.page("/"), chain.molde)


# What one may see


def test_bjorn_sees_oslo_and_nothing_else(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30)
    chain.visits(chain.bergen, [0] * 30)
    page = chain.page("/", chain.bjorn)
    assert "100" in row(page, chain.oslo)
    assert [name for name in ("Norway", "Bergen", "Molde", "Sweden", "Malmö") if name in page] == []
    client = chain.browser(chain.bjorn)
    others = [chain.norway, chain.bergen, chain.molde, chain.sweden, chain.malmo, 999, 10**30]
    for place in others:
        for path in ("", "/now", "/comments"):
            assert client.get(f"/locations/{place}{path}").status_code in (403, 404)
        assert client.get(f"/locations/{place}").status_code == 404


def test_per_must_see_nothing_of_norway(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30, days_ago=1)
    chain.comment(chain.oslo, "The staff were lovely")
    client = chain.browser(chain.per)
    for path in ("/", "/now", f"/locations/{chain.malmo}", f"/locations/{chain.malmo}/comments"):
        page = client.get(path).get_data(as_text=True)
        assert [word for word in ("Norway", "Oslo", "Bergen", "lovely") if word in page] == []
    assert "Nobody answered yesterday" in client.get("/").get_data(as_text=True)
    for path in ("", "/now", "/comments"):
        assert client.get(f"/locations/{chain.oslo}{path}").status_code == 404


def test_a_place_that_is_not_ones_own_looks_like_none(chain: Chain) -> None:
    client = chain.browser(chain.per)
    hidden, missing = (client.get(f"/locations/{place}") for place in (chain.oslo, 999))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.get_data() == missing.get_data()


@pytest.mark.parametrize("path", ["/", "/now", "/locations/2", "/locations/2/now", "/locations/2/comments"])
def test_a_stranger_is_asked_to_sign_in(chain: Chain, path: str) -> None:
    answer = chain.browser().get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")


def test_a_few_answers_cannot_be_subtracted_out(chain: Chain) -> None:
    """Norway less Oslo would be Bergen's three customers: only those who may read single answers see that sum."""
    chain.visits(chain.oslo, [3] * 30)
    chain.visits(chain.bergen, [0] * 3)
    kari = chain.person("kari@example.com", "Kari", chain.norway)
    assert "91" in row(chain.page("/"), chain.norway)
    shown = chain.page(f"/locations/{chain.norway}", kari)
    assert "30 answers in the last 28 days" in words(shown)
    assert "100" in words(shown)


# An open page


def test_an_open_page_moves_with_the_next_answer(chain: Chain, clock: Clock) -> None:
    chain.visits(chain.oslo, [3] * 30)
    client = chain.browser(chain.astrid)
    shown = version(client.get("/").get_data(as_text=True))
    assert client.get(f"/now?version={shown}", headers=FRAGMENT).status_code == 204
    clock.ms += 1_000
    chain.visits(chain.oslo, [0] * 10)
    answer = client.get(f"/now?version={shown}", headers=FRAGMENT)
    piece = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "75" in row(piece, chain.oslo)
    assert "<html" not in piece
    assert client.get(f"/now?version={version(piece)}", headers=FRAGMENT).status_code == 204


def test_of_two_boxes_the_earlier_moment_may_come_last(chain: Chain, clock: Clock) -> None:
    chain.visits(chain.oslo, [3])
    client = chain.browser(chain.astrid)
    shown = version(client.get("/").get_data(as_text=True))
    clock.ms -= 5
    chain.visits(chain.bergen, [3])
    clock.ms += 5
    assert client.get(f"/now?version={shown}").status_code == 200


def test_words_about_time_do_not_grow_old(chain: Chain, clock: Clock) -> None:
    client = chain.browser(chain.astrid)
    shown = version(client.get("/").get_data(as_text=True))
    clock.ms += MINUTE_MS
    assert client.get(f"/now?version={shown}").status_code == 200


# Few and many


def test_a_chain_without_places_says_what_to_do(a_centre: Centre, clock: Clock) -> None:
    chain = Chain(a_centre, clock, founded=False)
    astrid = chain.person("astrid@example.com", "Astrid", responses=True)
    page = chain.page("/", astrid)
    assert sentence(page) == "There is no place yet."
    said = words(page)
    assert "On the server, for each place: smilepost server enrol-code" in said
    assert "On its terminal, with that code: smilepost kiosk enrol CODE" in said
    assert "pair" not in said


def test_a_new_chain_says_what_will_stand_there(a_centre: Centre, clock: Clock) -> None:
    chain = Chain(a_centre, clock)
    with chain.centre.db.writing() as tx:
        tx.execute(update(placements).values(from_ms=clock() - 20 * DAY_MS))
    assert sentence(chain.page("/")) == "No answers yet. The morning after the first ones, this line says how it was."
    assert "Below are 4 places. The score runs" in words(chain.page("/"))
    chain.visits(chain.oslo, [3] * 30)
    chain.visits(chain.malmo, [3])
    page, oslo = chain.page("/"), f"/locations/{chain.oslo}"
    assert sentence(page) == "The first answers came in today. From tomorrow on, this line says how yesterday was."
    assert "30 answers since 3 Mar, all of them today." in words(chain.page(oslo))
    clock.ms += DAY_MS
    chain.visits(chain.oslo, [3] * 2)
    page = chain.page("/")
    assert sentence(page).startswith("Yesterday 31 answers")
    assert "Below are 4 places since 3 Mar, today included." in words(page)
    assert "32 answers since 3 Mar, 2 of them today." in words(chain.page(oslo))
    assert "1 answer since 3 Mar. From 5 on" in words(chain.page(f"/locations/{chain.malmo}"))
    clock.ms += 9 * DAY_MS
    assert sentence(chain.page("/")).startswith("Nobody answered yesterday.")
    assert "Below are the last 28 days of 4 places, today included." in words(chain.page("/"))


def test_a_group_without_places_says_so(chain: Chain) -> None:
    finland = chain.group("Finland")
    assert "No place in this group yet." in chain.page("/")
    assert "No place in this group yet." in chain.page(f"/locations/{finland}")
    assert "Nobody has answered here yet." in chain.page(f"/locations/{finland}")


def test_places_in_no_group_follow_those_that_are(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        aarhus = places.add_location(tx, "Aarhus", zone="Europe/Copenhagen")
    page = chain.page("/")
    assert page.index(f'id="place-{chain.malmo}"') < page.index(f'id="place-{aarhus}"')
    assert row(page, aarhus).startswith("Aarhus No screen here yet")


def test_groups_in_groups_keep_their_places_together(chain: Chain) -> None:
    west = chain.group("Vestland", chain.norway)
    voss = chain.shop("Voss", west)
    chain.visits(voss, [3] * 7)
    page = chain.page("/")
    assert "7 7 today" in row(page, west)
    assert "7 7 today" in row(page, chain.norway)
    assert page.index(f'id="place-{west}"') < page.index(f'id="place-{voss}"')
    assert page.index(f'id="place-{voss}"') < page.index(f'id="place-{chain.sweden}"')


def test_very_many_places_come_page_by_page(chain: Chain) -> None:
    many = overview.MOST_LINES + 5
    with chain.centre.db.writing() as tx:
        shops = [places.add_location(tx, f"Shop {number:03}", parent=chain.sweden) for number in range(many)]
    chain.visits(chain.malmo, [3] * 30)
    front = chain.page("/")
    assert "100" in row(front, chain.sweden)
    assert f'id="place-{shops[0]}"' not in front
    pages = [chain.page(f"/locations/{chain.sweden}?page={number}") for number in range(1, 6)]
    found = [re.findall(r'id="place-(\d+)"', page) for page in pages]
    assert [len(each) for each in found] == [wide.A_PAGE] * 4 + [6]
    assert len({number for page in found for number in page}) == many + 1
    assert f'href="/locations/{chain.sweden}?page=2"' in pages[0]
    assert chain.page(f"/locations/{chain.sweden}?page=99") == pages[-1]


def test_two_questions_are_never_added_together(chain: Chain, clock: Clock) -> None:
    recommend = Survey(
        "recommend", 1, ("en",), (Question("recommend", "scale", {"en": "Would you recommend us?"}, "nps11"),)
    )
    with chain.centre.db.writing() as tx:
        surveys.publish(tx, recommend, clock())
    chain.visits(chain.oslo, [3] * 40)
    box = chain.boxes[chain.oslo]
    for value in [9] * 12 + [3] * 18:
        stamp = {"boot": f"{box.boot}-{box.seq}", "boottime_ms": 10**9, "wall_ms": clock() - DAY_MS, "synced": True}
        entry = box.response(survey="recommend", stamp=stamp)
        box.send(chain.app.test_client(), wire.seal({**entry, "answers": {"recommend": value}}, "pepper"))
    assert "100 93–100 40" in row(chain.page("/"), chain.oslo)
    nps = chain.page("/?question=recommend")
    assert "−20" in row(nps, chain.oslo)
    assert "30 0 today" in row(nps, chain.oslo)
    assert '<option value="visit"' in nps
    assert chain.page("/?question=unheard-of") == chain.page("/")


# Without a script, and against one


def test_nothing_on_a_page_needs_a_script(chain: Chain) -> None:
    page = chain.page("/")
    assert f'<a href="/locations/{chain.oslo}"' in page
    assert 'method="post" action="/sign-out"' in page


@pytest.mark.parametrize("path", ["/", "/locations/{oslo}", "/sign-in", "/nowhere"])
def test_no_page_carries_a_script_or_a_style_of_its_own(chain: Chain, path: str) -> None:
    chain.visits(chain.oslo, [3] * 30)
    client = chain.browser(chain.astrid)
    page = client.get(path.format(oslo=chain.oslo)).get_data(as_text=True)
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|hx-on|javascript:", page) == []
    assert re.findall(r'(?:src|href)="(?!/|#|\?)', page) == []


def test_html_in_a_name_shows_as_text(chain: Chain) -> None:
    evil = chain.shop('<img src=x onerror="alert(1)">')
    mallory = chain.person("mallory@example.com", "<script>alert(2)</script>", responses=True)
    for path in ("/", f"/locations/{evil}"):
        page = chain.page(path, mallory)
        assert "<img" not in page
        assert "<script>alert" not in page
        assert "&lt;img src=x onerror=" in page
