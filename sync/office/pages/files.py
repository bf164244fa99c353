"""Places as a file, over HTTP: out as a sheet, and in again after a look at what would change."""

from typing import Any

from flask import Blueprint, jsonify, make_response, redirect, render_template, request
from sqlalchemy import Connection, select
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from sync import access, models
from sync.centre import centre
from sync.office import audit_words, importing, place_sheet, places, sheet_reading, tree
from sync.office.importing import MOST_SHOWN, Plan, Step, plans, uploads
from sync.office.pages.sending import sheet
from sync.office.rights import Rights
from sync.office.sheet_reading import BadSheet, Table
from sync.office.tongue import _

routes = Blueprint("files", __name__)

ROOM_FOR_FORM = 64 * 1024
"""Bytes that a form has around a file."""
DONE = ("new", "changed", "moved", "closed")


@routes.get("/places/export.csv")
@access.may("see")
def export() -> Response:
    """Every place that they see. What lies above these is not named."""
    here, roots = centre(), access.viewer().rights.roots()
    with here.db.reading() as tx:
        rows = tx.execute(select(models.locations).where(places.below(roots))).all()
        nodes = [tree.as_node(row) for row in sorted(rows, key=lambda row: (row.path.count("/"), row.id))]
        stand = plans.touchpoints(tx, nodes)
    return sheet("places", list(place_sheet.COLUMNS.values()), place_sheet.rows(nodes, stand))


@routes.get("/places/import")
@access.may("places")
def bring() -> Response:
    """The form; with a file that was brought, what it would change; or what was done."""
    here, user, token = centre(), access.viewer(), request.args.get("upload")
    now_ms = here.now_ms()
    if token is None:
        with here.db.reading() as tx:
            over = uploads.are_over(tx, now_ms)
        if over:
            with here.db.writing() as tx:
                uploads.tidy(tx, now_ms)
        return _form()
    with here.db.reading() as tx:
        content = uploads.find(tx, user.id, token, now_ms)
        if content is None:
            return _form(_("This file is no longer here: a file is kept for an hour. Choose it again."), 410)
        plan = importing.draw_up(tx, user.rights, _read(content))
    return _shown(plan, token)


@routes.post("/places/import")
@access.may("places")
def upload() -> Response:
    """A file. Nothing is changed by it."""
    request.max_content_length = sheet_reading.MOST_BYTES + ROOM_FOR_FORM
    here, user = centre(), access.viewer()
    try:
        given = request.files.get("file")
    except RequestEntityTooLarge:
        told = _("The file is too large: at most {n} MB are allowed. Divide it into several.")
        return _form(told.format(n=sheet_reading.MOST_BYTES // 1024 // 1024), 413)
    if given is None or not given.filename:
        return _form(_("Choose a file."), 400)
    content = given.read(sheet_reading.MOST_BYTES + 1)
    try:
        _read(content)
    except BadSheet as problem:
        return _form(str(problem), 400)
    with here.db.writing() as tx:
        token = uploads.keep(tx, user.id, content, here.now_ms())
    return redirect(f"/places/import?upload={token}", 303)


@routes.post("/places/import/confirm")
@access.may("places")
def confirm() -> Response:
    """All that was shown, or nothing."""
    here, user, token = centre(), access.viewer(), request.form.get("upload", "")
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        content = uploads.find(tx, user.id, token, now_ms)
    if content is None:
        return _form(_("This file is no longer here: a file is kept for an hour. Choose it again."), 410)
    table = _read(content)
    with here.db.writing() as tx:
        plan = _drawn_up(tx, user.rights, table)
        if not plan.problems and plan.digest == request.form.get("plan"):
            importing.carry_out(tx, access.actor(), user.rights, plan, now_ms)
            uploads.forget(tx, token)
            return redirect("/places/import?" + "&".join(f"{what}={plan.counts[what]}" for what in DONE), 303)
    return _shown(plan, token, changed=True)


@routes.put("/api/v1/places.csv")
@access.key("import")
def bring_by_machine() -> Response:
    """The same for a machine with a key: with `dry_run=1` nothing is done. 422 with everything that is wrong."""
    request.max_content_length = sheet_reading.MOST_BYTES
    here, rights = centre(), access.holder().rights
    dry = request.args.get("dry_run", "0")
    if dry not in ("0", "1"):
        return _told(None, [{"line": 0, "problem": _("dry_run is 1 or 0.")}])
    try:
        table = _read(request.get_data(cache=False))
    except BadSheet as problem:
        return _told(None, [{"line": 0, "problem": str(problem)}])
    if dry == "1":
        with here.db.reading() as tx:
            plan = importing.draw_up(tx, rights, table)
        return _told(plan, done=False)
    with here.db.writing() as tx:
        plan = _drawn_up(tx, rights, table)
        if not plan.problems:
            importing.carry_out(tx, access.actor(), rights, plan, here.now_ms())
    return _told(plan, done=not plan.problems)


def _drawn_up(tx: Connection, rights: Rights, table: Table) -> Plan:
    """While nobody else changes the tree."""
    places.hold_tree(tx)
    return importing.draw_up(tx, rights, table)


def _read(content: bytes) -> Table:
    return sheet_reading.read(content, place_sheet.column, place_sheet.KNOWN)


def _told(plan: Plan | None, wrong: list[dict[str, Any]] | None = None, *, done: bool = False) -> Response:
    """A plan as a machine reads it."""
    problems = [{"line": each.line, "problem": each.sentence} for each in plan.problems] if plan else wrong or []
    steps = [_told_step(step) for step in (plan.steps[:MOST_SHOWN] if plan else ())]
    counts = plan.counts if plan and not plan.problems else {}
    answer = jsonify(done=done, counts=counts, steps=steps, problems=problems[:MOST_SHOWN], problem_count=len(problems))
    answer.status_code = 422 if problems else 200
    return answer


def _told_step(step: Step) -> dict[str, Any]:
    changes = [{"column": place_sheet.COLUMNS[name], "before": old, "after": new} for name, old, new in step.changes]
    return {"line": step.line, "name": step.name, "what": step.what, "changes": changes}


def _form(problem: str | None = None, status: int = 200) -> Response:
    done = {what: request.args.get(what, type=int) or 0 for what in DONE} if request.args.keys() >= set(DONE) else None
    limits = {"rows": sheet_reading.MOST_ROWS, "megabytes": sheet_reading.MOST_BYTES // 1024 // 1024}
    columns = list(place_sheet.COLUMNS.values())
    html = render_template("office/import.html", problem=problem, done=done, limits=limits, columns=columns)
    return make_response(html, status)


def _shown(plan: Plan, token: str, *, changed: bool = False) -> Response:
    """What would change. `changed`: it is not what somebody confirmed, since the places changed meanwhile."""
    told = {"plan": plan, "token": token, "changed": changed, "most": MOST_SHOWN, "columns": place_sheet.COLUMNS}
    html = render_template("office/import_plan.html", **told, field=audit_words.field)
    return make_response(html, 409 if changed else 400 if plan.problems else 200)
