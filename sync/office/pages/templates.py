"""Templates of touchpoints over HTTP."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import branches, edits, listing, local_time, places, templates, touchpoints, tree, zones
from sync.office.audit import Subject
from sync.office.forms import Wrong
from sync.office.pages.places import Problems, read_day
from sync.office.rights import EVERYWHERE
from sync.office.templates import Template
from sync.office.tongue import _

routes = Blueprint("templates", __name__)


@routes.get("/templates")
@access.may("see")
def index() -> Response:
    here, viewer, search = centre(), access.viewer(), listing.sought(request.args.get("search"))
    with here.db.reading() as tx:
        page = templates.page(tx, viewer.rights, search, request.args.get("page", 1, type=int))
    may = viewer.rights.may_somewhere("places")
    return make_response(render_template("office/templates.html", page=page, may=may))


@routes.get("/templates/new")
@access.may("places", place="place")
def new() -> Response:
    return _new("", request.args.get("place", type=int))


@routes.post("/templates/new")
@access.may("places", place="place")
def add() -> Response:
    here, name, place = centre(), request.form.get("name", ""), request.form.get("place", type=int)
    try:
        if place is None and not access.viewer().rights.may("places", EVERYWHERE):
            raise Wrong({"place": _("Choose whose it is.")})
        with here.db.writing() as tx:
            number = templates.add(tx, access.actor(), name, place, here.now_ms())
    except Wrong as wrong:
        return _new(name, place, wrong.fields, 400)
    return redirect(f"/templates/{number}", code=303)


def _new(name: str, place: int | None, problems: Problems | None = None, status: int = 200) -> Response:
    rights = access.viewer().rights
    with centre().db.reading() as tx:
        roots = branches.topmost(tx, rights, "places", place)
    page = render_template(
        "office/template_new.html", name=name, place=place, roots=roots, problems=problems or {},
        everywhere=rights.may("places", EVERYWHERE),
    )  # fmt: skip
    return make_response(page, status)


@routes.get("/templates/<template:number>")
@access.may("see")
def one(number: int) -> Response:
    found = _template(number)
    return _shown(number, found.name)


@routes.post("/templates/<template:number>")
@access.may("places")
def save(number: int) -> Response:
    """Rename it, retire it, take it up again, delete it: the button says which (`do`)."""
    here, form, by = centre(), request.form, access.actor()
    name, version, do = form.get("name", ""), form.get("version", 0, type=int), form.get("do", "rename")
    try:
        with here.db.writing() as tx:
            if do in ("retire", "revive"):
                templates.retire(tx, by, number, version, do == "retire", here.now_ms())
            elif do == "remove":
                templates.remove(tx, by, number, version, here.now_ms())
            else:
                touchpoints.rename_template(tx, by, number, version, name, here.now_ms())
    except Wrong as wrong:
        return _shown(number, name, wrong.fields, 400)
    except edits.Changed:
        return _shown(number, name, status=409)
    return redirect("/templates" if do == "remove" else f"/templates/{number}", code=303)


def _template(number: int) -> Template:
    with centre().db.reading() as tx:
        return templates.find(tx, number) or abort(404)


def _shown(number: int, name: str, problems: Problems | None = None, status: int = 200) -> Response:
    rights = access.viewer().rights
    with centre().db.reading() as tx:
        found = templates.find(tx, number) or abort(404)
        page = templates.places_with(tx, rights, number, request.args.get("page", 1, type=int))
        roots = branches.topmost(tx, rights, "places", found.location)
    today = local_time.day_of(centre().now_ms(), zones.DEFAULT_ZONE)
    html = render_template(
        "office/template.html", template=found, name=name, page=page, problems=problems or {}, clash=status == 409,
        may=rights.may("places", found.path), roots=roots, today=today,
    )  # fmt: skip
    return make_response(html, status)


@routes.get("/places/<place:number>/spread")
@access.may("places", template="template")
def asking(number: int) -> Response:
    """What would be done, before it is done."""
    return _spread_form(number, request.args.get("template", 0, type=int))


@routes.post("/places/<place:number>/spread")
@access.may("places", partly=True, template="template")
def spread(number: int) -> Response:
    """A touchpoint from a template at each store at and below a place. The template may belong above it."""
    here, form, problems = centre(), request.form, Problems()
    template, opened = form.get("template", 0, type=int), read_day(form.get("opened_day", ""), "opened_day", problems)
    try:
        if problems:
            raise Wrong(problems)
        with here.db.writing() as tx:
            found, node = templates.find(tx, template), tree.find(tx, number) or abort(404)
            if found is None:
                raise Wrong({"template": _("Choose a template.")})
            top = Subject("place", str(number), node.details.name, node.path)
            templates.spread(tx, access.actor(), found, top, opened, _today(tx, number), here.now_ms())
    except Wrong as wrong:
        return _spread_form(number, template, wrong.fields, 400)
    return redirect(f"/templates/{template}", code=303)


def _today(tx: Connection, place: int) -> int:
    return local_time.day_of(centre().now_ms(), places.resolved(tx, {place})[place].zone)


def _spread_form(number: int, template: int, problems: Problems | None = None, status: int = 200) -> Response:
    rights = access.viewer().rights
    with centre().db.reading() as tx:
        node = tree.find(tx, number) or abort(404)
        usable = templates.usable(tx, node.path)
        found = next((each for each in usable if each.id == template), None)
        would = templates.would_spread(tx, found, node.path, _today(tx, number)) if found else None
        way = branches.way(tx, rights, node.path)
    html = render_template(
        "office/template_spread.html", node=node, way=way, template=found, usable=usable, would=would,
        problems=problems or {}, given=request.form,
    )  # fmt: skip
    return make_response(html, status)
