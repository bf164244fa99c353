"""Runs a module as a program for as long as whoever started it lives: `python -m sync.demo.child MODULE ARGUMENT…`.

Its standard input is a pipe that the parent holds open and never writes to. However the parent ends, the pipe ends
with it, on every system; then this process stops itself as if it had been told to."""

import os
import runpy
import signal
import sys
from threading import Thread
from time import sleep

PATIENCE_S = 10.0


def _follow_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(PATIENCE_S)
    os._exit(1)


def main() -> None:
    """Raises SystemExit with what the module ends with."""
    Thread(target=_follow_parent, name="parent", daemon=True).start()
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
