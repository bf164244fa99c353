"""A thread that is stopped between any two of its steps: at a line of the shipped code, counted from where it began."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from sync.app import create_app
from tests.boxes import enrol_box, open_shop
from tests.faults.office import Office, Violated
from tests.faults.shop import Shop

ROOT = Path(__file__).parents[2]
TERMINAL = {str(path.relative_to(ROOT)) for path in (ROOT / "kiosk").glob("*.py")}
INTAKE = ("api", "ingest", "ledger", "verdicts", "tally", "starts", "corrections", "signs")
CENTRE = {f"sync/intake/{name}.py" for name in INTAKE} | {"sync/rows.py"}
REJECTED_S = 900.0
"""By the watch: longer than anything rests."""


class Stopped(Exception):
    """It went no further."""


class Gone(BaseException):
    """As Stopped, and nothing that catches exceptions sees it."""


def stopped_at(step: int, files: set[str], work: Callable[[], Any], by: type[BaseException] = Gone) -> bool:
    """Whether `work` was stopped before its `step`-th line in one of these files of ours ("kiosk/sender.py"); the
    first is number 1. It was not when it has fewer lines."""
    names = {str(ROOT / file) for file in files}
    left = step

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in names:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise by
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except by:
        return True
    finally:
        sys.settrace(before)
    return left <= 0


def sender_stopped(here: Shop, weather: str, by: type[BaseException], first: int, stride: int) -> None:
    """Stops a pass of the sender at its `first` step, the next one `stride` steps later, until one was not stopped.
    Gone: the process ended, another one goes on. Stopped: the pass failed, the same sender goes on. Raises Violated."""
    here.send()
    step, number, stopped = first, 0, True
    while stopped:
        if not here.pending():
            here.serve(1)
        here.weather = weather
        stopped = stopped_at(step, TERMINAL, here.sender.pass_once, by)
        here.no_false_ack()
        if by is Gone:
            here.restart()
        here.watch.now += REJECTED_S
        step, number = step + stride, number + 1
        if number % 8 == 0:
            here.drain()
    here.drain()
    print(f"stopped {number - 1} times in {step - stride} steps")
    here.exact()


def request_stopped(office: Office, name: str, first: int, stride: int) -> None:
    """Stops head office in the middle of a request, each time `stride` steps later; whoever looks then finds counts
    that fit the responses, and whoever sends it again finds it stored once. Raises Violated."""
    location, placement = open_shop(office.centre, name)
    box, client = enrol_box(office.centre, placement), create_app(office.centre).test_client()
    given: dict[str, int] = {}
    step, stopped = first, True
    while stopped:
        fresh = box.response(step % 4)
        again = [box.response(1, id=name, rev=rev + 1) for name, rev in list(given.items())[-1:]]
        given |= {entry["id"]: entry["rev"] for entry in (fresh, *again)}
        message = box.batch([fresh, *again, fresh])
        stopped = stopped_at(step, CENTRE, lambda message=message: box.post(client, message))  # type: ignore[misc]
        if step % 20 < stride:
            office.verify()
        reply = box.post(client, message).get_json()
        if not {result["verdict"] for result in reply["results"]} <= {"stored", "duplicate"}:
            raise Violated("a request that was stopped cannot be sent again")
        step += stride
    print(f"stopped at {step - stride} steps")
    office.verify()
    if {name: rev for name, (rev, _) in office.responses(location).items()} != given:
        raise Violated("a request that was stopped and sent again is not stored whole")
    if office.counted(location) != len(given):
        raise Violated(f"{len(given)} responses were given, {office.counted(location)} are counted")
