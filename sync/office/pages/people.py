"""People over HTTP: who there is, letting somebody in, what each may."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import choosing, hiring, listing, staff
from sync.office.choosing import Offers, Unclear
from sync.office.edits import Changed
from sync.office.forms import Wrong
from sync.office.hiring import LastAdmin, NotYours
from sync.office.pages import hand_over
from sync.office.tongue import _

routes = Blueprint("people", __name__)


@routes.get("/people")
@access.may("people")
def every() -> Response:
    here, user = centre(), access.viewer()
    number, search = request.args.get("page", 1, type=int), listing.sought(request.args.get("search"))
    with here.db.reading() as tx:
        page = staff.every(tx, user.rights, here.now_ms(), number, search)
    return make_response(render_template("office/people.html", page=page, now_ms=here.now_ms()))


@routes.get("/people/places")
@access.may("people")
def matching() -> Response:
    """Places to pick from, as a piece of the form that asks for them."""
    if not access.is_fragment():
        return redirect("/people/invite", code=303)
    with centre().db.reading() as tx:
        found = choosing.offers(tx, access.viewer().rights, "people", request.args.get("place", ""))
    return make_response(render_template("office/_offers.html", offers=found, picked=""))


@routes.get("/people/<person:number>")
@access.may("people")
def one(number: int) -> Response:
    return _person(number)


@routes.post("/people/<person:number>")
@access.may("people")
def rename(number: int) -> Response:
    name, email = request.form.get("name", ""), request.form.get("email", "")

    def deed(tx: Connection, version: int) -> None:
        hiring.rename(tx, access.actor(), number, version, name, email, centre().now_ms())

    return _do(number, deed)


@routes.post("/people/<person:number>/roles")
@access.may("people", partly=True)
def give(number: int) -> Response:
    """One more role; or only a search for the place where it should hold."""
    asked = request.form
    if asked.get("do") == "find":
        with centre().db.reading() as tx:
            found = choosing.offers(tx, access.viewer().rights, "people", asked.get("place", ""))
        return _person(number, offers=found)

    def deed(tx: Connection, version: int) -> None:
        at = choosing.chosen(
            tx, access.viewer().rights, "people", asked.get("at", ""), asked.get("place", ""), asked.get("offered", "")
        )
        hiring.give(tx, access.actor(), number, version, asked.get("role", ""), at, centre().now_ms())

    return _do(number, deed)


@routes.post("/people/<person:number>/roles/remove")
@access.may("people", partly=True)
def take(number: int) -> Response:
    grant = request.form.get("grant", 0, type=int)

    def deed(tx: Connection, version: int) -> None:
        hiring.take(tx, access.actor(), number, version, grant, centre().now_ms())

    return _do(number, deed)


@routes.post("/people/<person:number>/account")
@access.may("people")
def account(number: int) -> Response:
    """What is done to somebody as a whole: `do` is one of hiring.DEEDS."""
    done = hiring.DEEDS.get(request.form.get("do", "")) or abort(400)
    return _do(number, lambda tx, version: done(tx, access.actor(), number, version, centre().now_ms()))


@routes.post("/people/<person:number>/link")
@access.may("people")
def link(number: int) -> Response:
    """A new link, shown once: to come in for who has not come yet, for a new password for everybody else."""
    try:
        return hand_over.to(number)
    except Wrong as problem:
        return _refused(number, problem)


def _do(number: int, deed: Callable[[Connection, int], None]) -> Response:
    """Has it done to this person as the form saw them, and shows them as they are now."""
    here = centre()
    try:
        with here.db.writing() as tx:
            deed(tx, request.form.get("version", 0, type=int))
    except Changed:
        return _person(number, changed=True, status=409)
    except Wrong as problem:
        return _refused(number, problem)
    with here.db.reading() as tx:
        stays = staff.find(tx, access.viewer().rights, here.now_ms(), number)
    return redirect(f"/people/{number}" if stays else "/people", code=303)


def _refused(number: int, problem: Wrong) -> Response:
    if isinstance(problem, NotYours):
        page = render_template("office/refusal.html", title=_("Nothing was changed"), sentence=problem.fields[""])
        return make_response(page, 403)
    offers = problem.offers if isinstance(problem, Unclear) else None
    status = 409 if isinstance(problem, LastAdmin) else 400
    return _person(number, problems=problem.fields, offers=offers, status=status)


def _person(number: int, *, offers: Offers | None = None, status: int = 200, **shown: Any) -> Response:
    here, user = centre(), access.viewer()
    with here.db.reading() as tx:
        found = staff.find(tx, user.rights, here.now_ms(), number) or abort(404)
        offers = offers or choosing.offers(tx, user.rights, "people", request.form.get("place", ""))
    drawn: dict[str, Any] = {"problems": {}, "changed": False, **shown}
    page = render_template(
        "office/person.html", person=found, offers=offers, given=request.form, now_ms=here.now_ms(), **drawn
    )
    return make_response(page, status)
