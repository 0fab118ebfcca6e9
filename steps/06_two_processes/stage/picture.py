"""Two processes' address spaces, from their own lines of /proc/PID/maps."""

import tempfile
from pathlib import Path

from author.conversation import conversation, run
from author.meeting import meeting


def draw():
    with tempfile.TemporaryDirectory(prefix="suchfoo-picture-") as folder:
        path = Path(folder) / "suchfoo"
        run("05_primed_file", path, "42", "98")
        with conversation("06_two_processes", path) as one, \
                conversation("06_two_processes", path) as two:
            two.tell("f.bar = 31337")
            assert two.ask("f") == one.ask("f") == "Foo(31337, 98)"
            lines = [each.ask("maps").replace(str(path), "/tmp/suchfoo")
                     for each in (one, two)]
            bytes_ = one.ask("bytes(f)")
    return meeting(*lines, bytes_, "one page of the page cache",
                   "Two processes that have mapped /tmp/suchfoo")


PICTURES = {"meeting": draw}
