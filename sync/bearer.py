"""The door for machines: a key in the header, never a cookie; and a key opens nothing that is for people."""

from flask import Response, current_app, g, jsonify, request

from sync import log_lines, problems
from sync.centre import centre
from sync.office import keys, subjects, throttle
from sync.office.keys import Holder, Kind
from sync.office.rights import EVERYWHERE, Permission
from sync.pace import Pace
from sync.problems import Problem

PACE = "smilepost-pace"
_HARMLESS = ("GET", "HEAD", "OPTIONS")


def check(kind: Kind, named: list[tuple[str, str]], *, whole: bool) -> Response | None:
    """None when the caller's key is of this kind and everything `named` (kind, id) lies in its part of the tree: the
    key is `flask.g.key` then. Else the refusal."""
    found = _holder()
    if not isinstance(found, Holder):
        return found
    g.key = found
    if (doing := log_lines.doing()) is not None:
        doing.key = found.id
    if found.may != kind and not (kind == "read" and found.may == "responses"):
        return refuse(problems.KEY_KIND)
    wait_ms = current_app.extensions.setdefault(PACE, Pace()).ask(found.id, centre().now_ms())
    if wait_ms:
        return _later(problems.KEY_BUSY, wait_ms)
    if whole and found.path != EVERYWHERE:
        return refuse(problems.KEY_PART)
    with centre().db.reading() as tx:
        every = subjects.every(tx, named)
    permission: Permission = "see" if request.method in _HARMLESS else "places"
    if not all(each is not None and each.is_seen_by(found.rights, permission) for each in every):
        return refuse(problems.NOT_THERE)
    if kind != "import" and any(each is not None and each.of_crew for each in every):
        return refuse(problems.CREW_CLOSED)
    return None


def _holder() -> Holder | Response:
    here, now_ms = centre(), centre().now_ms()
    said = request.authorization
    if said is None or said.type != "bearer" or not said.token:
        return refuse(problems.NO_KEY)
    with here.db.reading() as tx:
        found = keys.holder(tx, said.token)
    if found is None:
        return _wrong(now_ms)
    if found.used_ms is None or now_ms - found.used_ms > keys.USED_EVERY_MS:
        with here.db.writing() as tx:
            keys.note_used(tx, found.id, now_ms)
    return found


def _wrong(now_ms: int) -> Response:
    """Only wrong keys wait: a right one behind the same address is never held up by another machine's mistake."""
    with centre().db.writing() as tx:
        wait_ms = throttle.count_wrong_key(tx, request.remote_addr or "", now_ms)
    if not wait_ms:
        return refuse(problems.KEY_UNKNOWN)
    return _later(problems.KEY_THROTTLED, wait_ms)


def _later(problem: Problem, wait_ms: int) -> Response:
    answer = refuse(problem)
    answer.headers["Retry-After"] = str(max(-(-wait_ms // 1000), 1))
    return answer


def refuse(problem: Problem) -> Response:
    """The problem as machines read it (RFC 9457), and which header would have helped (RFC 6750)."""
    answer = jsonify(problem.as_json())
    answer.status_code, answer.mimetype = problem.status, "application/problem+json"
    challenge = 'Bearer realm="Smilepost"'
    if problem is problems.KEY_UNKNOWN:
        challenge += ', error="invalid_token"'
    if problem.status == 403:
        challenge += ', error="insufficient_scope"'
    if problem.status in (401, 403):
        answer.headers["WWW-Authenticate"] = challenge
    return answer
