"""A survey's versions over HTTP: what a new one would change, the deed, those there were, and each as a file."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access, survey
from sync.centre import centre
from sync.office import drafts, publishing, survey_changes, survey_files, survey_words, surveys
from sync.office.drafts import Draft
from sync.office.forms import Wrong
from sync.survey import Survey

routes = Blueprint("publishing", __name__)


@routes.get("/surveys/<survey:name>/publish")
@access.may("surveys")
def before_publishing(name: str) -> Response:
    with centre().db.reading() as tx:
        draft = drafts.find(tx, name) or abort(404)
        return _publishing(tx, draft, {}, {})


@routes.post("/surveys/<survey:name>/publish")
@access.may("surveys")
def publish(name: str) -> Response:
    here, given = centre(), request.form.to_dict()
    if name == survey.BUILTIN.id:
        abort(403)
    version = request.form.get("version", -1, int)
    try:
        with here.db.writing() as tx:
            draft = drafts.find(tx, name) or abort(404)
            done = publishing.publish(tx, access.actor(), access.viewer().rights, draft, version, given, here.now_ms())
    except Wrong as wrong:
        with here.db.reading() as tx:
            answer = _publishing(tx, draft, given, wrong.fields)
        answer.status_code = 400
        return answer
    return redirect(f"/surveys/{name}?published={done.version}", 303)


def _publishing(tx: Connection, draft: Draft, given: dict[str, str], problems: dict[str, str]) -> Response:
    before = surveys.published(tx, draft.id, draft.published) if draft.published else None
    return make_response(
        render_template(
            "office/survey_publish.html",
            draft=draft,
            asked=draft.definition,
            before=before,
            ready=publishing.ready(tx, access.viewer().rights, draft),
            changes=survey_changes.between(before, draft.definition) if before else [],
            is_new=drafts.is_unpublished(tx, draft),
            given=given,
            problems=problems,
            survey_words=survey_words,
        )
    )


@routes.get("/surveys/<survey:name>/versions")
@access.may("see")
def versions(name: str) -> Response:
    """Every version there was; one of them, as it was asked."""
    with centre().db.reading() as tx:
        draft = drafts.find(tx, name) or abort(404)
        every_one = [each for each in surveys.versions(tx) if each.id == name]
        shown = request.args.get("version", draft.published, int)
        asked = surveys.published(tx, name, shown) if 0 < shown < 2**31 else None
        if asked is None and every_one:
            abort(404)
    return make_response(
        render_template(
            "office/survey_versions.html",
            draft=draft,
            versions=every_one,
            asked=asked,
            survey_words=survey_words,
            now_ms=centre().now_ms(),
        )
    )


@routes.get("/surveys/<survey:name>/export")
@access.may("see")
def export(name: str) -> Response:
    """A version, or without one the draft, as a TOML file."""
    with centre().db.reading() as tx:
        draft = drafts.find(tx, name) or abort(404)
        asked: Survey | None = draft.definition
        if "version" in request.args:
            number = request.args.get("version", 0, int)
            asked = surveys.published(tx, name, number) if 0 < number < 2**31 else None
    if asked is None:
        abort(404)
    answer = make_response(survey_files.write(asked))
    answer.mimetype = "application/toml"
    answer.headers["Content-Disposition"] = f'attachment; filename="{asked.id}-{asked.version}.toml"'
    return answer
