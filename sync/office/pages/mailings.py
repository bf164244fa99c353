"""What became of the briefings that were mailed, over HTTP: which somebody may miss, and sending one again."""

from flask import Blueprint, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import listing, missing
from sync.office.missing import SHOWN
from sync.office.subscriptions import ADMINISTER

routes = Blueprint("mailings", __name__)


@routes.get("/mailings")
@access.may(ADMINISTER)
def every() -> Response:
    here, asked = centre(), request.args
    now_ms = here.now_ms()
    shown = next((each for each in SHOWN if each == asked.get("shown")), SHOWN[0])
    search = listing.sought(asked.get("search"))
    with here.db.reading() as tx:
        rights = access.viewer().rights
        page = missing.every(tx, rights, shown, search, asked.get("page", 1, type=int), now_ms)
    answer = render_template("office/mailings.html", page=page, shown=shown, every=SHOWN, now_ms=now_ms)
    return make_response(answer)


@routes.post("/mailings/<subscription:number>/again")
@access.may(ADMINISTER)
def again(number: int) -> Response:
    """Has a letter that is missing sent; it leaves within a minute."""
    here, day = centre(), request.form.get("day", -1, type=int)
    if -1 < day < 1 << 24:
        with here.db.writing() as tx:
            missing.ask_again(tx, access.actor(), number, day, here.now_ms())
    return redirect("/mailings", code=303)


def missing_now() -> int:
    """How many letters of the last days somebody may miss, for those who look after people; else 0."""
    user = g.get("user")
    if user is None or not user.rights.may_somewhere("people"):
        return 0
    here = centre()
    with here.db.reading() as tx:
        return missing.counted(tx, user.rights, here.now_ms())
