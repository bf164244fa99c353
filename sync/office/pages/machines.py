"""What machines read with a key: places, scores, and (with one for everything) how the server does."""

from flask import Blueprint, Response, current_app, jsonify, request, url_for

from sync import access, bearer, metrics, migrations, observing
from sync.centre import centre
from sync.metrics import gauge
from sync.office import gauges, reporting
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
    return jsonify(places=found, next=more)


@routes.get("/api/v1/places/<place:number>/scores")
@access.key("read")
def scores(number: int) -> Response:
    asked, here = request.args, centre()
    reporting.prepare(here.db, here.now_ms())
    with here.db.reading() as tx:
        found = reporting.score(
            tx, number, here.now_ms(), asked.get("question"), asked.get("from"), asked.get("to")
        )  # fmt: skip
    return jsonify(found)


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
