"""The guided set-up over HTTP: a place, a touchpoint there, what it asks, a screen. It shows what comes next, whatever
was done elsewhere meanwhile, so it can be left and taken up again."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, g, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.intake import enrol
from sync.office import audit, forms, hours, pairing, places, settings, start, surveys, tongue, tree, zones
from sync.office.audit import Subject
from sync.office.forms import Wrong
from sync.office.rights import EVERYWHERE
from sync.office.start import Progress, Spot
from sync.office.tongue import _

routes = Blueprint("start", __name__)

SET_UP = "/set-up"
_COOKIE = "set-up"
_HERE = ("localhost", "127.0.0.1", "::1")
OPENS, CLOSES, OPEN_DAYS = "09:00", "18:00", hours.DAYS[:6]
"""What the form proposes for a first place."""

Do = Callable[[Connection, Spot | None], None]


@routes.get(SET_UP)
@access.may("places")
def page() -> Response:
    return _page("office/set_up.html")


@routes.get("/set-up/now")
@access.may("places")
def now() -> Response:
    """What became of the screen's code, for a page that is open."""
    return _page("office/_set_up_screen.html")


@routes.post("/set-up/place")
@access.may("places")
def add_place() -> Response:
    def add(tx: Connection, at: Spot | None) -> None:
        given = request.form
        week = None
        problems: dict[str, str] = {}
        if given.get("open") == "some":
            try:
                span = [(given.get("opens", ""), given.get("closes", ""))]
                week = hours.read({day: span for day in hours.DAYS if given.get(day)})
            except Wrong as wrong:
                problems["opens"] = next(iter(wrong.fields.values()))
        if not given.get("zone", "").strip():
            problems["zone"] = _("Choose the time zone of this place, such as Europe/Amsterdam.")
        details = tree.Details(given.get("name", ""), zone=given.get("zone"), own_hours=week is not None, hours=week)
        try:
            tree.add(tx, access.actor(), None, details, centre().now_ms(), seen=access.viewer().rights)
        except Wrong as wrong:
            raise Wrong({**wrong.fields, **problems}) from None
        if problems:
            raise Wrong(problems)

    return _do("place", add)


@routes.post("/set-up/touchpoint")
@access.may("places")
def add_touchpoint() -> Response:
    def add(tx: Connection, at: Spot | None) -> None:
        name = request.form.get("name", "")
        forms.refuse({"name": forms.name_problem(name)})
        if at is not None:
            number = places.add_touchpoint(tx, at.place, name.strip())
            about = Subject("touchpoint", str(number), name.strip(), places.resolved(tx, {at.place})[at.place].path)
            audit.note(tx, access.actor(), "touchpoint added", about, centre().now_ms(), after={"place": at.place_name})

    return _do("touchpoint", add)


@routes.post("/set-up/survey")
@access.may("places")
def pick_survey() -> Response:
    def pick(tx: Connection, at: Spot | None) -> None:
        survey, now_ms = request.form.get("survey", ""), centre().now_ms()
        if at is None:
            return
        forms.refuse({"survey": None if survey in surveys.names(tx) else _("Choose one of these surveys.")})
        settings.put(tx, at.place, at.touchpoint, "survey", survey, now_ms)
        about = Subject("touchpoint", str(at.touchpoint), at.touchpoint_name,
                        places.resolved(tx, {at.place})[at.place].path)  # fmt: skip
        audit.note(tx, access.actor(), "survey chosen", about, now_ms, after={"survey": survey})

    return _do("survey", pick)


@routes.post("/set-up/screen")
@access.may("places")
def pair_screen() -> Response:
    """A screen where the first touchpoint is, and a code for it; or another code for the one that waits there."""
    here, now_ms = centre(), centre().now_ms()
    if not _is_theirs():
        return redirect("/", code=303)
    with here.db.writing() as tx:
        at = start.spot(tx)
        if at is None or at.touchpoint is None:
            return redirect(SET_UP, code=303)
        screen = start.waiting_screen(tx, access.actor(), at, now_ms)
        code = pairing.invite(tx, access.actor(), screen, now_ms)
    answer = redirect(f"{SET_UP}#code", code=303)
    # A code is nowhere in the database: only the browser that asked for it can show it again.
    answer.set_cookie(_COOKIE, f"{screen}.{code}", max_age=enrol.VALID_MS // 1000, path=SET_UP, httponly=True,
                      samesite="Strict", secure=access.is_https())  # fmt: skip
    return answer


@routes.post("/set-up/dismiss")
@access.may("places")
def dismiss() -> Response:
    here = centre()
    if _is_theirs():
        with here.db.writing() as tx:
            start.dismiss(tx, here.now_ms())
    return redirect("/", code=303)


def card() -> Progress | None:
    """What the overview reminds whoever is signed in of."""
    with centre().db.reading() as tx:
        return start.card(tx, access.viewer().rights) if "user" in g else None


def _is_theirs() -> bool:
    """It begins at the top of the tree: it is for those who look after all of it."""
    return access.viewer().rights.may("places", EVERYWHERE)


def _do(step: str, change: Do) -> Response:
    """One step, unless it was done meanwhile: then what comes next is shown."""
    if not _is_theirs():
        return redirect("/", code=303)
    here = centre()
    try:
        with here.db.writing() as tx:
            places.hold_tree(tx)
            if start.progress(tx).next == step:
                change(tx, start.spot(tx))
    except Wrong as wrong:
        return _page("office/set_up.html", wrong.fields, 400)
    return redirect(SET_UP, code=303)


def _page(template: str, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    here, now_ms, given = centre(), centre().now_ms(), request.form
    if not _is_theirs():
        return redirect("/", code=303)
    screen, _dot, code = request.cookies.get(_COOKIE, "").partition(".")
    with here.db.reading() as tx:
        progress, at = start.progress(tx), start.spot(tx)
        there = pairing.spot(tx, screen.replace("\0", "")) if code else None
        state = pairing.look(tx, there, code, now_ms) if there else pairing.Invitation("gone")
        named = start.choices(tx, tongue.language()) if progress.next == "survey" else []
    if progress.next is None and access.is_fragment():
        return Response(headers={"HX-Redirect": SET_UP})  # the whole page goes on, not only the code
    is_open = state.state == "open" and there is not None
    told = {"progress": progress, "steps": start.STEPS, "at": at, "there": there, "state": state, "now_ms": now_ms}
    shown = {"code": code, "picture": pairing.picture(code)} if is_open else {"code": "", "picture": ""}
    form = {"problems": problems or {}, "given": given, "zones": zones.every(), "surveys": named, "days": hours.DAYS}
    proposed = {"day_names": hours.NAMES, "opens": OPENS, "closes": CLOSES, "open_days": OPEN_DAYS}
    url = here.settings.public_url or request.host_url.rstrip("/")
    # A terminal insists on https, except to its own machine, unless it is told otherwise.
    is_plain = url.startswith("http://") and urlsplit(url).hostname not in _HERE
    page = render_template(template, centre_url=url, is_plain=is_plain, **told, **shown, **form, **proposed)
    return make_response(page, status)
