"""Letters that pages send: an invitation, a link to a new password. And the addresses of one-time links."""

from flask import Flask, current_app, render_template, request

from sync.centre import Centre, centre
from sync.office import links, mail, organisation, tongue
from sync.office.links import Guest, Purpose
from sync.office.mail import Letter, Trouble
from sync.office.tongue import _


def address(purpose: Purpose, token: str) -> str:
    """The whole address of a one-time link, to be copied by whoever made it."""
    return f"{centre().settings.public_url or request.host_url.rstrip('/')}{links.PATHS[purpose]}{token}"


def trouble() -> Trouble | None:
    """What went wrong with the newest letter."""
    with centre().db.reading() as tx:
        return mail.trouble(tx)


def send(purpose: Purpose, guest: Guest, token: str, by: str = "") -> bool:
    """Mails a link to whose it is, while the page goes on; call it after the commit. `by`: who invites them. False:
    no mail server is configured, so somebody has to hand the link on."""
    here, app = centre(), current_app._get_current_object()  # type: ignore[attr-defined]
    if not mail.is_configured(here.settings):
        return False
    lang, link = guest.language or tongue.language(), address(purpose, token)
    mail.later(here.db, here.settings, here.now_ms, lambda: _written(app, here, lang, purpose, guest, link, by))
    return True


def _written(app: Flask, here: Centre, lang: str, purpose: Purpose, guest: Guest, link: str, by: str) -> Letter:
    with here.db.reading() as tx:
        name = organisation.name(tx)
    with app.app_context(), tongue.speaking(lang):
        subjects = {"invite": _("Your invitation to Smilepost"), "password": _("A new password for Smilepost")}
        template = "mail/invitation.txt" if purpose == "invite" else "mail/password.txt"
        text = render_template(template, guest=guest, link=link, by=by, organisation=name)
        return Letter(guest.email, subjects[purpose], text)


def forgotten(email: str) -> None:
    """Mails a link to a new password to who has this account, if there is one; takes as long if there is none."""
    here, app = centre(), current_app._get_current_object()  # type: ignore[attr-defined]
    if not mail.is_configured(here.settings):
        return
    lang, base = tongue.language(), address("password", "")

    def write() -> Letter | None:
        with here.db.writing() as tx:
            found = links.forgotten(tx, email, here.now_ms())
        if found is None:
            return None
        guest, token = found
        return _written(app, here, guest.language or lang, "password", guest, base + token, "")

    mail.later(here.db, here.settings, here.now_ms, write)
