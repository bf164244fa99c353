"""Keys of machines, over HTTP: which there are, a new one, taking one back."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import choosing, forms, keys, listing
from sync.office.choosing import Offers, Unclear
from sync.office.forms import Wrong

routes = Blueprint("keys", __name__)


@routes.get("/keys")
@access.may("keys")
def every() -> Response:
    here, user = centre(), access.viewer()
    number, search = request.args.get("page", 1, type=int), listing.sought(request.args.get("search"))
    with here.db.reading() as tx:
        page = keys.every(tx, user.rights, number, search)
    return make_response(render_template("office/keys.html", page=page, now_ms=here.now_ms()))


@routes.get("/keys/places")
@access.may("keys")
def matching() -> Response:
    """Places to pick from, as a piece of the form that asks for them."""
    if not access.is_fragment():
        return redirect("/keys/new", code=303)
    with centre().db.reading() as tx:
        found = choosing.offers(tx, access.viewer().rights, "keys", request.args.get("place", ""))
    return make_response(render_template("office/_offers.html", offers=found, picked=""))


@routes.get("/keys/new")
@access.may("keys")
def new() -> Response:
    return _form()


@routes.post("/keys/new")
@access.may("keys")
def make() -> Response:
    """The new key is shown in this answer, and never again."""
    asked, here = request.form, centre()
    if asked.get("do") == "find":
        return _form()
    name, may = asked.get("name", ""), asked.get("may", "")
    try:
        with here.db.writing() as tx:
            at = choosing.chosen(
                tx,
                access.viewer().rights,
                "keys",
                asked.get("at", ""),
                asked.get("place", ""),
                asked.get("offered", ""),
            )
            if may == "responses":
                keys.refuse_unless_theirs(tx, access.viewer().rights, at)
            number, token = keys.make(tx, access.actor(), name, at, may, here.now_ms())
    except Unclear as problem:
        others = {"name": forms.name_problem(name)}
        return _form(problem.fields | {each: why for each, why in others.items() if why}, problem.offers, 400)
    except Wrong as problem:
        return _form(problem.fields, status=400)
    ours = (here.settings.public_url or request.host_url).rstrip("/")
    page = render_template("office/key.html", number=number, name=name.strip(), may=may, token=token, ours=ours)
    return make_response(page)


@routes.post("/keys/<key:number>/revoke")
@access.may("keys")
def revoke(number: int) -> Response:
    here = centre()
    with here.db.writing() as tx:
        keys.revoke(tx, access.actor(), number, here.now_ms())
    return redirect("/keys", code=303)


def _form(problems: dict[str, str] | None = None, offers: Offers | None = None, status: int = 200) -> Response:
    with centre().db.reading() as tx:
        offers = offers or choosing.offers(tx, access.viewer().rights, "keys", request.form.get("place", ""))
    page = render_template("office/new_key.html", problems=problems or {}, given=request.form, offers=offers)
    return make_response(page, status)
