"""The centre's web application: every room registered, who may call what, the headers, calm refusals."""

import logging
from typing import Any

from flask import Flask, Response, jsonify, render_template, request, url_for
from jinja2 import StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import Conflict, HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from sync import access, assets, log_lines, migrations, observing, packing, speaking
from sync.centre import EXTENSION, Centre, centre, open_centre
from sync.i18n import mark
from sync.intake import api
from sync.office import pages, tongue
from sync.office.edits import Changed
from sync.problems import Problem

__all__ = ["MAX_BODY", "create_app", "open_centre"]

MAX_BODY = 3 * 1024 * 1024
"""Bytes of a request, before it is unpacked; a route that takes more says so."""
LARGEST_BODY = 16 * 1024 * 1024
"""Bytes that are listened to at all, so that whoever sends too much is told so in a sentence."""

log = logging.getLogger(__name__)

# Everything comes from here, and nothing that a customer wrote is ever run.
_CONTENT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _CONTENT.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SENTENCES = {
    400: (mark("That did not work"), mark("The request was not complete. Go back, and try once more.")),
    403: (mark("Not from here"), mark("This can only be done from Smilepost’s own pages, by somebody who may.")),
    404: (mark("Nothing here"), mark("There is no such page, or it is not among the places that you look after.")),
    405: (mark("Not like this"), mark("This address is used in another way. Start again from the overview.")),
    409: (
        mark("Somebody was quicker"),
        mark("This was changed while you were at it. Open it again, and look at what is there now."),
    ),
    413: (mark("Too much at once"), mark("What was sent is larger than this page takes.")),
    429: (mark("A moment, please"), mark("That was too often in a short time. Try again in a minute.")),
    500: (mark("Something went wrong here"), mark("It is our mistake, and it is in the server’s log. Try once more.")),
    503: (mark("A moment, please"), mark("The server is busy or being restarted. Try again in a minute.")),
}


class _Application(Flask):
    def log_exception(self, *details: Any) -> None:
        # The route, not the address: an address may hold a token.
        log.error("%s %s failed", observing.method(), request.url_rule, exc_info=details[-1])


_CREW_CLOSED = (
    mark("For the crew itself"),
    mark(
        "What customers answered about a crew is for the crew and whoever manages it. You see several crews together."
    ),
)


def create_app(centre: Centre) -> Flask:
    """Raises access.Undeclared when a route doesn't say who may call it."""
    app = _Application("sync", template_folder=str(assets.TEMPLATES), static_folder=str(assets.STATIC))
    app.extensions[EXTENSION] = centre
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["static"] = static_address
    observing.watch(app)
    access.name_kinds(app)
    packing.serve_static(app)
    access.open_to("anyone")(app.view_functions["static"])
    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/readyz", view_func=readyz)
    app.register_blueprint(api.routes)
    app.register_blueprint(pages.routes)
    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(Changed, lambda _: refuse(Conflict()))
    app.after_request(finish)
    access.check(app)
    access.guard(app)
    hops = centre.settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, 0, hops)  # type: ignore[method-assign]
    return app


def static_address(name: str) -> str:
    """The address of `static/NAME` with its hash: it may be kept for ever, and a new build is fetched anew."""
    return url_for("static", filename=name, v=assets.stamp(name))


@access.open_to("anyone")
def healthz() -> Response:
    """Whether the process answers."""
    return jsonify(status="ok")


@access.open_to("anyone")
def readyz() -> tuple[Response, int]:
    """Whether it can do its work: the database answers, and has this version's tables."""
    db = centre().db
    try:
        with db.reading() as tx:
            ready = migrations.is_current(tx, db.dialect)
    except (SQLAlchemyError, migrations.DatabaseRefused):
        ready = False
    state = {"status": "ready" if ready else "not ready", "database": db.dialect, "journal": db.journal}
    return jsonify(state), 200 if ready else 503


def refuse(problem: HTTPException) -> Response | tuple[Response | str, int]:
    """A calm page for people, a problem document for machines; neither repeats what was sent."""
    if problem.response is not None:
        return problem.response  # type: ignore[return-value]
    status = problem.code or 500
    title, sentence = _SENTENCES.get(status, _SENTENCES[400 if status < 500 else 500])
    is_crew = isinstance(problem, access.CrewClosed)
    if is_crew:
        title, sentence = _CREW_CLOSED
    if status not in (404, 405, 500):  # strays are not news, and a failure was logged where it happened
        log.info("%s %s refused: %d", observing.method(), request.url_rule, status)
    if access.speaks_to_machines():
        code = (problem.name or "error").lower().replace(" ", "_")
        answer = jsonify(Problem(code, status, f"{title}. {sentence}").as_json())
        answer.mimetype = "application/problem+json"
        return answer, status
    doing = log_lines.doing()
    found_by = {"number": doing.id} if doing and status == 500 else {}
    return render_template(
        "office/refusal.html", title=tongue._(title), sentence=tongue._(sentence), is_crew=is_crew, **found_by
    ), status


def finish(response: Response) -> Response:
    """The headers of every answer; a route that set its own keeps it."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        name = (request.view_args or {}).get("filename", "")
        if response.status_code in (200, 304) and request.args.get("v") == assets.stamp(name):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
    speaking.keep(response, secure=access.is_https())
    response.headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")  # the same address answers with a page or with a piece of it
    packing.pack_page(response)
    return response
