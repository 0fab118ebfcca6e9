"""Plays step 09: one transport by hand, then all of ours, compared."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common"))
from driver import main

PROGRAM = "build/steps/09_how_fast"


def drive(d):
    d.say("one transport at a time")
    for transport in ("shm_open", "pipe"):
        d.shell(f"{PROGRAM} {transport}", says="40000 times 8 bytes, every byte verified",
                figures=True)

    d.say("all of ours, in their classes")
    output = d.shell("python3 steps/09_how_fast/bench.py --short", outcome=True, figures=True,
                     limit=40, says=["| file |", "| pipe-polled |", "| futex, apart |",
                                     "| bulk-in-place |",
                                     "Every byte of every message was verified"])
    absent = re.search("^Without .*", output, re.M)
    d.lacks = absent and absent[0]


if __name__ == "__main__":
    sys.exit(main(__file__, drive))
