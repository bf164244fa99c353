"""What the centre sends is small: static files are packed once, a page when it is sent. waitress packs nothing.

A terminal has its own, kiosk.packing: neither of the two programs may load the other."""

from flask import Flask, Response, request

from sync import assets

QUICK = 6
"""Of zlib's levels, for what is packed anew each time."""
LEAST = 1024
"""Bytes below which packing saves nothing worth the work."""


def pack_page(response: Response) -> None:
    """Pages go out packed; what terminals are told does not: it is signed as it is, and small.

    Whoever can have a page made with words of their own choosing in it, and can see how long it is, learns from its
    packed length which of those words stand in it already (BREACH). Here nobody gains by that. The pages hold no token
    to guess: a session is known by a cookie that no script and no page sees, and a form by its Origin. And another
    site cannot have them made: it gets the cookie sent along only where a person sees the page open (SameSite=Lax)."""
    if response.mimetype != "text/html" or response.content_encoding:
        return
    response.vary.add("Accept-Encoding")
    content = response.get_data()
    if _unpacks() and len(content) >= LEAST:
        response.set_data(assets.pack(content, QUICK))
        response.content_encoding = "gzip"


def serve_static(app: Flask) -> None:
    """What can be packed of static/, instead of Flask's own way, which stays for the rest."""

    def static(filename: str) -> Response:
        try:
            packed = assets.packed(filename)
        except KeyError:
            return app.send_static_file(filename)
        return _kept(packed, assets.stamp(filename), assets.PACKED_KINDS[filename.rpartition(".")[2]])

    app.view_functions["static"] = static


def _kept(packed: bytes, stamp: str, mimetype: str) -> Response:
    """304 when the browser has it. A part of it is a part of the file, so whoever asks for one gets it unpacked."""
    as_it_is = _unpacks() and "Range" not in request.headers
    response = Response(packed if as_it_is else assets.unpack(packed), mimetype=mimetype)
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(f"{stamp}-gzip" if as_it_is else stamp)
    if as_it_is:
        response.content_encoding = "gzip"
    response.make_conditional(request.environ, accept_ranges=True, complete_length=response.content_length)
    return response


def _unpacks() -> bool:
    return request.accept_encodings["gzip"] > 0
