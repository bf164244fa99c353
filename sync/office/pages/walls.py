"""Screens on a wall, over HTTP: what one shows, and who hangs them up."""

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from sync import access, assets
from sync.centre import centre
from sync.i18n import NAMES
from sync.office import choosing, forms, listing, throttle, tongue, wall, walls
from sync.office.choosing import Offers, Unclear
from sync.office.forms import Wrong
from sync.office.walls import Opened

routes = Blueprint("walls", __name__)


@routes.get("/wall/<token>")
@access.open_to("anyone")
def shown(token: str) -> Response:
    return _wall("office/wall.html", token)


@routes.get("/wall/<token>/now")
@access.open_to("anyone")
def shown_now(token: str) -> Response:
    """The figures for a wall that hangs there; with another build the whole page is fetched anew."""
    answer = _wall("office/_wall.html", token)
    if request.args.get("build") != _build():
        answer.headers["HX-Refresh"] = "true"
    return answer


@routes.get("/walls")
@access.may("places")
def every() -> Response:
    here, user = centre(), access.viewer()
    number, search = request.args.get("page", 1, type=int), listing.sought(request.args.get("search"))
    with here.db.reading() as tx:
        page = walls.every(tx, user.rights, number, search)
    return make_response(render_template("office/walls.html", page=page, now_ms=here.now_ms(), names=NAMES))


@routes.get("/walls/places")
@access.may("places")
def matching() -> BaseResponse:
    """Places to pick from, as a piece of the form that asks for them."""
    if not access.is_fragment():
        return redirect("/walls/new", code=303)
    with centre().db.reading() as tx:
        found = choosing.offers(tx, access.viewer().rights, "places", request.args.get("place", ""))
    return make_response(render_template("office/_offers.html", offers=found, picked=""))


@routes.get("/walls/new")
@access.may("places")
def new() -> Response:
    return _form()


@routes.post("/walls/new")
@access.may("places")
def make() -> Response:
    """The address is shown in this answer, and never again."""
    asked, here = request.form, centre()
    if asked.get("do") == "find":
        return _form()
    name, language = asked.get("name", ""), asked.get("language", "")
    rights = access.viewer().rights
    try:
        with here.db.writing() as tx:
            at = choosing.chosen(
                tx, rights, "places", asked.get("at", ""), asked.get("place", ""), asked.get("offered", "")
            )
            _, token = walls.make(tx, access.actor(), name, at, language, here.now_ms())
    except Unclear as problem:
        others = {"name": forms.name_problem(name)}
        return _form(problem.fields | {each: why for each, why in others.items() if why}, problem.offers, 400)
    except Wrong as problem:
        return _form(problem.fields, status=400)
    ours = (here.settings.public_url or request.host_url).rstrip("/")
    return make_response(render_template("office/wall_made.html", name=name.strip(), address=f"{ours}/wall/{token}"))


@routes.post("/walls/<wall:number>/revoke")
@access.may("places")
def revoke(number: int) -> BaseResponse:
    here = centre()
    with here.db.writing() as tx:
        walls.revoke(tx, access.actor(), number, here.now_ms())
    return redirect("/walls", code=303)


def _form(problems: dict[str, str] | None = None, offers: Offers | None = None, status: int = 200) -> Response:
    with centre().db.reading() as tx:
        offers = offers or choosing.offers(tx, access.viewer().rights, "places", request.form.get("place", ""))
    languages = [(code, NAMES[code]) for code in tongue.LANGUAGES]
    given = request.form or {"language": tongue.language()}
    page = render_template(
        "office/wall_new.html", problems=problems or {}, given=given, offers=offers, languages=languages
    )
    return make_response(page, status)


def _wall(template: str, token: str) -> Response:
    here = centre()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        found = walls.opened(tx, token)
    if found is None:
        refuse(now_ms)
        abort(404)
    wall.prepare(here.db, now_ms)
    with here.db.reading() as tx:
        view = wall.view(tx, found.place, now_ms)
    _note_used(found, now_ms)
    tongue.speak(found.language)
    page = render_template(template, view=view, wall=found, token=token, build=_build(), now_ms=now_ms)
    answer = make_response(page)
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    return answer


def refuse(now_ms: int) -> None:
    """Whoever guesses is told to wait, like a machine with a wrong key."""
    with centre().db.writing() as tx:
        wait_ms = throttle.count_wrong_key(tx, request.remote_addr or "", now_ms)
    if wait_ms:
        abort(429)


def _note_used(found: Opened, now_ms: int) -> None:
    if found.used_ms is None or now_ms - found.used_ms >= walls.USED_EVERY_MS:
        with centre().db.writing() as tx:
            walls.note_used(tx, found.id, now_ms)


def _build() -> str:
    return assets.stamp("office/wall.css")
