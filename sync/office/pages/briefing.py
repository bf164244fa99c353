"""The briefing of a crew or a store, over HTTP: under its link on a telephone, and for who is signed in."""

from datetime import date
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from sync import access
from sync.centre import centre
from sync.office import (
    briefing_times,
    crew_briefing,
    crew_links,
    crew_notes,
    crew_readers,
    edits,
    local_time,
    location,
)
from sync.office.audit import Actor
from sync.office.crew_links import Link, Phone
from sync.office.forms import Wrong
from sync.office.pages.walls import refuse
from sync.office.places import Location

routes = Blueprint("briefing", __name__)

Answer = TypeVar("Answer", bound=BaseResponse)
COOKIE = "smilepost-phone"
KEPT_S = 400 * 24 * 60 * 60


@routes.get("/b/<token>")
@access.open_to("anyone")
def by_link(token: str) -> BaseResponse:
    """The briefing on a telephone that is the crew's; on any other browser a button, and nothing else of it."""
    link, phone = _opened(token)
    if phone is None:
        return _secret(make_response(render_template("office/briefing_door.html", full=False)))
    return _keep_key(_on_phone(token, link), token)


@routes.post("/b/<token>")
@access.open_to("anyone")
def press(token: str) -> BaseResponse:
    """ "This is my phone"."""
    link, phone = _opened(token)
    here = centre()
    if phone is None:
        try:
            with here.db.writing() as tx:
                agent, address = request.headers.get("User-Agent", ""), request.remote_addr or ""
                key = crew_links.press(tx, link, agent, address, here.now_ms())
        except crew_links.Full:
            return _secret(make_response(render_template("office/briefing_door.html", full=True), 409))
        return _keep_key(_secret(redirect(f"/b/{token}", code=303)), token, key)
    return _secret(redirect(f"/b/{token}", code=303))


@routes.post("/b/<token>/note")
@access.open_to("anyone")
def note_by_link(token: str) -> BaseResponse:
    link, phone = _opened(token)
    if phone is None:
        abort(403)
    problems, status = _written(link.place, crew_links.crew(link.place, request.remote_addr or ""))
    return _on_phone(token, link, problems, status) if problems else _secret(redirect(f"/b/{token}#note", code=303))


@routes.get("/briefing/<place:number>")
@access.may("see")
def shown(number: int) -> BaseResponse:
    at = _find(number)
    if at.kind == "group":
        return redirect(f"/locations/{number}", code=303)
    return _signed_in(at)


@routes.post("/briefing/<number>/note")
@access.open_to("signed_in")
def note(number: str) -> BaseResponse:
    """Only who works there writes it."""
    at = _find(int(number) if number.isascii() and number.isdecimal() and len(number) <= 9 else 0)
    if at.kind == "group" or not crew_readers.works_there(access.viewer().rights, at):
        abort(403)
    problems, status = _written(at, access.actor())
    return _signed_in(at, problems, status) if problems else redirect(f"/briefing/{at.id}#note", code=303)


def _find(number: int) -> Location:
    """404 for what is not there or not theirs to see; 403 for a crew that is none of theirs."""
    user = access.viewer()
    with centre().db.reading() as tx:
        at = location.find(tx, user, number) or abort(404)
    if at.kind != "group" and not crew_readers.may_read(user.rights, at):
        abort(403)
    return at


def _opened(token: str) -> tuple[Link, Phone | None]:
    """The link, and the telephone that asks, if it is one of its own."""
    here = centre()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        link = crew_links.opened(tx, token)
        phone = crew_links.phone(tx, link, request.cookies.get(COOKIE, "")) if link else None
    if link is None:
        refuse(now_ms)
        abort(404)
    if phone and now_ms - phone.seen_ms >= crew_links.SEEN_EVERY_MS:
        with here.db.writing() as tx:
            crew_links.note_seen(tx, phone, now_ms)
    return link, phone


def _on_phone(token: str, link: Link, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    told = _told(link.place, manager=False, singles=False)
    page = render_template(
        "office/briefing_phone.html", **told, address=f"/b/{token}", may_write=True, problems=problems or {}
    )
    return _secret(make_response(page, status))


def _signed_in(at: Location, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    rights = access.viewer().rights
    works = crew_readers.works_there(rights, at)
    told = _told(at, manager=not works, singles=rights.may("responses", at.path))
    page = render_template(
        "office/briefing.html", **told, address=f"/briefing/{at.id}", may_write=works, problems=problems or {},
        may_link=rights.may("devices", at.path),
    )  # fmt: skip
    return make_response(page, status)


def _told(at: Location, *, manager: bool, singles: bool) -> dict[str, Any]:
    """What a page of one morning is made of; of the newest that may be read, unless an earlier one is asked for."""
    here = centre()
    now_ms = here.now_ms()
    crew_briefing.prepare(here.db, at.id, now_ms)
    with here.db.reading() as tx:
        times = briefing_times.of(tx, [at.id])[at.id]
        newest = times.newest(now_ms, manager=manager)
        days = crew_readers.mornings(tx, at.id, newest)
        day = _asked_day(newest)
        if day not in days:
            abort(404)
        today = local_time.day_of(now_ms, at.zone)
        return {
            "briefing": crew_briefing.compose(tx, at.id, day, now_ms, singles=singles),
            "note": crew_notes.of(tx, at.id, day),
            "place": at,
            "days": days,
            "waits_ms": times.due_ms(today, manager=manager) if newest < today else None,
            "is_today": day == today,
            "now_ms": now_ms,
            "iso": lambda each: local_time.date_of(each).isoformat(),
            "given": request.form,
            "most_note": crew_notes.MOST,
        }


def _asked_day(newest: int) -> int:
    try:
        asked = request.args.get("day")
        return local_time.day_number(date.fromisoformat(asked)) if asked else newest
    except ValueError:
        abort(404)


def _written(at: Location, by: Actor) -> tuple[dict[str, str], int]:
    """Keeps the crew's line for today; what is wrong with it, and the status to say so with."""
    here = centre()
    now_ms = here.now_ms()
    version = request.form.get("version", "0")
    seen = int(version) if version.isascii() and version.isdecimal() and len(version) < 9 else -1
    try:
        with here.db.writing() as tx:
            day = local_time.day_of(now_ms, at.zone)
            crew_notes.write(tx, by, at, day, request.form.get("text", ""), seen, now_ms)
    except Wrong as problem:
        return problem.fields, 400
    except edits.Changed:
        return {"changed": "yes"}, 409
    return {}, 200


def _keep_key(response: BaseResponse, token: str, key: str | None = None) -> BaseResponse:
    """In this browser, for this link alone; longer with every visit."""
    response.set_cookie(
        COOKIE, key or request.cookies[COOKIE], max_age=KEPT_S, path=f"/b/{token}", httponly=True, samesite="Lax",
        secure=access.is_https(),
    )  # fmt: skip
    return response


def _secret(response: Answer) -> Answer:
    """The address is half of the secret."""
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
