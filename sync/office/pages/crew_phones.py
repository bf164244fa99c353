"""The link of a briefing and the telephones that read it, for whoever looks after the place."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import crew_links, crew_readers, location
from sync.office.places import Location

routes = Blueprint("crew_phones", __name__)


@routes.get("/briefing/<place:number>/phones")
@access.may("devices")
def every(number: int) -> Response:
    return _page(number)


@routes.post("/briefing/<place:number>/link")
@access.may("devices")
def make(number: int) -> Response:
    """The address is shown in this answer, and never again."""
    here = centre()
    _find(number)
    with here.db.writing() as tx:
        token = crew_links.make(tx, access.actor(), number, here.now_ms())
    ours = (here.settings.public_url or request.host_url).rstrip("/")
    return _page(number, f"{ours}/b/{token}")


@routes.post("/briefing/<place:number>/link/revoke")
@access.may("devices")
def revoke(number: int) -> Response:
    here = centre()
    with here.db.writing() as tx:
        crew_links.revoke(tx, access.actor(), number, here.now_ms())
    return redirect(f"/briefing/{number}/phones", code=303)


@routes.post("/phones/<phone:number>/remove")
@access.may("devices")
def forget(number: int) -> Response:
    here = centre()
    with here.db.writing() as tx:
        place = crew_links.forget_phone(tx, access.actor(), number, here.now_ms())
    return redirect(f"/briefing/{place}/phones", code=303)


def _find(number: int) -> Location:
    """A group has no briefing of its own; and who may not read a crew's makes no link that they could read it by."""
    user = access.viewer()
    with centre().db.reading() as tx:
        at = location.find(tx, user, number)
    if at is None or at.kind == "group":
        abort(404)
    if not crew_readers.may_read(user.rights, at):
        abort(403)
    return at


def _page(number: int, address: str | None = None) -> Response:
    here, at = centre(), _find(number)
    with here.db.reading() as tx:
        link = crew_links.of(tx, number)
        phones = crew_links.phones(tx, link) if link else []
    page = render_template(
        "office/briefing_phones.html", place=at, link=link, phones=phones, address=address, now_ms=here.now_ms(),
        most=crew_links.MOST_PHONES,
    )  # fmt: skip
    return make_response(page)
