"""The same list in two processes: what an address means in each, and what a distance does."""

import os
import struct
from pathlib import Path

from author.conversation import run
from author.pictures import BLUE, GREEN, ORANGE, RED, SOFT, Canvas

FIRST, NODES = 24, 40  # bytes into the object: the pointer to the first node, and the nodes


def seen():
    """The distance that is written, and where two processes had their node."""
    name = f"/suchfoo.{os.getpid()}.picture"
    path = Path("/dev/shm" + name)
    try:
        said = [run("17_no_pointers", name, "push", "42", "98"),
                run("17_no_pointers", name, "push", "31337", "-1")]
        (distance,) = struct.unpack_from("<q", path.read_bytes(), FIRST)
        return distance, [text.split("\n")[0].rpartition(" ")[2] for text in said]
    finally:
        path.unlink(missing_ok=True)


def draw():
    distance, (one, two) = seen()
    node = 24  # bytes: the second node is what is first in the list
    assert distance == NODES - FIRST + node and one != two, (distance, one, two)
    canvas = Canvas(660, 300)
    for left, who, colour in ((20, "the process that wrote it", BLUE), (350, "another process", ORANGE)):
        canvas.frame(left, 20, 290, 220, who)
        canvas.box(left + 20, 60, 110, 36, colour, "first", size=11, mono=True)
        canvas.box(left + 20, 160, 110, 36, GREEN, "Foo(31337, -1)", size=10.5, mono=True)
        canvas.arrow((left + 60, 96), (left + 60, 158))
        canvas.text(left + 68, 128, f"+{distance} bytes", size=10.5, mono=True, at="left")
    canvas.text(172, 78, "an address", size=10.5, at="left")
    canvas.arrow((205, 92), (152, 166))
    canvas.text(502, 78, "the same address", size=10.5, at="left")
    canvas.box(520, 160, 104, 36, RED, "nothing", size=11)
    canvas.arrow((560, 92), (572, 158), dashed=True)
    canvas.text(330, 268, "The distance is the same wherever the mapping is. The address is right where it was "
                "written.", size=10.5, colour=SOFT)
    return canvas.svg(
        f"A list in two processes. From first to the node are {distance} bytes, in both of them. The address of "
        "the node leads there in the process that wrote it, and to nothing in another one.")


PICTURES = {"distance": draw}
