"""Where the ring's counters are, as a run shows it, and what it would cost to have them in
one cache line."""

import os
import struct
from pathlib import Path

from author.conversation import run
from author.pictures import BLUE, GREY, ORANGE, RED, SOFT, Canvas

LINE = 64  # bytes


def seen():
    """The offsets of what has been written, and of what has been given back."""
    name = f"/suchfoo.{os.getpid()}.picture"
    path = Path("/dev/shm" + name)
    messages = 77  # no other word of the object has this value

    def words():
        data = path.read_bytes()
        return {8 * i for i, (word,) in enumerate(struct.iter_unpack("<Q", data)) if word == messages}
    try:
        run("16_ring_buffer", name, "send", str(messages))
        written = words()
        run("16_ring_buffer", name, "receive")
        return min(written), min(words() - written)
    finally:
        path.unlink(missing_ok=True)


def draw():
    written, released = seen()
    assert written % LINE == 0 and released == written + LINE, (written, released)
    canvas = Canvas(660, 330)

    def side(x, y, who, colour):
        canvas.box(x, y, 110, 44, colour, who, size=11.5)

    def line(y, number, parts):
        canvas.box(200, y, 260, 34, GREY)
        for at, text, colour in parts:
            canvas.box(200 + at, y, 90, 34, colour, text, size=10.5, mono=True)
        canvas.text(330, y - 10, f"cache line {number}", size=9.5, colour=SOFT)
    canvas.text(16, 24, "The ring: each changes a line of its own", size=12, bold=True, at="left")
    line(58, written // LINE, [(0, "written", BLUE)])
    line(110, released // LINE, [(0, "released", ORANGE)])
    side(30, 53, "sender", BLUE)
    side(520, 105, "receiver", ORANGE)
    canvas.arrow((140, 75), (198, 75))
    canvas.arrow((520, 127), (462, 127))
    canvas.text(586, 74, "looks seldom", size=10, colour=SOFT)
    canvas.text(86, 127, "looks seldom", size=10, colour=SOFT)
    canvas.text(16, 196, "False sharing: both in one line", size=12, bold=True, at="left")
    line(236, written // LINE, [(0, "written", BLUE), (90, "released", ORANGE)])
    side(30, 231, "sender", BLUE)
    side(520, 231, "receiver", ORANGE)
    canvas.arrow((140, 253), (198, 253), both=True)
    canvas.arrow((520, 253), (462, 253), both=True)
    canvas.box(200, 286, 260, 26, RED, "each change takes the line from the other side", size=9.5)
    return canvas.svg(
        f"The counters of the ring: written at byte {written} of the object, released at byte {released}, "
        "so each is in a cache line of its own, which one side changes and the other one looks at seldom. "
        "In one line, each change by one side would take the line from the other side.")


PICTURES = {"counters": draw}
