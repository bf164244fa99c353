"""One-time links over HTTP: the first person's, an invitation, a new password. Looking at one uses nothing up."""

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import links, mail, people, start, throttle
from sync.office.audit import Actor
from sync.office.forms import Wrong
from sync.office.links import Guest, Purpose
from sync.office.pages import doors, letters
from sync.office.people import BadPerson
from sync.office.start import First, Gone
from sync.office.throttle import Wait

routes = Blueprint("links", __name__)

FORGOTTEN_MOST = 3
"""Letters about a forgotten password that an account may be sent in a window of the throttle."""


@routes.get("/start/<token>")
@access.open_to("anyone")
def first(token: str) -> Response:
    found = _look("first", token)
    return _start({}) if isinstance(found, Guest) else found


@routes.post("/start/<token>")
@access.open_to("anyone")
def begin(token: str) -> Response:
    found = _look("first", token)
    if not isinstance(found, Guest):
        return found
    here, now_ms, given = centre(), centre().now_ms(), request.form
    told = First(*(given.get(name, "") for name in ("organisation", "name", "email", "password")))
    try:
        with here.db.writing() as tx:
            user = start.begin(tx, token, told, doors.address(), now_ms)
            session = people.new_session(tx, user, now_ms, address=doors.address(), agent=doors.agent())
    except Wrong as wrong:
        return _start(wrong.fields, 400)
    except Gone:
        return _gone()
    return doors.let_in(session, "/set-up")


@routes.get("/welcome/<token>")
@access.open_to("anyone")
def welcome(token: str) -> Response:
    return _choose("invite", token)


@routes.post("/welcome/<token>")
@access.open_to("anyone")
def accept(token: str) -> Response:
    return _chosen("invite", token)


@routes.get("/password/<token>")
@access.open_to("anyone")
def new_password(token: str) -> Response:
    return _choose("password", token)


@routes.post("/password/<token>")
@access.open_to("anyone")
def set_password(token: str) -> Response:
    return _chosen("password", token)


@routes.get("/forgotten")
@access.open_to("anyone")
def forgotten() -> Response:
    return _forgotten()


@routes.post("/forgotten")
@access.open_to("anyone")
def ask_for_link() -> Response:
    """The same answer, as fast, whether or not there is such an account."""
    here, email = centre(), request.form.get("email", "")
    account = f"forgotten {email.strip().lower()[: people.LONGEST_TEXT]}".replace("\0", "")
    with here.db.writing() as tx:
        wait_ms = throttle.count_try(tx, account, doors.address(), here.now_ms(), FORGOTTEN_MOST)
    if wait_ms:
        return doors.waiting(_forgotten(doors.patience(Wait(wait_ms)), 429), Wait(wait_ms))
    letters.forgotten(email)
    return _forgotten(is_sent=True)


def _look(purpose: Purpose, token: str) -> Guest | Response:
    """Whose link it is, or the page that says why not. Links that aren't are counted, by address."""
    here, now_ms = centre(), centre().now_ms()
    with here.db.writing() as tx:
        wait_ms = throttle.count_try(tx, None, doors.address(), now_ms)
        found = None if wait_ms else links.look(tx, purpose, token, now_ms)
        if found:
            throttle.forgive(tx, None, doors.address(), now_ms)
    if wait_ms:
        return doors.waiting(_gone(doors.patience(Wait(wait_ms)), 429), Wait(wait_ms))
    return found or _gone()


def _choose(purpose: Purpose, token: str) -> Response:
    found = _look(purpose, token)
    return _choice(purpose, found, None) if isinstance(found, Guest) else found


def _chosen(purpose: Purpose, token: str) -> Response:
    found = _look(purpose, token)
    if not isinstance(found, Guest) or found.user is None:
        return found if isinstance(found, Response) else _gone()
    here, now_ms, at = centre(), centre().now_ms(), doors.address()
    by = Actor(f"{found.name} <{found.email}>", found.user, at)
    try:
        with here.db.writing() as tx:
            if not links.use(tx, purpose, token, now_ms):
                raise Gone
            people.set_password(tx, by, found.user, request.form.get("password", ""), now_ms)
            session = people.let_in(tx, found.user, now_ms, address=at, agent=doors.agent())
    except BadPerson as problem:
        return _choice(purpose, found, str(problem), 400)
    except Gone:
        return _gone()
    return doors.let_in(session, "/")


def _choice(purpose: Purpose, guest: Guest, problem: str | None, status: int = 200) -> Response:
    page = render_template("office/choose_password.html", purpose=purpose, guest=guest, problem=problem)
    return make_response(page, status)


def _start(problems: dict[str, str], status: int = 200) -> Response:
    return make_response(render_template("office/start.html", problems=problems, given=request.form), status)


def _forgotten(problem: str | None = None, status: int = 200, *, is_sent: bool = False) -> Response:
    is_mailed = mail.is_configured(centre().settings)
    told = {"problem": problem, "is_sent": is_sent, "is_mailed": is_mailed, "email": request.form.get("email", "")}
    return make_response(render_template("office/forgotten.html", **told), status)


def _gone(problem: str | None = None, status: int = 410) -> Response:
    return make_response(render_template("office/link_gone.html", problem=problem), status)
