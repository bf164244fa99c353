"""Erasing somebody's words and revoking a device: on both databases, and in the file that outlives them."""

import json
import os
import re
import resource
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from sync import models, wire
from sync.centre import Centre, CentreRefused, open_centre
from sync.intake import erasure_log, erasures, tally
from tests.boxes import Box, new_id, verdicts
from tests.sync.conftest import Clock, Verb
from tests.sync.norway import Chain

WORDS = "Kari from the blue van was rude, and her name is Kari Hansen"


def rows(centre: Centre, table: Any) -> list[Any]:
    with centre.db.reading() as tx:
        return list(tx.execute(select(table)).all())


def verified(centre: Centre) -> str | None:
    with centre.db.reading() as tx:
        return tally.verify(tx)


def test_words_are_erased_and_the_face_stays_counted(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    entry = oslo.response(1, answers={"visit_unhappy": ["waiting"], "comment": WORDS})
    oslo.send(client, entry, oslo.response(3, answers={"comment": "Lovely"}))
    before, receipts = rows(a_centre, models.tallies_day), rows(a_centre, models.receipts)
    code, said = verb("erase", entry["id"])
    assert (code, f"The words of {entry['id']} are erased." in said) == (0, True)
    (row,) = (row for row in rows(a_centre, models.responses) if row.id == entry["id"])
    assert not row.commented
    kept = json.loads(row.body)
    assert kept["answers"] == {"visit": 1, "visit_unhappy": ["waiting"]}
    assert (kept["salt"], wire.is_intact(kept), kept["sha"]) == (None, True, entry["sha"])
    assert (rows(a_centre, models.tallies_day), rows(a_centre, models.receipts)) == (before, receipts)
    assert verified(a_centre) is None
    assert verb("erase", entry["id"].upper())[0] == 0
    assert len(a_centre.settings.erasures_file.read_text().splitlines()) == 3  # two lines of its own and one erasure


def test_what_is_kept_apart_loses_its_words_as_well(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    unknown = oslo.response(2, survey="next-years", answers={"comment": WORDS})
    oslo.send(client, unknown)
    later = wire.seal({**oslo.response(2), "schema": 2, "id": unknown["id"], "rev": 2, "words": WORDS}, "pepper")
    contact = wire.seal({**oslo.response(2), "kind": "letter", "id": new_id(), "response": unknown["id"],
                         "telephone": WORDS}, "pepper")  # fmt: skip
    other = oslo.response(2, survey="next-years", answers={"comment": "Lovely"})
    oslo.send(client, later, contact, other)
    assert len(rows(a_centre, models.quarantine)) == 4
    assert verb("erase", unknown["id"])[0] == 0
    kept = {(row.id, row.rev): row for row in rows(a_centre, models.quarantine)}
    assert WORDS not in "".join(row.body for row in kept.values())
    assert wire.is_intact(json.loads(kept[unknown["id"], 1].body))
    assert kept[unknown["id"], 1].code == "unknown_survey"
    assert json.loads(kept[unknown["id"], 2].body).keys() == {"kind", "id", "rev", "stream", "seq", "schema", "sha"}
    assert kept[contact["id"], 1].code == "erased"
    assert json.loads(kept[other["id"], 1].body)["answers"]["comment"] == "Lovely"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL's files are its own
def test_no_copy_of_the_words_stays_in_the_files(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb, tmp_path: Path
) -> None:
    long = WORDS * 35  # more than a page of the file
    entries = [oslo.response(value % 4, answers={"comment": long}) for value in range(20)]
    oslo.send(client, *entries[:10])
    oslo.send(client, *entries[10:])
    for entry in entries:
        assert verb("erase", entry["id"])[0] == 0
    assert WORDS.encode() not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_an_id_is_erased_before_it_comes(a_centre: Centre, verb: Verb) -> None:
    name = new_id()
    code, said = verb("erase", name)
    assert (code, said) == (0, f"Nothing with the id {name} is here. If it comes, its words are left out.\n")
    assert [row.id for row in rows(a_centre, models.erasures)] == [name]


def test_what_is_no_id_is_a_sentence(verb: Verb) -> None:
    code, said = verb("erase", "all")
    assert (code, said.startswith("'all' is no id of an answer")) == (2, True)
    assert 'stands under "Id" below each comment on the pages.' in said


def test_the_id_to_erase_stands_below_the_words(a_centre: Centre, clock: Clock, verb: Verb) -> None:
    chain = Chain(a_centre, clock)
    chain.comment(chain.oslo, WORDS)
    page = f"/locations/{chain.oslo}/comments"
    assert WORDS in chain.page(page)
    (name,) = re.findall(r"Id of this answer.*?</summary>\s*<p><code[^>]*>(.*?)</code>", chain.page(page))
    assert "are erased" in verb("erase", name)[1]
    assert WORDS not in chain.page(page)


def forget_it_all(centre: Centre, entry: dict[str, Any], device: str) -> None:
    """The database as an older backup has it: with the words, without what was erased and revoked."""
    with centre.db.writing() as tx:
        body = wire.encode(entry).decode()
        tx.execute(
            update(models.responses).where(models.responses.c.id == entry["id"]).values(body=body, commented=True)
        )
        tx.execute(delete(models.erasures))
        tx.execute(update(models.devices).where(models.devices.c.id == device).values(generation=1, revoked_ms=None))


def test_a_start_erases_again_what_came_back(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb, caplog: pytest.LogCaptureFixture
) -> None:
    entry = oslo.response(1, answers={"comment": WORDS})
    oslo.send(client, entry)
    verb("erase", entry["id"])
    verb("revoke", oslo.device)
    forget_it_all(a_centre, entry, oslo.device)
    open_centre(a_centre.settings).db.close()
    assert "Erased once more, as the erasures file says: 1; revoked once more: 1." in caplog.text
    assert WORDS not in rows(a_centre, models.responses)[0].body
    assert oslo.post(client, oslo.batch()).status_code == 401
    assert verified(a_centre) is None
    caplog.clear()
    open_centre(a_centre.settings).db.close()
    assert caplog.text == ""


def test_a_revoked_device_that_a_backup_never_knew_stays_out(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb, clock: Clock
) -> None:
    verb("revoke", oslo.device)
    with a_centre.db.writing() as tx:
        for table in (models.driven, models.enrol_codes):
            tx.execute(delete(table))
        tx.execute(update(models.screens).values(device_id=None))
        tx.execute(delete(models.devices))
    open_centre(a_centre.settings).db.close()
    refused = oslo.post(client, oslo.batch([oslo.response(3)]))
    assert (refused.status_code, refused.get_json()["code"]) == (401, "revoked")
    chain = Chain(a_centre, clock, founded=False)
    astrid = chain.person("astrid@example.com", "Astrid", responses=True)
    assert "What somebody should look at" not in chain.page(f"/devices/{oslo.device}", astrid)
    assert "Shut out since" in chain.page("/devices", astrid)
    assert rows(a_centre, models.quarantine) == []


def test_a_stolen_box_that_a_restored_database_does_not_know_is_shut_out(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    """It was enrolled after the backup."""
    name = "dev-0a1b2c3d4e5f"
    stolen = Box(name, a_centre.secrets.key(name, 1), oslo.screen, oslo.placement)
    assert verdicts(stolen.send(client, stolen.response(3))) == ["quarantined"]
    code, said = verb("revoke", name, "--unknown")
    assert (code, said.startswith(f"The terminal {name} is not known here. ")) == (0, True)
    assert "It is out of service all the same" in said
    assert list(erasure_log.read(a_centre.settings.erasures_file).revoked) == [name]
    for signed in (stolen, replace(stolen, generation=2, key=a_centre.secrets.key(name, 2))):
        refused = signed.post(client, signed.batch([signed.response(3)]))
        assert (refused.status_code, refused.get_json()["code"]) == (401, "revoked")
    assert rows(a_centre, models.driven) == [(oslo.device, oslo.screen)]
    assert "was already out of service" in verb("revoke", name)[1]


@pytest.mark.parametrize(
    "name", ["dev-", "dev-0A1B2C3D4E5F", "dev-0a1b2c3d4e5f0", "0a1b2c3d4e5f", "dev-0a1b2c3d4e5f\n"]
)
def test_what_is_no_number_of_a_terminal_is_a_sentence(a_centre: Centre, verb: Verb, name: str) -> None:
    before = a_centre.settings.erasures_file.read_bytes()
    for words in ([], ["--unknown"]):
        code, said = verb("revoke", name, *words)
        assert (code, said) == (2, f"There is no terminal {name!r}: its page at head office, under Terminals, shows "
                                   f"its number, which looks like dev-0123456789ab.\n")  # fmt: skip
    assert a_centre.settings.erasures_file.read_bytes() == before


def test_a_number_that_was_mistyped_shuts_nobody_out(a_centre: Centre, oslo: Box, verb: Verb) -> None:
    before = a_centre.settings.erasures_file.read_bytes()
    code, said = verb("revoke", "dev-0a1b2c3d4e5f")
    assert (code, said.startswith("There is no terminal 'dev-0a1b2c3d4e5f': ")) == (2, True)
    assert "is shut out with --unknown" in said
    assert [row.id for row in rows(a_centre, models.devices)] == [oslo.device]
    assert a_centre.settings.erasures_file.read_bytes() == before


def test_revoking_is_for_good_and_its_code_is_over(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    oslo.send(client, oslo.response(3))
    code, said = verb("revoke", oslo.device)
    assert (code, f"The terminal {oslo.device} is out of service." in said) == (0, True)
    assert oslo.post(client, oslo.batch()).get_json()["code"] == "revoked"
    assert len(rows(a_centre, models.responses)) == 1
    assert rows(a_centre, models.enrol_codes) == []
    assert "was already out of service" in verb("revoke", oslo.device)[1]
    code, said = verb("revoke", "dev-unheard")
    assert (code, said.startswith("There is no terminal 'dev-unheard'")) == (2, True)


def test_a_file_that_was_lost_is_written_anew_from_the_database(a_centre: Centre, oslo: Box, verb: Verb) -> None:
    name = new_id()
    verb("erase", name)
    verb("revoke", oslo.device)
    path = a_centre.settings.erasures_file
    path.unlink()
    open_centre(a_centre.settings).db.close()
    told = erasure_log.read(path)
    assert (list(told.erased), list(told.revoked)) == ([name], [oslo.device])
    assert path.stat().st_mode & 0o077 == 0


def test_a_line_that_was_cut_off_is_ended_and_the_next_one_holds(
    a_centre: Centre, verb: Verb, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third = new_id(), new_id(), new_id()
    verb("erase", first)
    path = a_centre.settings.erasures_file
    with path.open("a") as file:
        file.write('{"erased":"' + second[:7])
    assert verb("erase", third)[0] == 0
    assert "cut off" in caplog.text
    told = erasure_log.read(path)
    assert (set(told.erased), told.cut) == ({first, third}, False)
    # Whole but for its end: it was asked for, so it holds.
    path.write_bytes(path.read_bytes() + json.dumps({"erased": second, "ms": 1}).encode())
    assert verb("erase", new_id())[0] == 0
    assert second in erasure_log.read(path).erased
    assert second in [row.id for row in rows(a_centre, models.erasures)]


@pytest.mark.parametrize("damage", [b'{"erased":"0193f1', b"\x00\x00\x00", b'{"erased":7,"ms":1}'])
def test_a_damaged_line_stops_the_start_and_nothing_is_lost(damage: bytes, a_centre: Centre, verb: Verb) -> None:
    verb("erase", new_id())
    path = a_centre.settings.erasures_file
    content = path.read_bytes() + damage + b"\n" + b'{"erased":"' + new_id().encode() + b'","ms":5}\n'
    path.write_bytes(content)
    with pytest.raises(CentreRefused, match=r"Line 4 of the erasures file .* is damaged"):
        open_centre(a_centre.settings)
    assert verb("erase", new_id())[0] == 2
    assert path.read_bytes() == content


def test_what_cannot_be_written_down_is_not_erased(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    entry = oslo.response(1, answers={"comment": WORDS})
    oslo.send(client, entry)
    path = a_centre.settings.erasures_file
    path.unlink()
    path.mkdir()
    code, said = verb("erase", entry["id"])
    assert code == 2
    assert said == f"The erasures file {path} cannot be read: Is a directory.\n"
    assert WORDS in rows(a_centre, models.responses)[0].body


def test_a_full_disk_erases_nothing_and_the_next_try_does(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    entry, path = oslo.response(1, answers={"comment": WORDS}), a_centre.settings.erasures_file
    oslo.send(client, entry)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, limits[1]))
    try:
        code, said = verb("erase", entry["id"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (code, said) == (2, f"The erasures file {path} cannot be written: File too large.\n")
    assert WORDS in rows(a_centre, models.responses)[0].body
    assert verb("erase", entry["id"])[0] == 0
    assert WORDS not in rows(a_centre, models.responses)[0].body
    assert list(erasure_log.read(path).erased) == [entry["id"]]


def test_two_who_write_at_once_lose_no_line(tmp_path: Path) -> None:
    path, names = tmp_path / "erasures", [new_id() for _ in range(40)]
    children = []
    for part in (names[:20], names[20:]):
        child = os.fork()
        if child == 0:
            for name in part:
                erasure_log.append(path, [erasure_log.Erased(name, 1)])
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert set(erasure_log.read(path).erased) == set(names)


def test_a_clone_that_somebody_looked_at_is_settled(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    assert verb("settle-clone", oslo.device) == (0, f"Nothing speaks for a second box like {oslo.device}.\n")
    oslo.send(client, health={"streams": {}, "fingerprint": "another card"})
    oslo.send(client, oslo.response(3))
    assert "Settled: 1." in verb("settle-clone", oslo.device)[1]
    oslo.send(client, oslo.response(3))
    flags = [row.flags for row in rows(a_centre, models.responses)]
    assert sorted("identity_conflict" in flag for flag in flags) == [False, True]
    assert verb("settle-clone", "dev-unheard")[0] == 2


def test_an_answer_that_comes_while_it_is_erased_leaves_no_words(
    a_centre: Centre, oslo: Box, client: FlaskClient
) -> None:
    """Whoever is first: the erasure finds the words, or the words find the erasure."""
    path = a_centre.settings.erasures_file
    for _ in range(10):
        entry = oslo.response(1, answers={"comment": WORDS})
        again = {**entry, "rev": 2, "seq": entry["seq"] + 1000}
        gate = threading.Barrier(3)

        def send(*entries: Any, gate: threading.Barrier = gate) -> None:
            gate.wait()
            oslo.send(client, *entries)

        def erase(name: str = entry["id"], gate: threading.Barrier = gate) -> None:
            gate.wait()
            erasures.erase(a_centre.db, path, name, 1)

        threads = [
            threading.Thread(target=send, args=(entry,)),
            threading.Thread(target=send, args=(wire.seal(again, "pepper"),)),
            threading.Thread(target=erase),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    kept = rows(a_centre, models.responses)
    assert (len(kept), {row.rev for row in kept}) == (10, {2})
    assert WORDS not in "".join(row.body for row in kept)
    assert verified(a_centre) is None
