"""The protocol's messages: what they look like for good, and what is not one."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync import wire
from tests.boxes import Box, new_id

GOLDEN = Path(__file__).parent / "golden"
KEY = bytes(range(32))


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes().strip()


def test_a_batch_of_version_1_is_read_for_ever() -> None:
    batch = wire.read_batch(golden("batch-v1.json"))
    assert batch.seen == (1795300000000, 2)
    assert batch.health.streams["5c7b4d3ae1f00912"].pending == 2
    assert batch.anchors[0].rtt_ms == 84
    responses = [wire.read_response(bytes(raw)) for raw in batch.entries]
    assert [response.rev for response in responses] == [1, 3]
    assert responses[1].answers["comment"] == "Vlug geholpen, dank u wel! 😊"
    assert responses[0].placement is None


def test_entries_of_version_1_keep_their_hash() -> None:
    for raw in wire.read_batch(golden("batch-v1.json")).entries:
        entry = wire.read_entry(bytes(raw))
        assert wire.is_intact(entry)
        assert wire.is_intact(wire.wipe(entry))


def test_a_batch_of_version_1_is_written_the_same_for_ever() -> None:
    assert wire.encode(wire.read_batch(golden("batch-v1.json"))) == golden("batch-v1.json")


def test_an_answer_of_version_1_is_read_for_ever() -> None:
    body = golden("answer-v1.json")
    signature = "lrLHx/5D1UYxR5buje+5iAiLnKST37hJkW7ovqLrb0s="
    answer = wire.read_answer(KEY, 200, "application/json", "f00dfeed", "a1b2c3d4e5f60718", body, signature)
    assert answer is not None
    assert [result.verdict for result in answer.results] == ["stored", "duplicate", "refused", "later"]
    assert answer.results[3].retry_ms == 2000
    assert answer.missing == [("0193f1c8-9a40-7c01-8a2b-5d1e0c9f7a11", 1)]
    assert answer.do == ["audit", "something-new"]


def test_a_manifest_of_version_1_is_read_for_ever() -> None:
    manifest = msgspec.json.decode(golden("manifest-v1.json"), type=wire.Manifest)
    assert manifest.screens["scr-1"].opening_hours == [[(540, 1080)]] * 5 + [[], []]
    assert manifest.screens["scr-1"].time_zone == "Europe/Amsterdam"


def test_a_request_is_signed_over_these_lines() -> None:
    """Spelled out once without our own functions: somebody else's terminal would do just this."""
    body = b'{"proto":1}'
    digest = "sha-256=:" + b64encode(sha256(body).digest()).decode() + ":"
    assert wire.digest(body) == digest
    import hmac

    lines = f"POST\n/api/v1/batches\nf00dfeed\n{digest}".encode()
    signature = b64encode(hmac.new(KEY, lines, "sha256").digest()).decode()
    assert wire.sign_request(KEY, "POST", wire.BATCHES, "f00dfeed", body) == signature
    assert wire.request_is_signed(KEY, "POST", wire.BATCHES, "f00dfeed", body, signature)
    assert not wire.request_is_signed(KEY, "POST", wire.BATCHES, "other", body, signature)
    assert not wire.request_is_signed(KEY, "POST", wire.BATCHES, "f00dfeed", body, "é\udcff")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 201},
        {"status": 500},
        {"content_type": "text/html"},
        {"request": "another request"},
        {"batch": "another batch"},
        {"key": bytes(32)},
        {"signature": ""},
        {"body": golden("answer-v1.json")[:-3]},
        {"body": b'{"ok": true}'},
        {"body": b"<html>Please log in to our Wi-Fi</html>"},
    ],
)
def test_what_is_no_answer(changes: dict[str, Any]) -> None:
    body = golden("answer-v1.json")
    good: dict[str, Any] = {
        "key": KEY,
        "status": 200,
        "content_type": "application/json; charset=utf-8",
        "request": "r",
        "batch": "a1b2c3d4e5f60718",
        "body": body,
        "signature": wire.sign_answer(KEY, 200, "r", body),
    }
    assert wire.read_answer(**good) is not None
    assert wire.read_answer(**{**good, **changes}) is None


def test_another_version_s_answer_is_none_of_ours() -> None:
    body = golden("answer-v1.json").replace(b'"proto":1', b'"proto":2')
    signature = wire.sign_answer(KEY, 200, "r", body)
    assert wire.read_answer(KEY, 200, "application/json", "r", "a1b2c3d4e5f60718", body, signature) is None


@pytest.mark.parametrize("body", [b"", b"\xff", b"[", b"[" * 100_000, b'"', b"NaN", b'{"proto": 1, "proto": '])
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(wire.Unreadable, match=r"bad_(json|batch)"):
        wire.read_batch(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"proto": "1"},
        {"batch": ""},
        {"batch": "two words"},
        {"seen": [1]},
        {"anchors": [{}]},
        {"entries": {}},
        {"health": None},
        {"boottime_ms": -1},
        {"wall_ms": 2**60},
        {"audit": [["not-an-id", 1]]},
        {"audit": [["0193f1c8-9a40-7c01-8a2b-5d1e0c9f7a11", 1]] * 2001},
        {"health": {"streams": {"a b": {"sealed": 1, "acked": 0, "pending": 1, "parked": 0}}}},
        {"health": {"streams": {str(n): {"sealed": 1, "acked": 0, "pending": 1, "parked": 0} for n in range(201)}}},
    ],
)
def test_what_is_not_a_batch(changes: dict[str, Any]) -> None:
    message = {**Box("dev-1", KEY, "scr-1", "plc-1").batch(), **changes}
    with pytest.raises(wire.Unreadable, match="bad_batch"):
        wire.read_batch(msgspec.json.encode(message))


@pytest.mark.parametrize("proto", [0, 2, 99])
def test_another_version_s_batch_is_named_as_such(proto: int) -> None:
    message = {**Box("dev-1", KEY, "scr-1", "plc-1").batch(), "proto": proto, "seen": "something new"}
    with pytest.raises(wire.Unreadable, match="unsupported_proto"):
        wire.read_batch(msgspec.json.encode(message))


texts = st.text(max_size=60)
answers = st.dictionaries(
    st.sampled_from(["visit", "why", "comment", "more"]), st.integers(0, 10) | st.lists(texts, max_size=3) | texts
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers, st.text("abc123_-", max_size=16))
def test_a_sealed_entry_is_intact_wiped_or_not_and_over_the_wire(given_answers: dict[str, Any], salt: str) -> None:
    entry = wire.seal({"kind": "response", "answers": given_answers}, salt)
    assert wire.is_intact(entry)
    assert wire.is_intact(wire.read_entry(wire.encode(entry)))
    wiped = wire.wipe(entry)
    assert wire.is_intact(wiped)
    assert wire.wipe(wiped) == wiped
    assert not [text for text in wiped["answers"].values() if isinstance(text, str)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers, st.sampled_from(["visit", "kind", "rev", "new"]), st.integers() | texts)
def test_any_other_byte_breaks_the_hash(given_answers: dict[str, Any], name: str, value: Any) -> None:
    entry = wire.seal({"kind": "response", "rev": 1, "answers": given_answers}, "salt")
    if entry.get(name) != value:
        assert not wire.is_intact({**entry, name: value})
    if given_answers.get(name) != value:
        assert not wire.is_intact({**entry, "answers": {**given_answers, name: value}})


@pytest.mark.parametrize("entry", [{}, {"sha": 7}, {"answers": {"a": "\ud800"}, "sha": "x"}, {"answers": 3, "sha": ""}])
def test_odd_things_are_not_intact(entry: dict[str, Any]) -> None:
    assert not wire.is_intact(entry)


def test_an_export_says_whose_it_is_and_how_it_ends() -> None:
    header = wire.ExportHeader(1, "dev-1", 2, "install-1", "smilepost/0", 1_767_182_400_000)
    assert wire.read_export_header(wire.encode(header)) == header
    signature = wire.sign_export(KEY, "ab" * 32)
    end = wire.ExportEnd(3, 401, signature)
    assert wire.read_export_end(wire.encode(end)) == end
    assert wire.export_is_signed(KEY, "ab" * 32, signature)
    assert not wire.export_is_signed(KEY, "ba" * 32, signature)
    assert not wire.export_is_signed(b"another device's key of 32 bytes", "ab" * 32, signature)


@pytest.mark.parametrize(
    "line", [b"", b"[]", b'{"smilepost_export": 2}', b'{"batches": -1}', b"\x1f\x8b", b'{"a":' * 99999]
)
def test_what_is_no_line_of_an_export(line: bytes) -> None:
    for read in (wire.read_export_header, wire.read_export_end):
        with pytest.raises(wire.Unreadable, match="bad_export"):
            read(line)


def test_a_crew_pin_is_checked_as_a_browser_would() -> None:
    # RFC 7914, section 11: PBKDF2-HMAC-SHA256 of "passwd" with the salt "salt", one round; its first 32 bytes.
    known = bytes.fromhex("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc")
    kept = wire.hash_crew_pin("passwd", 1, b"salt")
    assert kept == f"pbkdf2$1$c2FsdA==${b64encode(known).decode()}"
    assert wire.crew_pin_fits("passwd", kept)
    assert not wire.crew_pin_fits("passwt", kept)
    assert not any(wire.crew_pin_fits("passwd", bad) for bad in ("", "pbkdf2$1$c2FsdA==", "pbkdf2$0$$", "scrypt$1$a$b"))


def test_a_handover_says_what_came_of_it_and_holds_no_words() -> None:
    entry = {
        "kind": "handover", "id": new_id(), "rev": 2, "stream": "s", "seq": 1, "schema": 1, "test": False,
        "screen": "scr", "placement": "pl", "job": "A 17", "crew": "7", "lang": "nl", "outcome": "declined",
        "stamp": {"boot": "b", "boottime_ms": 1, "wall_ms": 2, "synced": False}, "response": None, "held_ms": None,
        "answers": {},
    }  # fmt: skip
    sealed = wire.seal(entry, "salt")
    assert wire.is_intact(sealed)
    assert wire.read_handover(wire.encode(sealed)).outcome == "declined"
    for wrong in ({"job": ""}, {"job": "a\nb"}, {"job": "x" * 41}, {"answers": {"a": "words"}}, {"crew": "two words"}):
        with pytest.raises(wire.Unreadable, match="bad_shape"):
            wire.read_handover(wire.encode(sealed | wrong))
