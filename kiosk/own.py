"""A customer answers on their own telephone: the tablet shows a code for the job, which opens a plain page here, at the
gateway's public address. Speaks HTTP.

Opening the link changes nothing (mail and chat programs open links, too), and only the browser that answered goes on
from there: whoever has the link, as the crew might, learns nothing of the answer."""

from collections.abc import Callable
from dataclasses import replace
from threading import Lock

from flask import Blueprint, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from kiosk import around, faces, look, own_links, packing, touches, views, visits
from kiosk.outbox import NotHeld
from kiosk.own_links import LASTS_S, Link, Links, NoLink
from kiosk.screens import is_from_here
from kiosk.standing import Standing
from kiosk.terminal import Terminal
from kiosk.touches import Touch
from kiosk.visits import Turn, Visits
from sync.i18n import NAMES, SOURCE, direction, forms, plural, words

MOST_SEATS = 1_000
"""Of which it is remembered which form answered: a second touch of it goes where the first went."""


def offering(terminal: Terminal, links: Links) -> Blueprint:
    """What a tablet asks for; only the browser that is this screen gets here (kiosk.gateway)."""
    tablet = Blueprint("offering", __name__)

    @tablet.post("/s/<screen>/own")
    def offer(screen: str) -> Response:
        """A code for one job, as the path of a drawing of `size` modules a side, without its quiet border."""
        if not is_from_here():
            abort(403)
        told = request.get_json(silent=True)
        found, standing = terminal.standings.handing(screen), terminal.standings.of(screen)
        if found is None or standing is None or not isinstance(told, dict):
            abort(404)
        try:
            job = own_links.as_job(told.get("job"))
        except NoLink:
            abort(400)
        until_s = terminal.clock.wall_ms() // 1000 + LASTS_S
        link = Link(
            terminal.new_id(), until_s, screen, standing.placement or "", found[0].crew, job,
            standing.test or told.get("test") is True,
        )  # fmt: skip
        try:
            address = f"{terminal.settings.public_url}/own/{links.write(link)}"
        except NotHeld:
            abort(503)
        return jsonify(smilepost=1, response=link.response, **drawn(address))

    return tablet


def drawn(address: str) -> dict[str, str | int]:
    """A QR code: the modules of each row that lie beside each other as one piece of a path."""
    import segno

    rows = [bytes(row) for row in segno.make_qr(address, error="l").matrix]
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
    )  # fmt: skip
    return {"size": len(rows), "path": path}


def routes(terminal: Terminal, links: Links) -> Blueprint:
    """Of the customer's telephone."""
    own = Blueprint("own", __name__)
    desk = _Desk(terminal, links)

    @own.get("/own/<token>", strict_slashes=False)
    def begin(token: str) -> Response:
        return _with(desk, token, desk.question)

    @own.post("/own/<token>/visit")
    def answer(token: str) -> Response:
        return _with(desk, token, desk.answer)

    @own.get("/own/<token>/<seat>/<step>")
    def visit(token: str, seat: str, step: str) -> Response:
        return _with(desk, token, lambda link, at: desk.screen(link, at, seat, step))

    @own.post("/own/<token>/<seat>/visit")
    def touch(token: str, seat: str) -> Response:
        return _with(desk, token, lambda link, at: desk.touch(link, at, seat))

    @own.get("/own/<token>/look/<name>")
    @own.get("/own/<token>/<seat>/look/<name>")
    def dressed(token: str, name: str, seat: str = "") -> Response:
        try:
            standing = terminal.standings.of(links.read(token).screen)
        except NoLink:
            standing = None
        worn = look.of(standing.settings).files() if standing else ()
        file = next((file for file in worn if file.name == name), None)
        if file is None:
            return Response(status=404)
        return Response(file.content, mimetype=file.kind, headers={"Cache-Control": packing.FOR_EVER})

    @own.before_request
    def from_here_alone() -> None:
        if request.method == "POST" and not is_from_here():
            abort(403)

    return own


class _At:
    """Where a link leads."""

    def __init__(self, token: str, standing: Standing) -> None:
        self.base, self.standing = f"/own/{token}", standing


def _with(desk: "_Desk", token: str, view: Callable[[Link, _At], Response]) -> Response:
    """A view of a link that is good; a sentence for whoever has another one."""
    try:
        link, standing = desk.known(token)
        return view(link, _At(token, standing))
    except NoLink as problem:
        return _note("gone" if str(problem) else "unknown", 410 if str(problem) else 404)
    except NotHeld:
        return _note("later", 503)


class _Desk:
    """Safe to use from several threads."""

    def __init__(self, terminal: Terminal, links: Links) -> None:
        self._terminal, self._links, self._visits = terminal, links, Visits(terminal)
        self._answering = Lock()
        self._forms: dict[str, str | None] = {}

    def known(self, token: str) -> tuple[Link, Standing]:
        """Raises NoLink, with a word in it for one that was good once."""
        link = self._links.read(token)
        standing = self._terminal.standings.of(link.screen)
        if standing is None or self._terminal.clock.wall_ms() // 1000 >= link.until_s:
            raise NoLink("over")
        return link, replace(standing, placement=link.placement or None, test_ms=int(link.test))

    def question(self, link: Link, at: _At) -> Response:
        if self._is_answered(link):
            return _note("thanks")
        spoken = visits.languages(at.standing)
        wanted = request.args.get("lang", "") or request.accept_languages.best_match(spoken) or ""
        turn = self._visits.fresh(at.standing, wanted, request.args.get("asked", ""), arrives=False)
        return _shown(turn, at.standing, at.base)

    def answer(self, link: Link, at: _At) -> Response:
        """The first answer, of whoever is the first to give one."""
        touch = self._read(link, at)
        form = request.form.get("id")
        with self._answering:
            if self._is_answered(link):
                is_again = form is not None and self._forms.get(link.response) == form
                return redirect(f"{at.base}/{self._links.seat(link)}/thanks" if is_again else at.base, 303)
            if touch.on != "ask" or not touch.answers:
                return redirect(at.base, 303)
            turn = self._visits.take(at.standing, touch, handover=link.handed)
            while len(self._forms) >= MOST_SEATS:
                self._forms.pop(next(iter(self._forms)))
            self._forms[link.response] = form
        return self._go(turn, link, at)

    def touch(self, link: Link, at: _At, seat: str) -> Response:
        if seat != self._links.seat(link):
            return redirect(at.base, 303)
        return self._go(self._visits.take(at.standing, self._read(link, at), handover=link.handed), link, at)

    def screen(self, link: Link, at: _At, seat: str, step: str) -> Response:
        turn = self._visits.open(at.standing, link.response, step) if seat == self._links.seat(link) else None
        if turn is None or turn.draft is None:
            return redirect(at.base, 303)
        return _shown(turn, at.standing, f"{at.base}/{seat}")

    def _go(self, turn: Turn | None, link: Link, at: _At) -> Response:
        goes_on = turn is not None and turn.draft is not None
        return redirect(f"{at.base}/{self._links.seat(link)}/{turn.screen}" if turn and goes_on else at.base, 303)

    def _read(self, link: Link, at: _At) -> Touch:
        read = touches.read(dict(request.form.lists()), at.standing.survey, visits.languages(at.standing))
        return replace(read, id=link.response, test=link.test)

    def _is_answered(self, link: Link) -> bool:
        outbox = self._terminal.outbox
        return outbox.draft(link.response) is not None or outbox.sealed_rev(link.response) > 0


def _shown(turn: Turn, standing: Standing, base: str) -> Response:
    context = views.context(turn, standing) | around.context(standing, turn.lang)
    context |= {"screen": turn.screen, "base": base, "toggles": {}, "cards": (), "test": standing.test}
    return _page(f"kiosk/_{turn.screen}.html", turn.lang, **context)


def _note(which: str, status: int = 200) -> Response:
    """A sentence, and nothing else."""
    lang = request.accept_languages.best_match(NAMES) or SOURCE
    return _page("kiosk/own_note.html", lang, status, which=which, title="Smilepost")


def _page(inside: str, lang: str, status: int = 200, **context: object) -> Response:
    said = {"_": words(lang), "ngettext": plural(lang), "forms": forms(lang), "dir": direction(lang)}
    html = render_template(
        "kiosk/own_page.html", inside=inside, lang=lang, mark=faces.drawing("kiosk/mark.svg"), **said, **context
    )
    return Response(html, status, mimetype="text/html")
