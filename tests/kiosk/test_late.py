"""What a page delivers when its terminal was away: held once, under its own id, at the hour it was given."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk import late
from kiosk.app import create_app
from kiosk.late import Anchor, Late, Unfit
from kiosk.terminal import Terminal
from sync import wire
from sync.survey import BUILTIN, MAX_COMMENT
from tests.terminals import full_disk, sealed, terminal

LOAD = "page-0123456789abcdef0123456789abcdef"
OTHER = "page-ffffffffffffffffffffffffffffffff"
RECORD: dict[str, Any] = {
    "id": "01890000-0000-7000-8000-000000000001", "rev": 2, "screen": None, "placement": None, "survey": "builtin",
    "version": 1, "lang": "en", "answers": {"visit": 0, "visit_unhappy": ["staff"], "comment": "Rude."},
    "shown": {"visit_unhappy": ["staff", "waiting", "choice", "price", "clean", "other"]}, "first_ms": 900,
    "total_ms": 4000, "since_prev_ms": 8000, "ended": "done", "load": LOAD, "page_ms": 60_000, "wall_ms": 1,
}  # fmt: skip
NOW = wire.Stamp("boot-now", 500_000, 1_700_000_500_000, synced=True)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


def deliver(client: FlaskClient, *records: Any, loads: Any = None, place: str = "/late") -> TestResponse:
    body = {"responses": list(records), "loads": loads or {}}
    return client.post(place, json=body, headers={"Origin": "http://localhost"})


def held(answer: TestResponse) -> list[list[Any]]:
    assert (answer.status_code, answer.json and answer.json["smilepost"]) == (200, 1)
    return answer.json["held"] if answer.json else []


def record(**changes: Any) -> dict[str, Any]:
    return RECORD | changes


def anchor(box: Terminal, page_ms: int, ago_ms: int = 0) -> dict[str, Any]:
    """The terminal's clock `ago_ms` ago, as the page saw it at `page_ms`."""
    now = box.clock.stamp()
    stamp = {"boot": now.boot, "boottime_ms": now.boottime_ms - ago_ms, "wall_ms": now.wall_ms - ago_ms, "synced": True}
    return {"page_ms": page_ms, "rtt_ms": 4, "stamp": stamp}


def test_it_is_held_whole_under_its_own_id(client: FlaskClient, box: Terminal) -> None:
    assert held(deliver(client, RECORD)) == [[RECORD["id"], 2]]
    (entry,) = sealed(box)
    for name in ("id", "rev", "answers", "shown", "first_ms", "total_ms", "since_prev_ms", "ended", "lang"):
        assert entry[name] == RECORD[name]


def test_twice_and_twice_at_once_is_once(client: FlaskClient, box: Terminal) -> None:
    for _ in range(3):
        assert held(deliver(client, RECORD, RECORD)) == [[RECORD["id"], 2]] * 2
    assert len(sealed(box)) == 1


def test_also_when_its_body_is_gone_from_the_outbox(client: FlaskClient, box: Terminal) -> None:
    deliver(client, RECORD)
    with box.outbox.disk.durable() as db:
        db.execute("UPDATE entries SET body = NULL")
    assert held(deliver(client, RECORD)) == [[RECORD["id"], 2]]
    assert box.outbox.disk.rows("SELECT id, rev FROM entries") == [(RECORD["id"], 2)]
    assert box.outbox.drafts_of(None) == []


def test_a_higher_revision_of_what_was_sealed_comes_after_it(client: FlaskClient, box: Terminal) -> None:
    deliver(client, record(rev=1, answers={"visit": 0}, ended=None))
    box.seal_screen(None)
    first = sealed(box)[0]
    deliver(client, RECORD)
    deliver(client, record(rev=1, answers={"visit": 0}, ended="left"))
    assert [(entry["rev"], entry["ended"]) for entry in sealed(box)] == [(1, "left"), (2, "done")]
    assert sealed(box)[1]["stamp"] == first["stamp"]


def test_an_open_visit_stays_open(client: FlaskClient, box: Terminal) -> None:
    assert held(deliver(client, record(ended=None))) == [[RECORD["id"], 2]]
    draft = box.draft(RECORD["id"])
    assert draft is not None
    assert (draft.rev, sealed(box)) == (2, [])
    deliver(client, record(ended="left"))
    assert [entry["ended"] for entry in sealed(box)] == ["left"]


def test_the_hour_is_the_one_on_the_terminals_clock(client: FlaskClient, box: Terminal) -> None:
    now = box.clock.stamp()
    deliver(client, RECORD, loads={LOAD: [anchor(box, 10_000, ago_ms=90_000), anchor(box, 99_000, ago_ms=1_000)]})
    stamp = sealed(box)[0]["stamp"]
    assert (stamp["boot"], stamp["synced"]) == (now.boot, True)
    assert abs(now.boottime_ms - 40_000 - stamp["boottime_ms"]) < 5_000
    assert abs(now.wall_ms - 40_000 - stamp["wall_ms"]) < 5_000


def test_a_load_that_never_met_the_terminal_keeps_its_own_clock(client: FlaskClient, box: Terminal) -> None:
    deliver(client, RECORD, loads={OTHER: [anchor(box, 10)]})
    (entry,) = sealed(box)
    assert entry["stamp"] == {"boot": LOAD, "boottime_ms": 60_000, "wall_ms": 1, "synced": False}


def always(boot: str) -> bool:
    return True


def late_at(page_ms: int) -> Late:
    return late.read_one(wire.encode(record(page_ms=page_ms)), [BUILTIN])


def test_the_nearest_anchor_counts_and_no_time_lies_before_its_start() -> None:
    before = Anchor(1_000, 2, wire.Stamp("boot-old", 900_000, 1_700_000_000_000, synced=False))
    after = Anchor(100_000, 2, wire.Stamp("boot-now", 20_000, 1_700_000_090_000, synced=True))
    assert late.stamp(late_at(3_000), [before, after], NOW, always).boottime_ms == 902_000
    assert late.stamp(late_at(90_000), [before, after], NOW, always) == wire.Stamp(
        "boot-now", 10_000, 1_700_000_080_000, True
    )
    # 30 s before the terminal's newest start: only the older one knows.
    assert late.stamp(late_at(60_000), [before, after], NOW, always).boot == "boot-old"
    assert late.stamp(late_at(60_000), [after], NOW, always).boot == LOAD


def test_a_start_that_may_have_ended_tells_only_what_head_office_can_check() -> None:
    """Found by the simulation: tapped while the terminal was down or starting anew, it was said to lie in a start that
    was over, and so before the next one."""
    seen = Anchor(1_000, 2, wire.Stamp("boot-old", 900_000, 1_700_000_000_000, synced=False))
    assert late.stamp(late_at(3_000), [seen], NOW, always).boot == "boot-old"
    assert late.stamp(late_at(3_000), [seen], NOW, lambda boot: False).boot == LOAD
    assert late.stamp(late_at(500), [seen], NOW, lambda boot: False).boot == "boot-old"


def test_a_clock_that_was_right_once_is_not_said_to_be_right_for_ever() -> None:
    seen = Anchor(0, 2, wire.Stamp("boot-old", 900_000, 1_700_000_000_000, synced=True))
    assert late.stamp(late_at(600_000), [seen], NOW, always).synced
    assert not late.stamp(late_at(600_001), [seen], NOW, always).synced


def test_nothing_was_captured_in_the_future() -> None:
    seen = Anchor(1_000, 2, wire.Stamp("boot-now", 400_000, 1_700_000_400_000, synced=True))
    assert late.stamp(late_at(900_000), [seen], NOW, always) == NOW


def test_a_clock_that_jumped_moves_nothing() -> None:
    seen = Anchor(50_000, 2, wire.Stamp("boot-now", 400_000, 1_700_000_400_000, synced=True))
    jumped = [late.read_one(wire.encode(record(wall_ms=wall)), [BUILTIN]) for wall in (-(10**12), 4 * 10**12)]
    assert {late.stamp(one, [seen], NOW, always).boottime_ms for one in jumped} == {410_000}


def test_what_comes_late_tells_no_false_haste(client: FlaskClient, box: Terminal) -> None:
    seen = {LOAD: [anchor(box, 100_000)]}
    ids = [f"01890000-0000-7000-8000-00000000000{n}" for n in range(3)]
    deliver(client, record(id=ids[0], page_ms=90_000, since_prev_ms=None), loads=seen)
    deliver(client, record(id=ids[1], page_ms=20_000, since_prev_ms=None), loads=seen)
    deliver(client, record(id=ids[2], page_ms=30_000, since_prev_ms=10_000), loads=seen)
    assert [entry["since_prev_ms"] for entry in sealed(box)] == [None, None, 10_000]


def test_an_edition_that_is_not_asked_any_more_is_kept(client: FlaskClient, box: Terminal) -> None:
    old = record(survey="summer", version=7, answers={"mood": 9, "why": ["heat", "heat"], "words": " So\x07 hot. "})
    assert held(deliver(client, old)) == [[RECORD["id"], 2]]
    (entry,) = sealed(box)
    assert (entry["survey"], entry["version"]) == ("summer", 7)
    assert entry["answers"] == {"mood": 9, "why": ["heat"], "words": "So hot."}


def test_where_it_stood_is_what_the_page_showed(tmp_path: Path) -> None:
    with terminal(tmp_path, "s-front", "s-back") as box:
        client = create_app(box).test_client()
        deliver(client, record(screen="s-back", placement="p-before"), place="/s/s-front/late")
        assert [(entry["screen"], entry["placement"]) for entry in sealed(box)] == [("s-back", "p-before")]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"visit": 0, "visit_happy": ["staff"], "colour": 3}, {"visit": 0, "visit_happy": ["staff"]}),
        ({"visit": 0, "visit_unhappy": ["staff", "bribes"]}, {"visit": 0}),
        ({"visit": 0, "comment": "x" * 5_000}, {"visit": 0, "comment": "x" * MAX_COMMENT}),
        ({"visit": 0, "comment": " \n", "visit_unhappy": []}, {"visit": 0}),
        ({"visit": 0, "comment": 3}, {"visit": 0}),
    ],
    ids=range(5),
)
def test_what_fits_no_question_is_left_out(client: FlaskClient, box: Terminal, sent: Any, kept: Any) -> None:
    deliver(client, record(answers=sent))
    assert sealed(box)[0]["answers"] == kept


DAYS_MS = 39 * 3_600_000
ODD: list[dict[str, Any]] = [
    {"first_ms": DAYS_MS, "total_ms": DAYS_MS + 5}, {"first_ms": -1}, {"since_prev_ms": -4.5}, {"wall_ms": 1e300},
    {"shown": {"visit_unhappy": ["s"] * 40}}, {"shown": None}, {"lang": "<b>"},
    {"answers": {"visit": 0, "comment": None}}, {"answers": {"visit": 0, "Not A Name": "words"}},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_nothing_odd_beside_the_answer_costs_the_answer(
    client: FlaskClient, box: Terminal, odd: dict[str, Any]
) -> None:
    """The first customer of a Monday touches a screen that nobody touched since Saturday."""
    assert held(deliver(client, record(**odd))) == [[RECORD["id"], 2]]
    (entry,) = sealed(box)
    assert entry["answers"]["visit"] == 0
    assert wire.read_response(wire.encode(entry)).id == RECORD["id"]


def test_half_an_emoji_costs_no_comment(client: FlaskClient, box: Terminal) -> None:
    other = record(id="01890000-0000-7000-8000-000000000002")
    body = json.dumps({"responses": [record(answers={"visit": 0, "comment": "Nice \ud83d"}), other], "loads": {}})
    answer = client.post("/late", data=body, headers={"Origin": "http://localhost"}, content_type="application/json")
    assert held(answer) == [[RECORD["id"], 2], [other["id"], 2]]
    assert sealed(box)[0]["answers"]["comment"] == "Nice"


UNFIT: list[Any] = [
    {}, "words", None, [], record(id="another"), record(rev=0), record(answers={}), record(answers={"visit": 9}),
    record(answers={"comment": "alone"}), record(answers={"visit": 0.5}), record(load="a-boot-of-a-machine"),
    record(page_ms=-1), record(ended="thrown"), record(survey="../etc"), record(screen="two words"),
    record(answers={"visit": 2**70}), record(answers={"visit": 0, "comment": "x" * 31_000}),
]  # fmt: skip


@pytest.mark.parametrize("unfit", UNFIT, ids=range(len(UNFIT)))
def test_what_is_no_response_is_refused_and_spoils_no_other(client: FlaskClient, box: Terminal, unfit: Any) -> None:
    answer = deliver(client, unfit, RECORD)
    assert held(answer) == [[RECORD["id"], 2]]
    assert answer.json is not None
    assert answer.json["refused"] == [0]
    assert len(sealed(box)) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"responses": []}', b'{"responses": [1], "loads": {"x": []}}'])
def test_what_is_no_delivery_is_said_to_be_none(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/late", data=body, headers={"Origin": "http://localhost"})
    assert (answer.status_code, answer.json and answer.json["smilepost"]) == (400, 1)
    with pytest.raises(Unfit):
        late.read(body)


def test_what_the_disk_does_not_take_stays_with_the_page(client: FlaskClient, box: Terminal) -> None:
    with full_disk():
        answer = deliver(client, RECORD)
        assert (answer.status_code, answer.json and answer.json.get("held")) == (503, None)
    last_s = time.monotonic() + 10
    while (answer := deliver(client, RECORD)).status_code == 503 and time.monotonic() < last_s:
        time.sleep(0.05)
    assert held(answer) == [[RECORD["id"], 2]]


def test_another_site_delivers_nothing(client: FlaskClient, box: Terminal) -> None:
    body = {"responses": [RECORD], "loads": {}}
    for headers in ({}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post("/late", json=body, headers=headers).status_code == 403
    assert sealed(box) == []


def test_too_much_at_once_is_said_so(client: FlaskClient) -> None:
    assert deliver(client, RECORD, "x" * 70_000).status_code == 413


def test_the_clock_is_told_and_the_page_heard(tmp_path: Path) -> None:
    with terminal(tmp_path, "s-front", "s-back") as box:
        client = create_app(box).test_client()
        told = client.get("/s/s-back/clock?persisted=1&unsent=3").json
        for wild in ("-3", "soon", "9" * 400):
            client.get(f"/s/s-front/clock?persisted=maybe&unsent={wild}")
        assert told is not None
        assert told["clock"]["boot"] == box.clock.boot
        assert abs(told["clock"]["boottime_ms"] - box.clock.boottime_ms()) < 5_000
        pages = box._wire_health().screens
        assert (pages["s-back"]["persisted"], pages["s-back"]["unsent"]) == (True, 3)
        assert pages["s-front"]["persisted"] is False
        assert 0 <= pages["s-front"]["unsent"] <= 10**6
        assert client.get("/s/s-cellar/clock?unsent=3").status_code == 404
        assert "s-cellar" not in pages
        screens = client.get(client.get("/s/s-back/").headers["Smilepost-Frames"]).text
        assert f'"shows":"{told["shows"]}"' in screens
        assert told["shows"] != client.get("/s/s-front/clock").json["shows"]  # type: ignore[index]
