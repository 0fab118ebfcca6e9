"""Step 09's harness: its arithmetic on known samples, and what becomes of workers that
are wrong, silent, dead or absent. No test looks at a time."""

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

from tool import ROOT, run

STEP = ROOT / "steps" / "09_how_fast"
sys.path.insert(0, str(STEP))
import bench
import machine
import report
from blocks import Block, far_limit, paired, percentile, quartiles, summary, tail
from items import ITEMS, Item
from shared.steps import BUILD


def block(item="a", anchors=(100, 100), samples=(1000,), number=0, batch=10, cpu=50, **more):
    return Block(item, number, number, anchors, batch, list(samples), cpu, **more)


class Percentiles(unittest.TestCase):
    def test_they_are_samples_by_their_rank(self):
        samples = list(range(1000, 0, -1))
        self.assertEqual(percentile(samples, 50), 500)
        self.assertEqual(percentile(samples, 99), 990)
        self.assertEqual(percentile(samples, 99.9), 999)
        self.assertEqual(percentile(samples, 100), 1000)
        self.assertEqual(percentile(samples, 0), 1)

    def test_few_samples(self):
        self.assertEqual(percentile([7], 99.9), 7)
        self.assertEqual(percentile([3, 1], 50), 1)
        self.assertEqual(percentile([3, 1], 51), 3)
        self.assertEqual(quartiles([4, 1, 3, 2]), [1, 2, 3])

    def test_a_tail_of_less_than_ten_samples_is_not_told(self):
        self.assertEqual(tail(range(1, 1001), 99), 990)
        self.assertIsNone(tail(range(1, 1000), 99))
        self.assertEqual(tail(range(1, 10001), 99.9), 9990)
        self.assertIsNone(tail(range(1, 10000), 99.9))


class Blocks(unittest.TestCase):
    def test_a_block_is_rejected_when_its_anchor_moved_by_more_than_a_fifth(self):
        for anchors in ((100, 100), (100, 120), (120, 100)):
            self.assertTrue(block(anchors=anchors).accepted, anchors)
        for anchors in ((100, 121), (121, 100), (40, 400)):
            self.assertFalse(block(anchors=anchors).accepted, anchors)

    def test_a_block_is_rejected_when_a_side_waited_for_its_cpu(self):
        samples = (1000,) * 10
        for waited, accepted in ((0, True), (500, True), (501, False)):
            for group in ("spinning", "polling", "bulk"):
                one = block(samples=samples, waited=waited, group=group)
                self.assertEqual(one.accepted, accepted, (waited, group))
            self.assertTrue(block(samples=samples, waited=waited, group="blocking").accepted)

    def test_a_ratio_is_to_the_block_s_own_anchors(self):
        one = block(anchors=(90, 110), samples=(1900, 2000, 9000), batch=10)
        self.assertEqual(one.median, 200)
        self.assertEqual(one.ratio, 2)

    def test_a_summary_has_the_percentiles_of_all_samples(self):
        said = summary([block(samples=range(10, 5000, 10)), block(samples=range(5000, 10010, 10))])
        self.assertEqual((said["blocks"], said["samples"]), (2, 1000))
        self.assertEqual((said["p50"], said["p99"], said["p99.9"]), (500, 990, None))
        self.assertEqual((said["cpu"], said["ns"]), (50, [250, 250, 750]))
        self.assertIsNone(summary([]))

    def test_far_is_measured_from_an_accepted_anchor_of_the_better_quarter(self):
        blocks = [block(anchors=(10, 100)), block(anchors=(30, 30)), block(anchors=(50, 50)),
                  *(block(anchors=(400, 400)) for _ in range(6))]
        self.assertEqual(far_limit(blocks), 150)
        self.assertEqual(far_limit([]), 0)

    def test_pairs_are_of_one_round_accepted_and_near(self):
        blocks = [block("a", number=0, samples=(1000,)), block("b", number=0, samples=(2000,)),
                  block("a", number=1), block("b", number=1, anchors=(100, 200)),
                  block("a", number=2, anchors=(900, 900)),
                  block("b", number=2, anchors=(900, 900), samples=(90000,)),
                  block("b", number=3, samples=(90000,))]
        self.assertEqual(paired(blocks, "a", "b", 300), [2, 2, 2])
        self.assertIsNone(paired(blocks, "a", "c", 300))


class Reports(unittest.TestCase):
    ITEM = Item("shm_open", "spinning", "shm_open")

    def results(self, blocks, problems={}, verified=True):
        run = bench.Found(blocks, problems, {"shm_open": verified} if blocks else {})
        return report.results([self.ITEM], run, {"processor": "known"}, 0.5)

    def test_rejected_blocks_are_counted_and_left_out(self):
        blocks = [block("shm_open", samples=(1000,)),
                  block("shm_open", anchors=(100, 500), samples=(99000,)),
                  block("shm_open", anchors=(800, 800), samples=(8000,))]
        found = self.results(blocks)["items"]["shm_open"]
        self.assertEqual(found["near"]["p50"], 100)
        self.assertEqual((found["near"]["blocks"], found["rejected"]), (1, 1))
        self.assertEqual((found["far"]["blocks"], found["far"]["p50"]), (1, 800))
        self.assertIn("| 1 + 1 + 1 |", report.markdown(self.results(blocks)))

    def test_without_an_accepted_block_figures_are_in_brackets(self):
        blocks = [block("shm_open", anchors=(100, 500))]
        self.assertIn("| shm_open | [100] |", report.markdown(self.results(blocks)))

    def test_what_is_absent_is_named_with_its_reason(self):
        text = report.markdown(self.results([], {"shm_open": "not installed"}))
        self.assertIn("Without shm_open: not installed.", text)

    def test_a_comparison_shows_only_what_is_beyond_the_noise(self):
        def with_ratio(*ratios, times=3):
            return self.results([block("shm_open", samples=(1000 * ratio,), number=number)
                                 for number, ratio in enumerate(ratios * times)])
        old = with_ratio(1.0, 1.1, 1.2, 1.3)
        same = report.comparison(old, with_ratio(1.1, 1.2, 1.3, 1.4))
        self.assertEqual(same, "Nothing changed beyond the noise.")
        slower = report.comparison(old, with_ratio(2.0, 2.1, 2.2, 2.3))
        self.assertRegex(slower, r"^shm_open: 1\.1 -> 2\.1 times the anchor \(\+91%\)$")
        few = report.comparison(old, with_ratio(2.0, 2.1, 2.2, 2.3, times=2))
        self.assertEqual(few, "Nothing changed beyond the noise.\n"
                              "Too few blocks to tell: 1 items.")
        other = dict(old, machine={"processor": "another"})
        self.assertIn("processor: another -> known", report.comparison(other, old))


    def test_what_is_slower_is_compared_in_ns(self):
        # The anchor is twice as long, and a pipe is not.
        def pipe(anchor, ns):
            blocks = [block("shm_open", anchors=(anchor, anchor), samples=(10 * ns,))] * 12
            results = self.results(blocks)
            results["items"]["shm_open"]["class"] = "blocking"
            return results
        self.assertEqual(report.comparison(pipe(50, 4000), pipe(100, 4000)),
                         "Nothing changed beyond the noise.")
        self.assertEqual(report.comparison(pipe(50, 4000), pipe(50, 6000)),
                         "shm_open: 4,000 -> 6,000 ns (+50%)")

    def test_verification_is_claimed_as_the_workers_say(self):
        yes, no = (report.markdown(self.results([block("shm_open")], verified=verified))
                   for verified in (True, False))
        self.assertTrue(yes.endswith("by the side that received it.\n"), yes)
        self.assertTrue(no.endswith("Nothing was verified.\n"), no)
        items = {name: {"transport": name, "verified": name != "bare"}
                 for name in ("bare", "file")}
        self.assertRegex(report.verification(items), "received it, but for bare\\.$")


class Machine(unittest.TestCase):
    def test_two_cpus_are_on_two_cores_of_a_package_with_one_cache(self):
        def chosen(**cpus):  # cpuN: (package, core, the CPUs that share its last cache)
            with tempfile.TemporaryDirectory() as folder:
                for name, (package, core, shared) in cpus.items():
                    for path, text in (("topology/physical_package_id", package),
                                       ("topology/core_id", core),
                                       ("cache/index3/shared_cpu_list", shared)):
                        target = Path(folder, name, path)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_text(str(text))
                with mock.patch("machine.CPUS", Path(folder)), \
                        mock.patch("os.sched_getaffinity", lambda _: {
                            int(name[3:]) for name in cpus}):
                    return machine.two_cpus()
        # A sibling of the same core, another package, another cache, and at last:
        self.assertEqual(chosen(cpu0=(0, 0, "0-2"), cpu1=(0, 0, "0-2"), cpu2=(1, 0, "0-2"),
                                cpu3=(0, 1, "3"), cpu4=(0, 2, "0-2")), (0, 4))
        self.assertEqual(chosen(cpu0=(0, 0, "0"), cpu1=(1, 0, "1"), cpu2=(0, 1, "2")), (0, 2))
        self.assertEqual(chosen(cpu0=(0, 0, "0"), cpu1=(0, 0, "0")), (0, 1))


class Workers(unittest.TestCase):
    """Real workers, each with a defect, beside one that is as it should be."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-bench-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        built = run("g++", "-std=c++20", "-Isteps", "-I.", "tests/bad_transports.cpp", "-o",
                    cls.folder / "bad_transports", timeout=120)
        assert built.returncode == 0, built.stderr
        (cls.folder / "09_how_fast").symlink_to(BUILD / "steps" / "09_how_fast")

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
        done, problems = self.measured("any", program="09_absent")
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
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        self.assertEqual(children, "")


class Python(unittest.TestCase):
    def test_its_transports_carry_their_words(self):
        for transport in ("python-shared-memory", "python-pipe", "python-manager"):
            result = run(sys.executable, STEP / "python_sides.py", transport, "samples=20",
                         "batch=5")
            self.assertEqual((result.returncode, result.stderr), (0, ""), transport)
            what = "answer" if transport == "python-manager" else "byte"
            self.assertIn(f"{transport}: 100 times 8 bytes, every {what} verified",
                          result.stdout)

    def test_a_side_that_dies_is_reported(self):
        for transport, says in (("python-shared-memory", "the answering side died"),
                                ("python-pipe", "")):
            with subprocess.Popen([sys.executable, STEP / "python_sides.py", transport,
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
            last = children.read_text().split()[-1:]
            if last and b"python_sides.py" in Path(f"/proc/{last[0]}/cmdline").read_bytes():
                ran = int(Path(f"/proc/{last[0]}/schedstat").read_text().split()[0])
                if ran > 100_000_000:  # ns: it is past its start, and answering
                    return int(last[0])
            time.sleep(0.05)
        self.fail("nobody answers")


def still_running(pids):
    """Those of `pids` that have not ended after a while: init has to bury an orphan."""
    def runs(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
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
            daemon.write_text(f"#!/bin/sh\n{script}\n")
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
            result = run(sys.executable, STEP / "bench.py", "--seconds", "1", "--out", folder,
                         timeout=200)
            self.assertEqual(result.returncode, 0, result.stderr)
            results = json.loads((Path(folder) / "results.json").read_text())
            self.assertEqual(list(results["items"]), [item.name for item in ITEMS])
            for name, found in results["items"].items():
                self.assertTrue(found["problem"] or found["near"] or found["unquotable"]
                                or found["far"], name)
            self.assertIn("| threads |", (Path(folder) / "results.md").read_text())
            again = run(sys.executable, STEP / "bench.py", "--short", "--seconds", "1",
                        "--out", folder, "--compare", Path(folder) / "results.json")
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertRegex(again.stdout, "times the anchor \\(|Nothing changed")

    def test_what_this_machine_does_not_have_is_named_and_no_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            result = run("prlimit", "--msgqueue=0", sys.executable, STEP / "bench.py", "--short",
                         "--seconds", "1", "--out", folder, timeout=100)
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
        bench_py = (sys.executable, STEP / "bench.py", "--short")
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder) / "other.json"
            for text, says in ((None, "No such file"), ("{", "Expecting"), ("[]", "keys"),
                               ("{}", "these are no results of a run")):
                if text is not None:
                    other.write_text(text)
                said = self.one_line(*bench_py, "--compare", other)
                self.assertTrue(said.startswith(f"bench: {other}: " if text is not None
                                                else "bench: "), said)
                self.assertIn(says, said)
            self.assertIn("is not built", self.one_line(*bench_py, env={
                "SUCHFOO_BUILD": folder}))
        self.assertIn("/proc/nowhere", self.one_line(*bench_py, "--out", "/proc/nowhere"))
        self.assertIn("needs two CPUs", self.one_line("taskset", "-c", "0", *bench_py))
        sides = (sys.executable, STEP / "python_sides.py")
        for word in ("samples=x", "speed=1", "samples"):
            self.assertIn(repr(word), self.one_line(*sides, "python-pipe", word, status=2))
        self.assertIn("usage: ", self.one_line(*sides, "pigeon", status=2))

    def test_ctrl_c_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen([sys.executable, STEP / "bench.py", "--out", folder],
                                       cwd=ROOT, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.stderr.close)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            deadline = time.monotonic() + 20
            started = []
            while len(started) < 4 and time.monotonic() < deadline:
                time.sleep(0.02)  # until two keepers, the anchor and a worker are there
                started = children.read_text().split()
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
