"""A briefing as a letter: plain text, and the same as HTML for whoever reads it there."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from flask import Flask, render_template

from sync.centre import Centre
from sync.office import composing, letter_size, mail, organisation, posting, subscriptions, tongue
from sync.office.briefing import Briefing
from sync.office.carrying import Letter
from sync.office.letter_times import TEAMS
from sync.office.mailings import Due
from sync.office.posting import Post
from sync.office.subscriptions import Subscription

_JOINT = re.compile(r"(?<=\w)([.@])(?=\w)|(?<=:)(//)")


def sent(app: Flask, here: Centre) -> AbstractContextManager[None]:
    """Meanwhile they leave when they are due, where there is a mail server."""
    return posting.kept(post(app, here)) if mail.is_configured(here.settings) else nullcontext()


def post(app: Flask, here: Centre) -> Post:
    """What sends the briefings of this centre."""
    return Post(here.db, here.settings, here.now_ms, writer(app, here))


def writer(app: Flask, here: Centre) -> Callable[[Due], Letter | str]:
    """Writes a letter in its reader's language, or says why there is none."""

    def write(due: Due) -> Letter | str:
        with app.app_context(), tongue.speaking(due.subscription.language):
            said = composing.compose(here.db, due, here.now_ms())
            return said if isinstance(said, str) else letter(here, due.subscription, said)

    return write


def letter(here: Centre, found: Subscription, briefing: Briefing) -> Letter:
    """Needs the application's context, and speaks its language."""
    ours = (here.settings.public_url or "").rstrip("/")
    leave = f"{ours}/leave/{_token(here, found)}"
    with here.db.reading() as tx:
        name = organisation.name(tx)
    told = {
        "briefing": letter_size.fitted(briefing),
        "ours": ours,
        "page": f"{ours}{_page(found)}",
        "leave": leave,
        "found": found,
        "organisation": name,
        "unlinked": unlinked,
    }
    headers = {
        "List-Unsubscribe": f"<{leave}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Content-Language": tongue.language(),
    }
    text, html = (render_template(f"mail/briefing.{kind}", **told) for kind in ("txt", "html"))
    return Letter(found.address, briefing.title, text, html, headers)


def _page(found: Subscription) -> str:
    """Where somebody who signs in reads the same, or more."""
    if found.place is None:
        return "/"
    return f"/briefing/{found.place}" if found.kind in TEAMS else f"/locations/{found.place}"


def unlinked(text: str) -> str:
    """What a customer wrote, so that no mail program makes a link of it: it would lead wherever they please."""
    return _JOINT.sub(lambda match: f"{match[0]}\N{ZERO WIDTH NON-JOINER}", text)


def _token(here: Centre, found: Subscription) -> str:
    with here.db.reading() as tx:
        token = subscriptions.leave_token(tx, found, here.secrets)
    if token is not None:
        return token
    with here.db.writing() as tx:
        return subscriptions.renew(tx, found, here.secrets)
