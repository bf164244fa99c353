"""What the screens of a place, or of one touchpoint, are told, over HTTP: one form for each key."""

from typing import Any

import msgspec
from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from sync import access, i18n
from sync.centre import centre
from sync.office import branches, colours, edits, setting_words, settings, survey_list, surveys, touchpoints
from sync.office.forms import Wrong
from sync.office.settings import KEYS, At, BadSetting, Given, Holding
from sync.office.settings.keys import MOST_MESSAGES, MOST_TEXT
from sync.office.tongue import _
from sync.survey import text_problem

routes = Blueprint("settings", __name__)

Problems = dict[str, str]
LANGUAGES_EDITED = 6
"""Languages in which messages are written side by side at most."""


@routes.get("/places/<place:number>/settings")
@access.may("places")
def of_place(number: int) -> Response:
    return _page(number, None)


@routes.post("/places/<place:number>/settings")
@access.may("places")
def set_place(number: int) -> Response:
    return _set(number, None)


@routes.get("/touchpoints/<touchpoint:number>/settings")
@access.may("places")
def of_touchpoint(number: int) -> Response:
    return _page(_location(number), number)


@routes.post("/touchpoints/<touchpoint:number>/settings")
@access.may("places")
def set_touchpoint(number: int) -> Response:
    return _set(_location(number), number)


@routes.get("/accent")
@access.may("places")
def contrast() -> Response:
    """Whether a colour can be read on a screen, while it is typed."""
    return make_response(render_template("office/_accent.html", said=_readable(request.args.get("value", ""))))


def _readable(text: str) -> tuple[str, str | None]:
    """A sentence, and the colour itself where it can be used."""
    if not text.strip():
        return "", None
    try:
        found = colours.accent(text).light
    except colours.BadColour as problem:
        return str(problem), None
    least = min(colours.contrast(found, ground) for ground in (colours.LIGHT.paper, colours.LIGHT.card))
    return _("Readable: its contrast is {ratio} : 1.").format(ratio=int(least * 10) / 10), found


def _location(touchpoint: int) -> int:
    with centre().db.reading() as tx:
        found = touchpoints.find(tx, touchpoint) or abort(404)
    return found.location_id


def _set(location: int, touchpoint: int | None) -> Response:
    here = centre()
    try:
        form = request.form
        key, seen_ms = form.get("key", ""), form.get("seen", 0, type=int)
        given = None if form.get("do") == "inherit" else _given(key)
        with here.db.writing() as tx:
            at = settings.find(tx, location, touchpoint)
            settings.change(tx, access.actor(), at, key, given, here.now_ms(), seen_ms=seen_ms)
    except RequestEntityTooLarge:  # only a picture is that large
        return _page(location, touchpoint, "logo", {"logo": _("This file is far too large for a logo.")}, 413)
    except Wrong as wrong:
        return _page(location, touchpoint, key, wrong.fields, 400)
    except BadSetting as problem:
        return _page(location, touchpoint, key, {key if key in KEYS else "": str(problem)}, 400)
    except edits.Changed:
        return _page(location, touchpoint, key, status=409)
    return redirect(f"{request.path}#{key}" if key in KEYS else request.path, code=303)


def _given(key: str) -> Given:
    """What was typed for a key, as `settings.change` takes it. Raises Wrong."""
    if key == "logo":
        file = request.files.get("logo")
        content = file.read() if file else b""
        if not content:
            raise Wrong({"logo": _("Choose a file.")})
        return content
    if key == "languages":
        first = request.form.get("first", "")
        return ",".join(
            dict.fromkeys([first, *request.form.getlist("more")]) if first else request.form.getlist("more")
        )
    return _messages() if key == "messages" else request.form.get("value", "")


def _messages() -> bytes:
    """The messages that were written, without JSON. Raises Wrong beside each text that can't be."""
    found, problems = [], Problems()
    for index in range(MOST_MESSAGES):
        said, did = _written(index, "said"), _written(index, "did")
        for lang in sorted(said.keys() ^ did.keys()):
            missing = "did" if lang in said else "said"
            problems[f"{missing}.{index}.{lang}"] = _("Write both halves, or neither.")
        for part, texts in (("said", said), ("did", did)):
            for lang, text in texts.items():
                if text_problem(text, MOST_TEXT):
                    sentence = _(
                        "At most {most} characters, and nothing that cannot be seen or turns the direction of text."
                    )
                    problems[f"{part}.{index}.{lang}"] = sentence.format(most=MOST_TEXT)
        if said or did:
            found.append({"said": said, "did": did})
    if problems:
        raise Wrong(problems)
    return msgspec.json.encode(found)


def _written(index: int, part: str) -> dict[str, str]:
    """By language."""
    begins = f"{part}.{index}."
    texts = {name.removeprefix(begins): text.strip() for name, text in request.form.items() if name.startswith(begins)}
    return {lang: text.replace("\r\n", "\n") for lang, text in texts.items() if text}


def _page(
    location: int, touchpoint: int | None, key: str = "", problems: Problems | None = None, status: int = 200
) -> Response:
    rights = access.viewer().rights
    with centre().db.reading() as tx:
        at = settings.find(tx, location, touchpoint)
        held = {each.key: each for each in settings.known(tx, location, touchpoint)}
        more: dict[str, Any] = {
            "seen": settings.stamps(tx, at),
            "way": branches.way(tx, rights, f"{at.subject.path}0/"),
            "askable": sorted(survey_list.askable(tx, at.subject.path) | {held["survey"].value}),
            "offered": sorted(frozenset(i18n.NAMES) | surveys.languages(tx)),
            "seeable": _seeable(at, held, rights),
        }
    typed = request.form if status not in (200, 413) else {}
    page = render_template(
        "office/settings.html", at=at, held=held, open=key, problems=problems or {}, clash=status == 409, typed=typed,
        parts=setting_words.PARTS, label=setting_words.label,
        hint_of=setting_words.hint, shown=setting_words.shown, own_name=i18n.own_name,
        texts_of=setting_words.texts_of, most_messages=MOST_MESSAGES, most_text=MOST_TEXT, codes=_codes(held),
        accent=_readable(str(typed.get("value") or "") if key == "accent" else held["accent"].value or ""), **more,
    )  # fmt: skip
    return make_response(page, status)


def _seeable(at: At, held: dict[str, Holding], rights: Any) -> frozenset[int]:
    """Of the places where something was set, those that this person sees: others are not named."""
    chain = [int(part) for part in at.subject.path.split("/") if part]
    paths = {number: "/" + "/".join(map(str, chain[: index + 1])) + "/" for index, number in enumerate(chain)}
    return frozenset(number for number, path in paths.items() if rights.may("see", path))


def _codes(held: dict[str, Holding]) -> list[str]:
    """In which languages messages are written: those of the place and those that there are; the page's own, else."""
    written = [lang for message in held["messages"].value or [] for lang in message["said"]]
    codes = list(dict.fromkeys([*(held["languages"].value or ["en"]), *written]))
    return codes[: max(LANGUAGES_EDITED, len(set(written)))]
