"""What the tests of the tools share."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "common" / "tools"))
# A shell starts what is in the background with SIGINT ignored, and that is inherited. A handler is
# not: whom we start has it as at a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)


def run(*argv, **more):
    """Runs a command in the project's folder, its output as text. The limit is for what hangs,
    and not for a slow machine."""
    environment = {**os.environ, **more.pop("env", {})}
    return subprocess.run([str(word) for word in argv], cwd=more.pop("cwd", ROOT),
                          env=environment, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=more.pop("timeout", 600), **more)


def abandoned_names():
    """The names in /dev/shm of tests and drivers that are no more."""
    end = time.monotonic() + 5  # somebody else's test may be going just now
    while found := [name for name in os.listdir("/dev/shm")
                    if (number := re.match(r"suchfoo\.(\d+)\.", name))
                    and not os.path.exists(f"/proc/{number[1]}")]:
        if time.monotonic() > end:
            break
        time.sleep(0.05)
    return found
