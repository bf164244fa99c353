"""The jobs of a crew, over HTTP: those of a day, one at a time, many as a sheet or from a machine."""

from typing import Any

import msgspec
from flask import Blueprint, abort, jsonify, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import asked, edits, importing, job_plans, jobs, local_time, places, sheet_reading
from sync.office.forms import Wrong
from sync.office.importing import uploads
from sync.office.job_plans import Plan, Problem, Wish
from sync.office.jobs import Given
from sync.office.pages.files import ROOM_FOR_FORM
from sync.office.pages.places import iso, read_day
from sync.office.places import Location
from sync.office.rights import Rights
from sync.office.sheet_reading import BadSheet, Table
from sync.office.tongue import _

routes = Blueprint("jobs", __name__)
MOST_BY_MACHINE = 1_000


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    """A job as a machine says it."""

    job: str
    crew: str
    day: str = ""
    what: str = ""
    state: str = ""


@routes.get("/places/<place:number>/jobs")
@access.may("devices")
def day(number: int) -> Response:
    place = _place(number)
    wrong: dict[str, str] = {}
    asked_for = read_day(request.args.get("day", ""), "day", wrong)
    return _list(place, asked_for, problems=wrong, status=400 if wrong else 200)


@routes.post("/places/<place:number>/jobs")
@access.may("devices")
def add(number: int) -> Response:
    here, place = centre(), _place(number)
    given: dict[str, str] = {name: request.form.get(name, "") for name in ("ref", "day", "what")}
    wrong: dict[str, str] = {}
    planned = read_day(given["day"], "day", wrong)
    try:
        if wrong:
            raise Wrong(wrong)
        planned = local_time.day_of(here.now_ms(), place.zone) if planned is None else planned
        with here.db.writing() as tx:
            told = Given(given["ref"], planned, given["what"])
            jobs.add(tx, access.actor(), place, told, "page", here.now_ms())
    except Wrong as problem:
        return _list(place, planned, given=given, problems=problem.fields, status=400)
    return redirect(f"/places/{number}/jobs?day={iso(planned)}", 303)


@routes.get("/jobs/<job:number>")
@access.may("devices")
def edit(number: int) -> Response:
    return _form(number)


@routes.post("/jobs/<job:number>")
@access.may("devices")
def save(number: int) -> Response:
    here, form = centre(), request.form
    wrong: dict[str, str] = {}
    planned = read_day(form.get("day", ""), "day", wrong)
    if planned is None and not wrong:
        wrong["day"] = _("A job has a day.")
    try:
        if wrong or planned is None:
            raise Wrong(wrong)
        with here.db.writing() as tx:
            told = Given("", planned, form.get("what", ""), form.get("state", ""))
            version = form.get("version", 0, type=int)
            before = jobs.change(tx, access.actor(), number, version, told, here.now_ms())
    except Wrong as problem:
        return _form(number, form.to_dict(), problem.fields, 400)
    except edits.Changed:
        return _form(number, form.to_dict(), {}, 409)
    return redirect(f"/places/{before.place_id}/jobs?day={iso(planned)}", 303)


@routes.get("/places/<place:number>/jobs/import")
@access.may("devices")
def bring(number: int) -> Response:
    here, token = centre(), request.args.get("upload")
    if token is None:
        return _bring_form(number)
    with here.db.reading() as tx:
        content = uploads.find(tx, access.viewer().id, token, here.now_ms())
        if content is None:
            return _bring_form(number, _over(), 410)
        plan = _drawn_up(tx, access.viewer().rights, _read(content), number)
    return _shown(number, plan, token)


@routes.post("/places/<place:number>/jobs/import")
@access.may("devices")
def upload(number: int) -> Response:
    """A file. Nothing is changed by it."""
    request.max_content_length = sheet_reading.MOST_BYTES + ROOM_FOR_FORM
    here = centre()
    try:
        given = request.files.get("file")
    except RequestEntityTooLarge:
        return _bring_form(number, _("The file is too large."), 413)
    if given is None or not given.filename:
        return _bring_form(number, _("Choose a file."), 400)
    content = given.read(sheet_reading.MOST_BYTES + 1)
    try:
        _read(content)
    except BadSheet as problem:
        return _bring_form(number, str(problem), 400)
    with here.db.writing() as tx:
        token = uploads.keep(tx, access.viewer().id, content, here.now_ms())
    return redirect(f"/places/{number}/jobs/import?upload={token}", 303)


@routes.post("/places/<place:number>/jobs/import/confirm")
@access.may("devices")
def confirm(number: int) -> Response:
    """All that was shown, or nothing."""
    here, token, user = centre(), request.form.get("upload", ""), access.viewer()
    with here.db.writing() as tx:
        content = uploads.find(tx, user.id, token, here.now_ms())
        if content is None:
            return _bring_form(number, _over(), 410)
        plan = _drawn_up(tx, user.rights, _read(content), number)
        if not plan.problems and plan.digest == request.form.get("plan"):
            job_plans.carry_out(tx, access.actor(), plan, "csv", here.now_ms())
            uploads.forget(tx, token)
            return redirect(f"/places/{number}/jobs", 303)
    return _shown(number, plan, token, changed=True)


@routes.put("/api/v1/jobs.csv")
@access.key("import")
def bring_by_machine() -> Response:
    """A sheet; all of it or, with 422 and everything that is wrong, nothing."""
    request.max_content_length = sheet_reading.MOST_BYTES
    try:
        table = _read(request.get_data(cache=False))
    except BadSheet as problem:
        return _answer(Plan((), (Problem(0, str(problem)),)))
    return _taken(job_plans.wishes(table), job_plans.unread(table))


@routes.put("/api/v1/jobs")
@access.key("import")
def tell() -> Response:
    """A list of jobs as JSON, at most MOST_BY_MACHINE; the `line` of a problem is its place in the list, from 1 on."""
    try:
        told = msgspec.json.decode(request.get_data(cache=False), type=list[_Told])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _answer(Plan((), (Problem(0, _("This is no list of jobs, each with job, crew, day, what, state.")),)))
    if len(told) > MOST_BY_MACHINE:
        most = _("At most {most} jobs are taken at once.").format(most=MOST_BY_MACHINE)
        return _answer(Plan((), (Problem(0, most),)))
    wishes = [Wish(at, each.job, each.crew, each.day, each.what, each.state) for at, each in enumerate(told, start=1)]
    return _taken(wishes, [])


def _taken(wishes: list[Wish], wrong: list[Problem]) -> Response:
    here, rights = centre(), access.holder().rights
    with here.db.writing() as tx:
        plan = job_plans.draw_up(tx, rights, "places", wishes, here.now_ms())
        plan = Plan(plan.steps, (*wrong, *plan.problems))
        if not plan.problems:
            job_plans.carry_out(tx, access.actor(), plan, "api", here.now_ms())
    return _answer(plan)


def _answer(plan: Plan) -> Response:
    problems = [{"line": each.line, "problem": each.sentence} for each in plan.problems]
    told = jsonify(
        done=not problems, counts={} if problems else plan.counts, problems=problems[: importing.MOST_SHOWN],
        problem_count=len(problems),
    )  # fmt: skip
    told.status_code = 422 if problems else 200
    return told


def _drawn_up(tx: Connection, rights: Rights, table: Table, here: int) -> Plan:
    plan = job_plans.draw_up(tx, rights, "devices", job_plans.wishes(table), centre().now_ms(), here)
    return Plan(plan.steps, (*job_plans.unread(table), *plan.problems))


def _read(content: bytes) -> Table:
    return sheet_reading.read(content, job_plans.column, job_plans.KNOWN)


def _over() -> str:
    return _("This file is no longer here: a file is kept for an hour. Choose it again.")


def _place(number: int) -> Location:
    with centre().db.reading() as tx:
        return places.resolved(tx, {number})[number]


def _list(
    place: Location, planned: int | None, *, given: dict[str, str] | None = None, problems: dict[str, str], status: int
) -> Response:
    here = centre()
    today = local_time.day_of(here.now_ms(), place.zone)
    shown = today if planned is None else planned
    with here.db.reading() as tx:
        found = jobs.of_day(tx, place, shown)
        month = asked.asked(tx, (place.path,), shown - 27, shown, {place.id: today})
    page = render_template(
        "office/jobs.html", place=place, jobs=found, day=shown, today=today, iso=iso, problems=problems,
        given=given or {"ref": "", "day": iso(shown), "what": ""}, most=jobs.MAX_WHAT, longest=jobs.MAX_REF,
        month=asked.together(month.values()),
    )  # fmt: skip
    return make_response(page, status)


def _form(
    number: int, given: dict[str, str] | None = None, problems: dict[str, str] | None = None, status: int = 200
) -> Response:
    with centre().db.reading() as tx:
        job = jobs.find(tx, number) or abort(404)
    told: dict[str, Any] = given or {"day": iso(job.day), "what": job.what, "state": job.state}
    states = [("planned", _("Planned")), ("done", _("Done")), ("cancelled", _("Cancelled"))]
    page = render_template(
        "office/job.html", job=job, given=told, problems=problems or {}, clash=status == 409, states=states,
        most=jobs.MAX_WHAT, iso=iso,
    )  # fmt: skip
    return make_response(page, status)


def _bring_form(number: int, problem: str | None = None, status: int = 200) -> Response:
    page = render_template(
        "office/jobs_import.html", place=_place(number), problem=problem, plan=None, changed=False,
        rows=sheet_reading.MOST_ROWS,
    )  # fmt: skip
    return make_response(page, status)


def _shown(number: int, plan: Plan, token: str, *, changed: bool = False) -> Response:
    page = render_template(
        "office/jobs_import.html", place=_place(number), plan=plan, token=token, changed=changed, problem=None,
        most=importing.MOST_SHOWN, rows=sheet_reading.MOST_ROWS,
    )  # fmt: skip
    return make_response(page, 409 if changed else 400 if plan.problems else 200)
