"""A real terminal process to measure, and a customer that costs next to nothing."""

import json
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep, time_ns

from sync import survey
from sync.demo.processes import Child
from tests.deliveries import PageClock

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path) -> Iterator[tuple[Child, int]]:
    """A terminal that nobody enrolled: (process, port)."""
    port = free_port()
    config = folder / "config.toml"
    config.write_text(f"[kiosk]\ndata = {json.dumps(str(folder / 'terminal'))}\nport = {port}\n")
    child = Child("The terminal", "kiosk.cli", ["kiosk", "run", "--config", str(config)], folder / "terminal.log")
    try:
        wait_for(port, "/healthz")
        yield child, port
    finally:
        child.stop()


def wait_for(port: int, path: str) -> None:
    """Until it answers 200, looked at every 2 ms."""
    until = perf_counter() + 30
    while perf_counter() < until:
        try:
            with Browser(port) as browser:
                if browser.get(path).startswith(b"HTTP/1.1 200") or browser.last.startswith(b"HTTP/1.0 200"):
                    return
        except OSError:
            pass
        sleep(0.002)
    sys.exit(f"nothing answers on port {port}")


class Browser:
    """One connection, kept alive. A library would cost as much as the answer."""

    def __init__(self, port: int, headers: str = "") -> None:
        """`headers`: what it says with every request, each line ended by a line break as HTTP has them."""
        self._socket = socket.create_connection((HOST, port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = f"Host: {HOST}:{port}\r\nOrigin: http://{HOST}:{port}\r\n{headers}".encode()
        self.last = b""

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def get(self, path: str) -> bytes:
        return self._ask(b"GET " + path.encode() + b" HTTP/1.1\r\n" + self._host + b"\r\n")

    def post(self, path: str, body: bytes) -> bytes:
        return self.send(path, b"Content-Type: application/json\r\n", body)

    def send(self, path: str, headers: bytes, body: bytes) -> bytes:
        length = b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n"
        return self._ask(b"POST " + path.encode() + b" HTTP/1.1\r\n" + self._host + headers + length + body)

    def _ask(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += self._more()
        self.last = head + b"\r\n\r\n" + body
        return self.last

    def _more(self) -> bytes:
        piece = self._socket.recv(65_536)
        if not piece:
            raise ConnectionError("the connection was closed")
        return piece


class Customer:
    """Somebody who taps the happiest face and then finishes, again and again. Without a `screen`, at the box's own."""

    def __init__(self, browser: Browser, screen: str | None = None) -> None:
        self._browser, self._clock = browser, PageClock()
        self._base = f"/s/{screen}" if screen else ""
        self._where = {"screen": screen, "placement": f"p-{screen}"} if screen else {}
        sent_ms = self._clock.now_ms()
        self._clock.heard(sent_ms, json.loads(browser.get(f"{self._base}/clock").partition(b"\r\n\r\n")[2]))
        self._id, self._tapped_ms = "", 0

    def tap(self) -> bytes:
        """The tap on a face: the answer means that it is on the disk."""
        self._id, self._tapped_ms = _uuid7(), self._clock.now_ms()
        return self._deliver(1, None)

    def finish(self) -> None:
        self._deliver(2, "done")

    def _deliver(self, rev: int, ended: str | None) -> bytes:
        record = self._clock.record(self._id, rev, {survey.BUILTIN.first.id: 3}, ended, self._tapped_ms) | self._where
        said = self._browser.post(f"{self._base}/late", json.dumps(self._clock.delivery(record)).encode())
        assert f'["{self._id}",{rev}]'.encode() in said, said[:400]
        return said


def _uuid7() -> str:
    bits = f"{(time_ns() // 1_000_000) << 80 | 0x7 << 76 | secrets.randbits(76):032x}"
    return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-8{bits[17:20]}-{bits[20:]}"


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20
