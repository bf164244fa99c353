"""A terminal without a network: its answers come on a stick, through the same door as all others."""

import gzip
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select

from sync import models
from sync.centre import Centre
from sync.intake import tally
from tests.boxes import Box, verdicts
from tests.sync.conftest import Verb


def answered(centre: Centre) -> int:
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return int(tx.execute(select(func.count()).select_from(models.responses)).scalar_one())


def a_month(box: Box, batches: int = 3, size: int = 50) -> list[Any]:
    return [box.batch([box.response(n % 4) for n in range(size)]) for _ in range(batches)]


def test_a_month_offline_comes_on_a_stick(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb, tmp_path: Path
) -> None:
    month = a_month(oslo)
    oslo.send(client, *month[0]["entries"][:7])  # these were sent before the line went dead
    path = oslo.export(tmp_path / "month", *month)
    assert verb("import", path) == (0, f"150 entries of the terminal {oslo.device}: 7 duplicate, 143 stored.\n")
    assert answered(a_centre) == 150
    assert verb("import", path) == (0, f"150 entries of the terminal {oslo.device}: 150 duplicate.\n")
    # The line is back, and the terminal, which heard nothing of it, sends all of it.
    for batch in month:
        assert set(verdicts(oslo.send(client, *batch["entries"]))) == {"duplicate"}
    assert answered(a_centre) == 150


def test_each_entry_gets_the_verdict_that_it_would_have_got(
    a_centre: Centre, oslo: Box, verb: Verb, tmp_path: Path
) -> None:
    erased = oslo.response(1, answers={"comment": "ask Kari Hansen who it was"})
    verb("erase", erased["id"])
    entries = [oslo.response(3), oslo.response(9), oslo.response(2, survey="next-years"), erased]
    code, said = verb("import", oslo.export(tmp_path / "stick", oslo.batch(entries)))
    counted = "1 erased, 1 quarantined, 1 refused, 1 stored (1 off_scale, 1 unknown_survey)"
    assert (code, said) == (0, f"4 entries of the terminal {oslo.device}: {counted}.\n")
    with a_centre.db.reading() as tx:
        bodies = "".join(tx.execute(select(models.responses.c.body)).scalars())
    assert "Kari Hansen" not in bodies


def test_a_stick_says_nothing_of_the_terminal_today(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb, tmp_path: Path
) -> None:
    """Neither one from last month nor one that was written after the last word from the terminal."""
    counts = {"sealed": 9, "acked": 0, "pending": 9, "parked": 0}
    told = {"streams": {oslo.stream: counts}, "stream": oslo.stream, "fingerprint": "another card"}
    old, new = (oslo.batch([oslo.response(), oslo.response()], health=told) for _ in range(2))
    new |= {"boottime_ms": 3 * 10**9, "boots": {oslo.boot: 1}, "seen": (a_centre.now_ms() + 1, 0)}
    oslo.send(client, oslo.response(), seen=(a_centre.now_ms(), 0), health={"streams": {}, "free_bytes": 77})
    before = of_the_device(a_centre)
    assert '"free_bytes":77' in before["health"]
    for message in (old, new):
        assert verb("import", oslo.export(tmp_path / "stick", message))[0] == 0
        after = of_the_device(a_centre)
        assert after.pop("stored_ms") > before["stored_ms"], "pages of its place show what came"
        assert after == {name: value for name, value in before.items() if name != "stored_ms"}
    with a_centre.db.reading() as tx:
        assert tx.execute(select(models.clone_signs)).all() == []
        assert tx.execute(select(models.streams.c.sealed)).scalar_one() == 0
    assert answered(a_centre) == 5


def of_the_device(centre: Centre) -> dict[str, Any]:
    with centre.db.reading() as tx:
        return dict(tx.execute(select(models.devices)).mappings().one())


def refused(centre: Centre, verb: Verb, path: Path, reason: str) -> None:
    """One sentence, and nothing taken."""
    before = answered(centre)
    code, said = verb("import", path)
    assert (code, len(said.splitlines())) == (2, 1), said
    assert str(path) in said
    assert reason in said
    assert answered(centre) == before


def test_what_was_changed_or_cut_off_is_refused_whole(a_centre: Centre, oslo: Box, verb: Verb, tmp_path: Path) -> None:
    path = oslo.export(tmp_path / "stick", *a_month(oslo))
    zipped, lines = path.read_bytes(), gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    changed = [line.replace(b'"visit":0', b'"visit":3') for line in lines]
    broken = {
        "is not signed for this centre": [changed, lines[:2] + lines[3:], [*lines[:-1], lines[2], lines[-1]],
                                          [lines[0], lines[2], lines[1], *lines[3:]]],
        "is no export": [lines[:-1], lines[1:], [lines[0]], [*lines[:-1], lines[-1][:30]], lines + lines[:1]],
    }  # fmt: skip
    for reason, variants in broken.items():
        for variant in variants:
            path.write_bytes(gzip.compress(b"".join(variant)))
            refused(a_centre, verb, path, reason)
    for damaged in (zipped[:-9], zipped[: len(zipped) // 2], zipped[:500] + b"?" + zipped[501:], b"", b"Dear diary"):
        path.write_bytes(damaged)
        refused(a_centre, verb, path, "")
    refused(a_centre, verb, tmp_path / "nowhere", "cannot be read: No such file")


def test_another_centres_export_is_refused(a_centre: Centre, oslo: Box, verb: Verb, tmp_path: Path) -> None:
    path = oslo.export(tmp_path / "stick", *a_month(oslo, 1), key=b"another centre's key of 32 bytes")
    refused(a_centre, verb, path, "or it is another centre's")


def test_a_revoked_terminals_export_is_refused(a_centre: Centre, oslo: Box, verb: Verb, tmp_path: Path) -> None:
    path = oslo.export(tmp_path / "stick", *a_month(oslo, 1))
    verb("revoke", oslo.device)
    refused(a_centre, verb, path, "was taken out of service")


def test_a_terminal_that_is_not_known_is_kept_apart(a_centre: Centre, oslo: Box, verb: Verb, tmp_path: Path) -> None:
    stranger = Box("dev-forgotten", a_centre.secrets.key("dev-forgotten", 1), oslo.screen, oslo.placement)
    path = stranger.export(tmp_path / "stick", *a_month(stranger, 1, 3))
    code, said = verb("import", path)
    assert (code, said.splitlines()[0].endswith("3 quarantined (3 unknown_device).")) == (0, True)
    assert "enrol it again, then `smilepost server replay-quarantine`" in said
    assert answered(a_centre) == 0
