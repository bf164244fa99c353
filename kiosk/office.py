"""What a terminal asks head office for besides taking its answers: a place in the fleet, and the manifest."""

from typing import Any

import msgspec

from kiosk.identity import Identity, KeptManifest
from kiosk.line import Line
from sync import wire
from sync.i18n import mark as _

NO_ANSWER = _("Head office at {centre} does not answer; check the address and the network.")
NO_CENTRE = _("What answers at {centre} is not a Smilepost centre.")


def enrol(line: Line, who: Identity, code: str) -> tuple[wire.Enrolment | None, str]:
    """Ask the centre for a place in its fleet: the enrolment, or None and a sentence that says why not. A card that
    was moved into other hardware asks as somebody new, signed with the key that it has."""
    request = wire.EnrolmentRequest(code, who.successor or who.install, who.hardware, wire.APP)
    body, headers = wire.encode(request), {"Content-Type": "application/json"}
    if who.device is None:
        reply = line.ask("POST", wire.ENROLMENTS, body, headers)
    else:
        _, reply = line.signed(who, "POST", wire.ENROLMENTS, body, headers)
    if reply is None:
        return None, NO_ANSWER.format(centre=line.centre)
    try:
        if reply.status == 200:
            return msgspec.json.decode(reply.body, type=wire.Enrolment), ""
        problem: dict[str, Any] = msgspec.json.decode(reply.body, type=dict[str, Any])
        return None, str(problem["title"])
    except (msgspec.DecodeError, KeyError):
        return None, NO_CENTRE.format(centre=line.centre)


def manifest(line: Line, who: Identity, etag: str) -> KeptManifest | bool | None:
    """The manifest when there is another than the one of `etag`; True when that one is still good, False when what
    the centre sent cannot be read, None when nothing came that the centre signed."""
    headers = {"If-None-Match": etag} if etag else {}
    request, reply = line.signed(who, "GET", wire.MANIFEST, b"", headers)
    if reply is None or reply.status not in (200, 304) or not reply.is_signed(who.secret, request):
        return None
    if reply.status == 304:
        return True
    try:
        return KeptManifest(str(reply.headers.get("ETag", "")), msgspec.json.decode(reply.body, type=wire.Manifest))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
