"""Who may call a route. Every route declares it; a server with a route that doesn't declare it doesn't start."""

from collections.abc import Callable
from typing import Literal, TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request
from flask_htmx import HTMX  # type: ignore[import-untyped]  # ships without types
from werkzeug.wrappers import Response as BaseResponse

from sync.centre import centre
from sync.office import people

Who = Literal["anyone", "device", "signed_in"]
View = TypeVar("View", bound=Callable[..., object])

htmx = HTMX()
COOKIE = "smilepost"
_DECLARED = "smilepost_open_to"
_HARMLESS = ("GET", "HEAD", "OPTIONS")


class Undeclared(RuntimeError):
    """A route says nothing about who may call it."""


def open_to(who: Who) -> Callable[[View], View]:
    """Declares who may call a view: `anyone`; a `device`, whose signature the view checks itself; a person who is
    `signed_in`, found in `flask.g.user`."""

    def declare(view: View) -> View:
        setattr(view, _DECLARED, who)
        return view

    return declare


def check(app: Flask) -> None:
    """Raises Undeclared for the first route without a declaration."""
    for rule in app.url_map.iter_rules():
        if not hasattr(app.view_functions[rule.endpoint], _DECLARED):
            raise Undeclared(f"{rule.rule} ({rule.endpoint}) does not declare who may call it: use access.open_to")


def guard(app: Flask) -> None:
    """Puts the checks before every request."""
    app.before_request(_check_request)


def _check_request() -> BaseResponse | None:
    if request.endpoint is None:  # no such page: everybody may hear that
        return None
    who = getattr(current_app.view_functions[request.endpoint], _DECLARED)
    # A browser adds a person's cookie to whatever another site makes it send; a device has no cookies.
    if who != "device" and request.method not in _HARMLESS and not _comes_from_our_pages():
        abort(403)
    if who != "signed_in":
        return None
    g.user = _person()
    return None if g.user else _to_sign_in()


def _comes_from_our_pages() -> bool:
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


def is_fragment() -> bool:
    """Whether a piece of a page is asked for, to be put into the one that is open. A boosted link and a page that comes
    back from the history ask for all of it."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def _to_sign_in() -> BaseResponse:
    if htmx:
        # A fragment would land in the middle of the old page: the whole page goes instead.
        page = urlsplit(htmx.current_url or "").path
        return Response(status=401, headers={"HX-Redirect": _sign_in_path(page or "/")})
    page = request.full_path.removesuffix("?") if request.method == "GET" else "/"
    return redirect(_sign_in_path(page), code=303)


def _sign_in_path(page: str) -> str:
    return "/sign-in" if page == "/" else f"/sign-in?next={quote(page, safe='/')}"


def give_session(response: BaseResponse, token: str) -> None:
    """The cookie of a person who just signed in: for our pages only, not for scripts, over https when we are."""
    response.set_cookie(
        COOKIE, token, max_age=people.LONGEST_MS // 1000, httponly=True, samesite="Lax", secure=_is_https()
    )


def take_session(response: BaseResponse) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=_is_https())


def _is_https() -> bool:
    return request.is_secure or (centre().settings.public_url or "").startswith("https://")
