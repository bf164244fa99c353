"""Who may call a route. Every route declares it; a server with a route that doesn't declare it doesn't start.

A route for people with a permission names what it is about by kind: in its address (`/places/<place:number>`) or among
its fields (`may("places", parent="place")`). The guard looks where that belongs before the route is called: what lies
outside of what this person sees is not there (404); what they see and may not do is refused (403)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request
from flask_htmx import HTMX  # type: ignore[import-untyped]  # ships without types
from werkzeug.exceptions import Forbidden
from werkzeug.routing import BaseConverter, IntegerConverter
from werkzeug.wrappers import Response as BaseResponse

from sync import bearer, log_lines, speaking
from sync.centre import centre
from sync.office import people, subjects, tongue
from sync.office.audit import Actor
from sync.office.keys import Holder, Kind
from sync.office.people import User
from sync.office.rights import PERMISSIONS, Permission

Who = Literal["anyone", "device", "machine", "half_signed_in", "signed_in", "permitted"]
View = TypeVar("View", bound=Callable[..., object])

htmx = HTMX()
COOKIE = "smilepost"
SIGN_IN = "/sign-in"
SECOND = "/second"
"""Where a session goes that still owes its second factor."""
_DECLARED = "smilepost_open_to"
_HARMLESS = ("GET", "HEAD", "OPTIONS")


class CrewClosed(Forbidden):
    """What a crew was answered is for the crew and whoever manages it."""


class Undeclared(RuntimeError):
    """A route says nothing about who may call it."""


@dataclass(frozen=True)
class Declared:
    """Who may call a view. `fields`: the kind of each field of a form or a query that names something. `partly`: what
    is changed need not be theirs entirely; the view looks itself at which part is. `answers`: of what is named it shows
    what customers answered there, so that a crew's is for those alone who see that crew. `key`: which kind of key a
    machine needs, `whole`: one for the whole organisation. `from_anywhere`: see open_to."""

    who: Who
    permission: Permission | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    partly: bool = False
    answers: bool = False
    key: Kind | None = None
    whole: bool = False
    from_anywhere: bool = False


def open_to(who: Who, *, from_anywhere: bool = False) -> Callable[[View], View]:
    """Declares who may call a view: `anyone`; a `device`, whose signature the view checks itself; a person who is
    `signed_in`, whatever they may, or `half_signed_in`, before their second factor: found in `flask.g.user`.
    `from_anywhere`: what is sent to it need not come from our pages, as the address itself says what may be done and
    no cookie does; only for `anyone`."""
    if from_anywhere and who != "anyone":
        raise Undeclared(f"{who!r} has a cookie or a signature: what is sent there comes from our pages")
    return _declare(Declared(who, from_anywhere=from_anywhere))


def may(permission: Permission, *, partly: bool = False, answers: bool = True, **fields: str) -> Callable[[View], View]:
    """Declares that a view is for people with this permission, at everything that its address and these fields name by
    kind (see subjects.KINDS). What `see` and `responses` open shows what customers answered, unless it says that it
    shows no `answers`. Raises Undeclared for a permission or a kind that there isn't."""
    if permission not in PERMISSIONS or not set(fields.values()) <= subjects.KINDS.keys():
        raise Undeclared(f"{permission!r} with the fields {fields} declares nothing: see rights and subjects.KINDS")
    return _declare(Declared("permitted", permission, fields, partly, answers and permission in ("see", "responses")))


def key(kind: Kind, *, whole: bool = False, **fields: str) -> Callable[[View], View]:
    """Declares that a view is for machines with a key of this kind (`Authorization: Bearer …`), within the part of the
    tree that it was made for, `whole`: only with one for everything. The view finds it by `holder()`."""
    if not set(fields.values()) <= subjects.KINDS.keys():
        raise Undeclared(f"a key with the fields {fields} declares nothing: see subjects.KINDS")
    return _declare(Declared("machine", fields=fields, key=kind, whole=whole))


def _declare(declared: Declared) -> Callable[[View], View]:
    def declare(view: View) -> View:
        setattr(view, _DECLARED, declared)
        return view

    return declare


def declared(app: Flask, endpoint: str) -> Declared | None:
    """What this route declares."""
    found: Declared | None = getattr(app.view_functions[endpoint], _DECLARED, None)
    return found


class _Numbered(IntegerConverter):
    """An id in an address that is a number."""


class _Named(BaseConverter):
    """An id in an address that is a word."""


def name_kinds(app: Flask) -> None:
    """Lets addresses name each kind of subject; before routes are registered."""
    for kind in subjects.KINDS:
        made_of = _Numbered if kind in subjects.NUMBERED else _Named
        app.url_map.converters[kind] = type(kind, (made_of,), {"kind": kind})


def check(app: Flask) -> None:
    """Raises Undeclared for the first route without a declaration, or with an id of no kind in its address."""
    for rule in app.url_map.iter_rules():
        said = declared(app, rule.endpoint)
        if said is None:
            raise Undeclared(
                f"{rule.rule} ({rule.endpoint}) does not declare who may call it: use access.may or access.open_to"
            )
        plain = [name for name in rule.arguments if kind_of(app, rule.endpoint, name) is None]
        if (said.permission or said.key) and plain:
            raise Undeclared(f"{rule.rule} ({rule.endpoint}) does not say what kind of id <{plain[0]}> is")


def kind_of(app: Flask, endpoint: str, argument: str) -> str | None:
    """The kind of subject that this argument of a route's address is the id of."""
    for rule in app.url_map.iter_rules(endpoint):
        converter = rule._converters.get(argument)
        if converter is not None:
            return getattr(converter, "kind", None)
    return None


def guard(app: Flask) -> None:
    """Puts the checks before every request."""
    app.before_request(_check_request)


def _check_request() -> BaseResponse | None:
    speaking.listen()
    if request.endpoint is None:  # no such page: everybody may hear that
        return None
    said = declared(current_app, request.endpoint) or abort(404)
    # A browser adds a person's cookie to whatever another site makes it send; devices and machines have no cookies.
    has_cookies = said.who not in ("device", "machine") and not said.from_anywhere
    if has_cookies and request.method not in _HARMLESS and not comes_from_our_pages():
        abort(403)
    if said.who in ("anyone", "device"):
        return None
    if said.key:
        return bearer.check(said.key, list(_named(said)), whole=said.whole)
    user = _person()
    if user is None:
        return _to_sign_in()
    g.user = user
    if (doing := log_lines.doing()) is not None:
        doing.user = user.id
    if user.language:
        tongue.speak(user.language)
    if said.who == "half_signed_in":
        return None
    if user.owes_second:
        return _away(_on_from(SECOND))
    if said.permission:
        _insist(user, said, said.permission)
    return None


def _insist(user: User, said: Declared, permission: Permission) -> None:
    if not user.rights.may_somewhere(permission):
        abort(403)
    named = list(_named(said))
    if not named:
        return
    with centre().db.reading() as tx:
        every = subjects.every(tx, named)
    for found in every:
        if found is None or not found.is_seen_by(user.rights, "see"):
            abort(404)
    reads = request.method in _HARMLESS
    if not all(_allows(found, user, permission, reads or said.partly) for found in every if found):
        abort(403)
    if said.answers and not all(found.is_open_to(user.rights, permission) for found in every if found):
        raise CrewClosed


def _allows(found: subjects.Standing, user: User, permission: Permission, partly: bool) -> bool:
    return found.is_seen_by(user.rights, permission) if partly else found.is_theirs(user.rights, permission)


def _named(said: Declared) -> Iterator[tuple[str, str]]:
    """What the address and the fields of this request name: (kind, id)."""
    for name, value in (request.view_args or {}).items():
        kind = kind_of(current_app, request.endpoint or "", name)
        if kind is not None:
            yield kind, str(value)
    for name, kind in said.fields.items():
        for value in (*request.args.getlist(name), *request.form.getlist(name)):
            if value:
                yield kind, value


def viewer() -> User:
    """Who is signed in. Only for routes that need somebody."""
    user: User = g.user
    return user


def holder() -> Holder:
    """The key that a machine shows. Only for routes that need one."""
    found: Holder = g.key
    return found


def actor() -> Actor:
    """Whoever calls, a person or a machine, as the audit log names them."""
    if "key" in g:
        return Actor(f"key {holder().name}", None, request.remote_addr or "")
    user = viewer()
    return Actor(f"{user.name} <{user.email}>", user.id, request.remote_addr or "")


def comes_from_our_pages() -> bool:
    """Browsers send Origin with every form and script; some hide it ("null") but then say Sec-Fetch-Site."""
    origin = request.headers.get("Origin")
    if origin is None or origin == "null":
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    ours = {request.host, urlsplit(centre().settings.public_url or "").netloc}
    return urlsplit(origin).netloc in ours - {""}


def _person() -> people.User | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    here = centre()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        user = people.session_user(tx, token, now_ms)
    if user and now_ms - user.seen_ms > people.SEEN_EVERY_MS:
        with here.db.writing() as tx:
            people.note_seen(tx, token, now_ms)
    return user


def speaks_to_machines() -> bool:
    """Whether what is asked for is answered to a program and not to a person."""
    said = declared(current_app, request.endpoint) if request.endpoint else None
    return request.path.startswith("/api/") or (said is not None and said.who in ("device", "machine"))


def is_fragment() -> bool:
    """Whether a piece of a page is asked for, to be put into the one that is open. A boosted link and a page that comes
    back from the history ask for all of it."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def _to_sign_in() -> BaseResponse:
    return _away(_on_from(SIGN_IN))


def _on_from(door: str) -> str:
    """The address of a door that leads on to what was asked for."""
    if htmx:
        page = urlsplit(htmx.current_url or "").path or "/"
    else:
        page = request.full_path.removesuffix("?") if request.method == "GET" else "/"
    return door if page == "/" else f"{door}?next={quote(page, safe='/')}"


def _away(address: str) -> BaseResponse:
    if htmx:  # a fragment would land in the middle of the old page: the whole page goes instead
        return Response(status=401, headers={"HX-Redirect": address})
    return redirect(address, code=303)


def give_session(response: BaseResponse, token: str) -> None:
    """The cookie of a person who just signed in: for our pages only, not for scripts, over https when we are."""
    response.set_cookie(
        COOKIE, token, max_age=people.LONGEST_MS // 1000, httponly=True, samesite="Lax", secure=is_https()
    )


def take_session(response: BaseResponse) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=is_https())


def is_https() -> bool:
    """Whether our pages are read over https, so that cookies need not travel otherwise."""
    return request.is_secure or (centre().settings.public_url or "").startswith("https://")
