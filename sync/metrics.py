"""What Prometheus asks for: its text format (version 0.0.4), and counts of the requests that this process answered.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/"""

import os
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the upper ends of the histogram's buckets."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER = "other"
"""Instead of a method that is none of them."""


class Sample(NamedTuple):
    """One line: its value, its labels, and what the metric's name ends with there."""

    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""


@dataclass(frozen=True)
class Metric:
    """A name, what it is in a sentence, and its lines."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str
    samples: tuple[Sample, ...]


def gauge(name: str, about: str, value: float, **labels: str) -> Metric:
    return Metric(name, "gauge", about, (Sample(value, labels),))


def written(metrics: Iterable[Metric]) -> str:
    """All of them as text; one without lines is left out."""
    return "".join(_block(metric) for metric in metrics if metric.samples)


def _block(metric: Metric) -> str:
    about = metric.about.replace("\\", "\\\\").replace("\n", "\\n")
    head = f"# HELP {metric.name} {about}\n# TYPE {metric.name} {metric.kind}\n"
    return head + "".join(f"{metric.name}{each.suffix}{_labels(each.labels)} {_number(each.value)}\n"
                          for each in metric.samples)  # fmt: skip


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + pairs + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if value == inf:
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))


class Requests:
    """The requests that this process answered, by route, method and status. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._durations: dict[tuple[str, str], list[int]] = {}
        self._seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
        self.started_s = time.time()

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        """`route`: its pattern, never an address, so that there are only so many."""
        method = method if method in METHODS else OTHER
        bucket = bisect_left(BUCKETS, seconds)
        with self._lock:
            self._answers[route, method, status] += 1
            self._seconds[route, method] += seconds
            self._durations.setdefault((route, method), [0] * (len(BUCKETS) + 1))[bucket] += 1

    def metrics(self) -> list[Metric]:
        with self._lock:
            answers = sorted(self._answers.items())
            durations = sorted((key, list(counts)) for key, counts in self._durations.items())
            seconds = dict(self._seconds)
        counted = tuple(
            Sample(n, {"route": route, "method": method, "status": str(status)})
            for (route, method, status), n in answers
        )
        timed = [line for key, counts in durations for line in _histogram(key, counts, seconds[key])]
        about = "Requests that this process answered, by the pattern of their address."
        took = "How long the answers of this process took, in seconds."
        return [
            Metric("smilepost_http_requests_total", "counter", about, counted),
            Metric("smilepost_http_request_duration_seconds", "histogram", took, tuple(timed)),
        ]


def _histogram(key: tuple[str, str], counts: list[int], seconds: float) -> Iterable[Sample]:
    labels, below = {"route": key[0], "method": key[1]}, 0
    for end, n in zip((*BUCKETS, inf), counts, strict=True):
        below += n
        yield Sample(below, {**labels, "le": _number(end)}, "_bucket")
    yield Sample(seconds, labels, "_sum")
    yield Sample(below, labels, "_count")


def process(started_s: float) -> list[Metric]:
    """This process; its memory where the system tells it."""
    found = [
        gauge("process_start_time_seconds", "When this process started, in seconds since 1970-01-01 UTC.", started_s)
    ]
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return found
    resident = pages * os.sysconf("SC_PAGE_SIZE")
    return [*found, gauge("process_resident_memory_bytes", "Memory that this process holds, in bytes.", resident)]
