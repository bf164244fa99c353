"""Briefings by mail over HTTP: who gets which, for those who run a place, and for oneself."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.i18n import NAMES
from sync.office import choosing, listing, mail, places, subscribing, subscription_words, subscriptions, tongue
from sync.office.choosing import Offers, Unclear
from sync.office.forms import Wrong
from sync.office.mailing_days import CADENCES
from sync.office.people import User
from sync.office.rights import Permission
from sync.office.subscribing import Asked
from sync.office.subscriptions import ADMINISTER

routes = Blueprint("subscriptions", __name__)

_SEE: Permission = "see"


@routes.get("/subscriptions")
@access.may(ADMINISTER, place="place")
def every() -> Response:
    here, user = centre(), access.viewer()
    number, search = request.args.get("page", 1, type=int), listing.sought(request.args.get("search"))
    at = request.args.get("place", type=int)
    with here.db.reading() as tx:
        page = subscriptions.every(tx, user.rights, number, search, at)
        place = places.resolved(tx, {at})[at] if at is not None else None
    is_mailing = mail.is_configured(here.settings)
    told = {"page": page, "place": place, "is_mailing": is_mailing, "now_ms": here.now_ms(), "names": NAMES}
    return make_response(render_template("office/subscriptions.html", **told))


@routes.get("/subscriptions/places")
@access.may(ADMINISTER)
def matching() -> Response:
    """Places to pick from, as a piece of the form that asks for them."""
    return _matching("/subscriptions/new", ADMINISTER)


@routes.get("/subscriptions/new")
@access.may(ADMINISTER, at="place")
def new() -> Response:
    return _form()


@routes.post("/subscriptions/new")
@access.may(ADMINISTER)
def make() -> Response:
    asked = request.form
    if asked.get("do") == "find":
        return _form()
    try:
        at = _subscribe(access.viewer(), ADMINISTER, asked.get("to", ""), asked.get("language", ""))
    except Unclear as problem:
        return _form(problem.fields, problem.offers, 400)
    except Wrong as problem:
        return _form(problem.fields, status=400)
    return redirect("/subscriptions" if at is None else f"/subscriptions?place={at}", code=303)


@routes.post("/subscriptions/<subscription:number>/stop")
@access.may(ADMINISTER)
def stop(number: int) -> Response:
    here = centre()
    with here.db.writing() as tx:
        subscriptions.stop(tx, access.actor(), number, "person", here.now_ms())
    return _back()


@routes.post("/subscriptions/<subscription:number>/resume")
@access.may(ADMINISTER)
def resume(number: int) -> Response:
    here = centre()
    with here.db.writing() as tx:
        subscriptions.resume(tx, access.actor(), number, here.now_ms())
    return _back()


@routes.get("/account/briefings")
@access.open_to("signed_in")
def own() -> Response:
    return _own()


@routes.get("/account/briefings/places")
@access.open_to("signed_in")
def own_places() -> Response:
    """As above, of all that they see."""
    return _matching("/account/briefings", _SEE)


@routes.post("/account/briefings")
@access.open_to("signed_in")
def make_own() -> Response:
    user = access.viewer()
    if request.form.get("do") == "find":
        return _own()
    try:
        _subscribe(user, _SEE, user.email, user.language or tongue.language())
    except Unclear as problem:
        return _own(problem.fields, problem.offers, 400)
    except Wrong as problem:
        return _own({"" if name == "to" else name: said for name, said in problem.fields.items()}, status=400)
    return redirect("/account/briefings", code=303)


@routes.post("/account/briefings/stop")
@access.open_to("signed_in")
def stop_own() -> Response:
    here, number = centre(), request.form.get("subscription", 0, type=int)
    with here.db.writing() as tx:
        _insist_on_mine(subscriptions.one(tx, number))
        subscriptions.stop(tx, access.actor(), number, "person", here.now_ms())
    return redirect("/account/briefings", code=303)


@routes.post("/account/briefings/resume")
@access.open_to("signed_in")
def resume_own() -> Response:
    here, number = centre(), request.form.get("subscription", 0, type=int)
    with here.db.writing() as tx:
        _insist_on_mine(subscriptions.one(tx, number))
        subscriptions.resume(tx, access.actor(), number, here.now_ms())
    return redirect("/account/briefings", code=303)


def _insist_on_mine(found: subscriptions.Subscription | None) -> None:
    if found is None or found.user != access.viewer().id:
        abort(404)


def _subscribe(user: User, permission: Permission, to: str, language: str) -> int | None:
    """The place of the new one. Raises Wrong, Unclear."""
    here, given = centre(), request.form
    told = (given.get("at", ""), given.get("place", ""), given.get("offered", ""))
    with here.db.writing() as tx:
        at = choosing.chosen(tx, user.rights, permission, *told)
        asked = Asked(given.get("what", ""), given.get("cadence", ""), at, to, language)
        subscribing.subscribe(tx, access.actor(), asked, here.secrets, here.now_ms())
    return at


def _matching(form: str, permission: Permission) -> Response:
    if not access.is_fragment():
        return redirect(form, code=303)
    with centre().db.reading() as tx:
        found = choosing.offers(tx, access.viewer().rights, permission, request.args.get("place", ""))
    return make_response(render_template("office/_offers.html", offers=found, picked=""))


def _back() -> Response:
    """To the list that the button stood in."""
    at = request.form.get("place", "")
    return redirect(f"/subscriptions?place={at}" if at.isascii() and at.isdecimal() else "/subscriptions", code=303)


def _form(problems: dict[str, str] | None = None, offers: Offers | None = None, status: int = 200) -> Response:
    """`?at=7` in its address: for that place."""
    given = request.form or {"language": tongue.language(), "at": request.args.get("at", "")}
    told = {
        "problems": problems or {},
        "given": given,
        "offers": offers or _offers(given.get("at", ""), given.get("place", ""), ADMINISTER),
        **_choices(),
    }
    return make_response(render_template("office/subscription_new.html", **told), status)


def _offers(picked: str, sought: str, permission: Permission) -> Offers:
    """What was picked before anything was searched for, alone; else what fits."""
    rights = access.viewer().rights
    with centre().db.reading() as tx:
        if picked.isascii() and picked.isdecimal() and len(picked) <= 9 and not sought:
            known = choosing.named(tx, rights, permission, [int(picked)])
            if known:
                return Offers("", tuple(known.values()))
        return choosing.offers(tx, rights, permission, sought)


def _choices() -> dict[str, list[tuple[str, str]]]:
    return {
        "whats": subscription_words.whats(),
        "cadences": [(each, subscription_words.cadence(each)) for each in CADENCES],
        "languages": [(code, NAMES[code]) for code in tongue.LANGUAGES],
    }


def _own(problems: dict[str, str] | None = None, offers: Offers | None = None, status: int = 200) -> Response:
    here, user = centre(), access.viewer()
    with here.db.reading() as tx:
        mine = subscriptions.own(tx, user.id)
    told = {
        "mine": mine,
        "offers": offers or _offers("", request.form.get("place", ""), _SEE),
        "problems": problems or {},
        "given": request.form,
        "is_mailing": mail.is_configured(here.settings),
        "now_ms": here.now_ms(),
        **_choices(),
    }
    return make_response(render_template("office/own_briefings.html", **told), status)
