"""What customers wrote, over HTTP: the newest of a place, and all that is looked for."""

from dataclasses import replace

from flask import Blueprint, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import (
    choices,
    comment_index,
    comment_search,
    comments,
    local_time,
    moderating,
    places,
    reading,
    theme_counts,
    themes,
)
from sync.office.comment_search import MOODS, STATES, State, Wanted
from sync.office.comments import Cursor
from sync.office.filters import Filters, Narrowed
from sync.office.forms import Wrong
from sync.office.pages import noted
from sync.office.pages.location import find, note_read
from sync.office.people import User
from sync.office.places import Location
from sync.office.theme_words import Finders

routes = Blueprint("comments", __name__)
LONGEST = 200


@routes.get("/comments")
@access.may("responses", place="place")
def room() -> Response:
    """All comments that this person may read, narrowed to what the address asks for."""
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    filters, problems = _filters()
    if "" in request.args.values():  # a form names also what was left open
        return redirect(filters.address("/comments", **_more()), code=303)
    comment_index.fold(here.db)
    with here.db.reading() as tx:
        top, wanted = _wanted(tx, user, filters, now_ms)
        page = comment_search.page(tx, wanted, Cursor.parse(request.args.get("before")))
        drawn = {
            "wanted": wanted, "filters": filters, "top": top, "comments": page, "more": _more(), "now_ms": now_ms,
            "decided": moderating.of(tx, [each.cursor.id for each in page.shown]), "problems": problems,
        }  # fmt: skip
        if not access.is_fragment():
            drawn["offered"] = choices.choices(tx, user.rights.roots("responses"), narrow=True)
            drawn["told"] = theme_counts.told(tx, replace(wanted, about=None), themes.of(tx, wanted.paths))
            drawn["n"] = comment_search.count(tx, wanted)
            drawn["langs"] = comment_search.languages(tx, wanted.paths)
    noted.read(each.place for each in page.shown)
    if access.is_fragment():
        return make_response(render_template("office/_found_comments.html", goes_on=True, **drawn))
    return make_response(render_template("office/comments_room.html", **drawn), 400 if problems else 200)


@routes.get("/locations/<place:number>/comments")
@access.may("responses")
def place_comments(number: int) -> Response:
    """Older comments: as a piece of the page that asks for them, or as a page."""
    here, user = centre(), access.viewer()
    with here.db.reading() as tx:
        at = find(tx, user, number)
        page = comments.before(tx, user.rights.reach(at.path, "responses"), Cursor.parse(request.args.get("before")))
        is_news = bool(page.shown) and not reading.is_noted(tx, user.id, at.id, here.now_ms())
    if is_news:
        note_read(at)
    if access.is_fragment():  # the link that asked for it had the focus and is gone: the first of these takes it
        return make_response(
            render_template("office/_comments.html", place=at, comments=page, now_ms=here.now_ms(), goes_on=True)
        )
    return make_response(render_template("office/comments.html", place=at, comments=page, now_ms=here.now_ms()))


def _filters() -> tuple[Filters, dict[str, str]]:
    usual = {"days": "91", "flagged": "with"}
    try:
        return Filters.read({**usual, **{name: value for name, value in request.args.items() if value}}), {}
    except Wrong as problem:
        return Filters(span=91, narrowed=Narrowed(flagged="with")), problem.fields


def _more() -> dict[str, str | int | None]:
    """What of the address is about comments alone."""
    asked = request.args
    return {
        "search": asked.get("search", "").strip()[:LONGEST] or None,
        "mood": asked.get("mood") if asked.get("mood") in MOODS else None,
        "state": asked.get("state") if asked.get("state") in STATES and asked.get("state") != "shown" else None,
        "theme": asked.get("theme", type=int),
        "place": asked.get("place", type=int),
    }


def _wanted(tx: Connection, user: User, filters: Filters, now_ms: int) -> tuple[Location | None, Wanted]:
    asked = _more()
    number = request.args.get("place", type=int)
    top = places.resolved(tx, {number})[number] if number is not None else None
    # A day more than there is in any zone: what was written today is there whichever day it is at its place.
    today = local_time.day_of(now_ms, top.zone) if top else local_time.day_of(now_ms, places.DEFAULT_ZONE) + 1
    first, last = filters.days(today)
    mood = next((each for each in MOODS if each == asked["mood"]), None)
    state: State = next((each for each in STATES if each == asked["state"]), "shown")
    paths = (user.rights.reach(top.path, "responses"),) if top else user.rights.roots("responses")
    theme = next((each for each in themes.of(tx, paths) if each.id == asked["theme"]), None)
    about = Finders(theme.words) if theme else None
    return top, Wanted(paths, filters, first, last, str(asked["search"] or ""), mood, state, about=about)
