"""make peek: what it shows, in a real pseudo-terminal, also of a truncated file."""

import fcntl
import mmap
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

from tool import ROOT, run

from learner import doctor, peek


class Peek(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-peek-")
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "foo"
        self.path.write_bytes(struct.pack("=ii", 42, 98))

    def start(self, rows=24, columns=80, **env):
        self.fd, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        process = subprocess.Popen([sys.executable, "common/tools", "peek", "--file", self.path],
                                   cwd=ROOT, stdin=inner, stdout=inner, stderr=inner,
                                   start_new_session=True, env={**os.environ, **env})
        os.close(inner)

        def end():
            process.kill()
            process.wait()
            os.close(self.fd)
        self.addCleanup(end)
        return process

    def until(self, text, seconds=20):
        """All that is drawn up to and with the first picture that holds `text`."""
        seen, deadline = "", time.monotonic() + seconds
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.2)[0]:
                seen += os.read(self.fd, 65536).decode()
                if text in seen:
                    return seen
        self.fail(f"no {text!r} in {seen[-2000:]!r}")

    def test_it_shows_the_fields_and_a_change(self):
        process = self.start(NO_COLOR="1")
        self.until("baz     at offset 4: 98")
        with open(self.path, "r+b") as file:
            file.write(struct.pack("=i", 31337))
        seen = self.until("at offset 0: [31337]")
        self.assertIn("[69] [7a]", seen)
        os.write(self.fd, b" ")
        self.assertEqual(process.wait(10), 0)

    def test_it_names_who_has_the_file_mapped(self):
        with open(self.path, "r+b") as file, mmap.mmap(file.fileno(), 8):
            status = os.stat(self.path)
            pids = [pid for pid, _ in peek.processes(status.st_dev, status.st_ino)]
            self.assertEqual(pids, [os.getpid()])
            self.start()
            self.assertIn(str(os.getpid()), self.until("mapped by 1 process:\x1b") +
                          self.until("any key"))

    def test_other_programs_may_have_names_that_are_no_text(self):
        # In /proc/PID/maps stands what they were called, in whatever encoding.
        path = os.fsencode(self.path.parent) + b"/caf\xe9"
        with open(path, "w+b") as file:
            file.write(bytes(8))
            file.flush()
            with mmap.mmap(file.fileno(), 8):
                status = os.stat(path)
                pids = [pid for pid, _ in peek.processes(status.st_dev, status.st_ino)]
                self.assertEqual(pids, [os.getpid()])
                self.assertEqual(doctor.users_of("/nowhere"), [])

    def test_it_survives_a_truncation_and_a_removal(self):
        process = self.start()
        self.until("98")
        os.truncate(self.path, 2)
        self.until("the file has 2 bytes, a foo has 8")
        self.until("not in the file")
        os.truncate(self.path, 0)
        self.until("the file has 0 bytes")
        self.path.unlink()
        self.until("the name is gone")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)  # Ctrl-C
        self.assertEqual(process.wait(10), 0)

    def test_a_picture_fits_the_terminal(self):
        view = peek.View(self.path, "a" * 200)
        self.addCleanup(os.close, view.fd)
        view.look(0)
        for width, height in ((80, 24), (40, 12)):
            lines = view.lines(0, width, height)
            self.assertLessEqual(len(lines), height)
            self.assertTrue(all(len(text) < width for text, _ in lines))

    def test_it_refuses_politely(self):
        result = run(sys.executable, "common/tools", "peek", "--file", self.path)
        self.assertEqual(result.returncode, 2)
        self.assertIn("terminal", result.stderr)
        self.assertEqual(result.stdout, "")
        with self.assertRaises(ValueError):
            peek.View("/dev/null", "null")


if __name__ == "__main__":
    unittest.main()
