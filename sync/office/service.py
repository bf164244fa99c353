"""Boxes taken out of service, and boxes that were looked at: what people do to a terminal, in one transaction each."""

from pathlib import Path

from sqlalchemy import Connection, select

from sync.db import Database
from sync.intake import erasures, ledger
from sync.models import screens
from sync.office import audit, edits, pairing, placing, subjects
from sync.office.audit import Actor, Subject
from sync.office.pairing import Spot


def driven_by(tx: Connection, device: str) -> list[Spot]:
    """The screens that a terminal drives now, by their ids."""
    mine = tx.execute(select(screens.c.id).where(screens.c.device_id == device).order_by(screens.c.id)).scalars()
    found = (pairing.spot(tx, screen) for screen in mine.all())
    return [each for each in found if each is not None]


def seen(spots: list[Spot]) -> str:
    """What a form holds of the screens that its reader saw."""
    return " ".join(f"{each.id}:{each.version}" for each in spots)


def retire(tx: Connection, by: Actor, device: str, saw: str, now_ms: int) -> None:
    """A terminal drives nothing any more, and its screens stand nowhere; what it still holds counts where it was
    given, once it is sent. Raises edits.Changed when its screens are not those any more that were seen (`seen`)."""
    spots = driven_by(tx, device)
    if seen(spots) != saw:
        raise edits.Changed
    subject = _subject(tx, device)
    for at in spots:
        placing.retire(tx, by, at, at.version, now_ms)
    audit.note(tx, by, "device retired", subject, now_ms, before={"screens": [each.name for each in spots]})


def revoke(db: Database, path: Path, by: Actor, device: str, now_ms: int, *, unknown: bool = False) -> bool | None:
    """Nothing that a terminal sends is taken from now on; in the file of erasures too, which outlives the database.
    What it returns, what `unknown` is, and what it raises is as in erasures.revoke."""

    def note(tx: Connection) -> None:
        audit.note(tx, by, "device revoked", _subject(tx, device), now_ms)

    return erasures.revoke(db, path, device, now_ms, unknown=unknown, also=note)


def settle(tx: Connection, by: Actor, device: str, now_ms: int) -> int:
    """Somebody looked at what seemed to be two boxes. Returns how many signs were open."""
    settled = ledger.settle_signs(tx, device, now_ms)
    if settled:
        audit.note(tx, by, "device settled", _subject(tx, device), now_ms, after={"signs": settled})
    return settled


def _subject(tx: Connection, device: str) -> Subject:
    """Named by its screens; it belongs where they do, to the topmost of them where there are several."""
    found = subjects.KINDS["device"](tx, device)
    names = ", ".join(each.name for each in driven_by(tx, device))
    return Subject("device", device, names or device, min(found.paths, key=len) if found else "/")
