"""Where a gateway takes a file that staff saved from a tablet: on the staff's page, and by the command line. Speaks
HTTP."""

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug import Response as Answer

from kiosk import carried, late
from kiosk.carried import Receive, Taken
from kiosk.outbox import NotHeld
from kiosk.speech import Speech

PLACE = "/staff/stick"
ROOM = carried.MOST_BYTES + 64 * 1024
"""Bytes of a form with the largest file."""


def routes(staff: Blueprint, control: Blueprint, receive: Receive) -> None:
    """`/staff/tablet`, behind the PIN, and `/control/take`, with the token."""

    @staff.post("/tablet")
    def upload() -> Answer:
        request.max_content_length = ROOM
        file = request.files.get("file")
        try:
            taken = carried.take(carried.deliveries(file.read() if file else b""), receive)
        except late.Unfit:
            return redirect(f"{PLACE}?done=unknown", 303)
        except NotHeld:
            return redirect(f"{PLACE}?done=held", 303)
        return redirect(f"{PLACE}?held={taken.held}&refused={taken.refused}", 303)

    @control.post("/take")
    def take() -> tuple[Response, int]:
        """A few records at a time."""
        request.max_content_length = ROOM
        try:
            taken = carried.take([late.read(request.get_data())], receive)
        except late.Unfit:
            return jsonify(sentence="This is nothing that a tablet saved."), 409
        except NotHeld as problem:
            return jsonify(sentence=f"The disk does not take it now ({problem}): nothing is lost, take it again."), 409
        return jsonify(taken._asdict()), 200


def told(say: Speech) -> list[str]:
    """What came of the file that was taken last, as its address says."""
    held, refused = (request.args.get(name, 0, int) for name in Taken._fields)
    said = []
    if "held" in request.args:
        said.append(
            say.ngettext(
                "{n} record of a tablet is held here now. It counts once, however often it comes.",
                "{n} records of a tablet are held here now. Each counts once, however often it comes.",
                held,
            ).format(n=say.number(held))
        )
    if refused:
        said.append(
            say.ngettext(
                "{n} record cannot be opened or read here: keep the file, and tell head office.",
                "{n} records cannot be opened or read here: keep the file, and tell head office.",
                refused,
            ).format(n=say.number(refused))
        )
    return said
