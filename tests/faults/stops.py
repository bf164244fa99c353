"""A thread that is stopped between any two of its steps: at a line of the shipped code, counted from where it began."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]


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
