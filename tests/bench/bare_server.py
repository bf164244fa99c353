"""The least that can take a batch over HTTP: unpack, decode, write receipts and responses, commit, answer. It trusts
everybody, judges nothing and counts nothing. `python -m tests.bench.bare_server DATABASE_URL PORT`."""

import gzip
import sys
import time
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any

import waitress

from sync import wire
from sync.db import Database, open_database
from tests.bench.bare import write

THREADS = 8
Row = tuple[Any, ...]


def rows(body: bytes, now_ms: int) -> tuple[list[Row], list[Row]]:
    """Responses and receipts as they stand in a batch."""
    responses: list[Row] = []
    receipts: list[Row] = []
    for raw in wire.read_batch(gzip.decompress(body)).entries:
        r = wire.read_response(bytes(raw))
        receipts.append((r.id, r.rev, r.sha, "bare", r.stream, r.seq, "stored", now_ms))
        at = r.stamp.wall_ms
        responses.append(
            (r.id, r.rev, "bare", 1, 1, r.survey, r.version, False, at, "synced", 500, r.stamp.boot,
             at // 86_400_000, at // 3_600_000, "", False, "comment" in r.answers, now_ms, bytes(raw).decode())
        )  # fmt: skip
    return responses, receipts


def application(db: Database) -> Callable[..., Iterable[bytes]]:
    lines: SimpleQueue[Any] = SimpleQueue()  # SQLite writes one at a time; PostgreSQL gets a line for each thread
    for _ in range(1 if db.dialect == "sqlite" else THREADS):
        lines.put(db.engine.raw_connection())

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            work = rows(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])), time.time_ns() // 1_000_000)
            line = lines.get()
            try:
                write(db.dialect, line.driver_connection, *work)
            finally:
                lines.put(line)
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
        return [b"{}"]

    return answer


if __name__ == "__main__":
    waitress.serve(
        application(open_database(sys.argv[1], migrate=True)), host="127.0.0.1", port=int(sys.argv[2]), threads=THREADS
    )
