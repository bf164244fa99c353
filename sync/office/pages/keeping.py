"""How long words are kept, over HTTP."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.intake import retention
from sync.office import keeping
from sync.office.edits import Changed
from sync.office.forms import Wrong
from sync.office.rights import EVERYWHERE

routes = Blueprint("keeping", __name__)


@routes.get("/retention")
@access.may("people")
def shown() -> Response:
    return _page()


@routes.post("/retention")
@access.may("people", partly=True)
def change() -> Response:
    """It holds for the whole organisation, so only who runs all of it changes it."""
    here, asked = centre(), request.form
    if not access.viewer().rights.may("people", EVERYWHERE):
        return _page(status=400)  # the page says whose it is
    try:
        with here.db.writing() as tx:
            keeping.change(
                tx,
                access.actor(),
                asked.get("contacts", ""),
                asked.get("comments", ""),
                asked.get("seen", ""),
                here.now_ms(),
            )
    except Wrong as problem:
        return _page(problem.fields, status=400)
    except Changed:
        return _page(is_changed=True, status=409)
    return redirect("/retention", code=303)


def _page(problems: dict[str, str] | None = None, *, is_changed: bool = False, status: int = 200) -> Response:
    with centre().db.reading() as tx:
        terms = retention.terms(tx)
    given = request.form or {"contacts": str(terms.contacts), "comments": str(terms.comments)}
    page = render_template(
        "office/retention.html",
        terms=terms, seen=keeping.told(terms), usual=retention.USUAL, problems=problems or {}, given=given,
        is_changed=is_changed, may=access.viewer().rights.may("people", EVERYWHERE),
    )  # fmt: skip
    return make_response(page, status)
