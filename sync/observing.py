"""Every request has an id, a line in the log, and is counted."""

import logging
import time

from flask import Flask, Response, current_app, g, request

from sync import log_lines
from sync.metrics import METHODS, OTHER, Requests

HEADER = "X-Request-Id"
EXTENSION = "smilepost-requests"
UNKNOWN = "unknown"
"""Instead of a pattern, where no route has the address."""
_QUIET = ("static", "healthz", "readyz")
"""Asked for too often to be news."""

log = logging.getLogger(__name__)


def watch(app: Flask) -> None:
    """Before everything else is put around requests: the first to begin, the last to end."""
    app.extensions[EXTENSION] = Requests()
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(lambda _: log_lines.end())


def requests() -> Requests:
    """Those that this process answered."""
    found: Requests = current_app.extensions[EXTENSION]
    return found


def method() -> str:
    """That of the request; a word that is none of them is not repeated, since anybody may send any."""
    return request.method if request.method in METHODS else OTHER


def _begin() -> None:
    g.began_s = time.perf_counter()
    route = request.url_rule.rule if request.url_rule else UNKNOWN
    log_lines.begin(request.headers.get(HEADER), method(), route)


def _finish(response: Response) -> Response:
    doing = log_lines.doing()
    if doing is None:
        return response
    response.headers[HEADER] = doing.id
    seconds = time.perf_counter() - g.began_s
    requests().note(doing.route, doing.method, response.status_code, seconds)
    if request.endpoint not in _QUIET:
        measured = {"status": response.status_code, "ms": round(seconds * 1000, 1)}
        log.info("%s %s %d", doing.method, doing.route, response.status_code, extra=measured)
    return response
