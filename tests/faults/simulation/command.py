"""`python -m tests.faults.simulation`: many histories on all cores, the first that fails printed with its seed."""

import argparse
import multiprocessing
import os
import traceback
from collections.abc import Iterator
from time import perf_counter

from tests.faults.simulation.history import History
from tests.faults.simulation.plants import PLANTS

CHUNK = 5


def failure(seed: int) -> str | None:
    """What went wrong in the history of a seed, with everything that happened in it; None when nothing did."""
    lines: list[str] = []
    try:
        History(seed, lines.append).run()
    except Exception:
        return "\n".join([*lines, traceback.format_exc()])
    return None


def _fails(seed: int) -> tuple[int, bool]:
    try:
        History(seed).run()
    except Exception:
        return seed, True
    return seed, False


def failing(seeds: range, processes: int) -> Iterator[tuple[int, bool]]:
    """(seed, whether it failed) as they are done."""
    if processes == 1:
        yield from map(_fails, seeds)
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap_unordered(_fails, seeds, CHUNK)


def first_failure(seeds: range, processes: int | None = None) -> int | None:
    """A seed whose history fails, or None."""
    return next((seed for seed, failed in failing(seeds, processes or os.cpu_count() or 1) if failed), None)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many histories (2000)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed (0)")
    parser.add_argument("--trace", type=int, metavar="SEED", help="print one history, whether it fails or not")
    parser.add_argument("--plant", choices=sorted(PLANTS), metavar="NAME", help=f"with a bug: {', '.join(PLANTS)}")
    parser.add_argument("--count", action="store_true", help="go on after a failure, and count them")
    asked = parser.parse_args(arguments)
    if asked.plant:
        PLANTS[asked.plant]()
    if asked.trace is not None:
        told: list[str] = []
        problem = None
        try:
            History(asked.trace, told.append).run()
        except Exception:
            problem = traceback.format_exc()
        print("\n".join(told), problem or "Nothing was lost, nothing counted twice.", sep="\n")
        return 1 if problem else 0
    start, failed = perf_counter(), []
    seeds = range(asked.first, asked.first + asked.seeds)
    for done, (seed, fails) in enumerate(failing(seeds, os.cpu_count() or 1), 1):
        if fails:
            failed.append(seed)
            if not asked.count:
                print(failure(seed), f"Seed {seed} fails; --trace {seed} shows it again.", sep="\n")
                return 1
        if done % 500 == 0:
            print(f"{done} histories, {perf_counter() - start:.0f} s", flush=True)
    if failed:
        print(f"{len(failed)} of {len(seeds)} histories fail: {sorted(failed)[:20]} …")
        return 1
    print(f"{len(seeds)} histories: nothing was lost, nothing counted twice, no ack was false.")
    return 0
