"""What becomes of a comment, and of those who asked to be called, over HTTP."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.intake.erasure_log import BadLog
from sync.leading import own_path
from sync.office import answers, calls, choosing, moderating
from sync.office.answers import Answer
from sync.office.choosing import Offers, Unclear
from sync.office.forms import Wrong
from sync.office.pages import noted

routes = Blueprint("moderation", __name__)


@routes.post("/answers/<answer:name>/hide")
@access.may("responses")
def hide(name: str) -> Response:
    here = centre()
    with here.db.writing() as tx:
        moderating.hide(tx, access.actor(), name, request.form.get("do") != "show", here.now_ms())
    return _back(name)


@routes.post("/answers/<answer:name>/follow-up")
@access.may("responses")
def follow(name: str) -> Response:
    here = centre()
    with here.db.writing() as tx:
        moderating.follow(tx, access.actor(), name, request.form.get("do") != "done", here.now_ms())
    return _back(name)


@routes.get("/answers/<answer:name>/praise")
@access.may("responses")
def praising(name: str) -> Response:
    return _praise(name)


@routes.get("/answers/<answer:name>/places")
@access.may("responses")
def matching(name: str) -> Response:
    """Places to pass praise on to, as a piece of the form that asks for them."""
    if not access.is_fragment():
        return redirect(f"/answers/{name}/praise", code=303)
    with centre().db.reading() as tx:
        found = choosing.offers(tx, access.viewer().rights, "see", request.args.get("place", ""))
    return make_response(render_template("office/_offers.html", offers=found, picked=""))


@routes.post("/answers/<answer:name>/praise")
@access.may("responses")
def praise(name: str) -> Response:
    """Pass it on to the place that was picked, or take that back."""
    here, asked = centre(), request.form
    if asked.get("do") == "find":
        return _praise(name)
    if asked.get("do") == "back":
        with here.db.writing() as tx:
            moderating.praise(tx, access.actor(), name, None, here.now_ms())
        return _back(name)
    rights = access.viewer().rights
    try:
        with here.db.writing() as tx:
            picked = (asked.get("at", ""), asked.get("place", ""), asked.get("offered", ""))
            at = choosing.chosen(tx, rights, "see", *picked)
            moderating.praise(tx, access.actor(), name, at, here.now_ms())
    except Unclear as problem:
        return _praise(name, problem.fields, problem.offers, 400)
    except Wrong as problem:
        return _praise(name, problem.fields, status=400)
    return _back(name)


@routes.get("/answers/<answer:name>/erase")
@access.may("places")
def erasing(name: str) -> Response:
    return _erase(name)


@routes.post("/answers/<answer:name>/erase")
@access.may("places")
def erase(name: str) -> Response:
    """For those who look after the place itself: it cannot be taken back."""
    here = centre()
    try:
        moderating.erase(
            here.db, here.settings.erasures_file, access.actor(), name, request.form.get("confirm", ""), here.now_ms()
        )
    except Wrong as problem:
        return _erase(name, problem.fields, 400)
    except BadLog:
        abort(503)
    return redirect(f"/answers/{name}", code=303)


@routes.get("/contacts")
@access.may("responses", place="place")
def contacts() -> Response:
    """Who asked to be called and was not yet, then who was."""
    here, user = centre(), access.viewer()
    with here.db.reading() as tx:
        page = calls.every(tx, user.rights.roots("responses"), request.args.get("page", 1, type=int))
    noted.read(each.contact.place for each in page.items)
    return make_response(render_template("office/contacts.html", page=page, now_ms=here.now_ms()))


@routes.post("/contacts/<contact:name>/call")
@access.may("responses")
def call(name: str) -> Response:
    here = centre()
    with here.db.writing() as tx:
        calls.note(tx, access.actor(), name, request.form.get("do") != "undo", here.now_ms())
    return redirect(own_path(request.form.get("next") or "/contacts"), code=303)


def _praise(
    name: str, problems: dict[str, str] | None = None, offers: Offers | None = None, status: int = 200
) -> Response:
    found = _found(name)
    with centre().db.reading() as tx:
        sought = request.form.get("place", found.place.name)
        offers = offers or choosing.offers(tx, access.viewer().rights, "see", sought)
    given = request.form or {"at": str(found.place.id)}
    page = render_template("office/praise.html", answer=found, problems=problems or {}, given=given, offers=offers)
    return make_response(page, status)


def _erase(name: str, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    page = render_template(
        "office/erase.html", answer=_found(name), problems=problems or {}, signs=name[-moderating.CONFIRM :]
    )
    return make_response(page, status)


def _found(name: str) -> Answer:
    with centre().db.reading() as tx:
        found = answers.one(tx, name)
    if found is None:
        abort(404)
    noted.read([found.place])
    return found


def _back(name: str) -> Response:
    return redirect(own_path(request.form.get("next") or f"/answers/{name}"), code=303)
