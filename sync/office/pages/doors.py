"""Signing in and out over HTTP. Any address may come in by hand; only our own paths lead on."""

from flask import Blueprint, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.leading import own_path
from sync.office import people
from sync.office.throttle import Wait
from sync.office.tongue import _, ngettext

routes = Blueprint("doors", __name__)


@routes.get("/sign-in")
@access.open_to("anyone")
def sign_in() -> Response:
    return _form()


@routes.post("/sign-in")
@access.open_to("anyone")
def try_sign_in() -> Response:
    here, email = centre(), request.form.get("email", "")
    answer = people.sign_in(here.db, email, request.form.get("password", ""), address(), here.now_ms(), agent=agent())
    if isinstance(answer, Wait):
        return waiting(_form(patience(answer), email, 429), answer)
    wrong = _("This email address and password do not fit together.")
    return let_in(answer, own_path(request.form.get("next"))) if answer else _form(wrong, email, 401)


@routes.get("/enter/<token>")
@access.open_to("anyone")
def enter(token: str) -> Response:
    """A one-click link."""
    here = centre()
    with here.db.writing() as tx:
        session = people.follow_link(tx, token, here.now_ms(), address=address(), agent=agent())
    expired = _("This link has expired. Sign in with your password, or ask for a new link.")
    return let_in(session, "/") if session else _form(expired, status=403)


@routes.post("/sign-out")
@access.open_to("half_signed_in")
def sign_out() -> Response:
    here = centre()
    with here.db.writing() as tx:
        people.sign_out(tx, request.cookies.get(access.COOKIE, ""), here.now_ms())
    return _let_out()


@routes.post("/sign-out-everywhere")
@access.open_to("signed_in")
def sign_out_everywhere() -> Response:
    here = centre()
    with here.db.writing() as tx:
        people.leave_everywhere(tx, access.actor(), g.user.id, here.now_ms())
    return _let_out()


def address() -> str:
    return request.remote_addr or ""


def agent() -> str:
    return request.headers.get("User-Agent", "")


def patience(wait: Wait) -> str:
    """A sentence for somebody who tried too often."""
    minutes = -(-wait.ms // 60_000)
    return ngettext(
        "Too many tries. Please wait {n} minute, then try again.",
        "Too many tries. Please wait {n} minutes, then try again.",
        minutes,
    ).format(n=minutes)


def waiting(response: Response, wait: Wait) -> Response:
    """The same for a machine: when to come again."""
    response.headers["Retry-After"] = str(-(-wait.ms // 1000))
    return response


def let_in(session: str, target: str) -> Response:
    """A session of its own, never one that was there before: that one ends here."""
    return with_session(redirect(target, code=303), session)


def with_session(response: Response, session: str) -> Response:
    """The same for a page that is shown at once."""
    here = centre()
    with here.db.writing() as tx:
        people.sign_out(tx, request.cookies.get(access.COOKIE, ""), here.now_ms())
    access.give_session(response, session)
    return response


def _form(problem: str | None = None, email: str = "", status: int = 200) -> Response:
    target = own_path(request.values.get("next"))
    return make_response(render_template("office/sign_in.html", problem=problem, email=email, target=target), status)


def _let_out() -> Response:
    response = redirect("/sign-in", code=303)
    access.take_session(response)
    return response
