"""What a tablet kept sealed, opened by its gateway alone; and the gateway's key, which nobody loses."""

import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk import sealed
from kiosk.late import Unfit
from kiosk.sealed import Safe
from tests.boxes import new_id
from tests.terminals import full_disk, terminal

KEY = ec.derive_private_key(7, ec.SECP256R1())


def closed(record: dict[str, Any], **outside: Any) -> bytes:
    """As a page seals it to KEY; `outside` is changed afterwards."""
    ours = ec.generate_private_key(ec.SECP256R1())
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key = HKDF(hashes.SHA256(), 32, salt=point, info=b"smilepost sealed 1").derive(
        ours.exchange(ec.ECDH(), KEY.public_key())
    )
    outer = {name: record[name] for name in ("id", "rev", "screen", "load", "ended")}
    about = f"{record['id']} {record['rev']} {record['screen']} {record['load']}".encode()
    iv = os.urandom(12)
    hidden = AESGCM(key).encrypt(iv, msgspec.json.encode(record) + b" " * 40, about)
    return msgspec.json.encode({**outer, "sealed": b64encode(point + iv + hidden).decode(), **outside})


def record(**changes: Any) -> dict[str, Any]:
    load = "page-" + "0" * 32
    return {"id": new_id(), "rev": 2, "screen": "van12", "load": load, "ended": None, "answers": {"q": 1}, **changes}


def test_a_sealed_record_is_what_its_page_made() -> None:
    made = record()
    assert msgspec.json.decode(Safe(KEY).opened(closed(made))) == made
    assert msgspec.json.decode(Safe(KEY).opened(closed(made, ended="left"))) == {**made, "ended": "left"}
    assert Safe(KEY).opened(b'{"id": "plain"}') == b'{"id": "plain"}'


def test_nothing_outside_can_be_exchanged() -> None:
    for outside in ({"id": new_id()}, {"rev": 3}, {"screen": "van13"}, {"load": "page-" + "1" * 32}):
        with pytest.raises(Unfit):
            Safe(KEY).opened(closed(record(), **outside))


@pytest.mark.parametrize(
    "wrong", ["", "?", "AAAA", b64encode(b"\4" + b"\0" * 200).decode(), b64encode(os.urandom(200)).decode()]
)
def test_what_no_page_sealed_is_refused(wrong: str) -> None:
    with pytest.raises(Unfit):
        Safe(KEY).opened(closed(record(), sealed=wrong))
    with pytest.raises(Unfit):
        Safe(ec.derive_private_key(8, ec.SECP256R1())).opened(closed(record()))


def test_the_key_is_kept_twice_and_outlives_one_of_them(tmp_path: Path) -> None:
    with terminal(tmp_path, "van12") as box:
        found = sealed.safe(tmp_path, box.outbox.disk)
        assert found
        assert (tmp_path / sealed.FILE).stat().st_mode & 0o077 == 0
        (tmp_path / sealed.FILE).write_text("damaged")
        again = sealed.safe(tmp_path, box.outbox.disk)
        assert again
        assert again.public == found.public
    (tmp_path / "outbox.sqlite3").unlink()
    with terminal(tmp_path, "van12") as box:
        anew = sealed.safe(tmp_path, box.outbox.disk)
        assert anew
        assert anew.public == found.public


def test_without_room_for_the_key_no_page_keeps_anything(tmp_path: Path) -> None:
    with terminal(tmp_path, "van12") as box, full_disk():
        assert sealed.safe(tmp_path, box.outbox.disk) is None
