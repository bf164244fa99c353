"""Proof 4 for as long as anybody likes: `python -m tests.faults.power --states 5000`; as root on a real file system
with `--ext4 100`."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.faults.power import ext4, proof, recording
from tests.faults.power.planted import ON_A_FAILING_DISK, PLANTS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.power", description=__doc__)
    parser.add_argument("--states", type=int, default=1000, help="power cuts to try on the recorded writes")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--visits", type=int, default=60, help="customers who come")
    parser.add_argument("--failing", action="store_true", help="the disk also fails to sync now and then")
    parser.add_argument(
        "--plant", choices=sorted(PLANTS | ON_A_FAILING_DISK), default="", help="a bug that has to be caught"
    )
    parser.add_argument("--ext4", type=int, metavar="CUTS", default=0, help="power cuts on a real file system instead")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="smilepost-power-"))
    reason = ext4.reason_not_to_cut(folder) if asked.ext4 else recording.reason_not_to_record()
    if reason:
        print(f"skipped: {reason}")
        return 0
    try:
        if asked.ext4:
            print(ext4.prove(folder, asked.ext4, asked.seed, asked.plant))
        else:
            taken = recording.record(
                folder, asked.visits, asked.seed, asked.plant, recording.FAILING if asked.failing else ""
            )
            print(proof.prove(taken, asked.states, asked.seed))
    except proof.Lost as lost:
        print(f"LOST: {lost}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
