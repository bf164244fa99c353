"""Touchpoints of places over HTTP."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import branches, edits, local_time, places, templates, touchpoints, tree
from sync.office.forms import Wrong
from sync.office.pages.places import Problems, iso, read_day
from sync.office.tongue import _
from sync.office.touchpoints import Touchpoint

routes = Blueprint("touchpoints", __name__)


@routes.get("/touchpoints/new")
@access.may("places", place="place", template="template")
def new() -> Response:
    place = request.args.get("place", type=int)
    return _new(place, {}) if place is not None else redirect("/places", code=303)


@routes.post("/touchpoints/new")
@access.may("places", partly=True, place="place", template="template")
def add() -> Response:
    """The template may belong above what they may change: it is only used."""
    here, form, problems = centre(), request.form, Problems()
    place, template = form.get("place", 0, type=int), form.get("template", 0, type=int)
    opened = read_day(form.get("opened_day", ""), "opened_day", problems)
    try:
        if problems:
            raise Wrong(problems)
        with here.db.writing() as tx:
            found = templates.find(tx, template)
            touchpoints.add(tx, access.actor(), place, form.get("name", ""), found, opened, here.now_ms())
    except Wrong as wrong:
        return _new(place, form.to_dict(), wrong.fields, 400)
    return redirect(f"/places/{place}", code=303)


def _new(place: int, given: Problems, problems: Problems | None = None, status: int = 200) -> Response:
    rights = access.viewer().rights
    with centre().db.reading() as tx:
        node = tree.find(tx, place) or abort(404)
        way, usable = branches.way(tx, rights, node.path), templates.usable(tx, node.path)
    page = render_template(
        "office/touchpoint_new.html", node=node, way=way, usable=usable, given=given, problems=problems or {}
    )
    return make_response(page, status)


@routes.get("/touchpoints/<touchpoint:number>")
@access.may("places")
def one(number: int) -> Response:
    point = _point(number)
    return _form(
        point, {"name": point.name, "opened_day": iso(point.opened_day), "retired_day": iso(point.retired_day)}
    )


@routes.post("/touchpoints/<touchpoint:number>")
@access.may("places")
def save(number: int) -> Response:
    here, form, problems = centre(), request.form, Problems()
    opened, retired = (read_day(form.get(name, ""), name, problems) for name in ("opened_day", "retired_day"))
    version, point = form.get("version", 0, type=int), _point(number)
    try:
        if problems:
            raise Wrong(problems)
        with here.db.writing() as tx:
            zone = places.resolved(tx, {point.location_id})[point.location_id].zone
            dates = (opened, retired, local_time.day_of(here.now_ms(), zone))
            touchpoints.change(tx, access.actor(), number, version, form.get("name", ""), *dates, here.now_ms())
    except Wrong as wrong:
        return _form(point, form.to_dict(), wrong.fields, 400, version=version)
    except edits.Changed:
        return _form(_point(number), form.to_dict(), status=409)
    return redirect(f"/places/{point.location_id}", code=303)


@routes.post("/touchpoints/<touchpoint:number>/remove")
@access.may("places")
def remove(number: int) -> Response:
    here, point = centre(), _point(number)
    given = {"name": point.name, "opened_day": iso(point.opened_day), "retired_day": iso(point.retired_day)}
    try:
        with here.db.writing() as tx:
            touchpoints.remove(tx, access.actor(), number, request.form.get("version", 0, type=int), here.now_ms())
    except Wrong as wrong:
        return _form(point, given, wrong.fields, 400)
    except edits.Changed:
        return _form(_point(number), given, {"": _("Somebody else changed this meanwhile. Look at it once more.")}, 409)
    return redirect(f"/places/{point.location_id}", code=303)


def _point(number: int) -> Touchpoint:
    with centre().db.reading() as tx:
        return touchpoints.find(tx, number) or abort(404)


def _form(
    point: Touchpoint,
    given: Problems,
    problems: Problems | None = None,
    status: int = 200,
    *,
    version: int | None = None,
) -> Response:
    with centre().db.reading() as tx:
        way = branches.way(tx, access.viewer().rights, f"{point.path}0/")
    page = render_template(
        "office/touchpoint.html", point=point, way=way, given=given, problems=problems or {},
        version=version or point.version, clash=status == 409 and not problems,
    )  # fmt: skip
    return make_response(page, status)
