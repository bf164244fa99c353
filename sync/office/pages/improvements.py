"""What was changed at a place to become better, over HTTP: adding, changing, taking away."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import edits, improvements, local_time, places
from sync.office.forms import Wrong
from sync.office.improvements import Improvement
from sync.office.pages.places import iso, read_day
from sync.office.places import Location

routes = Blueprint("improvements", __name__)


@routes.get("/locations/<place:number>/improvements")
@access.may("places")
def new(number: int) -> Response:
    place = _place(number)
    return _form(place, {"day": iso(local_time.day_of(centre().now_ms(), place.zone)), "text": ""})


@routes.post("/locations/<place:number>/improvements")
@access.may("places")
def add(number: int) -> Response:
    here, place = centre(), _place(number)
    try:
        day = _day()
        with here.db.writing() as tx:
            improvements.add(tx, access.actor(), place, day, request.form.get("text", ""), here.now_ms())
    except Wrong as wrong:
        return _form(place, _given(), problems=wrong.fields, status=400)
    return _back(place.id)


@routes.get("/improvements/<improvement:number>")
@access.may("places")
def edit(number: int) -> Response:
    found, place = _found(number)
    return _form(place, {"day": iso(found.day), "text": found.text}, found)


@routes.post("/improvements/<improvement:number>")
@access.may("places")
def save(number: int) -> Response:
    here, version = centre(), request.form.get("version", 0, type=int)
    try:
        day, text = _day(), request.form.get("text", "")
        with here.db.writing() as tx:
            at = improvements.change(tx, access.actor(), number, version, day, text, here.now_ms())
    except (Wrong, edits.Changed) as problem:
        found, place = _found(number)
        fields = problem.fields if isinstance(problem, Wrong) else {}
        return _form(place, _given(), found, problems=fields, status=400 if fields else 409)
    return _back(at)


@routes.post("/improvements/<improvement:number>/remove")
@access.may("places")
def remove(number: int) -> Response:
    here, version = centre(), request.form.get("version", 0, type=int)
    try:
        with here.db.writing() as tx:
            at = improvements.remove(tx, access.actor(), number, version, here.now_ms())
    except edits.Changed:
        found, place = _found(number)
        return _form(place, {"day": iso(found.day), "text": found.text}, found, status=409)
    return _back(at)


def _place(number: int) -> Location:
    with centre().db.reading() as tx:
        return places.resolved(tx, {number})[number]


def _found(number: int) -> tuple[Improvement, Location]:
    with centre().db.reading() as tx:
        found = improvements.find(tx, number) or abort(404)
        return found, places.resolved(tx, {found.place_id})[found.place_id]


def _day() -> int | None:
    """Raises Wrong for what is no day."""
    problems: dict[str, str] = {}
    day = read_day(request.form.get("day", ""), "day", problems)
    if problems:
        raise Wrong(problems)
    return day


def _given() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in ("day", "text")}


def _form(
    place: Location,
    given: dict[str, str],
    found: Improvement | None = None,
    *,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    page = render_template(
        "office/improvement.html", place=place, given=given, found=found, problems=problems or {},
        clash=status == 409, most=improvements.MAX_TEXT,
    )  # fmt: skip
    return make_response(page, status)


def _back(place: int) -> Response:
    return redirect(f"/locations/{place}#changed", code=303)
