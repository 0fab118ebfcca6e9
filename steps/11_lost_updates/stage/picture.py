"""Two terminals that add 1 each, line by line, as it was run: what each one's n is, and what bar is."""

import tempfile
from pathlib import Path

from author.conversation import conversation, run
from author.pictures import BLUE, GREEN, ORANGE, RED, SOFT, Canvas

LINES = ((0, "n = f.bar"), (1, "n = f.bar"), (0, "f.bar = n + 1"), (1, "f.bar = n + 1"))


def played():
    """For each line: who typed it, the line, that one's n, and bar afterwards."""
    found = []
    with tempfile.TemporaryDirectory(prefix="suchfoo-picture-") as folder:
        path = Path(folder) / "suchfoo"
        run("05_primed_file", path, "0", "0")
        with conversation("11_lost_updates", path) as one, \
                conversation("11_lost_updates", path) as two:
            for who, line in LINES:
                terminal = (one, two)[who]
                terminal.tell(line)
                found.append((who, line, terminal.ask("n"), terminal.ask("f.bar")))
    return found


def draw():
    canvas = Canvas(640, 300)
    for left, title, colour in ((20, "terminal 1", BLUE), (440, "terminal 2", ORANGE)):
        canvas.frame(left, 16, 180, 268, title)
    canvas.frame(230, 16, 180, 268, "f.bar, in the page")
    told, before = [], "0"
    for row, (who, line, n, bar) in enumerate(played()):
        top = 50 + 58 * row
        left = (36, 456)[who]
        reads = line.startswith("n")
        canvas.box(left, top, 148, 30, (BLUE, ORANGE)[who], line, size=11, mono=True)
        canvas.text(left + 74, top + 42, f"n is {n}", size=10, colour=SOFT)
        lost = not reads and bar == before
        canvas.box(290, top, 60, 30, GREEN if not lost else RED, bar, size=12, mono=True)
        inner = (left + 148, 289) if who == 0 else (left, 351)
        canvas.arrow((inner[1], top + 15), (inner[0], top + 15)) if reads else \
            canvas.arrow((inner[0], top + 15), (inner[1], top + 15))
        told.append(f"terminal {who + 1} types {line}, its n is {n}, and f.bar is {bar}")
        before = bar
    canvas.text(320, 272, "the second 1 overwrites the first", size=10.5, colour=SOFT)
    return canvas.svg("An update that is lost, line by line: " + "; ".join(told) + ".")


PICTURES = {"interleaving": draw}
