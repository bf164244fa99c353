"""What machines read with a key: places, scores, and (with one for everything) how the server does."""

from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, jsonify, request, url_for

from sync import access, bearer, metrics, migrations, observing
from sync.centre import centre
from sync.metrics import gauge
from sync.office import gauges, machine_answers, openapi, reporting
from sync.office.reporting import Unanswerable
from sync.problems import Problem

routes = Blueprint("machines", __name__)
TOTAL = "smilepost-total"


@routes.get("/api/v1/places")
@access.key("read")
def places() -> Response:
    """Page by page: `next` is the address that goes on, null at the end."""
    most = _number("limit", reporting.PAGE, 1, reporting.LARGEST_PAGE)
    after = _number("after", 0, 0, 10**9)
    with centre().db.reading() as tx:
        found, following = reporting.places(tx, access.holder().rights, after, most)
    more = None if following is None else url_for(".places", after=following, limit=most)
    return _conditional(jsonify(places=found, next=more))


@routes.get("/api/v1/places/<place:number>/scores")
@access.key("read")
def scores(number: int) -> Response:
    asked, here = request.args, centre()
    reporting.prepare(here.db, here.now_ms())
    with here.db.reading() as tx:
        found = reporting.score(
            tx, number, here.now_ms(), asked.get("question"), asked.get("from"), asked.get("to")
        )  # fmt: skip
    return _conditional(jsonify(found))


@routes.get("/api/v1/scores")
@access.key("read", place="place")
def every_score() -> Response:
    """Of places, page by page."""
    asked, here = request.args, centre()
    most = _number("limit", reporting.PAGE, 1, reporting.LARGEST_PAGE)
    following = _number("after", 0, 0, 10**9)
    reporting.prepare(here.db, here.now_ms())
    with here.db.reading() as tx:
        found, more = machine_answers.scores(
            tx, access.holder().rights, asked.get("place", type=int), here.now_ms(), asked.get("question"),
            asked.get("from"), asked.get("to"), following, most,
        )  # fmt: skip
    return _conditional(jsonify(scores=found, next=_next(".every_score", more)))


@routes.get("/api/v1/responses")
@access.key("responses", place="place")
def responses() -> Response:
    """Single answers in the order in which they came in or were changed: whoever goes on from the last one gets what
    is new."""
    return _answers("responses", ".responses", worded=False)


@routes.get("/api/v1/comments")
@access.key("responses", place="place")
def comments() -> Response:
    """Those that are not hidden, in the same order."""
    return _answers("comments", ".comments", worded=True)


@routes.get("/api/v1/openapi.json")
@access.open_to("anyone")
def described() -> Response:
    """What all of this gives, for programs (OpenAPI 3.1)."""
    return _conditional(jsonify(openapi.DESCRIPTION))


def _answers(name: str, endpoint: str, *, worded: bool) -> Response:
    asked, here = request.args, centre()
    most = _number("limit", reporting.PAGE, 1, reporting.LARGEST_PAGE)
    narrowed = machine_answers.narrowed(asked.get("touchpoint"), asked.get("lang"), asked.get("flagged"))
    cursor, now_ms = machine_answers.after(asked.get("after")), here.now_ms()
    with here.db.reading() as tx:
        part = machine_answers.part(
            tx, access.holder().rights, asked.get("place", type=int), asked.get("from"), asked.get("to"), narrowed,
            now_ms, worded=worded,
        )  # fmt: skip
        found, more = machine_answers.page(tx, part, cursor, most, now_ms)
    return _conditional(jsonify({name: found, "next": _next(endpoint, more)}))


def _next(endpoint: str, more: object | None) -> str | None:
    """The address that goes on with the same question."""
    return None if more is None else f"{url_for(endpoint)}?{urlencode({**request.args.to_dict(), 'after': str(more)})}"


def _conditional(answer: Response) -> Response:
    """Whoever has it already hears so, and is sent nothing."""
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@routes.get("/metrics")
@access.key("read", whole=True)
def measured() -> Response:
    """For Prometheus."""
    here, requests = centre(), observing.requests()
    total = current_app.extensions.setdefault(TOTAL, gauges.Total())
    with here.db.reading() as tx:
        state = [
            gauge("smilepost_database_info", "Which database this is.", 1, kind=here.db.dialect),
            gauge("smilepost_ready", "1 when the database has this version's tables.",
                  int(migrations.is_current(tx, here.db.dialect))),
            *gauges.metrics(tx, total, here.now_ms()),
        ]  # fmt: skip
    up = gauge("smilepost_up", "1: this process answers.", 1)
    text = metrics.written([up, *metrics.process(requests.started_s), *state, *requests.metrics()])
    return Response(text, content_type=metrics.CONTENT_TYPE)


@routes.errorhandler(Unanswerable)
def unanswerable(problem: Unanswerable) -> Response:
    return bearer.refuse(Problem(problem.code, 400, str(problem)))


def _number(name: str, usual: int, least: int, most: int) -> int:
    text = request.args.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and least <= int(text) <= most):
        raise Unanswerable("bad_number", f"`{name}` is a whole number from {least} to {most}.")
    return int(text)
