"""Plays step 01: the bytes of two structs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common"))
from driver import main


def drive(d):
    d.shell("build/steps/01_raw_struct", outcome=True,
            says=["struct foo: size 8, alignment 4", "2a 00 00 00 62 00 00 00",
                  "these mean nothing"])


if __name__ == "__main__":
    sys.exit(main(__file__, drive))
