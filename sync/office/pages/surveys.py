"""Surveys over HTTP: the list, a new one, and the editor."""

from dataclasses import dataclass, field

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access, survey
from sync.centre import centre
from sync.office import (
    drafts,
    edits,
    listing,
    places,
    preview,
    survey_files,
    survey_forms,
    survey_list,
    survey_words,
    surveys,
)
from sync.office.drafts import Draft
from sync.office.forms import Wrong, refuse
from sync.office.rights import EVERYWHERE
from sync.office.tongue import _
from sync.survey import Survey

routes = Blueprint("surveys", __name__)

LARGEST_FORM = 3 * 1024 * 1024
"""Bytes: a survey of the longest kind in forty languages, each character of it escaped."""


@dataclass(frozen=True)
class Typed:
    """What stands in the editor but isn't saved, and what is said of it."""

    definition: Survey
    version: int
    problems: dict[str, str] = field(default_factory=dict)
    has_changed: bool = False


@routes.get("/surveys")
@access.may("see")
def every() -> Response:
    user = access.viewer()
    search = listing.sought(request.args.get("search"))
    with centre().db.reading() as tx:
        page = survey_list.page(tx, user.rights, request.args.get("page", 1, type=int), search)
    may_write = user.rights.may_somewhere("surveys")
    return make_response(
        render_template("office/surveys.html", page=page, may_write=may_write, survey_words=survey_words)
    )


@routes.get("/new-survey")
@access.may("surveys")
def new() -> Response:
    with centre().db.reading() as tx:
        return _new(tx, {}, {})


@routes.post("/new-survey")
@access.may("surveys", partly=True, place="place", source="survey")
def begin() -> Response:
    """From a sentence, from a file, or from another survey. Whoever may not write everybody's copies them to a place
    of their own: it is the copy alone that has to be theirs, and a place is."""
    here, given = centre(), request.form.to_dict()
    source = given.get("source", "")
    now_ms = here.now_ms()
    try:
        with here.db.writing() as tx:
            location, path = _owner(tx, given.get("place", ""))
            written = _first_words(tx, source, given)
            made = drafts.create(tx, access.actor(), written, location, path, now_ms)
    except Wrong as wrong:
        with here.db.reading() as tx:
            answer = _new(tx, given, wrong.fields)
        answer.status_code = 400
        return answer
    return redirect(f"/surveys/{made}", 303)


def _owner(tx: Connection, typed: str) -> tuple[int | None, str]:
    """Whose survey it will be. The guard has looked at a place; everybody's need somebody of everybody's. Raises
    Wrong."""
    rights = access.viewer().rights
    if not typed:
        if not rights.may("surveys", EVERYWHERE):
            raise Wrong({"place": _("Choose the place whose survey it is.")})
        return None, EVERYWHERE
    number = int(typed)  # the guard knows it
    path = "/" + "".join(f"{part}/" for part in places.paths(tx, {number})[number])
    return number, path


def _first_words(tx: Connection, source: str, given: dict[str, str]) -> Survey:
    """Raises Wrong."""
    file = request.files.get("file")
    if file:
        return survey_files.read(file.read(survey_files.MOST + 1))
    if source:
        found = drafts.find(tx, source) or abort(404)
        return drafts.copied(found.definition)
    lang, text = given.get("language", ""), " ".join(given.get("question", "").split())
    problem = survey.text_problem(text, survey.MAX_TEXT["question"])
    fields = {
        "question": _("Write the question as it will stand on the screen: up to {most} characters.").format(
            most=survey.MAX_TEXT["question"]
        )
        if problem
        else None,
        "language": None if lang in survey_forms.LANGUAGES else _("Choose a language."),
    }
    refuse(fields)
    return drafts.begun(text, lang)


def _new(tx: Connection, given: dict[str, str], problems: dict[str, str]) -> Response:
    rights = access.viewer().rights
    return make_response(
        render_template(
            "office/survey_new.html",
            given=given,
            problems=problems,
            owners=_owners(tx),
            languages=survey_forms.LANGUAGES,
            everybody=rights.may("surveys", EVERYWHERE),
        )
    )


def _owners(tx: Connection) -> list[tuple[int, str]]:
    return survey_list.owners(tx, access.viewer().rights)


@routes.get("/surveys/<survey:name>")
@access.may("see")
def one(name: str) -> Response:
    with centre().db.reading() as tx:
        draft = drafts.find(tx, name) or abort(404)
        return _editor(tx, draft, Typed(draft.definition, draft.version))


@routes.post("/surveys/<survey:name>")
@access.may("surveys")
def keep(name: str) -> Response:
    """Save what was typed; or, for a button that changes what the form is made of, show the form so and save
    nothing."""
    request.max_form_memory_size = LARGEST_FORM
    here, fields = centre(), dict(request.form.lists())
    version, do = request.form.get("version", -1, int), request.form.get("do", "save")
    if name == survey.BUILTIN.id:
        abort(403)
    with here.db.reading() as tx:
        draft = drafts.find(tx, name) or abort(404)
        written = survey_forms.read(fields, draft.definition)
        if do != "save":
            shown = written if do == "show" else survey_forms.done(written, do, fields) or abort(400)
            return _editor(tx, draft, Typed(shown, version), is_saved=False)
    try:
        with here.db.writing() as tx:
            drafts.save(tx, access.actor(), draft, version, written, here.now_ms())
    except edits.Changed:
        with here.db.reading() as tx:
            newest = drafts.find(tx, name) or abort(404)
            answer = _editor(tx, newest, Typed(written, newest.version, has_changed=True), is_saved=False)
        answer.status_code = 409
        return answer
    beside = request.form.get("beside", "")
    return redirect(f"/surveys/{name}?saved=1" + (f"&beside={beside}" if beside in written.languages else ""), 303)


def _editor(tx: Connection, draft: Draft, typed: Typed, is_saved: bool = True) -> Response:
    rights, asked = access.viewer().rights, typed.definition
    wrong, missing = _sorted(asked)
    beside = request.values.get("beside", "")
    known = surveys.questions(tx)
    return make_response(
        render_template(
            "office/survey.html",
            draft=draft,
            asked=asked,
            version=typed.version,
            has_changed=typed.has_changed,
            problems=wrong,
            missing=missing,
            is_saved=is_saved,
            is_new=drafts.is_unpublished(tx, draft) and draft.id != survey.BUILTIN.id,
            may_write=draft.id != survey.BUILTIN.id and rights.may("surveys", draft.path),
            may_copy=rights.may_somewhere("surveys"),
            everybody=rights.may("surveys", EVERYWHERE),
            owners=_owners(tx),
            beside=beside if beside in asked.languages[1:] else "",
            published=known.keys(),
            languages=survey_forms.LANGUAGES,
            forms=survey_forms,
            survey_words=survey_words,
            most=survey.MAX_TEXT,
            preview=preview,
            preview_version=0,
        )
    )


def _sorted(asked: Survey) -> tuple[dict[str, str], dict[str, str]]:
    """What is wrong, and what is only missing, by field: a draft may be incomplete."""
    wrong = survey_forms.wrong(asked)
    empty = {survey_forms.field_of(problem) for problem in survey.problems(asked) if problem.code == "no_text"}
    missing = {name: said for name, said in wrong.items() if name in empty}
    return {name: said for name, said in wrong.items() if name not in empty}, missing


@routes.post("/surveys/<survey:name>/discard")
@access.may("surveys")
def discard(name: str) -> Response:
    here = centre()
    with here.db.writing() as tx:
        draft = drafts.find(tx, name) or abort(404)
        stays = drafts.discard(tx, access.actor(), draft, request.form.get("version", -1, int), here.now_ms())
    return redirect(f"/surveys/{name}" if stays else "/surveys", 303)
