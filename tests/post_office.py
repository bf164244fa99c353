"""A mail server on this machine that keeps what it is given, and can have a bad day."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue
from threading import Thread

PATIENCE_S = 20


@dataclass
class PostOffice:
    """`port` on 127.0.0.1; `refuses`: what it answers to a recipient instead of taking the letter."""

    port: int = 0
    refuses: str = ""
    letters: "Queue[EmailMessage]" = field(default_factory=Queue)

    def letter(self) -> EmailMessage:
        """The next one; waits for it."""
        return self.letters.get(timeout=PATIENCE_S)


class _Talk(socketserver.StreamRequestHandler):
    office: PostOffice

    def handle(self) -> None:
        self._say("220 here")
        for line in self.rfile:
            word = line.strip().upper()
            if word.startswith((b"EHLO", b"HELO")):
                self._say("250 here")
            elif word.startswith(b"RCPT") and self.office.refuses:
                self._say(self.office.refuses)
            elif word == b"DATA":
                self._say("354 go on")
                self._take()
                self._say("250 taken")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        self.office.letters.put(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[arg-type]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def post_office() -> Iterator[PostOffice]:
    office = PostOffice()
    talk = type("Talk", (_Talk,), {"office": office})
    with _Server(("127.0.0.1", 0), talk) as server:
        office.port = server.server_address[1]
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield office
        server.shutdown()
