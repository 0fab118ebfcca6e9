"""Where a stored value is, and what takes it away: a mapping, the page cache and the disk,
with what the kernel says of the page before and after msync."""

import mmap
import re
import tempfile
from pathlib import Path

from author.conversation import run
from author.pictures import BLUE, GREEN, GREY, ORANGE, RED, SOFT, Canvas
from shared.steps import BUILD


def dirty_kilobytes(path):
    """How much of the mapping of `path` the disk does not have yet, of this process."""
    smaps = Path("/proc/self/smaps").read_text(encoding="utf-8")
    of_path = smaps.split(str(path), 1)[1].split("VmFlags", 1)[0]
    return sum(map(int, re.findall(r"Private_Dirty: +(\d+) kB", of_path)))


def seen():
    """The kilobytes that the disk lacks, after a store and after msync."""
    # On a disk: a tmpfs has none, and says that everything is dirty.
    with tempfile.TemporaryDirectory(prefix="suchfoo-picture-", dir=BUILD) as folder:
        path = Path(folder) / "suchfoo"
        run("05_primed_file", path, "42", "98")
        with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
            memory[0:4] = (31337).to_bytes(4, "little")
            stored = dirty_kilobytes(path)
            memory.flush()  # msync(2), MS_SYNC
            return stored, dirty_kilobytes(path)


def draw():
    stored, synced = seen()
    assert synced == 0 < stored, (stored, synced)
    canvas = Canvas(660, 330)
    columns = (("your process", "its mapping", BLUE, 20),
               ("the page cache", "one page, in the kernel", GREEN, 240),
               ("the disk", "one block", ORANGE, 460))
    for title, what, colour, left in columns:
        canvas.frame(left, 20, 180, 150, title)
        canvas.text(left + 90, 62, what, size=10.5, colour=SOFT)
    canvas.box(40, 78, 140, 34, BLUE, "f.bar = 31337", size=11, mono=True)
    canvas.box(260, 78, 140, 34, GREEN, "Foo(31337, 98)", size=11, mono=True)
    canvas.box(480, 78, 140, 34, ORANGE, "Foo(42, 98)", size=11, mono=True)
    canvas.arrow((180, 95), (258, 95))
    canvas.text(220, 84, "at once", size=10)
    canvas.arrow((400, 95), (478, 95), dashed=True)
    canvas.text(440, 84, "msync", size=10)
    canvas.text(330, 130, f"smaps: {stored} kB dirty", size=10.5, mono=True)
    canvas.text(550, 130, f"after msync: {synced} kB dirty", size=10.5, mono=True)
    canvas.text(550, 150, "and Foo(31337, 98) is here, too", size=10, colour=SOFT)
    for row, (what, left, width, colour) in enumerate((
            ("exit, abort, kill -9 take this", 20, 180, GREY),
            ("a power cut takes both of these", 20, 400, RED),
            ("this stays", 460, 180, GREY))):
        canvas.box(left, 190 + 44 * (row if row < 2 else 1), width, 32, colour, what, size=11.5)
    canvas.text(330, 306, "The dashed way is taken by msync or fsync, or by the kernel when it likes.",
                size=10.5, colour=SOFT)
    return canvas.svg(
        "A store goes to the page cache at once, and from there to the disk when msync asks for it. "
        f"After the store {stored} kB of the page are dirty, after msync {synced} kB. The end of the process "
        "takes the mapping only; a power cut takes the mapping and the page cache; the disk stays.")


PICTURES = {"cache": draw}
