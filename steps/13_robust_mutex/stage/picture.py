"""The life of a robust lock, moment by moment, as two sessions have seen it."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

from author.conversation import conversation
from author.pictures import BLUE, GREEN, ORANGE, RED, SOFT, Canvas
from shared.steps import BUILD, ROOT

STEP = "13_robust_mutex"


def seen():
    with tempfile.TemporaryDirectory(prefix="suchfoo-picture-") as folder:
        path = Path(folder) / "suchfoo"
        subprocess.run([BUILD / "steps" / STEP, path, "60", "40"], cwd=ROOT, check=True, timeout=20)
        with conversation(STEP, path) as one, conversation(STEP, path) as two:
            one.tell("lock")
            moments = [("lock", one.ask("f"))]
            one.tell("f.bar = 50")
            moments.append(("f.bar = 50", one.ask("f")))
            os.kill(one.pid, signal.SIGKILL)
            one.process.wait(20)
            inherited = two.ask("lock")
            moments.append(("kill -9", inherited.split("; ")[1].split(" repaired")[0]))
            moments.append(("lock: EOWNERDEAD", two.ask("f")))
            two.tell("unlock")
            two.tell("lock")
            moments.append(("unlock", two.ask("f")))
    return moments


def draw():
    moments = seen()
    width, left = 118, 70
    canvas = Canvas(left + width * len(moments) + 16, 210)
    held = ("process 1", "process 1", "nobody alive", "process 2", "nobody")
    colours = (BLUE, BLUE, RED, ORANGE, GREEN)
    told = []
    for number, ((what, foo), who, colour) in enumerate(zip(moments, held, colours)):
        at = left + width * number
        canvas.text(at + width / 2, 28, what, size=9.5, mono=True)
        canvas.box(at + 3, 52, width - 6, 36, colour, who, size=11.5)
        numbers = [int(n) for n in foo[4:-1].split(", ")]
        whole = sum(numbers) == 100
        canvas.box(at + 3, 104, width - 6, 36, GREEN if whole else RED, foo, size=11, mono=True)
        told.append(f"{what}: held by {who}, {foo}")
    canvas.text(14, 70, "held by", size=11.5, at="left")
    canvas.text(14, 122, "the foo", size=11.5, at="left")
    canvas.text(left + width * 2.5, 172, "Red: an owner that is no more, and a foo whose fields do not make 100 together.",
                size=10.5, colour=SOFT)
    return canvas.svg("The life of a lock, moment by moment. " + "; ".join(told) + ".")


PICTURES = {"inherited": draw}
