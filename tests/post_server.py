"""A real mail server in a process of its own, with a folder for what it took:
`python -m tests.post_server PORT FOLDER`.

What it does with a letter is told by a file `orders` in the folder, a line for each rule, read anew for each letter:
`rcpt CODE TEXT`, `data CODE TEXT` refuse it at that step; `silent` takes it and never answers; `hold N` and `drop N` do
so with the N-th letter only, after taking it, or instead, and leave a file `held` behind."""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.processes import PATIENCE_S, free_ports

ROOT = Path(__file__).parents[1]


class Takes:
    """What aiosmtpd asks at each step."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.n = folder, len(list((folder / "new").glob("*")))

    def orders(self) -> dict[str, str]:
        path = self.folder / "orders"
        lines = path.read_text().splitlines() if path.exists() else []
        return {line.split(" ", 1)[0]: line.partition(" ")[2] for line in lines if line}

    async def handle_RCPT(  # noqa: N802 (its name in aiosmtpd)
        self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: list[str]
    ) -> str:
        orders = self.orders()
        if "rcpt" in orders:
            return orders["rcpt"]
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        orders, self.n = self.orders(), self.n + 1
        if "data" in orders:
            return orders["data"]
        if orders.get("drop") != str(self.n):
            self._keep(envelope)
        if "silent" in orders or str(self.n) in (orders.get("hold"), orders.get("drop")):
            (self.folder / "held").write_text(str(self.n))
            await asyncio.sleep(PATIENCE_S)
        return "250 taken"

    def _keep(self, envelope: Envelope) -> None:
        name = f"{time.time_ns()}.{self.n}"
        written = self.folder / "tmp" / name
        content = envelope.content
        assert isinstance(content, bytes)
        to = f"X-Went-To: {', '.join(envelope.rcpt_tos)}\r\n".encode()
        written.write_bytes(to + content)
        written.rename(self.folder / "new" / name)


class Post:
    """The server as a test sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder, (self.port,) = folder, free_ports(1)
        for name in ("new", "tmp"):
            (folder / name).mkdir(parents=True)

    def order(self, *lines: str) -> None:
        """From the next letter on."""
        draft = self.folder / "orders.new"
        draft.write_text("\n".join(lines))
        draft.rename(self.folder / "orders")
        (self.folder / "held").unlink(missing_ok=True)

    def wait_for_held(self) -> None:
        _wait(lambda: (self.folder / "held").exists(), "no letter was held")

    def letters(self) -> list[EmailMessage]:
        """All that it took, the oldest first."""
        paths = sorted((self.folder / "new").iterdir(), key=lambda path: int(path.name.split(".")[0]))
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]  # type: ignore[arg-type]

    def wait_for(self, count: int) -> list[EmailMessage]:
        _wait(lambda: len(os.listdir(self.folder / "new")) >= count, f"fewer than {count} letters came")
        return self.letters()


def _wait(until: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)


@contextmanager
def post_server(folder: Path) -> Iterator[Post]:
    """Runs until the block ends."""
    post = Post(folder)
    arguments = [sys.executable, "-m", "tests.post_server", str(post.port), str(folder)]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        yield post
    finally:
        process.kill()
        process.wait()


async def _serve(port: int, folder: Path) -> None:
    takes = Takes(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(takes, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", port
    )
    print("here", flush=True)
    await server.serve_forever()


def main() -> None:
    asking = argparse.ArgumentParser(prog="python -m tests.post_server", description=__doc__)
    asking.add_argument("port", type=int)
    asking.add_argument("folder", type=Path)
    asked = asking.parse_args()
    asyncio.run(_serve(asked.port, asked.folder))


if __name__ == "__main__":
    main()
