"""What terminals call: HTTP in, HTTP out."""

import logging
import traceback
from hashlib import sha256

import msgspec
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from sync import problems, wire
from sync.access import open_to
from sync.centre import centre
from sync.intake import clocks, enrol, ingest, ledger, signing
from sync.intake.signing import Caller
from sync.office import crew_tablet
from sync.problems import Problem, Refused

log = logging.getLogger(__name__)

_UNREADABLE = {problem.code: problem for problem in (problems.BAD_JSON, problems.BAD_BATCH, problems.UNSUPPORTED_PROTO)}

routes = Blueprint("api", __name__, url_prefix="/api/v1")


@routes.post("/batches")
@open_to("device")
def batches() -> Response:
    caller = _signer(_body())
    body = signing.inflate(_body(), request.headers.get("Content-Encoding", ""))
    try:
        batch = wire.read_batch(body)
    except wire.Unreadable as problem:
        raise Refused(_UNREADABLE[problem.code]) from None
    if len(batch.entries) > wire.MAX_ENTRIES:
        raise Refused(problems.TOO_MANY)
    here = centre()
    if not clocks.is_set(here.now_ms()):
        # Everything would be dated by it, and terminals would let go of words too early, or never.
        log.error("nothing is taken in: the clock of this machine is wrong")
        raise Refused(problems.CLOCK)
    try:
        answer = ingest.take(here.db, caller.device, caller.generation, batch, here.now_ms())
    except ingest.Busy:
        raise Refused(problems.BUSY) from None
    # Read after the commit: a backup that began later has what was stored.
    return _signed(caller, 200, wire.encode(msgspec.structs.replace(answer, server_ms=here.now_ms())))


@routes.get("/manifest")
@open_to("device")
def manifest() -> Response:
    caller = _caller(_body())
    here = centre()
    with here.db.reading() as tx:
        body = wire.encode(enrol.manifest(tx, caller.device, here.now_ms(), here.secrets))
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    unchanged = request.headers.get("If-None-Match") == tag
    response = _signed(caller, 304, b"") if unchanged else _signed(caller, 200, body)
    response.headers["ETag"] = tag
    return response


@routes.get("/briefing")
@open_to("device")
def briefing() -> Response:
    """This morning's, for the crew that carries a screen of this device (`screen`), in a language (`lang`)."""
    caller, asked = _caller(_body()), request.args
    here = centre()
    told = crew_tablet.told(here.db, caller.device, asked.get("screen", ""), asked.get("lang", ""), here.now_ms())
    if told is None:
        raise Refused(problems.NO_BRIEFING)
    return _signed(caller, 200, wire.encode(told))


@routes.post("/enrolments")
@open_to("device")
def enrolments() -> Response:
    body = _body()
    known = _known_caller(body)
    try:
        asked = msgspec.json.decode(signing.inflate(body, request.headers.get("Content-Encoding", "")),
                                    type=wire.EnrolmentRequest)  # fmt: skip
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(problems.BAD_JSON) from None
    here = centre()
    with here.db.writing() as tx:
        given = enrol.enrol(tx, asked, known, here.secrets, here.now_ms())
    if isinstance(given, Problem):
        raise Refused(given)
    return _answer(200, wire.encode(given), "application/json")


@routes.errorhandler(Refused)
def refused(refusal: Refused) -> Response:
    return _problem(refusal.problem)


@routes.errorhandler(HTTPException)
def http_problem(exception: HTTPException) -> Response:
    if exception.code == 413:
        return _problem(problems.TOO_LARGE)
    return _problem(Problem("http", exception.code or 500, "The centre does not take this request."))


@routes.errorhandler(Exception)
def failed(exception: Exception) -> Response:
    # Only its kind: the message of a database's error may carry what a customer wrote.
    where = "".join(traceback.format_tb(exception.__traceback__))
    log.error("a request of a terminal failed: %s\n%s", type(exception).__name__, where)
    return _problem(Problem("server_error", 500, "The centre had an error; it is in its log."))


def _body() -> bytes:
    """The body as it was sent, at most as much as the centre would unpack. Raises Refused (`too_large`)."""
    if (request.content_length or 0) > wire.MAX_INFLATED:
        raise Refused(problems.TOO_LARGE)
    return request.get_data(cache=True)


def _signer(body: bytes) -> Caller:
    """Who signed this request, in service or not. Raises Refused."""
    here, headers = centre(), dict(request.headers)
    claimed = signing.claimed(headers, here.secrets)
    return signing.checked(claimed, here.secrets, request.method, request.path, headers, body)


def _caller(body: bytes) -> Caller:
    """The device in service that signed this request. Raises Refused."""
    caller = _signer(body)
    with centre().db.reading() as tx:
        generation = ledger.generation(tx, caller.device)
    if generation is not None and generation != caller.generation:
        raise Refused(problems.REVOKED)
    return caller


def _known_caller(body: bytes) -> Caller | None:
    """The device that signed this, if one did: in service, or forgotten by a restore. A terminal whose signature is
    worth nothing any more (revoked, of another secret) enrols as a new one: the code proves its right."""
    try:
        caller = _signer(body)
    except Refused:
        return None
    with centre().db.reading() as tx:
        signs = ledger.generation(tx, caller.device)
    return caller if signs in (None, caller.generation) else None


def _problem(problem: Problem) -> Response:
    """A refusal, signed for whom the request claims to be from, so that nobody on the way can make one."""
    body = msgspec.json.encode(problem.as_json())
    caller = signing.claimed(dict(request.headers), centre().secrets)
    if caller is None:
        return _answer(problem.status, body, "application/problem+json")
    return _signed(caller, problem.status, body, "application/problem+json")


def _signed(caller: Caller, status: int, body: bytes, kind: str = "application/json") -> Response:
    response = _answer(status, body, kind)
    response.headers[wire.SIGNATURE_HEADER] = wire.sign_answer(caller.key, status, caller.request, body)
    return response


def _answer(status: int, body: bytes, kind: str) -> Response:
    response = Response(body, status, content_type=kind)
    response.headers["Cache-Control"] = "no-store, no-transform"
    if status in (429, 503):
        response.headers["Retry-After"] = "5"
    return response
