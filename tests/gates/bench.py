"""Step 24's harness: what becomes of workers that are wrong, silent, dead or absent. No
test looks at a time."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT, run

STEP = ROOT / "steps" / "24_choosing"
sys.path.insert(0, str(STEP / "report"))
import bench
from items import ITEMS, Item
from shared.steps import BUILD


class Workers(unittest.TestCase):
    """Real workers, each with a defect, beside one that is as it should be."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-bench-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        built = run("g++", "-std=c++20", "-Isteps", "-I.", "tests/gates/bad_transports.cpp", "-o",
                    cls.folder / "bad_transports", timeout=600)
        assert built.returncode == 0, built.stderr
        (cls.folder / "24_choosing").symlink_to(BUILD / "steps" / "24_choosing")

    def measured(self, *transports, program="bad_transports"):
        items = [Item(name, "spinning", name, program, samples=50, batch=5)
                 for name in transports]
        found = bench.run(items, 0, self.folder / "out", self.folder, lambda *_: None, limit=2)
        self.assertEqual(found.verified, {one.item: True for one in found.blocks})
        return {one.item for one in found.blocks}, found.problems

    def test_a_wrong_byte_fails_the_transport_and_nothing_else(self):
        done, problems = self.measured("corrupting", "good")
        self.assertEqual(done, {"good"})
        self.assertRegex(problems["corrupting"],
                         "side: message [0-9]+ arrived with other bytes than were sent$")

    def test_one_that_hangs_is_reported_after_its_limit(self):
        done, problems = self.measured("silent", "good")
        self.assertEqual((done, list(problems)), ({"good"}, ["silent"]))
        self.assertEqual(problems["silent"], "bad_transports: not finished after 2 s")

    def test_one_that_dies_is_reported_with_its_signal(self):
        done, problems = self.measured("dying", "good")
        self.assertEqual(done, {"good"})
        self.assertRegex(problems["dying"], "side: killed by SIGBUS$")

    def test_one_that_cannot_be_opened_says_why(self):
        done, problems = self.measured("half-open", "good")
        self.assertEqual(done, {"good"})
        self.assertEqual(problems["half-open"], 'bad_transports: the answering side: '
                         'connect "nowhere": Connection refused')

    def test_one_that_is_absent_is_named_and_skipped(self):
        done, problems = self.measured("any", program="24_absent")
        self.assertEqual((done, problems),
                         (set(), {"any": "not installed: sh common/setup.sh bench"}))

    def test_what_a_killed_run_left_is_removed(self):
        process = subprocess.Popen(["true"])
        process.wait()
        out = self.folder / "out"
        names = [Path(f"/dev/shm/suchfoo.bench.{pid}.1.") for pid in (process.pid, os.getpid())]
        folders = [out / f"tmp.{pid}.x" for pid in (process.pid, os.getpid())]
        for left in names:
            left.touch()
            self.addCleanup(left.unlink, missing_ok=True)
        for left in folders:
            left.mkdir(parents=True)
            self.addCleanup(shutil.rmtree, left, ignore_errors=True)
        bench.sweep_the_dead(out)
        self.assertEqual([left.exists() for left in names], [False, True])
        self.assertEqual([left.exists() for left in folders], [False, True])

    def test_nothing_is_left(self):
        self.measured("dying", "silent", "good")
        self.assertEqual(list((self.folder / "out").glob("tmp.*")), [])
        self.assertEqual(list(Path("/dev/shm").glob(f"suchfoo.bench.{os.getpid()}.*")), [])
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="utf-8")
        self.assertEqual(children, "")


class Python(unittest.TestCase):
    def test_its_transports_carry_their_words(self):
        for transport in ("python-shared-memory", "python-pipe", "python-manager"):
            result = run(sys.executable, STEP / "peers" / "python_sides.py", transport, "samples=20",
                         "batch=5")
            self.assertEqual((result.returncode, result.stderr), (0, ""), transport)
            what = "answer" if transport == "python-manager" else "byte"
            self.assertIn(f"{transport}: 100 times 8 bytes, every {what} verified",
                          result.stdout)

    def test_a_side_that_dies_is_reported(self):
        for transport, says in (("python-shared-memory", "the answering side died"),
                                ("python-pipe", "")):
            with subprocess.Popen([sys.executable, STEP / "peers" / "python_sides.py", transport,
                                   "samples=1000000", "batch=100", "seconds=60"], cwd=ROOT,
                                  stderr=subprocess.PIPE, text=True) as process:
                self.addCleanup(process.kill)
                answering = self.last_child_of(process.pid)
                os.kill(answering, signal.SIGKILL)
                self.assertEqual(process.wait(10), 1)
                self.assertRegex(process.stderr.read(), f"^python_sides.py: .*{says}.*\n$")

    def last_child_of(self, pid):
        """The process that it started last, once it has used some CPU time."""
        children = Path(f"/proc/{pid}/task/{pid}/children")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            last = children.read_text(encoding="utf-8").split()[-1:]
            if last and b"python_sides.py" in Path(f"/proc/{last[0]}/cmdline").read_bytes():
                ran = int(Path(f"/proc/{last[0]}/schedstat").read_text(encoding="utf-8").split()[0])
                if ran > 100_000_000:  # ns: it is past its start, and answering
                    return int(last[0])
            time.sleep(0.05)
        self.fail("nobody answers")


def still_running(pids):
    """Those of `pids` that have not ended after a while: init has to bury an orphan."""
    def runs(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False
    deadline = time.monotonic() + 5
    while any(map(runs, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [pid for pid in pids if runs(pid)]


class Helpers(unittest.TestCase):
    def test_nothing_is_left_of_a_program_that_does_not_want_to_end(self):
        script = "trap '' TERM; sleep 60 & echo $!; wait; sleep 60"
        with bench.running(["sh", "-c", script], stdout=subprocess.PIPE) as process:
            pids = [process.pid, int(process.stdout.readline())]
        self.assertEqual(still_running(pids), [])


class Daemon(unittest.TestCase):
    """iceoryx's, played by a script."""

    def played(self, script):
        with tempfile.TemporaryDirectory() as folder:
            daemon = Path(folder, "iox-roudi")
            daemon.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            daemon.chmod(0o755)
            with mock.patch.dict(os.environ, {"PATH": f"{folder}:{os.environ['PATH']}"}), \
                    bench.roudi(Path(folder)) as reason:
                return reason

    def test_what_others_make_meanwhile_stays(self):
        other = Path(f"/dev/shm/suchfoo.other.{os.getpid()}")
        self.addCleanup(other.unlink, missing_ok=True)
        self.assertIsNone(self.played(f"touch {other}; echo ready for clients; sleep 60"))
        self.assertTrue(other.exists())

    def test_one_that_does_not_start_says_why(self):
        self.assertIn("running here already", self.played("echo ROUDI_STILL_RUNNING; exit 134"))
        self.assertIn("does not start", self.played("exit 1"))


class Command(unittest.TestCase):
    def test_a_run_writes_what_it_found(self):
        with tempfile.TemporaryDirectory() as folder:
            result = run(sys.executable, STEP / "report" / "bench.py", "--seconds", "1", "--out", folder,
                         timeout=600)
            self.assertEqual(result.returncode, 0, result.stderr)
            results = json.loads((Path(folder) / "results.json").read_text(encoding="utf-8"))
            self.assertEqual(list(results["items"]), [item.name for item in ITEMS])
            for name, found in results["items"].items():
                self.assertTrue(found["problem"] or found["near"] or found["unquotable"]
                                or found["far"], name)
            self.assertIn("| threads |", (Path(folder) / "results.md").read_text(encoding="utf-8"))
            again = run(sys.executable, STEP / "report" / "bench.py", "--short", "--seconds", "1",
                        "--out", folder, "--compare", Path(folder) / "results.json")
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertRegex(again.stdout, "times the anchor \\(|Nothing changed")

    def test_what_this_machine_does_not_have_is_named_and_no_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            result = run("prlimit", "--msgqueue=0", sys.executable, STEP / "report" / "bench.py", "--short",
                         "--seconds", "1", "--out", folder, timeout=600)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, "Without posix-queue, apart: .*Too many open files")
        self.assertNotIn("| posix-queue", result.stdout)

    def one_line(self, *argv, status=1, **more):
        """What a command that fails says: one line, and nothing on standard output."""
        result = run(*argv, **more)
        self.assertEqual((result.returncode, result.stdout), (status, ""), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        return result.stderr

    def test_bad_input_is_one_line(self):
        bench_py = (sys.executable, STEP / "report" / "bench.py", "--short")
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder) / "other.json"
            for text, says in ((None, "No such file"), ("{", "Expecting"), ("[]", "keys"),
                               ("{}", "these are no results of a run")):
                if text is not None:
                    other.write_text(text, encoding="utf-8")
                said = self.one_line(*bench_py, "--compare", other)
                self.assertTrue(said.startswith(f"bench: {other}: " if text is not None
                                                else "bench: "), said)
                self.assertIn(says, said)
            self.assertIn("is not built", self.one_line(*bench_py, env={
                "SUCHFOO_BUILD": folder}))
        self.assertIn("/proc/nowhere", self.one_line(*bench_py, "--out", "/proc/nowhere"))
        self.assertIn("needs two CPUs", self.one_line("taskset", "-c", "0", *bench_py))
        sides = (sys.executable, STEP / "peers" / "python_sides.py")
        for word in ("samples=x", "speed=1", "samples"):
            self.assertIn(repr(word), self.one_line(*sides, "python-pipe", word, status=2))
        self.assertIn("usage: ", self.one_line(*sides, "pigeon", status=2))

    def test_ctrl_c_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen([sys.executable, STEP / "report" / "bench.py", "--out", folder],
                                       cwd=ROOT, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.stderr.close)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            deadline = time.monotonic() + 20
            started = []
            while len(started) < 4 and time.monotonic() < deadline:
                time.sleep(0.02)  # until two keepers, the anchor and a worker are there
                started = children.read_text(encoding="utf-8").split()
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(20), 130)
            self.assertIn("bench: interrupted", process.stderr.read())
            self.assertGreaterEqual(len(started), 4)
            self.assertEqual(still_running(started), [])
            self.assertEqual(list(Path(folder).glob("tmp.*")), [])
            names = f"suchfoo.bench.{process.pid}.*"
            self.assertEqual(list(Path("/dev/shm").glob(names)), [])


if __name__ == "__main__":
    unittest.main()
