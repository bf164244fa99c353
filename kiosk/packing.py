"""What a terminal sends is small: what stays the same is packed once, a page when it is sent. waitress packs nothing.

The centre has its own, sync.packing: a terminal loads nothing of the centre's."""

from flask import Flask, request
from werkzeug.wrappers import Response

from sync import assets

QUICK = 6
"""Of zlib's levels, for what is packed anew each time: a question's page takes a Pi a third of a millisecond."""
FOR_EVER = "public, max-age=31536000, immutable"
"""For a year, as browsers understand it."""
LEAST = 512
"""Bytes below which packing saves nothing worth the work."""


def pack_pages(app: Flask) -> None:
    """Every page goes out packed. Whoever sees the lengths of answers learns nothing by it: no page of a terminal has
    a secret and somebody else's words side by side."""

    @app.after_request
    def packed(response: Response) -> Response:
        if response.status_code == 303:  # no browser shows what it is sent on from
            response.set_data(b"")
            response.mimetype = "text/plain"
        if response.mimetype == "text/html" and not response.content_encoding:
            response.vary.add("Accept-Encoding")
            content = response.get_data()
            if _unpacks() and len(content) >= LEAST:
                response.set_data(assets.pack(content, QUICK))
                response.content_encoding = "gzip"
        return response


def serve_static(app: Flask) -> None:
    """What can be packed of static/, instead of Flask's own way, which stays for the rest."""

    def static(filename: str) -> Response:
        try:
            content = assets.packed(filename)
        except KeyError:
            return app.send_static_file(filename)
        return kept(content, assets.stamp(filename), assets.PACKED_KINDS[filename.rpartition(".")[2]])

    app.view_functions["static"] = static


def kept(packed: bytes, stamp: str, mimetype: str, *, for_ever: bool = False) -> Response:
    """An answer from what is kept packed under a `stamp` of its content; 304 when the browser has it. It is asked for
    again each time, or kept `for_ever` when the address has the stamp in it. A part of it is a part of the file, so
    whoever asks for one gets it unpacked."""
    as_it_is = _unpacks() and "Range" not in request.headers
    response = Response(packed if as_it_is else assets.unpack(packed), mimetype=mimetype)
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = FOR_EVER if for_ever else "no-cache"
    response.set_etag(f"{stamp}-gzip" if as_it_is else stamp)
    if as_it_is:
        response.content_encoding = "gzip"
    response.make_conditional(request.environ, accept_ranges=True, complete_length=response.content_length)
    return response


def _unpacks() -> bool:
    return request.accept_encodings["gzip"] > 0
