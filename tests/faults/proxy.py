"""A line that fails: it stands between a terminal and head office, and does to requests what lines do.

Small and our own: threads, plain sockets, HTTP/1.1 with a Content-Length. What it can do is in tests.faults.weather; a
`Line` asks its `weather` for the next one before each exchange."""

import gzip
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from sync import wire

PATIENCE_S = 30
"""A bound for a machine that is busy, not a measurement."""
LIVELY_S = 0.0005
"""Between two drops of a dripping line."""
PORTAL = b"<!doctype html><title>Wi-Fi</title><h1>Welcome! Accept our terms to go on.</h1>"


@dataclass(frozen=True)
class Message:
    """A request or an answer: the first line and the headers as they came, and the body."""

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.head + b"\r\n\r\n" + self.body

    def header(self, name: str) -> str:
        """Its value, or nothing."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.decode("latin-1").partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return ""

    def having(self, body: bytes | None = None, **headers: str | None) -> "Message":
        """With another body and other headers (underscores for dashes; None takes one out)."""
        changed = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if body is not None:
            changed["content-length"] = str(len(body))
        first, *lines = self.head.split(b"\r\n")
        kept = [line for line in lines if line.partition(b":")[0].decode("latin-1").lower() not in changed]
        new = [f"{name}: {value}".encode("latin-1") for name, value in changed.items() if value is not None]
        return Message(b"\r\n".join([first, *kept, *new]), self.body if body is None else body)


class Cut(Exception):
    """The other side went away in the middle."""


class Line:
    """Listens at `address` for whoever wants to reach `upstream` ("http://host:port").

    `weather` names the fault of the next exchange. Requests that `delayed` keeps back arrive a few exchanges later, or
    when somebody says `deliver`. Nothing here is ever patched into a product: both ends speak real HTTP."""

    def __init__(
        self, upstream: str, weather: Callable[[], str], faults: "Mapping[str, Fault]", chance: random.Random
    ) -> None:
        self.upstream, self.weather, self.faults, self.chance = upstream, weather, faults, chance
        self.happened: list[str] = []
        self.answers: list[Message] = []
        """Of the centre, signed, newest last: what a stale cache would bring."""
        self._late: list[tuple[int, Message]] = []
        self._guard = threading.Lock()
        self._closing = False
        self._open: set[socket.socket] = set()
        self._door = self._listening(0)
        self.port = int(self._door.getsockname()[1])
        self._reopens_s = 0.0
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._closing = True
        self._shut()

    def refuse(self, seconds: float) -> None:
        """Connections are refused for so long, and those that stand are cut."""
        self._reopens_s = time.monotonic() + seconds
        self._shut()

    def mend(self) -> None:
        """Nobody is refused any more; returns when that is so."""
        self._reopens_s = 0.0
        while self._door.fileno() == -1:
            time.sleep(0.001)

    def keep(self, request: Message) -> None:
        """Bring this request a few exchanges later, after others."""
        with self._guard:
            self._late.append((self.chance.randint(2, 6), request))

    def deliver(self) -> None:
        """Bring everything that was kept back, in any order."""
        with self._guard:
            due, self._late = [request for _, request in self._late], []
        self.chance.shuffle(due)
        for request in due:
            self._bring(request)

    def forward(self, request: Message) -> Message:
        """The centre's answer. Raises OSError, Cut."""
        with self._to_centre() as sock:
            sock.sendall(request.having(connection="close").raw)
            answer = _read(sock)
        if answer is None:
            raise Cut
        with self._guard:
            if answer.header(wire.SIGNATURE_HEADER) and b" 200 " in answer.head[:20]:
                self.answers = [*self.answers[-20:], answer]
        return answer.having(connection=None)

    def forward_part(self, request: Message, length: int) -> None:
        """The first bytes of it only; then the connection is cut."""
        with self._to_centre() as sock:
            sock.sendall(request.raw[:length])
            _reset(sock)

    def _bring(self, request: Message) -> None:
        with suppress(OSError, Cut):  # nobody waits for it any more
            self.forward(request)

    def _to_centre(self) -> socket.socket:
        there = urlsplit(self.upstream)
        sock = socket.create_connection((there.hostname, there.port), timeout=PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _listening(self, port: int) -> socket.socket:
        door = socket.socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", port))
        door.listen(64)
        return door

    def _shut(self) -> None:
        with self._guard:
            doomed, self._open = self._open, set()
        # A thread that waits in accept holds the socket until it is shut down.
        for sock in [self._door, *doomed]:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                sock, _ = self._door.accept()
            except OSError:
                while not self._closing and time.monotonic() < self._reopens_s:
                    time.sleep(0.005)
                if not self._closing and self._door.fileno() == -1:
                    self._door = self._listening(self.port)
                continue
            threading.Thread(target=self._serve, args=(sock,), name="exchange", daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._guard:
            self._open.add(sock)
        try:
            with sock:
                while (request := _read(sock)) is not None:
                    self._bring_late()
                    name = self.weather()
                    self.happened.append(name)
                    if not self.faults[name](Exchange(self, sock, request)):
                        return
        except (OSError, Cut):
            pass  # as on any line: whoever waits sees it closed
        finally:
            with self._guard:
                self._open.discard(sock)

    def _bring_late(self) -> None:
        with self._guard:
            waiting = [(left - 1, request) for left, request in self._late]
            self._late = [(left, request) for left, request in waiting if left > 0]
        for left, request in waiting:
            if left <= 0:
                self._bring(request)


class Exchange:
    """One request that came over a line, and what is done with it. Each way to answer says whether the connection
    may carry another one."""

    def __init__(self, line: Line, sock: socket.socket, request: Message) -> None:
        self.line, self.request = line, request
        self._sock = sock

    @property
    def chance(self) -> random.Random:
        return self.line.chance

    def forward(self) -> Message:
        return self.line.forward(self.request)

    def answer(self, message: Message) -> bool:
        self._sock.sendall(message.raw)
        return bool(message.header("Content-Length"))

    def part(self, message: Message, length: int) -> bool:
        self._sock.sendall(message.raw[:length])
        return False

    def drip(self, message: Message) -> bool:
        raw = message.raw
        for at in range(len(raw)):
            self._sock.sendall(raw[at : at + 1])
            if at < 100:
                time.sleep(LIVELY_S)
        return bool(message.header("Content-Length"))

    def page(self, status: str, body: bytes = PORTAL, kind: str = "text/html", **headers: str) -> bool:
        """Somebody else's answer."""
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}".encode()
        return self.answer(Message(head, b"").having(body, **headers))

    def reset(self) -> bool:
        _reset(self._sock)
        return False

    def batch(self) -> wire.Batch | None:
        """What the terminal sent, as far as anybody on the way can read it."""
        body = self.request.body
        try:
            return wire.read_batch(gzip.decompress(body) if self.request.header("Content-Encoding") else body)
        except (wire.Unreadable, OSError, EOFError):
            return None


Fault = Callable[[Exchange], bool]
"""What a line does to an exchange; whether the connection goes on."""


def _read(sock: socket.socket) -> Message | None:
    """One message, to its end; None when the connection was closed before it began. Raises Cut, OSError."""
    came = b""
    while b"\r\n\r\n" not in came:
        more = sock.recv(65536)
        if not more:
            if came:
                raise Cut
            return None
        came += more
    head, _, body = came.partition(b"\r\n\r\n")
    length = int(Message(head, b"").header("Content-Length") or 0)
    while len(body) < length:
        more = sock.recv(65536)
        if not more:
            raise Cut
        body += more
    return Message(head, body)


def _reset(sock: socket.socket) -> None:
    """Closed with a reset instead of a good-bye."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
