"""Plays step 24: one transport by hand, then all of ours, compared."""

import re

PROGRAM = "build/steps/24_choosing"


def drive(d):
    d.say("one transport at a time")
    for transport in ("shm_open", "pipe"):
        d.shell(f"{PROGRAM} {transport}", says="40000 times 8 bytes, every byte verified",
                figures=True)

    d.say("all of ours, in their classes")
    output = d.shell("python3 steps/24_choosing/report/bench.py --short", outcome=True,
                     figures=True, limit=40,
                     says=["| file |", "| pipe-polled |", "| futex, apart |", "| bulk-in-place |",
                           "Every byte of every message was verified"])
    absent = re.search("^Without .*", output, re.M)
    d.lacks = absent and absent[0]
