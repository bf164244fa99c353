"""The tree of places over HTTP: looking, searching, setting up, moving, deleting."""

from datetime import date

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import branches, edits, hours, listing, local_time, placing, touchpoints, tree, zones
from sync.office.audit import Actor
from sync.office.branches import STATES
from sync.office.forms import Wrong
from sync.office.places import KINDS
from sync.office.rights import EVERYWHERE
from sync.office.tongue import _
from sync.office.tree import Details, Node

routes = Blueprint("places", __name__)

Problems = dict[str, str]
SPANS = range(1, hours.MOST_SPANS + 1)
_EPOCH = date(1970, 1, 1).toordinal()


@routes.get("/places")
@access.may("see")
def index() -> Response:
    """The topmost of what they see, or what a search finds everywhere."""
    here, rights = centre(), access.viewer().rights
    with here.db.reading() as tx:
        page = _branches(tx, None, None)
    return make_response(
        render_template(
            "office/places.html", page=page, state=_state(), today=_today(), may=rights.may("places", EVERYWHERE)
        )
    )


@routes.get("/places/<place:number>")
@access.may("see", answers=False)
def one(number: int) -> Response:
    return _shown(number)


def _shown(number: int, problems: Problems | None = None, status: int = 200) -> Response:
    here, rights = centre(), access.viewer().rights
    with here.db.reading() as tx:
        node = tree.find(tx, number) or abort(404)
        given = {
            "way": branches.way(tx, rights, node.path),
            "holds": branches.inherited(tx, node.path),
            "moved_ms": branches.moved_ms(tx, number),
            "page": _branches(tx, number, node.path) if node.details.kind == "group" else None,
            "points": touchpoints.at(tx, number),
            "screens": placing.standing_at(tx, number),
        }
    may = rights.may("places", node.path)
    page = render_template(
        "office/place.html",
        node=node,
        may=may,
        now_ms=here.now_ms(),
        state=_state(),
        today=_today(),
        problems=problems or {},
        lines=hours.lines,
        **given,
    )
    return make_response(page, status)


def _branches(tx: Connection, group: int | None, path: str | None) -> listing.Page[branches.Branch]:
    rights, search = access.viewer().rights, listing.sought(request.args.get("search"))
    number = request.args.get("page", 1, type=int)
    if search:
        return branches.found(tx, rights, path, search, _today(), number, state=_state())
    return branches.inside(tx, rights, group, _today(), number, state=_state())


def _state() -> str:
    asked = request.args.get("state", "")
    return asked if asked in STATES else ""


def _today() -> int:
    return local_time.day_of(centre().now_ms(), zones.DEFAULT_ZONE)


@routes.get("/places/new")
@access.may("places", parent="place")
def new() -> Response:
    kind = request.args.get("kind", "")
    return _form(None, _empty() | ({"kind": kind} if kind in KINDS else {}))


@routes.post("/places/new")
@access.may("places", parent="place")
def add() -> Response:
    here, parent = centre(), request.form.get("parent", type=int)
    rights = access.viewer().rights
    if request.form.get("do") == "copy":
        return _form(None, _copied())
    try:
        if parent is None and not rights.may("places", EVERYWHERE):
            raise Wrong({"": _("Only somebody who may change all places can put one at the top.")})
        details, also = _details()
        with here.db.writing() as tx:
            number = tree.add(tx, access.actor(), parent, details, here.now_ms(), seen=rights, also=also)
    except Wrong as wrong:
        return _form(None, _given(), wrong.fields, 400)
    return redirect(f"/places/{number}", code=303)


@routes.get("/places/<place:number>/edit")
@access.may("places")
def edit(number: int) -> Response:
    node = _node(number)
    return _form(node, _told(node))


@routes.post("/places/<place:number>/edit")
@access.may("places")
def save(number: int) -> Response:
    here, version = centre(), request.form.get("version", 0, type=int)
    if request.form.get("do") == "copy":
        return _form(_node(number), _copied(), version=version)
    try:
        details, also = _details()
        by, rights = access.actor(), access.viewer().rights
        with here.db.writing() as tx:
            tree.change(tx, by, number, version, details, here.now_ms(), seen=rights, also=also)
    except Wrong as wrong:
        return _form(_node(number), _given(), wrong.fields, 400, version=version)
    except edits.Changed:
        return _form(_node(number), _given(), status=409)
    return redirect(f"/places/{number}", code=303)


def _node(number: int) -> Node:
    with centre().db.reading() as tx:
        return tree.find(tx, number) or abort(404)


def _form(
    node: Node | None,
    given: Problems,
    problems: Problems | None = None,
    status: int = 200,
    *,
    version: int | None = None,
) -> Response:
    """What was typed stays; after somebody else's change (409) the next try is on top of theirs."""
    with centre().db.reading() as tx:
        parent = node.parent_id if node else _asked_parent()
        above = tree.find(tx, parent) if parent is not None else None
        held = branches.inherited(tx, above.path if above else EVERYWHERE)
        way = branches.way(tx, access.viewer().rights, f"{above.path}0/") if above else ()
    page = render_template(
        "office/place_form.html", node=node, given=given, problems=problems or {}, parent=parent, way=way, held=held,
        version=version or (node.version if node else 0), clash=status == 409,
        days=list(zip(hours.DAYS, hours.NAMES, strict=True)),
        spans=SPANS, zones=zones.every(), lines=hours.lines,
    )  # fmt: skip
    return make_response(page, status)


def _asked_parent() -> int | None:
    return request.form.get("parent", request.args.get("parent", type=int), type=int)


def _empty() -> Problems:
    return {"name": "", "kind": "store", "ref": "", "zone": "", "hours": "above", "opened_day": "", "closed_day": ""}


def _given() -> Problems:
    return _empty() | request.form.to_dict()


def _copied() -> Problems:
    """Monday's hours for all days; nothing is saved yet."""
    given = _given() | {"hours": "own"}
    for day in hours.DAYS:
        for span in SPANS:
            given |= {
                f"{day}.from.{span}": given.get(f"mon.from.{span}", ""),
                f"{day}.to.{span}": given.get(f"mon.to.{span}", ""),
            }
    return given


def _told(node: Node) -> Problems:
    """A place as its form shows it."""
    own = node.details
    given = {"name": own.name, "kind": own.kind, "ref": own.ref or "", "zone": own.zone or ""}
    given |= {"hours": "above" if not own.own_hours else "always" if own.hours is None else "own"}
    given |= {"opened_day": iso(own.opened_day), "closed_day": iso(own.closed_day)}
    for day, spans in hours.typed(own.hours or []).items() if own.hours else ():
        for number, (start, end) in enumerate(spans, 1):
            given |= {f"{day}.from.{number}": start, f"{day}.to.{number}": end}
    return given


def iso(day: int | None) -> str:
    """As browsers want it."""
    return "" if day is None else local_time.date_of(day).isoformat()


def _details() -> tuple[Details, Problems]:
    """What was typed, and what of it can't be read; the rest is looked at by who keeps it."""
    form, problems = request.form, Problems()
    days = {name: read_day(form.get(name, ""), name, problems) for name in ("opened_day", "closed_day")}
    week, which = None, form.get("hours", "above")
    if which == "own":
        try:
            week = hours.read(
                {
                    day: [(form.get(f"{day}.from.{n}", ""), form.get(f"{day}.to.{n}", "")) for n in SPANS]
                    for day in hours.DAYS
                }
            )
        except Wrong as wrong:
            problems |= wrong.fields
    text = {name: form.get(name, "") for name in ("name", "kind", "ref", "zone")}
    own = which in ("own", "always")
    details = Details(text["name"], text["kind"] or "store", text["ref"], text["zone"], own, week, **days)
    return details, problems


def read_day(text: str, name: str, problems: Problems) -> int | None:
    """A day as browsers send it, "2026-03-03"; what is none is written down among the problems."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()).toordinal() - _EPOCH
    except ValueError:
        problems[name] = _("“{text}” is no day: one is written 2026-03-31.").format(text=text[:20])
        return None


@routes.get("/places/<place:number>/move")
@access.may("places")
def moving(number: int) -> Response:
    return _move_form(number)


@routes.post("/places/<place:number>/move")
@access.may("places", parent="place")
def move(number: int) -> Response:
    here, rights = centre(), access.viewer().rights
    parent, version = request.form.get("parent", type=int), request.form.get("version", 0, type=int)
    try:
        if parent is None and not (request.form.get("parent") == "" and rights.may("places", EVERYWHERE)):
            raise Wrong({"parent": _("Choose the group into which it goes.")})
        with here.db.writing() as tx:
            tree.move(tx, access.actor(), number, parent, version, here.now_ms())
    except Wrong as wrong:
        return _move_form(number, wrong.fields, 400)
    except edits.Changed:
        return _move_form(number, status=409)
    return redirect(f"/places/{number}", code=303)


def _move_form(number: int, problems: Problems | None = None, status: int = 200) -> Response:
    rights, search = access.viewer().rights, listing.sought(request.args.get("search"))
    with centre().db.reading() as tx:
        node = tree.find(tx, number) or abort(404)
        page = branches.groups(tx, rights, search, request.args.get("page", 1, type=int), node.path)
        way = branches.way(tx, rights, node.path)
    page_ = render_template(
        "office/place_move.html", node=node, page=page, way=way, problems=problems or {}, clash=status == 409,
        top=rights.may("places", EVERYWHERE),
    )  # fmt: skip
    return make_response(page_, status)


@routes.post("/places/<place:number>/remove")
@access.may("places")
def remove(number: int) -> Response:
    try:
        parent = _remove(access.actor(), number, request.form.get("version", 0, type=int))
    except Wrong as wrong:
        return _shown(number, wrong.fields, 400)
    except edits.Changed:
        return _shown(
            number, {"": _("Somebody else changed this while you were at it. Look at what is there now.")}, 409
        )
    return redirect(f"/places/{parent}" if parent else "/places", code=303)


def _remove(by: Actor, number: int, version: int) -> int | None:
    """The group it was in, if they see that."""
    here = centre()
    with here.db.writing() as tx:
        parent = tree.get(tx, number).parent_id
        tree.remove(tx, by, number, version, here.now_ms())
        above = tree.find(tx, parent) if parent is not None else None
    return parent if above and access.viewer().rights.may("see", above.path) else None
