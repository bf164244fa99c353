"""Places in an order that trusts volume, over HTTP."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import choices, overview, places
from sync.office import ranking as ranks
from sync.office.forms import Wrong
from sync.office.wanted import Wanted

routes = Blueprint("ranking", __name__)
_PATH = "/ranking"


@routes.get(_PATH)
@access.may("see", place="place")
def ranking() -> Response:
    place = request.args.get("place", type=int)
    try:
        wanted = Wanted.read(request.args, _PATH, place)
    except Wrong as problem:
        return _ranking(Wanted(path=_PATH, place=place), problem.fields)
    if "" in request.args.values():  # a form names also what was left open
        return redirect(wanted.address(), code=303)
    return _ranking(wanted, {})


def _ranking(wanted: Wanted, problems: dict[str, str]) -> Response:
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        top = places.resolved(tx, {wanted.place})[wanted.place] if wanted.place is not None else None
    overview.prepare(here.db, user, now_ms, top=top, question=wanted.filters.question)
    with here.db.reading() as tx:
        view = ranks.ranking(tx, user, now_ms, wanted, top)
        offered = choices.choices(tx, user.rights.roots(), narrow=view.singles)
    page = render_template("office/ranking.html", view=view, choices=offered, problems=problems)
    return make_response(page, 400 if problems else 200)
