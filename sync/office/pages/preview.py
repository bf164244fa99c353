"""The screens of a survey, over HTTP: a page to stand in a frame of the editor, walked by touching it. Stores
nothing."""

from urllib.parse import quote

from flask import Blueprint, abort, current_app, make_response, request
from jinja2 import Undefined
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import drafts, preview, survey_forms, surveys
from sync.office.pages.surveys import LARGEST_FORM
from sync.survey import Survey

routes = Blueprint("preview", __name__)

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-forms"
)
"""The only page of ours that may stand in a frame, and only in one of our own; nothing in it runs."""


@routes.get("/surveys/<survey:name>/preview/")
@access.may("see")
def shown(name: str) -> Response:
    """What was saved last, or a version, at one of its screens."""
    with centre().db.reading() as tx:
        draft = drafts.find(tx, name) or abort(404)
        asked: Survey | None = draft.definition
        if "version" in request.args:
            number = request.args.get("version", 0, int)
            asked = surveys.published(tx, name, number) if 0 < number < 2**31 else None
    return _drawn(name, asked or abort(404))


@routes.post("/surveys/<name>/preview/")
@access.open_to("signed_in")
def typed(name: str) -> Response:
    """What stands in the editor, saved or not. Everything comes with the form: whatever it is called, nothing is looked
    up, and nothing is kept."""
    request.max_form_memory_size = LARGEST_FORM
    nothing = Survey(id="typed", version=1, languages=(), questions=())
    return _drawn(name, survey_forms.read(dict(request.form.lists()), nothing))


@routes.post("/surveys/<name>/preview/visit")
@access.open_to("signed_in")
def touched(name: str) -> Response:
    """A touch on one of the screens, which carries its survey along."""
    request.max_form_memory_size = LARGEST_FORM
    fields = dict(request.form.lists())
    asked = preview.carried(fields)
    if asked is None or not preview.can_show(asked):
        abort(400)
    walk = preview.go(asked, fields, request.form.get("lang", ""))
    return _page(preview.context(asked, walk, _base(name)))


def _drawn(name: str, asked: Survey) -> Response:
    if not preview.can_show(asked):
        return _page({"screen": "", "lang": "en", "dir": "ltr", "classes": "", "title": "", "base": _base(name)})
    said = request.values
    screen, _colon, value = said.get("screen", "ask").partition(":")
    begun = preview.begin(
        asked, said.get("lang", ""), screen, int(value) if value.isdecimal() and len(value) < 3 else None,
        said.get("modes", ""),
    )  # fmt: skip
    return _page(preview.context(asked, begun, _base(name)))


def _base(name: str) -> str:
    return f"/surveys/{quote(name, safe='')}/preview"


def _page(context: dict[str, object]) -> Response:
    # Those templates were written for the terminal, where what is left out is empty.
    drawing = current_app.jinja_env.overlay(undefined=Undefined)
    answer = make_response(drawing.get_template("office/preview.html").render(styles=preview.STYLES, **context))
    answer.mimetype = "text/html"
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer
