"""What can be touched of a mapping, what is kept, and what kills: tried out, byte by
byte, on files of several sizes."""

import ctypes
import mmap
import os
import signal
import tempfile

from author.pictures import BLUE, ORANGE, RED, SOFT, Canvas

PAGE = mmap.PAGESIZE
SIZES = (0, 1, 8, PAGE, PAGE + 1)
FILLS = {"kept": BLUE, "lost": ORANGE, "kills": RED}

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
                      ctypes.c_int, ctypes.c_long]


def store(fd, offset):
    """In a process of its own: stores a byte through a mapping of two pages. (Python's
    mmap does not map more than a file has.) Returns what that process died of, or 0."""
    pid = os.fork()
    if pid == 0:
        address = libc.mmap(None, 2 * PAGE, mmap.PROT_READ | mmap.PROT_WRITE,
                            mmap.MAP_SHARED, fd, 0)
        ctypes.c_char.from_address(address + offset).value = b"!"
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def fate(size, offset):
    """What happens to a byte that is stored at `offset` of a file of `size` bytes."""
    with tempfile.TemporaryFile() as file:
        file.truncate(size)
        died_of = store(file.fileno(), offset)
        if died_of == signal.SIGBUS:
            return "kills"
        assert died_of == 0, died_of
        return "kept" if os.pread(file.fileno(), 1, offset) == b"!" else "lost"


def stretches(size):
    """[(first, last, fate)] of the two pages; tried at each border and both its sides."""
    borders = sorted({0, size, PAGE, 2 * PAGE})
    found = []
    for first, end in zip(borders, borders[1:]):
        fates = {fate(size, offset) for offset in (first, (first + end) // 2, end - 1)}
        assert len(fates) == 1, (size, first, fates)
        found.append((first, end - 1, fates.pop()))
    return found


def draw():
    left, width = 110, 240  # of page 0; page 1 is beside it
    canvas = Canvas(left + 2 * width + 30, 90 + 58 * len(SIZES))
    for page in (0, 1):
        canvas.text(left + width * (page + 0.5), 28, f"page {page} of the mapping", bold=True)
    told = []
    for row, size in enumerate(SIZES):
        top = 50 + 58 * row
        canvas.text(20, top + 20, f"{size} byte" + ("s" if size != 1 else ""), at="left")
        parts = stretches(size)
        # Not to scale: one byte and eight have to be seen beside a page.
        for page in (0, 1):
            inside = [part for part in parts if part[0] // PAGE == page]
            at = left + width * page
            for first, last, what in inside:
                wide = width if len(inside) == 1 else (52 if first % PAGE == 0
                                                       else width - 52)
                one = "" if len(inside) > 1 and first % PAGE == 0 else {
                    "kept": "kept", "lost": "touched, then lost", "kills": "SIGBUS"}[what]
                canvas.box(at, top, wide, 40, FILLS[what], one or "kept", size=12,
                           bold=what == "kills")
                at += wide
        told.append(f"a file of {size}: " + ", ".join(
            f"bytes {first} to {last} {what}" for first, last, what in parts))
    top = 56 + 58 * len(SIZES)
    canvas.text(left, top + 12, f"A page here has {PAGE} bytes. Widths are not to scale.",
                size=11, colour=SOFT, at="left")
    return canvas.svg("What becomes of a byte that is stored through a mapping of two pages. "
                      + "; ".join(told) + ".")


PICTURES = {"pages": draw}
