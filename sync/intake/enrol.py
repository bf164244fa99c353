"""Codes that let a terminal in, and what it is given for one."""

import hmac
import secrets
from base64 import b64encode
from hashlib import sha256
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, insert, literal, select, update

from sync import models, problems, wire
from sync.intake import handing, ledger
from sync.intake.keys import Secrets
from sync.intake.signing import Caller
from sync.office import places, schedules, settings, surveys
from sync.problems import Problem, Refused
from sync.survey import Survey

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O, U; what is mistaken for 1 and 0 is read as those."""
GROUP = 4
VALID_MS = 15 * 60_000
WRONG_PROOFS = 10
_AROUND = 1024
"""Bytes of a manifest besides its screens, at most."""


def new_code(tx: Connection, placement: str, now_ms: int) -> str:
    """A code for one screen's placement, valid 15 minutes: "ABCD-EFGH". The first group finds it, the second proves
    it and is stored as a hash."""
    table = models.enrol_codes
    tx.execute(table.delete().where(table.c.expires_ms < now_ms))
    proof = _random()
    while True:
        finder = _random()
        if tx.execute(select(table.c.finder).where(table.c.finder == finder)).first() is None:
            break
    tx.execute(
        insert(table).values(
            finder=finder,
            proof_hash=_hash(finder, proof),
            placement_id=placement,
            expires_ms=now_ms + VALID_MS,
        )
    )
    return f"{finder}-{proof}"


class Open(NamedTuple):
    """A code as its row tells. `wrong`: tries with a wrong second group; `device`: who traded it, None so far."""

    placement: str
    expires_ms: int
    wrong: int
    device: str | None

    def is_over(self, now_ms: int) -> bool:
        """Whether nobody can trade it any more who hasn't yet."""
        return self.expires_ms <= now_ms or self.wrong >= WRONG_PROOFS


def find_code(tx: Connection, code: str) -> Open | None:
    """What became of a code that somebody holds whole; None when it is none, was withdrawn, or ran out long ago."""
    try:
        finder, proof = read_code(code)
    except Refused:
        return None
    table = models.enrol_codes
    row = tx.execute(select(table).where(table.c.finder == finder)).first()
    if row is None or not hmac.compare_digest(row.proof_hash, _hash(finder, proof)):
        return None
    return Open(row.placement_id, row.expires_ms, row.wrong, row.device_id)


def withdraw(tx: Connection, placement: str) -> int:
    """Nobody gets in any more by the codes for this placement; one that was traded already keeps its answer, in case
    that was lost. Returns how many there were."""
    table = models.enrol_codes
    mine = (table.c.placement_id == placement) & table.c.device_id.is_(None)
    return tx.execute(table.delete().where(mine)).rowcount


def _random() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(GROUP))


def _hash(finder: str, proof: str) -> str:
    return sha256(f"{finder}-{proof}".encode()).hexdigest()


def read_code(text: str) -> tuple[str, str]:
    """Both groups of a typed code. Raises Refused (`bad_code`)."""
    plain = text.upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))
    if len(plain) != 2 * GROUP or any(character not in ALPHABET for character in plain):
        raise Refused(problems.BAD_CODE)
    return plain[:GROUP], plain[GROUP:]


def enrol(
    tx: Connection, asked: wire.EnrolmentRequest, caller: Caller | None, keys: Secrets, now_ms: int
) -> wire.Enrolment | Problem:
    """Trade a code for a place in the fleet. `caller` is the device that signed the request, if one did: it gains
    another screen. Where it names another install than that device's, its card was cloned or moved to another board:
    it becomes a device of its own, and what it captured before counts where the caller's screens stood. One that a
    restored database doesn't know is written down again under its name, so that what was kept apart meanwhile is its
    own. The same install may ask again until the code expires, in case the answer was lost.

    A wrong code is returned as a Problem, not raised: the count of wrong tries has to be committed."""
    finder, proof = read_code(asked.code)
    table = models.enrol_codes
    code = tx.execute(select(table).where(table.c.finder == finder).with_for_update()).first()
    if code is None:
        return problems.CODE_UNKNOWN
    if code.expires_ms <= now_ms or code.wrong >= WRONG_PROOFS:
        return problems.CODE_EXPIRED
    if not hmac.compare_digest(code.proof_hash, _hash(finder, proof)):
        tx.execute(update(table).where(table.c.finder == finder).values(wrong=table.c.wrong + 1))
        return problems.CODE_UNKNOWN
    if code.device_id is not None and code.install != asked.install:
        return problems.CODE_TAKEN
    device = code.device_id or _device(tx, asked, caller, now_ms)
    standing = places.placed(tx, code.placement_id)
    if standing is None:
        return problems.CODE_UNKNOWN
    _drive(tx, device, standing.screen)
    tx.execute(update(table).where(table.c.finder == finder).values(install=asked.install, device_id=device))
    generation = ledger.generation(tx, device) or 0
    key = b64encode(keys.key(device, generation)).decode()
    return wire.Enrolment(device, generation, key, standing.screen, standing.placement, now_ms)


def _device(tx: Connection, asked: wire.EnrolmentRequest, caller: Caller | None, now_ms: int) -> str:
    table, driven = models.devices, models.driven
    fresh = f"dev-{secrets.token_hex(6)}"
    if caller is None:
        return _add_device(tx, fresh, 1, asked, now_ms)
    install = tx.execute(select(table.c.install).where(table.c.id == caller.device)).scalar()
    if install is None:
        return _add_device(tx, caller.device, caller.generation, asked, now_ms)
    if install == asked.install:
        return caller.device
    device = _add_device(tx, fresh, 1, asked, now_ms)
    mine = select(literal(device), driven.c.screen_id).where(driven.c.device_id == caller.device)
    tx.execute(insert(driven).from_select(["device_id", "screen_id"], mine))
    return device


def _add_device(tx: Connection, device: str, generation: int, asked: wire.EnrolmentRequest, now_ms: int) -> str:
    tx.execute(
        insert(models.devices).values(
            id=device,
            generation=generation,
            install=asked.install,
            fingerprint=asked.fingerprint,
            app=asked.app,
            enrolled_ms=now_ms,
        )
    )
    return device


def _drive(tx: Connection, device: str, screen: str) -> None:
    screens = models.screens
    before = tx.execute(select(screens.c.device_id).where(screens.c.id == screen)).scalar()
    for each in {device, before} - {None}:
        ledger.look_again(tx, str(each))
    another = (screens.c.id == screen) & screens.c.device_id.is_distinct_from(device)
    # Whoever is about to move or retire it has another box in mind.
    tx.execute(update(screens).where(another).values(device_id=device, version=screens.c.version + 1))
    table = models.driven
    row = {"device_id": device, "screen_id": screen}
    if tx.execute(select(table).filter_by(**row)).first() is None:
        tx.execute(insert(table).values(row))


def manifest(tx: Connection, device: str, now_ms: int, keys: Secrets) -> wire.Manifest:
    """What the screens of a device show, will show on days to come, and where they stand; `keys` make the codes with
    which crews sign in. Those of a box with so many
    that it would not read all of it hear of fewer days to come, and do without logos."""
    standing = list(places.stands(tx, device).values())
    told = settings.resolved(tx, standing)
    without = {placement: each.survey for placement, each in told.items()}
    own = {placement for placement, each in told.items() if each.is_own}
    plans = schedules.plans(tx, standing, without, own, now_ms)
    asked = surveys.newest(
        tx, {name for plan in plans.values() for name in (plan.now, *(c.survey for c in plan.ahead))}
    )
    hands = handing.told(tx, [each for each in standing if told[each.placement].hands_over], told, keys, now_ms)
    for most in (schedules.MOST_AHEAD, 1, 0):
        screens = {s.screen: _screen(s, told[s.placement], plans[s.placement], asked, most) for s in standing}
        for s in standing:
            if s.placement in hands:
                whole = msgspec.to_builtins(hands[s.placement])
                screens[s.screen] = msgspec.structs.replace(screens[s.screen], handover=whole)
        if len(wire.encode(screens)) <= wire.MAX_REPLY - _AROUND:
            return wire.Manifest(screens)
    for screen in screens.values():
        screen.settings.pop("logo", None)
    return wire.Manifest(screens)


def _screen(
    standing: places.Standing, told: settings.Told, plan: schedules.Plan, asked: dict[str, Survey], most: int
) -> wire.ScreenManifest:
    ahead = [change for change in plan.ahead[:most] if change.survey in asked]
    names = list(dict.fromkeys([plan.now, *(change.survey for change in ahead)]))
    return wire.ScreenManifest(
        placement=standing.placement,
        surveys=[surveys.as_data(asked[name]) for name in names],
        languages=_spoken(told, asked[plan.now]),
        scheduled=[
            wire.Scheduled(change.from_day, names.index(change.survey), _spoken(told, asked[change.survey]))
            for change in ahead
        ],
        place=standing.place,
        time_zone=standing.zone,
        opening_hours=standing.hours,
        messages=[msgspec.to_builtins(message) for message in told.messages],
        settings=msgspec.to_builtins(told.settings),
    )


def _spoken(told: settings.Told, asked: Survey) -> list[str]:
    return [lang for lang in told.languages if lang in asked.languages] or list(asked.languages)
