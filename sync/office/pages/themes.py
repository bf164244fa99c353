"""What comments are about, over HTTP: themes, their words, and what those would find."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access, i18n
from sync.centre import centre
from sync.office import branches, comment_index, comment_search, local_time, places, theme_counts, theme_words
from sync.office import themes as subject
from sync.office.comment_search import Wanted
from sync.office.edits import Changed
from sync.office.filters import Filters, Narrowed
from sync.office.forms import Wrong
from sync.office.pages import noted
from sync.office.rights import EVERYWHERE, Rights
from sync.office.theme_counts import Told, Trial
from sync.office.theme_words import Words
from sync.office.themes import Theme
from sync.office.tongue import LANGUAGES, _

routes = Blueprint("themes", __name__)
SPAN = 91
"""Local days that the list of themes looks back on."""
_FIELD = "words_"


@routes.get("/themes")
@access.may("surveys")
def every() -> Response:
    here, rights = centre(), access.viewer().rights
    comment_index.fold(here.db)
    with here.db.reading() as tx:
        found = subject.seen(tx, rights)
        told = _told(tx, rights, found, here.now_ms())
        roots = branches.topmost(tx, rights, "surveys", None)
    page = render_template(
        "office/themes.html",
        told=told, days=SPAN, everywhere=rights.may("surveys", EVERYWHERE), roots=roots,
        mine=[theme.id for theme in found if rights.may("surveys", theme.path)],
    )  # fmt: skip
    return make_response(page)


@routes.post("/themes/starters")
@access.may("surveys", place="place")
def start() -> Response:
    """Those to begin with, all at once."""
    here, place = centre(), request.form.get("place", type=int)
    if place is not None or access.viewer().rights.may("surveys", EVERYWHERE):
        with here.db.writing() as tx:
            subject.start(tx, access.actor(), place, here.now_ms())
    return redirect("/themes", code=303)


@routes.get("/themes/new")
@access.may("surveys", place="place")
def new() -> Response:
    return _form(None)


@routes.post("/themes/new")
@access.may("surveys", place="place")
def add() -> Response:
    here, asked, place = centre(), request.form, request.form.get("place", type=int)
    if asked.get("do") in ("preview", "language"):
        return _form(None)
    try:
        if place is None and not access.viewer().rights.may("surveys", EVERYWHERE):
            raise Wrong({"place": _("Choose whose it is.")})
        with here.db.writing() as tx:
            subject.add(tx, access.actor(), asked.get("name", ""), _words(), place, here.now_ms())
    except Wrong as wrong:
        return _form(None, wrong.fields, 400)
    return redirect("/themes", code=303)


@routes.get("/themes/<theme:number>")
@access.may("surveys")
def one(number: int) -> Response:
    return _form(_theme(number))


@routes.post("/themes/<theme:number>")
@access.may("surveys")
def save(number: int) -> Response:
    """Try its words out, save them, or delete it: the button says which (`do`)."""
    here, asked, by = centre(), request.form, access.actor()
    version, do = asked.get("version", 0, type=int), asked.get("do", "save")
    if do in ("preview", "language"):
        return _form(_theme(number))
    try:
        with here.db.writing() as tx:
            if do == "remove":
                subject.remove(tx, by, number, version, here.now_ms())
            else:
                subject.change(tx, by, number, version, asked.get("name", ""), _words(), here.now_ms())
    except Wrong as wrong:
        return _form(_theme(number), wrong.fields, 400)
    except Changed:
        return _form(_theme(number), status=409)
    return redirect("/themes", code=303)


def _theme(number: int) -> Theme:
    with centre().db.reading() as tx:
        return subject.find(tx, number) or abort(404)


def _words() -> Words:
    """What stands in the fields, by language."""
    asked = request.form
    return {
        name.removeprefix(_FIELD): theme_words.entries(text) for name, text in asked.items() if name.startswith(_FIELD)
    }


def _form(theme: Theme | None, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    here, rights, asked = centre(), access.viewer().rights, request.form
    words = _words() if asked else theme.words if theme else {}
    comment_index.fold(here.db)
    with here.db.reading() as tx:
        langs = _languages(tx, rights, words)
        trial = _trial(tx, rights, words)
        roots = branches.topmost(tx, rights, "surveys", request.values.get("place", type=int))
    if trial:
        noted.read(example.comment.place for example in trial.examples)
    page = render_template(
        "office/theme.html",
        theme=theme, problems=problems or {}, given=asked or {"name": theme.name if theme else ""}, langs=langs,
        typed={lang: asked.get(_FIELD + lang, ", ".join(words.get(lang, ()))) for lang in langs},
        trial=trial, clash=status == 409, place=request.values.get("place", type=int), roots=roots,
        everywhere=rights.may("surveys", EVERYWHERE), may=theme is None or rights.may("surveys", theme.path),
        others=[(code, i18n.own_name(code)) for code in _known() if code not in langs],
    )  # fmt: skip
    return make_response(page, status)


def _languages(tx: Connection, rights: Rights, words: Words) -> list[str]:
    """Those to give words in: the theme's, those that people wrote in, of the pages, and the one that was asked for."""
    written = [lang.split("-")[0] for lang in comment_search.languages(tx, rights.roots("responses"))]
    more = [request.form.get("language", "")] if request.form.get("do") == "language" else []
    every = [*words, *written, *LANGUAGES, *more]
    return [lang for lang in dict.fromkeys(every) if theme_words.is_language(lang)]


def _known() -> list[str]:
    return sorted(i18n.NAMES | i18n.OTHER_NAMES, key=lambda code: i18n.own_name(code).casefold())


def _trial(tx: Connection, rights: Rights, words: Words) -> Trial | None:
    """None where nothing can be tried out: without words, or with such as cannot be used."""
    fits = {lang: listed for lang, listed in words.items() if listed and not theme_words.problem(listed)}
    paths = rights.roots("responses")
    return theme_counts.tried(tx, paths, fits) if fits and paths else None


def _told(tx: Connection, rights: Rights, found: list[Theme], now_ms: int) -> Told:
    """Of the last days, wherever they may read what was written."""
    last = local_time.day_of(now_ms, places.DEFAULT_ZONE) + 1  # it is tomorrow somewhere already
    usual = Filters(narrowed=Narrowed(flagged="with"))
    return theme_counts.told(tx, Wanted(rights.roots("responses"), usual, last - SPAN, last), found)
