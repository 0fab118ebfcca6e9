"""Plays step 24: one transport by hand, then all of ours, compared."""

import os
import re

PROGRAM = "build/steps/24_choosing"


def drive(d):
    if not d.has_shm():
        return
    if not {0, 1} <= os.sched_getaffinity(0):
        d.lacks = "the CPUs 0 and 1 are not both ours"
        return
    # Each side on a CPU of its own: on a busy machine they might else never meet.
    d.say("one transport at a time")
    for transport in ("shm_open", "pipe"):
        d.shell(f"{PROGRAM} {transport} asking=0 answering=1 samples=50",
                says="1000 times 8 bytes, every byte verified", figures=True)

    d.say("all of ours, in their classes")
    output = d.shell("python3 steps/24_choosing/report/bench.py --short", outcome=True,
                     figures=True, limit=40,
                     says=["| file |", "| pipe-polled |", "| futex, apart |", "| bulk-in-place |",
                           "Every byte of every message was verified"])
    absent = re.search("^Without .*", output, re.M)
    if absent:
        d.lacks = absent[0]
