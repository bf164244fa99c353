"""Handing a link over: shown once to whoever made it, and mailed where there is a mail server."""

from flask import make_response, render_template
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import hiring, links
from sync.office.pages import letters


def to(number: int) -> Response:
    """A new link for this person. Raises Wrong."""
    here = centre()
    with here.db.writing() as tx:
        purpose, token = hiring.new_link(tx, access.actor(), number, here.now_ms())
        guest = links.look(tx, purpose, token, here.now_ms())
    is_mailed = guest is not None and letters.send(purpose, guest, token, access.viewer().name)
    hours = links.PERSON_MS // links.HOUR_MS
    page = render_template(
        "office/link.html", number=number, guest=guest, purpose=purpose, address=letters.address(purpose, token),
        is_mailed=is_mailed, hours=hours,
    )  # fmt: skip
    return make_response(page)
