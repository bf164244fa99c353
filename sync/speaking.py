"""In which language a request is answered: the one that the page was asked for, the one chosen earlier in this browser,
the browser's own. Whoever is signed in and chose one hears that (sync/access.py)."""

from urllib.parse import urlencode

from flask import Response, request

from sync.i18n import NAMES
from sync.leading import own_path
from sync.office import tongue

COOKIE = "smilepost-language"
ASKED = "speak"
"""The name in an address, as in `/sign-in?speak=nl`."""
_KEPT_S = 365 * 24 * 60 * 60


def listen() -> None:
    """Before anything is said."""
    chosen = (request.args.get(ASKED), request.cookies.get(COOKIE))
    known = next((code for code in chosen if code in tongue.LANGUAGES), None)
    tongue.speak(known or tongue.best(code for code, _ in request.accept_languages))


def keep(response: Response, *, secure: bool) -> None:
    """Remembers in this browser what was asked for. The cookie says nothing about anybody."""
    asked = request.args.get(ASKED)
    if asked in tongue.LANGUAGES:
        response.set_cookie(COOKIE, asked, max_age=_KEPT_S, httponly=True, samesite="Lax", secure=secure)


def choices() -> list[tuple[str, str, str]]:
    """Each language: its code, its name in itself, and the address of this page in it, told from the page itself: the
    whole one may hold a token. Where it leads on to is told only where that is a page of ours."""
    rest = {name: value for name, value in request.args.items() if name != ASKED}
    if "next" in rest:
        rest["next"] = own_path(rest["next"])
    return [(code, NAMES[code], f"?{urlencode({**rest, ASKED: code})}") for code in tongue.LANGUAGES]
