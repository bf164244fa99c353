"""Stopping a briefing by the link in a letter, without signing in. Looking at the link stops nothing, since mail
scanners follow links; a mail program's own button posts to it from wherever it is (RFC 8058)."""

from flask import Blueprint, abort, make_response, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import subscriptions, throttle
from sync.office.audit import Actor
from sync.office.subscriptions import Stopped, Subscription

routes = Blueprint("leaving", __name__)

READER = "somebody with the letter"
"""As the audit log names whoever used the link."""


@routes.get("/leave/<token>")
@access.open_to("anyone")
def look(token: str) -> Response:
    return _shown(_found(token))


@routes.post("/leave/<token>")
@access.open_to("anyone", from_anywhere=True)
def leave(token: str) -> Response:
    one_click = request.form.get("List-Unsubscribe") == "One-Click"
    if not one_click and not access.comes_from_our_pages():
        abort(403)
    here, found = centre(), _found(token)
    by = Actor(READER, None, request.remote_addr or "")
    with here.db.writing() as tx:
        if request.form.get("do") == "again" and not one_click:
            subscriptions.resume(tx, by, found.id, here.now_ms())
        else:
            why: Stopped = "one_click" if one_click else "page"
            subscriptions.stop(tx, by, found.id, why, here.now_ms())
    return _shown(_found(token))


def _found(token: str) -> Subscription:
    """Whoever guesses is told to wait, like a machine with a wrong key."""
    here = centre()
    with here.db.reading() as tx:
        found = subscriptions.of_token(tx, token)
    if found is not None:
        return found
    with here.db.writing() as tx:
        wait_ms = throttle.count_wrong_key(tx, request.remote_addr or "", here.now_ms())
    abort(429 if wait_ms else 404)


def _shown(found: Subscription) -> Response:
    answer = make_response(render_template("office/leave.html", found=found))
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    return answer
