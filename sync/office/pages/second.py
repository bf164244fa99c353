"""The second factor over HTTP: showing it, setting it up, its recovery codes."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.leading import own_path
from sync.office import organisation, people, second, start, totp
from sync.office.pages import doors
from sync.office.people import BadPerson, User
from sync.office.throttle import Wait
from sync.office.tongue import _

routes = Blueprint("second", __name__)

NEW = "/second/new"
_HOW = {"a code": "a password and a code", "a recovery code": "a password and a recovery code"}


@routes.get("/second")
@access.open_to("half_signed_in")
def ask() -> Response:
    user, target = access.viewer(), own_path(request.args.get("next"))
    if not user.owes_second:
        return redirect(target, code=303)
    return _asked(None) if user.has_second else redirect(NEW, code=303)


@routes.post("/second")
@access.open_to("half_signed_in")
def show() -> Response:
    here, user = centre(), access.viewer()
    if not (user.owes_second and user.has_second):
        return ask()
    now_ms, at = here.now_ms(), doors.address()
    shown = second.show(here.db, here.secrets, user, request.form.get("code", ""), at, now_ms)
    if isinstance(shown, Wait):
        return doors.waiting(_asked(doors.patience(shown), 429), shown)
    if shown is None:
        return _asked(_("This code does not fit, or was used before. The app shows a new one every 30 seconds."), 401)
    with here.db.writing() as tx:
        people.note_signed_in(tx, user.id, at, now_ms, _HOW[shown])
        session = people.new_session(tx, user.id, now_ms, second=True, address=at, agent=doors.agent())
        left = second.codes_left(tx, user.id)
    is_scarce = shown == "a recovery code" and left <= 3
    return doors.let_in(session, "/account#recovery" if is_scarce else own_path(request.form.get("next")))


@routes.get("/second/new")
@access.open_to("half_signed_in")
def offer() -> Response:
    user = access.viewer()
    return redirect(access.SECOND, code=303) if user.owes_second and user.has_second else _offered({})


@routes.post("/second/new")
@access.open_to("half_signed_in")
def put() -> Response:
    here, user, now_ms = centre(), access.viewer(), centre().now_ms()
    if user.owes_second and user.has_second:
        return redirect(access.SECOND, code=303)
    if not user.owes_second and (refused := unproved(user)):
        return _offered({"proof": refused}, 400)
    with here.db.writing() as tx:
        nonce = second.nonce(tx, user, _token())
        codes = second.put(tx, access.actor(), here.secrets, user, nonce, request.form.get("code", ""), now_ms)
        if codes:
            if user.owes_second:
                people.note_signed_in(tx, user.id, doors.address(), now_ms, _HOW["a code"])
            at, agent = doors.address(), doors.agent()
            session = people.new_session(tx, user.id, now_ms, second=True, address=at, agent=agent)
    if not codes:
        return _offered({"code": _("This code does not fit. Is the clock of your telephone right?")}, 400)
    return doors.with_session(_codes(user, codes), session)


@routes.post("/account/second/remove")
@access.open_to("signed_in")
def remove() -> Response:
    here, user = centre(), access.viewer()
    refused = unproved(user)
    try:
        if not refused:
            with here.db.writing() as tx:
                second.do_without(tx, access.actor(), user, here.now_ms())
    except BadPerson as problem:
        refused = str(problem)
    return _grave("remove", refused) if refused else redirect("/account#second", code=303)


@routes.get("/account/second/remove")
@access.open_to("signed_in")
def remove_form() -> Response:
    return _grave("remove", None)


@routes.get("/account/codes")
@access.open_to("signed_in")
def codes_form() -> Response:
    return _grave("codes", None)


@routes.post("/account/codes")
@access.open_to("signed_in")
def renew_codes() -> Response:
    here, user = centre(), access.viewer()
    refused = None if user.has_second else _("Set up a second factor first.")
    refused = refused or unproved(user)
    if refused:
        return _grave("codes", refused)
    with here.db.writing() as tx:
        codes = second.renew_codes(tx, access.actor(), user.id, here.now_ms())
    return _codes(user, codes)


def unproved(user: User) -> str | None:
    """Why what was typed into `proof`, the password or a code, doesn't show that it is them; None when it does."""
    here, typed, at = centre(), request.form.get("proof", ""), doors.address()
    if user.has_second and second.may_be_code(typed):
        answer: object = second.show(here.db, here.secrets, user, typed, at, here.now_ms())
    else:
        answer = people.fits(here.db, user, typed, at, here.now_ms())
    if isinstance(answer, Wait):
        return doors.patience(answer)
    return None if answer else _("This does not fit. Nothing was changed.")


def _token() -> str:
    return request.cookies.get(access.COOKIE, "")


def _asked(problem: str | None, status: int = 200) -> Response:
    target = own_path(request.values.get("next"))
    return make_response(render_template("office/second.html", problem=problem, target=target), status)


def _offered(problems: dict[str, str], status: int = 200) -> Response:
    here, user = centre(), access.viewer()
    with here.db.reading() as tx:
        key = second.key(here.secrets, user, second.nonce(tx, user, _token()))
        issuer = organisation.name(tx)
    issuer = f"Smilepost {issuer}".strip()
    told = {"picture": totp.picture(key, user.email, issuer), "key": totp.shown(key), "problems": problems}
    return make_response(render_template("office/second_new.html", **told), status)


def _grave(what: str, problem: str | None) -> Response:
    page = render_template("office/grave.html", what=what, problem=problem)
    return make_response(page, 400 if problem else 200)


def _codes(user: User, codes: list[str]) -> Response:
    """Shown this once."""
    with centre().db.reading() as tx:
        goes_on = start.card(tx, user.rights) is not None
    return make_response(render_template("office/recovery_codes.html", codes=codes, user=user, goes_on=goes_on))
