"""Plays step 02: a Foo, its bytes, and a copy made from them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common"))
from driver import main


def drive(d):
    d.shell("build/steps/02_malloc_wrapper 42 98", outcome=True,
            says=["f = Foo(42, 98), 8 bytes: 2a 00 00 00 62 00 00 00",
                  "with bar set: Foo(31337, 98)", "f is still Foo(42, 98)"])


if __name__ == "__main__":
    sys.exit(main(__file__, drive))
