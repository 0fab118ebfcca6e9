"""What the tests of the tools share."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "common" / "tools"))


def run(*argv, **more):
    """Runs a command in the project's folder, its output as text. The limit is for what hangs,
    and not for a slow machine."""
    environment = {**os.environ, **more.pop("env", {})}
    return subprocess.run([str(word) for word in argv], cwd=more.pop("cwd", ROOT),
                          env=environment, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=more.pop("timeout", 600), **more)
