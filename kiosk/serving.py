"""waitress, as a terminal wants it: the port is taken before anything is touched, and it stops when it is told to.

The centre has its own, sync.serving: a terminal loads nothing of the centre's."""

import logging
import signal
import socket
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import waitress  # type: ignore[import-untyped]
from waitress.trigger import trigger  # type: ignore[import-untyped]
from waitress.wasyncore import close_all  # type: ignore[import-untyped]

MAX_BODY = 3 * 1024 * 1024
GATEWAYS_MAX_BODY = 34 * 1024 * 1024
"""A file that staff saved from a tablet; whatever else is larger than MAX_CONTENT_LENGTH the application refuses."""
CONNECTIONS, GATEWAYS_CONNECTIONS = 100, 1_000
"""More wait until one ends. A tablet that reaches its gateway without a proxy keeps its own open."""
STOP_WITHIN_S = 1.5
"""How long requests that are being answered get when the process is told to stop."""


class PortRefused(Exception):
    """The address cannot be served on; the message is one sentence."""


def bind(host: str, port: int) -> list[socket.socket]:
    """The sockets of an address, taken but not answering yet. Raises PortRefused."""
    taken: list[socket.socket] = []
    try:
        for family, kind, proto, _, address in _addresses(host, port):
            sock = socket.socket(family, kind, proto)
            taken.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
    except (OSError, UnicodeError) as problem:  # the second: no name of a machine at all
        for sock in taken:
            sock.close()
        reason = problem.strerror if isinstance(problem, OSError) else "no machine can be called that"
        raise PortRefused(
            f"Port {port} at {host} cannot be used ({reason}): stop what uses it, or set another port."
        ) from None
    return taken


def _addresses(host: str, port: int) -> list[Any]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys(found))


def serve(app: Callable[..., Any], sockets: list[socket.socket], threads: int, *, of_gateway: bool = False) -> None:
    """Answers until SIGTERM or SIGINT; returns within 2 s of either, after what was being answered."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that requests wait a moment is no news
    everything: dict[int, Any] = {}
    server = waitress.create_server(
        app,
        map=everything,
        sockets=sockets,
        threads=threads,
        connection_limit=GATEWAYS_CONNECTIONS if of_gateway else CONNECTIONS,
        max_request_body_size=GATEWAYS_MAX_BODY if of_gateway else MAX_BODY,
        ident=None,  # what runs here is nobody's business
        asyncore_use_poll=True,
        # A terminal in a shop has no proxy, so none may speak; a gateway itself looks at what they say, if only to know
        # that one is there.
        clear_untrusted_proxy_headers=not of_gateway,
    )
    bell = trigger(everything)
    # A signal interrupts the main thread wherever it is; so the loop runs in another one and is never cut in two.
    loop = Thread(target=server.run, name="http", daemon=True)
    loop.start()
    _wait_until_told()
    server.task_dispatcher.shutdown(timeout=STOP_WITHIN_S)
    bell.pull_trigger(lambda: close_all(everything))
    loop.join(timeout=STOP_WITHIN_S)


def _wait_until_told() -> None:
    """Whichever thread a signal reaches, and whatever the main one is doing: a byte in a pipe wakes it."""
    told = Event()
    before = {name: signal.signal(name, lambda *_: told.set()) for name in (signal.SIGTERM, signal.SIGINT)}
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)
    signal.set_wakeup_fd(mouth.fileno())
    while not told.is_set():
        ear.recv(16)
    signal.set_wakeup_fd(-1)
    ear.close()
    mouth.close()
    for name, handler in before.items():
        signal.signal(name, handler)
