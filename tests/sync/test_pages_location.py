"""One place's page: how people answered, why, and what they wrote."""

import re

import pytest
from sqlalchemy import update

from sync.centre import Centre
from sync.models import responses
from sync.office.comments import A_PAGE, Cursor
from tests.sync.conftest import Clock
from tests.sync.norway import FRAGMENT, MINUTE_MS, Chain
from tests.sync.test_pages import row, sentence, version, words


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def section(page: str, title: str) -> str:
    """The part of a page under a heading, as words."""
    found = re.search(rf"<h2[^>]*>{re.escape(title)}</h2>(.*?)</section>", page, re.DOTALL)
    assert found, f"nothing under {title!r}"
    return words(found[1])


def test_a_place_shows_how_people_answered(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30 + [2] * 6 + [1, 0, 0, 0], days_ago=1)
    page = chain.page(f"/locations/{chain.oslo}")
    assert sentence(page) == "Yesterday 40 answers, score 86 (74–94)."
    assert "40 answers in the last 28 days, none of them today." in words(page)
    shown = section(page, "How people answered")
    assert re.findall(r"(\w[\w ]*?) +(\d+)% (\d+)", shown.split("best first ")[1]) == [
        ("Very happy", "75", "30"),
        ("Happy", "15", "6"),
        ("Unhappy", "2", "1"),
        ("Very unhappy", "8", "3"),
    ]


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "Nobody has answered here in the last 28 days."),
        (1, "1 answer in the last 28 days, today. From 5 on there is a score."),
        (4, "4 answers in the last 28 days, all of them today. From 5 on there is a score."),
        (5, "5 answers in the last 28 days, all of them today. Early: from 30 on it stands firmer."),
        (29, "29 answers in the last 28 days, all of them today. Early: from 30 on it stands firmer."),
        (30, "30 answers in the last 28 days, all of them today."),
    ],
)
def test_a_place_says_what_its_score_rests_on(chain: Chain, n: int, said: str) -> None:
    chain.visits(chain.oslo, [0] * n)
    page = chain.page(f"/locations/{chain.oslo}")
    assert said in words(page)
    assert ("Early" in words(page)) is (5 <= n < 30)
    assert ("How people answered" in page) is (n >= 5)


def test_days_with_few_answers_show_no_score_and_leave_a_gap(chain: Chain) -> None:
    for days_ago, n in ((10, 12), (9, 12), (8, 4), (6, 12), (5, 12)):
        chain.visits(chain.oslo, [3] * n, days_ago=days_ago)
    page = chain.page(f"/locations/{chain.oslo}")
    trend = re.search(r'<svg class="line".*?</svg>', page, re.DOTALL)
    assert trend
    assert trend[0].count("<polyline") == trend[0].count("<polygon") == 2
    table = section(page, "The last four weeks")
    assert table.count("100 12") == 4
    assert "– 4" in table


def test_reasons_are_ranked_among_the_unhappy_and_among_the_happy(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 6, answers={"visit_happy": ["staff", "price"]})
    chain.visits(chain.oslo, [2] * 4, answers={"visit_happy": ["staff"]})
    chain.visits(chain.oslo, [0] * 3, answers={"visit_unhappy": ["waiting"]})
    chain.visits(chain.oslo, [1] * 7)
    chain.visits(chain.bergen, [0] * 9, answers={"visit_unhappy": ["clean"]})
    page = chain.page(f"/locations/{chain.oslo}")
    happy, unhappy = section(page, "What did you like?"), section(page, "What went wrong?")
    assert happy.endswith("Friendly staff 100% 10 Price 60% 6")
    assert unhappy.startswith("Of 10 people who answered very unhappy or unhappy.")
    assert unhappy.endswith("Waiting time 30% 3")
    assert "Cleanliness 47% 9" in section(chain.page(f"/locations/{chain.norway}"), "What went wrong?")


def test_last_weeks_reasons_stand_beside_this_weeks(chain: Chain) -> None:
    """Of the unhappy 8 % waited too long in the weeks before, 60 % this week: that is certain. Price is not."""
    for days_ago in range(8, 18):
        chain.visits(chain.oslo, [0] * 6 + [3] * 5, answers={}, days_ago=days_ago)
    chain.visits(chain.oslo, [1] * 5, answers={"visit_unhappy": ["waiting"]}, days_ago=7)
    chain.visits(chain.oslo, [1] * 3, answers={"visit_unhappy": ["price"]}, days_ago=27)
    chain.visits(chain.oslo, [0] * 24, answers={"visit_unhappy": ["waiting"]}, days_ago=6)
    chain.visits(chain.oslo, [0] * 14)
    chain.visits(chain.oslo, [0] * 2, answers={"visit_unhappy": ["price"]}, days_ago=3)
    why = section(chain.page(f"/locations/{chain.oslo}"), "What went wrong?")
    assert why.startswith(
        "Of 40 people this week, and 68 in the three weeks before, who answered very unhappy or unhappy."
        " ▲ and ▼ mark what has certainly changed."
    )
    assert why.endswith("This week Before Waiting time ▲ 60% 7% Price 5% 4%")


def test_weeks_too_small_to_be_compared_are_summed_up(chain: Chain) -> None:
    chain.visits(chain.oslo, [0] * 4, answers={"visit_unhappy": ["price"]}, days_ago=1)
    chain.visits(chain.oslo, [0] * 5, days_ago=9)
    chain.visits(chain.oslo, [3] * 5, answers={"visit_happy": ["staff"]}, days_ago=1)
    chain.visits(chain.oslo, [3] * 5, answers={"visit_happy": ["price"]}, days_ago=9)
    page = chain.page(f"/locations/{chain.oslo}")
    assert section(page, "What went wrong?").endswith("Price 44% 4")
    assert section(page, "What did you like?").endswith("Friendly staff 100% 0% Price 0% 100%")  # too few for a mark


def test_each_place_has_its_own_week(chain: Chain) -> None:
    """In Kiritimati it is tomorrow already: what was the seventh day in Oslo is the eighth there."""
    kiritimati = chain.shop("Kiritimati", zone="Pacific/Kiritimati")
    for shop in (chain.oslo, kiritimati):
        for answers, days_ago in (({}, 2), ({"visit_unhappy": ["price"]}, 6), ({}, 10)):
            chain.visits(shop, [0] * 5, answers=answers, days_ago=days_ago)
        why = section(chain.page(f"/locations/{shop}"), "What went wrong?")
        assert why.endswith("Price 50% 0%" if shop == chain.oslo else "Price 0% 50%")
    why = section(chain.page(f"/locations/{chain.norway}"), "What went wrong?")
    assert why.endswith("This week Before Price 33% 33%")


def test_reasons_of_a_few_cannot_be_subtracted_out(chain: Chain) -> None:
    for shop, n in ((chain.oslo, 30), (chain.bergen, 3)):
        chain.visits(shop, [0] * n, answers={"visit_unhappy": ["price"]})
    kari = chain.person("kari@example.com", "Kari", chain.norway)
    path = f"/locations/{chain.norway}"
    assert section(chain.page(path), "What went wrong?").endswith("Price 100% 33")
    assert section(chain.page(path, kari), "What went wrong?").endswith("Price 100% 30")


def test_reasons_of_a_small_day_cannot_be_subtracted_out(chain: Chain) -> None:
    """The score of whoever may not see single answers leaves that day out; the reasons beside it do, too."""
    for days_ago, n in ((2, 12), (9, 12), (4, 3)):
        chain.visits(chain.oslo, [0] * n, answers={"visit_unhappy": ["price"]}, days_ago=days_ago)
    kari = chain.person("kari@example.com", "Kari", chain.oslo)
    path = f"/locations/{chain.oslo}"
    assert section(chain.page(path), "What went wrong?").startswith("Of 15 people this week, and 12 in")
    assert section(chain.page(path, kari), "What went wrong?").startswith("Of 12 people this week, and 12 in")


def test_a_bar_is_as_long_as_its_share(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 6 + [0] * 2)
    chain.visits(chain.oslo, [3] * 2, answers={"visit_happy": ["price"]})
    page = chain.page(f"/locations/{chain.oslo}")
    assert re.findall(r'<rect class="ground" [^>]*/><rect class="(?:ramp-4-\d|plain)"[^>]* width="([\d.]+)"', page) == [
        "80.0",
        "0.0",
        "0.0",
        "20.0",
        "25.0",
    ]


def test_reasons_of_a_few_are_not_shown(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30)
    chain.visits(chain.oslo, [0] * 4, answers={"visit_unhappy": ["staff"]})
    page = chain.page(f"/locations/{chain.oslo}")
    assert "What went wrong?" not in page
    assert section(page, "What did you like?").endswith("None of them chose a reason.")


def test_a_groups_page_lists_its_places(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30)
    page = chain.page(f"/locations/{chain.norway}")
    assert [row(page, shop).split()[0] for shop in (chain.oslo, chain.bergen, chain.molde)] == [
        "Oslo",
        "Bergen",
        "Molde",
    ]
    assert "Malmö" not in page


def test_the_way_up_ends_where_one_may_not_look(chain: Chain) -> None:
    assert f'href="/locations/{chain.norway}"' in chain.page(f"/locations/{chain.oslo}")
    assert f'href="/locations/{chain.norway}"' not in chain.page(f"/locations/{chain.oslo}", chain.bjorn)


# Comments


def test_what_people_wrote_stands_with_its_face_language_and_local_time(chain: Chain) -> None:
    chain.comment(chain.oslo, "Lange Wartezeit an der Kasse", 0, lang="de")
    page = chain.page(f"/locations/{chain.oslo}")
    assert '<blockquote lang="de" dir="auto">Lange Wartezeit an der Kasse</blockquote>' in page
    assert "Very unhappy 01:30 German Lange Wartezeit" in section(page, "What people wrote")


def test_control_characters_in_a_comment_are_left_out(chain: Chain) -> None:
    chain.comment(chain.oslo, "Be\x00fore\x1b[31m after\nnext line")
    page = chain.page(f"/locations/{chain.oslo}")
    assert "Before[31m after\nnext line" in page


def test_html_in_a_comment_shows_as_text(chain: Chain) -> None:
    chain.comment(chain.oslo, "<script>alert(1)</script><b onmouseover=alert(2)>&amp;")
    for path in ("", "/now?newest=0.0", "/comments"):
        page = chain.page(f"/locations/{chain.oslo}{path}")
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;b onmouseover=alert(2)&gt;&amp;amp;" in page
        assert "<script>alert" not in page
        assert "<img" not in page


def test_comments_need_the_permission(chain: Chain) -> None:
    chain.comment(chain.oslo, "Only for Astrid")
    page = chain.page(f"/locations/{chain.oslo}", chain.bjorn)
    assert "Only for Astrid" not in page
    assert "of this answer" not in page
    assert "Comments are shown to people who may read single answers." in words(page)
    client = chain.browser(chain.bjorn)
    assert client.get(f"/locations/{chain.oslo}/comments").status_code == 403
    assert "Only for Astrid" not in client.get(f"/locations/{chain.oslo}/now?newest=0.0").get_data(as_text=True)


def test_a_place_without_comments_says_so(chain: Chain) -> None:
    assert "Nobody has written anything here yet." in chain.page(f"/locations/{chain.oslo}")


def test_test_taps_and_wiped_texts_are_no_comments(chain: Chain, clock: Clock) -> None:
    chain.comment(chain.oslo, "Just a test", test=True)
    chain.comment(chain.oslo, "   ")
    page = chain.page(f"/locations/{chain.oslo}")
    assert "Just a test" not in page
    assert "<blockquote" not in page


def test_a_comment_set_aside_says_so(chain: Chain) -> None:
    chain.comment(chain.oslo, "Me again", flags=["ghost"])
    assert "set aside Me again" in section(chain.page(f"/locations/{chain.oslo}"), "What people wrote")


def test_where_the_hour_is_unknown_only_the_day_is_said(chain: Chain) -> None:
    chain.comment(chain.oslo, "Some time ago")
    with chain.centre.db.writing() as tx:
        tx.execute(update(responses).values(hour=None, quality="unknown"))
    assert "Very happy Tue 3 Mar English" in section(chain.page(f"/locations/{chain.oslo}"), "What people wrote")


def test_older_comments_come_page_by_page_each_once(chain: Chain) -> None:
    written = [f"comment {number:02}" for number in range(2 * A_PAGE + 3)]
    for text in written:
        chain.comment(chain.oslo, text, days_ago=1)  # all in the same minute: the id decides
    client, path, seen = chain.browser(chain.astrid), f"/locations/{chain.oslo}", []
    for size in (A_PAGE, A_PAGE, 3):
        page = client.get(path).get_data(as_text=True)
        found = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page)
        assert len(found) == size
        seen += found
        older = re.search(rf'<a href="(/locations/{chain.oslo}/comments\?before=[^"]*)"', page)
        path = older[1] if older else ""
    assert path == ""
    assert sorted(seen) == written


def test_older_comments_come_as_a_piece_or_as_a_page(chain: Chain) -> None:
    chain.comment(chain.oslo, "Hello")
    path = f"/locations/{chain.oslo}/comments"
    assert chain.page(path, **FRAGMENT).startswith("<li")
    restored = {**FRAGMENT, "HX-History-Restore-Request": "true"}
    for headers in ({}, restored):
        assert chain.page(path, **headers).startswith("<!doctype html>")


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "1.", ".a", "-1.a", "9" * 30 + ".a", "٣.a", "1.\0", "1.'; DROP TABLE users"]
)
def test_a_cursor_that_is_none_begins_at_the_top(chain: Chain, cursor: str) -> None:
    chain.comment(chain.oslo, "Hello")
    page = chain.browser(chain.astrid).get(f"/locations/{chain.oslo}/comments", query_string={"before": cursor})
    assert page.status_code == 200
    assert ("Hello" in page.get_data(as_text=True)) is (Cursor.parse(cursor) is None)


def test_a_new_comment_joins_an_open_page_once(chain: Chain, clock: Clock) -> None:
    chain.comment(chain.oslo, "The first", days_ago=1)
    client = chain.browser(chain.astrid)
    page = client.get(f"/locations/{chain.oslo}").get_data(as_text=True)
    asked = re.search(r'hx-get="([^"]*)"', page)
    assert asked
    clock.ms += MINUTE_MS
    chain.comment(chain.oslo, "The second")
    piece = client.get(asked[1].replace("&amp;", "&"), headers=FRAGMENT).get_data(as_text=True)
    assert "The second" in piece
    assert "The first" not in piece
    assert 'hx-swap-oob="afterbegin:#comments"' in piece
    clock.ms += MINUTE_MS
    asked = re.search(r'hx-get="([^"]*)"', piece)
    assert asked
    chain.visits(chain.oslo, [3])
    piece = client.get(asked[1].replace("&amp;", "&"), headers=FRAGMENT).get_data(as_text=True)
    assert "The second" not in piece
    assert client.get(f"/locations/{chain.oslo}/now?version={version(piece)}").status_code == 204


def test_the_newest_comments_of_a_group_say_where(chain: Chain) -> None:
    chain.comment(chain.oslo, "From Oslo")
    chain.comment(chain.malmo, "From Malmö")
    page = chain.page(f"/locations/{chain.norway}")
    assert "Very happy Oslo 01:30" in section(page, "What people wrote")
    assert "From Malmö" not in page
