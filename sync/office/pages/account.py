"""One's own account over HTTP: name, language, password, second factor, and where one is signed in."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.i18n import NAMES
from sync.office import account, audit_log, people, second, sessions
from sync.office.edits import Changed
from sync.office.forms import Wrong
from sync.office.pages import doors
from sync.office.people import BadPerson
from sync.office.throttle import Wait
from sync.office.tongue import LANGUAGES, _

routes = Blueprint("account", __name__)


@routes.get("/account")
@access.open_to("signed_in")
def page() -> Response:
    return _page()


@routes.post("/account")
@access.open_to("signed_in")
def change() -> Response:
    here, user, given = centre(), access.viewer(), request.form
    told = (given.get("name", ""), given.get("language", ""), here.now_ms())
    try:
        with here.db.writing() as tx:
            account.change(tx, access.actor(), user.id, given.get("version", 0, type=int), *told)
    except Wrong as wrong:
        return _page(wrong.fields, 400)
    except Changed:
        return _page({}, 409, is_changed=True)
    return redirect("/account", code=303)


@routes.post("/account/password")
@access.open_to("signed_in")
def change_password() -> Response:
    here, user, given = centre(), access.viewer(), request.form
    fits = people.fits(here.db, user, given.get("old", ""), doors.address(), here.now_ms())
    if isinstance(fits, Wait):
        return doors.waiting(_page({"old": doors.patience(fits)}, 429), fits)
    if not fits:
        return _page({"old": _("This is not your present password.")}, 400)
    try:
        with here.db.writing() as tx:
            told = (given.get("new-password", ""), here.now_ms())
            people.set_password(tx, access.actor(), user.id, *told, keep=_token())
            at, agent = doors.address(), doors.agent()
            session = people.new_session(tx, user.id, here.now_ms(), second=user.is_second, address=at, agent=agent)
    except BadPerson as problem:
        return _page({"password": str(problem)}, 400)
    return doors.let_in(session, "/account?done=password#password")


@routes.post("/account/sessions")
@access.open_to("signed_in")
def end_session() -> Response:
    here, user = centre(), access.viewer()
    with here.db.writing() as tx:
        sessions.end(tx, access.actor(), user.id, request.form.get("session", ""), here.now_ms())
    return redirect("/account#sessions", code=303)


@routes.post("/account/sessions/others")
@access.open_to("signed_in")
def end_others() -> Response:
    here, user = centre(), access.viewer()
    with here.db.writing() as tx:
        people.leave_everywhere(tx, access.actor(), user.id, here.now_ms(), keep=_token())
    return redirect("/account#sessions", code=303)


def _token() -> str:
    return request.cookies.get(access.COOKIE, "")


def _page(problems: dict[str, str] | None = None, status: int = 200, *, is_changed: bool = False) -> Response:
    here, user = centre(), access.viewer()
    now_ms, given = here.now_ms(), request.form
    with here.db.reading() as tx:
        mine = account.read(tx, user.id)
        owes = user.has_second or user.rights.is_admin()
        told = {
            "mine": mine,
            "name": given.get("name", mine.name),
            "language": given.get("language", mine.language),
            "sessions": sessions.open_ones(tx, user.id, _token(), now_ms, owes=owes),
            "codes": second.codes_left(tx, user.id),
            "zone": audit_log.zone_of(tx, user.rights.roots()),
        }
    languages = [("", _("As the browser says")), *((code, NAMES[code]) for code in LANGUAGES)]
    more = {"problems": problems or {}, "is_changed": is_changed, "languages": languages, "now_ms": now_ms}
    return make_response(render_template("office/account.html", done=request.args.get("done"), **told, **more), status)
