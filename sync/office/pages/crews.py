"""Who sees crews, over HTTP: the sheet for a works council, and the agreements that open single crews."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import agreements, choosing, forms, works_council
from sync.office.choosing import Offers, Unclear
from sync.office.forms import Wrong
from sync.office.pages.places import read_day

routes = Blueprint("crews", __name__)


@routes.get("/docs/works-council")
@access.open_to("signed_in")
def sheet() -> Response:
    here = centre()
    with here.db.reading() as tx:
        told = works_council.sheet(tx, access.viewer().rights)
    return make_response(render_template("office/works_council.html", sheet=told, now_ms=here.now_ms()))


@routes.get("/agreements")
@access.may("people")
def every() -> Response:
    return _page()


@routes.get("/agreements/places")
@access.may("people")
def matching() -> Response:
    """Places to pick from, as a piece of the form that asks for them."""
    if not access.is_fragment():
        return redirect("/agreements", code=303)
    with centre().db.reading() as tx:
        found = choosing.offers(tx, access.viewer().rights, "people", request.args.get("place", ""))
    return make_response(render_template("office/_offers.html", offers=found, picked=""))


@routes.post("/agreements")
@access.may("people")
def make() -> Response:
    asked, here = request.form, centre()
    if asked.get("do") == "find":
        return _page()
    unread: dict[str, str] = {}
    day = read_day(asked.get("day", ""), "day", unread)
    try:
        with here.db.writing() as tx:
            picked = (asked.get("at", ""), asked.get("place", ""), asked.get("offered", ""))
            at = choosing.chosen(tx, access.viewer().rights, "people", *picked)
            agreements.make(tx, access.actor(), asked.get("name", ""), at, day, here.now_ms())
    except Unclear as problem:
        name = forms.name_problem(asked.get("name", ""))
        return _page(problem.fields | unread | ({"name": name} if name else {}), problem.offers, 400)
    except Wrong as problem:
        return _page(problem.fields | unread, status=400)
    return redirect("/agreements", code=303)


@routes.post("/agreements/<agreement:number>/end")
@access.may("people")
def end(number: int) -> Response:
    here = centre()
    with here.db.writing() as tx:
        agreements.end(tx, access.actor(), number, here.now_ms())
    return redirect("/agreements", code=303)


def _page(problems: dict[str, str] | None = None, offers: Offers | None = None, status: int = 200) -> Response:
    here, rights = centre(), access.viewer().rights
    with here.db.reading() as tx:
        found = agreements.seen(tx, rights)
        offers = offers or choosing.offers(tx, rights, "people", request.form.get("place", ""))
    mine = {each.id for each in found if rights.may("people", each.path)}
    page = render_template(
        "office/agreements.html",
        every=found, mine=mine, offers=offers, problems=problems or {}, given=request.form, now_ms=here.now_ms(),
    )  # fmt: skip
    return make_response(page, status)
