"""Measuring two ways of doing the same, side by side in rounds, so that a machine that is busy is busy for both."""

from collections.abc import Callable, Sequence
from statistics import median, quantiles
from time import perf_counter

Seconds = list[float]


def timed(work: Callable[[], object], times: int) -> Seconds:
    """How long each of `times` calls took."""
    taken: Seconds = []
    for _ in range(times):
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return taken


def side_by_side(
    rounds: int, ours: Callable[[], Seconds], bare: Callable[[], Seconds]
) -> tuple[list[Seconds], list[Seconds]]:
    """What each gave in each round; whoever went first in one round goes second in the next."""
    mine: list[Seconds] = []
    theirs: list[Seconds] = []
    for number in range(rounds):
        if number % 2:
            theirs.append(bare())
            mine.append(ours())
        else:
            mine.append(ours())
            theirs.append(bare())
    return mine, theirs


def p99(taken: Sequence[float]) -> float:
    return quantiles(taken, n=100, method="inclusive")[98]


def tell(what: str, ratios: Sequence[float], aim: str) -> None:
    """One line: the ratios of all rounds, smallest, middle, largest."""
    print(f"  {what:<58} {min(ratios):6.2f} {median(ratios):6.2f} {max(ratios):6.2f}   aim {aim}", flush=True)


def heading(title: str) -> None:
    print(f"\n{title}\n  {'ratio':<58} {'min':>6} {'median':>6} {'max':>6}", flush=True)


def note(text: str) -> None:
    print(f"    {text}", flush=True)
