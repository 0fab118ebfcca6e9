"""Shows a foo while others change it: its bytes, its fields, and who has it mapped.
For the projector. Reads only, with pread: a mapping of ours would die of SIGBUS when
the file is truncated."""

import argparse
import os
import select
import shutil
import stat
import struct
import sys
import termios
import time
import tty
from pathlib import Path

INTERVAL = 0.25  # seconds between two looks
LOUD = 2.0  # seconds for which a change is highlighted
FIELDS = (("bar", 0), ("baz", 4))
SIZE = 8


def processes(device, inode):
    """(pid, command) of every process that has this file mapped, as far as we may see."""
    wanted = (f"{os.major(device):02x}:{os.minor(device):02x}", str(inode))
    found = []
    for maps in Path("/proc").glob("[0-9]*/maps"):
        def read(name):  # others' paths may be in any encoding
            return (maps.parent / name).read_text(encoding="utf-8", errors="replace")
        try:
            if any(tuple(line.split()[3:5]) == wanted for line in read("maps").splitlines()):
                found.append((int(maps.parent.name), read("comm").strip()))
        except OSError:
            continue  # not ours to see, or gone
    return sorted(found)


class View:
    """What was last seen, and when which byte changed."""

    def __init__(self, path, title):
        self.path = path
        self.title = title
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(self.fd).st_mode):
            raise ValueError(f"{path} is not a regular file")
        self.data = None
        self.changed = {}  # offset -> when

    def look(self, now):
        data = os.pread(self.fd, SIZE, 0)
        if self.data is not None:
            for offset in range(SIZE):
                if data[offset:offset + 1] != self.data[offset:offset + 1]:
                    self.changed[offset] = now
        self.data = data

    def remarks(self):
        """What is odd about the file, for a person to know."""
        status = os.fstat(self.fd)
        if status.st_size != SIZE:
            yield f"the file has {status.st_size} bytes, a foo has {SIZE}"
        try:
            same = os.stat(self.path).st_ino == status.st_ino
        except FileNotFoundError:
            yield "the name is gone; this is the file that it led to"
            return
        if not same:
            yield "the name leads to another file by now; this is the old one"

    def lines(self, now, width, height):
        """The picture: (text, highlighted from, to) per line, for a terminal this large."""
        rows = [(self.title, None), ("", None)]
        cells = [f"{byte:02x}" for byte in self.data] + ["--"] * (SIZE - len(self.data))
        loud = {offset for offset, when in self.changed.items() if now - when < LOUD}
        rows.append(("offset  " + " ".join(f"{offset:>2}" for offset in range(SIZE)), None))
        rows.append(("bytes   " + " ".join(cells),
                     [(8 + 3 * offset, 10 + 3 * offset) for offset in sorted(loud)]))
        for name, offset in FIELDS:
            raw = self.data[offset:offset + 4]
            text = f"{name:<8}at offset {offset}: "
            value = f"{struct.unpack('=i', raw)[0]}" if len(raw) == 4 else "not in the file"
            changed = loud & set(range(offset, offset + 4))
            rows.append((text + value, [(len(text), len(text) + len(value))] if changed else None))
        rows += [("", None)] + [(remark, None) for remark in self.remarks()]
        status = os.fstat(self.fd)
        users = processes(status.st_dev, status.st_ino)
        rows.append((f"mapped by {len(users)} process{'' if len(users) == 1 else 'es'}"
                     + (":" if users else ""), None))
        room = height - len(rows) - 2
        rows += [(f"  {pid:>7}  {command}", None) for pid, command in users[:room]]
        if len(users) > room:
            rows[-1] = (f"  and {len(users) - room + 1} more", None)
        rows += [("", None), ("any key ends this", None)]
        return [(text[:width - 1], marks) for text, marks in rows[:height]]


def painted(text, marks, colour):
    """`text` with its marked parts in reverse, or in brackets where colour is off."""
    on, off = ("\x1b[7m", "\x1b[0m") if colour else ("[", "]")
    for start, end in reversed(marks or []):
        text = text[:start] + on + text[start:end] + off + text[end:]
    return text


def draw(view, colour):
    now = time.monotonic()
    view.look(now)
    width, height = shutil.get_terminal_size((80, 24))
    lines = [painted(text, marks, colour) for text, marks in view.lines(now, width, height)]
    sys.stdout.write("\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description="A live view of a foo.")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--file", help="a file that holds a foo")
    group.add_argument("--name", help="a shared-memory object that holds a foo")
    options = parser.parse_args()
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        print("make peek draws on a terminal, and this is none", file=sys.stderr)
        return 2
    path = options.file or "/dev/shm/" + options.name.lstrip("/")
    try:
        view = View(path, options.file or "/" + options.name.lstrip("/"))
    except (OSError, ValueError) as error:
        print(f"peek: {error}", file=sys.stderr)
        return 1
    saved = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        sys.stdout.write("\x1b[?1049h\x1b[?25l")  # a screen of our own, no cursor
        while True:
            draw(view, "NO_COLOR" not in os.environ)
            if select.select([sys.stdin], [], [], INTERVAL)[0]:
                os.read(sys.stdin.fileno(), 64)
                return 0
    except KeyboardInterrupt:
        return 0
    finally:
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
