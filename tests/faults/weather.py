"""What a line does: faults, each by its name. Each returns whether the connection goes on."""

import gzip
import secrets
import threading
import time
from contextlib import suppress

import msgspec

from sync import wire
from tests.faults.proxy import Cut, Exchange, Fault, Message

REFUSES_S = 0.1


def well(at: Exchange) -> bool:
    return at.answer(at.forward())


def refused(at: Exchange) -> bool:
    at.line.refuse(REFUSES_S)
    return at.reset()


def reset(at: Exchange) -> bool:
    """In the middle of the request: head office saw the beginning of it."""
    at.line.forward_part(at.request, at.chance.randrange(1, len(at.request.raw)))
    return at.reset()


def cut_after_commit(at: Exchange) -> bool:
    at.forward()
    return at.reset()


def closed_after_commit(at: Exchange) -> bool:
    """The same, with a good-bye instead of a reset."""
    at.forward()
    return False


def truncated(at: Exchange) -> bool:
    """The answer ends before its Content-Length says so."""
    answer = at.forward()
    return at.part(answer, at.chance.randrange(1, len(answer.raw)))


def shortened(at: Exchange) -> bool:
    """The answer is cut, and its Content-Length agrees."""
    answer = at.forward()
    return at.answer(answer.having(answer.body[: at.chance.randrange(len(answer.body) or 1)]))


def duplicated(at: Exchange) -> bool:
    """The same bytes arrive once more; the terminal sees the first answer."""
    answer = at.forward()
    at.forward()
    return at.answer(answer)


def repeated(at: Exchange) -> bool:
    """The same bytes arrive once more; the terminal sees the second answer."""
    at.forward()
    return at.answer(at.forward())


def duplicated_at_once(at: Exchange) -> bool:
    """Two connections bring the same bytes at the same moment; the terminal sees whichever answer is first."""
    came: list[Message] = []

    def bring() -> None:
        with suppress(OSError, Cut):
            came.append(at.forward())

    both = [threading.Thread(target=bring) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    return at.answer(came[0]) if came else at.reset()


def delayed(at: Exchange) -> bool:
    """The terminal gives up; the request arrives after later ones."""
    at.line.keep(at.request)
    return at.reset()


def repeated_late(at: Exchange) -> bool:
    """All is well, and the request arrives once more after later ones."""
    at.line.keep(at.request)
    return at.answer(at.forward())


def slow(at: Exchange) -> bool:
    answer = at.forward()
    time.sleep(at.chance.uniform(0.01, 0.1))
    return at.answer(answer)


def dripped(at: Exchange) -> bool:
    return at.drip(at.forward())


def portal(at: Exchange) -> bool:
    """A captive portal: everything is fine, says a page."""
    return at.page("200 OK")


def portal_json(at: Exchange) -> bool:
    """A captive portal that has read our protocol: everything is stored, says an answer that nobody signed."""
    return _invented(at)


def portal_signed(at: Exchange) -> bool:
    """The same, signed with somebody else's key."""
    return _invented(at, secrets.token_bytes(32))


def _invented(at: Exchange, key: bytes | None = None) -> bool:
    batch = at.batch()
    if batch is None:
        return at.page("200 OK", b"{}", "application/json")
    heads = [wire.read_head(bytes(raw)) for raw in batch.entries]
    results = [wire.Result(head.id, head.rev, "stored") for head in heads]
    body = wire.encode(wire.Answer(1, batch.batch, "portal", time.time_ns() // 1_000_000, results, {}, wire.APP))
    request = at.request.header(wire.REQUEST_HEADER)
    signed = {wire.SIGNATURE_HEADER.replace("-", "_"): wire.sign_answer(key, 200, request, body)} if key else {}
    return at.page("200 OK", body, "application/json", **signed)


def stale(at: Exchange) -> bool:
    """A cache brings an answer that head office gave to another request."""
    if not at.line.answers:
        return at.page("504 Gateway Timeout")
    return at.answer(at.chance.choice(at.line.answers).having(connection=None))


def garbled(at: Exchange) -> bool:
    """One byte of the answer is another one, anywhere in it."""
    raw = bytearray(at.forward().raw)
    raw[at.chance.randrange(len(raw))] ^= 1 << at.chance.randrange(8)
    return at.part(Message(bytes(raw), b""), len(raw))


def garbled_request(at: Exchange) -> bool:
    """One byte of the request's body is another one."""
    body = bytearray(at.request.body)
    if body:
        body[at.chance.randrange(len(body))] ^= 1 << at.chance.randrange(8)
    return at.answer(at.line.forward(Message(at.request.head, bytes(body))))


def recompressed(at: Exchange) -> bool:
    """A proxy that saves bytes: allowed."""
    answer = at.forward()
    zipped = bool(answer.body) and "gzip" in at.request.header("Accept-Encoding")
    return at.answer(answer.having(gzip.compress(answer.body), content_encoding="gzip") if zipped else answer)


def redirected(at: Exchange) -> bool:
    status = at.chance.choice(("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"))
    return at.page(status, location=f"{at.line.address}/portal")


def bad_gateway(at: Exchange) -> bool:
    return at.page("502 Bad Gateway")


def unavailable(at: Exchange) -> bool:
    return at.page("503 Service Unavailable", retry_after="1")


def gateway_timeout(at: Exchange) -> bool:
    """Of a proxy that lost patience: head office has stored it meanwhile."""
    at.forward()
    return at.page("504 Gateway Timeout")


def _unsigned(status: str) -> Fault:
    """What head office says with a signature, said by somebody else."""

    def fault(at: Exchange) -> bool:
        body = msgspec.json.encode({"status": int(status[:3]), "title": status})
        return at.page(status, body, "application/problem+json")

    return fault


FAULTS: dict[str, Fault] = {
    **{
        fault.__name__: fault
        for fault in (
            well, refused, reset, cut_after_commit, closed_after_commit, truncated, shortened, duplicated, repeated,
            duplicated_at_once, delayed, repeated_late, slow, dripped, portal, portal_json, portal_signed, stale,
            garbled, garbled_request, recompressed, redirected, bad_gateway, unavailable, gateway_timeout,
        )
    },
    "unsigned_400": _unsigned("400 Bad Request"),
    "unsigned_401": _unsigned("401 Unauthorized"),
    "unsigned_404": _unsigned("404 Not Found"),
    "unsigned_409": _unsigned("409 Conflict"),
    "unsigned_413": _unsigned("413 Content Too Large"),
    "unsigned_426": _unsigned("426 Upgrade Required"),
}  # fmt: skip
