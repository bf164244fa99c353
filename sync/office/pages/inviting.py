"""Letting somebody in, over HTTP: a form that is filled in step by step where there is no script."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import choosing, forms, hiring
from sync.office.choosing import WHOLE, Offer, Offers, Unclear
from sync.office.forms import Wrong
from sync.office.hiring import Role
from sync.office.pages import hand_over

routes = Blueprint("inviting", __name__)


@dataclass
class _Form:
    """What is on the form: the roles chosen so far, and the problems there are."""

    roles: list[Role] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    offers: Offers | None = None


@routes.get("/people/invite")
@access.may("people")
def invite() -> Response:
    return _draw(_Form())


@routes.post("/people/invite")
@access.may("people")
def try_invite() -> Response:
    asked, do = request.form, request.form.get("do", "invite")
    form = _Form(_roles(asked.getlist("grant")))
    if "drop" in asked:
        gone = _roles([asked["drop"]])
        form.roles = [role for role in form.roles if role not in gone]
        return _draw(form)
    if do == "find":
        return _draw(form)
    if do == "add" or not form.roles or asked.get("at") or asked.get("place", "").strip():
        _add(form)
    if do == "add":
        return _draw(form, status=400 if form.problems else 200)
    return _invited(form)


def _add(form: _Form) -> None:
    """The role and the place that stand on the form, to those chosen."""
    asked, rights = request.form, access.viewer().rights
    try:
        with centre().db.reading() as tx:
            at = choosing.chosen(
                tx, rights, "people", asked.get("at", ""), asked.get("place", ""), asked.get("offered", "")
            )
            form.offers = choosing.offers(tx, rights, "people", "")
    except Unclear as problem:
        form.problems, form.offers = dict(problem.fields), problem.offers
        return
    if (asked.get("role", ""), at) not in form.roles:
        form.roles.append((asked.get("role", ""), at))


def _invited(form: _Form) -> Response:
    asked, here = request.form, centre()
    name, email, language = (asked.get(each, "") for each in ("name", "email", "language"))
    if form.problems:  # all of them at once
        others = {"email": hiring.email_problem(email), "name": forms.name_problem(name)}
        form.problems |= {each: problem for each, problem in others.items() if problem}
        return _draw(form, status=400)
    try:
        with here.db.writing() as tx:
            number = hiring.invite(tx, access.actor(), email, name, language, form.roles, here.now_ms())
    except Wrong as problem:
        form.problems = problem.fields
        return _draw(form, status=400)
    return hand_over.to(number)


def _roles(given: Iterable[str]) -> list[Role]:
    """What hidden fields hold, "admin:12" or "admin:all"; what is nothing of the kind is left out."""
    found: list[Role] = []
    for text in given:
        role, _colon, place = text.partition(":")
        if place == WHOLE:
            found.append((role, None))
        elif place.isascii() and place.isdecimal() and len(place) <= 9:
            found.append((role, int(place)))
    return list(dict.fromkeys(found))[:50]


def _draw(form: _Form, status: int = 200) -> Response:
    rights = access.viewer().rights
    with centre().db.reading() as tx:
        offers = form.offers or choosing.offers(tx, rights, "people", request.form.get("place", ""))
        places = choosing.named(tx, rights, "people", [place for _role, place in form.roles])
    chosen: list[tuple[str, Offer]] = [(role, places[place]) for role, place in form.roles if place in places]
    page = render_template(
        "office/invite.html", problems=form.problems, given=request.form, offers=offers, chosen=chosen,
        picked="" if form.offers else request.form.get("at", ""),
    )  # fmt: skip
    return make_response(page, status)
