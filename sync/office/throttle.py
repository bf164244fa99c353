"""How many wrong passwords are looked at: per account and per address, over every process that shares the database."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Connection, delete, func, insert, select, text

from sync.models import sessions, sign_in_failures, users

WINDOW_MS = 15 * 60_000
PER_ACCOUNT = 10
"""Wrong tries an account may have in a window, from wherever they come."""
PER_ADDRESS = 30
"""Wrong tries an address may have in a window, for whomever: a whole office may share one."""


@dataclass(frozen=True)
class Wait:
    """Too many tries: the next one is looked at after `ms` milliseconds."""

    ms: int


def count_try(tx: Connection, account: str | None, address: str, now_ms: int, most: int = PER_ACCOUNT) -> int:
    """Writes a try down as failed and answers 0; or, when there were too many, writes nothing down and answers how
    many milliseconds to wait. Since tries that had to wait don't count, nobody can keep an account locked for good:
    the oldest failures leave the window whether or not somebody goes on trying. And who was signed in from an address
    of late has tries of their own there, which a stranger elsewhere can't use up. `account` None: what is tried is
    nobody's, such as a link; the address counts alone."""
    if tx.dialect.name == "postgresql":
        # Two tries at once would not see each other's rows; on SQLite only one transaction writes anyway.
        tx.execute(text("LOCK TABLE sign_in_failures IN EXCLUSIVE MODE"))
    tx.execute(delete(sign_in_failures).where(sign_in_failures.c.at_ms <= now_ms - WINDOW_MS))
    subjects = _subjects(tx, account, address, most)
    wait_ms = max(_wait(tx, subject, most, now_ms) for subject, most in subjects.items())
    if not wait_ms:
        tx.execute(insert(sign_in_failures), [{"subject": subject, "at_ms": now_ms} for subject in subjects])
    return wait_ms


def count_wrong_key(tx: Connection, address: str, now_ms: int) -> int:
    """Writes a wrong key of a machine down and answers 0; or how many milliseconds to wait, as `count_try` does. Apart
    from passwords: a machine that goes wrong keeps no colleague behind the same address out."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("LOCK TABLE sign_in_failures IN EXCLUSIVE MODE"))
    tx.execute(delete(sign_in_failures).where(sign_in_failures.c.at_ms <= now_ms - WINDOW_MS))
    subject = f"keys {_network(address)}"
    wait_ms = _wait(tx, subject, PER_ADDRESS, now_ms)
    if not wait_ms:
        tx.execute(insert(sign_in_failures).values(subject=subject, at_ms=now_ms))
    return wait_ms


def forgive(tx: Connection, account: str | None, address: str, now_ms: int) -> None:
    """The try counted at `now_ms` was right: the account starts afresh, the address gets that one back. (Not all of
    them: else one's own account would buy guesses at everybody else's.)"""
    *mine, place = _subjects(tx, account, address, PER_ACCOUNT)
    table = sign_in_failures
    tx.execute(delete(table).where(table.c.subject.in_(mine)))
    one = select(func.max(table.c.id)).where(table.c.subject == place, table.c.at_ms == now_ms).scalar_subquery()
    tx.execute(delete(table).where(table.c.id == one))


def _subjects(tx: Connection, account: str | None, address: str, most: int) -> dict[str, int]:
    network = _network(address)
    if account is None:
        return {f"address {network}": PER_ADDRESS}
    where = f" at {network}" if _is_known(tx, account, network) else ""
    return {f"account {account}{where}": most, f"address {network}": PER_ADDRESS}


def _is_known(tx: Connection, account: str, network: str) -> bool:
    """Whether this account's owner was signed in there within the life of a session."""
    query = select(sessions.c.address).join(users, users.c.id == sessions.c.user_id).where(users.c.email == account)
    return any(_network(each) == network for each in tx.execute(query.distinct()).scalars() if each)


def _network(address: str) -> str:
    """One household or office: an IPv4 address, or the first half of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or parsed.exploded[:19])


def _wait(tx: Connection, subject: str, most: int, now_ms: int) -> int:
    """Until the `most`-th newest failure leaves the window; 0 when there aren't so many."""
    table = sign_in_failures
    newest = select(table.c.at_ms).where(table.c.subject == subject).order_by(table.c.at_ms.desc())
    oldest_that_counts = tx.execute(newest.offset(most - 1).limit(1)).scalar()
    return 0 if oldest_that_counts is None else max(int(oldest_that_counts) + WINDOW_MS - now_ms, 1)
