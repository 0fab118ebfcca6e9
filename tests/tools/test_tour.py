"""The tour: plain text into a pipe, an honest closing table, and nothing left behind."""

import io
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from tool import ROOT, run

from shared import driver
from learner import tour
from shared.steps import BUILD, all_steps

STEPS = all_steps()


def leftovers(folder, pid):
    """What process `pid` left: files below its TMPDIR, names in /dev/shm."""
    return sorted(os.listdir(folder)) + sorted(
        name for name in os.listdir("/dev/shm") if name.startswith(f"suchfoo.{pid}."))


def running(text):
    """The command lines of processes that hold `text`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has gone
        if text in line:
            found.append(line)
    return found


class Tour(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.env = {"TMPDIR": self.folder, "SUCHFOO_BUILD": str(BUILD)}
        missing = [s.name for s in STEPS if not (BUILD / "steps" / s.name).exists()]
        if missing:
            print(f"SKIPPED: not built yet: {' '.join(missing)}")
            self.skipTest("not built")

    def start(self, *words):
        return subprocess.Popen([sys.executable, "common/tools", "tour", *words], cwd=ROOT, text=True,
                                env={**os.environ, **self.env}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_one_step_alone(self):
        result = run(sys.executable, "common/tools", "tour", "04", env=self.env)
        self.assertEqual(result.returncode, 0)
        self.assertIn("dies of SIGBUS", result.stdout)
        self.assertIn("1 of 1 as declared", result.stdout)

    def test_a_step_ends_with_what_comes_next(self):
        result = run(sys.executable, "common/tools", "tour", "04", env=self.env)
        self.assertIn("next: read notes/04_empty_file_sigbus.md, then make 05\n", result.stdout)

    def test_a_terminal_shows_the_real_addresses_and_a_pipe_the_recorded_ones(self):
        result = run(sys.executable, "common/tools", "tour", "06", env=self.env)
        self.assertIn("ADDRESS_1", result.stdout)
        self.assertNotRegex(result.stdout, r"\b7[0-9a-f]{11}\b")
        shown = self.on_a_terminal("06")
        self.assertNotIn("ADDRESS_1", shown)
        self.assertRegex(shown, r"\b[0-9a-f]{8,16}-[0-9a-f]{8,16} rw-s 00000000 .* /tmp/suchfoo")

    def on_a_terminal(self, *words):
        """What the tour shows on a terminal."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([sys.executable, "common/tools", "tour", *words], cwd=ROOT,
                                   env={**os.environ, **self.env}, stdin=subprocess.DEVNULL,
                                   stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.addCleanup(process.wait, 60)
        text = b""
        with open(ours, "rb", buffering=0) as screen:
            try:
                while piece := screen.read(65536):
                    text += piece
            except OSError:  # Linux: EIO once the other side is closed
                pass
        return text.decode()

    def test_ctrl_c_leaves_nothing(self):
        # At several moments: whatever runs then has to be ended and removed.
        for delay in (0, 0.2, 0.4):
            process = self.start()
            process.stdout.readline()  # the tour has begun, and not only Python
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
            self.assertIn(process.returncode, (0, 130, -signal.SIGINT))
            self.assertEqual(leftovers(self.folder, process.pid), [])
            self.assertEqual(running(f"{self.folder}/suchfoo-drive"), [])

    def played(self, step, drive):
        """Plays drive(d) as if it were step's; returns its row and whether it is ok."""
        out = io.StringIO()
        with mock.patch("learner.tour.load", lambda _: mock.Mock(drive=drive)), redirect_stdout(out), \
                redirect_stderr(out):
            seen, problem = tour.play(step, colour=False)
        return seen, problem

    def test_an_outcome_that_is_not_declared_is_not_ok(self):
        crash = next(s for s in STEPS if s.outcome == "dies of SIGBUS")
        seen, problem = self.played(crash, lambda d: d.shell("true", outcome=True))
        self.assertEqual((seen, problem), ("works", None))
        seen, _ = self.played(crash, lambda d: d.shell("sh -c 'kill -BUS $$'",
                                                       status=135, outcome=True))
        self.assertEqual(seen, "dies of SIGBUS")

    def test_a_driver_notices_what_it_did_not_expect(self):
        step = STEPS[0]
        for drive, text in (
                (lambda d: d.shell("exit 3"), "expected status 0, got 3"),
                (lambda d: d.shell("echo a", says="b"), "expected 'b'"),
                (lambda d: d.shell("sleep 60"), "still running")):
            with mock.patch("shared.driver.PATIENCE", 0.5):
                self.assertIn(text, self.played(step, drive)[1])

    def test_a_driver_works_on_private_files(self):
        path = f"/tmp/suchfoo-test-{os.getpid()}"  # of this run: /tmp is everybody's
        seen = []
        driver.play(lambda d: seen.append(d.shell(f"echo hello > {path}; cat {path}; "
                                                  f"echo {path}")), io.StringIO())
        self.assertEqual(seen[0].splitlines(), ["hello", path])
        self.assertFalse(Path(path).exists())


if __name__ == "__main__":
    unittest.main()
