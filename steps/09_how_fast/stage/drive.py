"""Plays step 09: eight bytes there and back, three ways."""

import os


def drive(d):
    if len(os.sched_getaffinity(0)) < 2:
        d.lacks = "two sides that never sleep need two CPUs"
        return
    d.shell("build/steps/09_how_fast", outcome=True, figures=True,
            says=["every byte verified", "  mapping ", "  pipe ", "  AF_UNIX "])
