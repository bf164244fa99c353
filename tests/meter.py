"""A line between a browser and what it asks, which counts what comes back: bodies and headers, and also what the
browser's worker asks for, which the developer tools of a page don't see."""

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread

STILL_S = 0.5
"""When nothing came for so long, everything has come."""
PATIENCE_S = 20


class Meter:
    """Bytes that came back so far are `bytes_down`."""

    def __init__(self, port: int) -> None:
        self._behind, self._guard, self.bytes_down = port, Lock(), 0
        self._door = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._open, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def close(self) -> None:
        self._door.close()

    def asked(self, path: str) -> int:
        """Bytes that come back to a browser which asks for one thing alone."""
        before = self.bytes_down
        line = http.client.HTTPConnection("127.0.0.1", self._door.getsockname()[1])
        line.request("GET", path, headers={"Accept-Encoding": "gzip", "Connection": "close"})
        line.getresponse().read()
        line.close()
        return self.since(before)

    def since(self, before: int) -> int:
        """Bytes that came back since there were so many, once nothing more comes."""
        last, until = time.monotonic(), time.monotonic() + PATIENCE_S
        seen = self.bytes_down
        while time.monotonic() - last < STILL_S:
            time.sleep(0.02)
            if self.bytes_down != seen:
                seen, last = self.bytes_down, time.monotonic()
            assert time.monotonic() < until, "it never ends"
        return seen - before

    def _open(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                there = socket.create_connection(("127.0.0.1", self._behind))
                Thread(target=self._carry, args=(here, there, 0), daemon=True).start()
                Thread(target=self._carry, args=(there, here, 1), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, counted: int) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                with self._guard:
                    self.bytes_down += len(piece) * counted
                sink.sendall(piece)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def metered(port: int) -> Iterator[Meter]:
    """What answers on `port` of this machine, metered as long as the block."""
    meter = Meter(port)
    try:
        yield meter
    finally:
        meter.close()
