"""The gate of the labs: every skeleton, every reference, and a student who does all of
them. Takes minutes; .ci/run calls it."""

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT, run

from learner import lab
from shared.steps import all_steps

STEPS = [step for step in all_steps() if step.has_lab]


def last_line(result):
    return result.stdout.splitlines()[-1]


def counts(result):
    """(passed, all) of the last line of a check."""
    match = re.search(r": (\d+) of (\d+) behaviours$", last_line(result))
    return int(match[1]), int(match[2])


class Gate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-gate-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def lab(self, work, *words):
        return run(sys.executable, "common/tools", "lab", *words, timeout=600,
                   env={"SUCHFOO_WORK": str(work), "SUCHFOO_BUILD": str(self.folder / "b")})

    def test_every_step_has_a_lab_or_says_why_not(self):
        for step in all_steps():
            self.assertTrue(step.has_lab or step.lab_none, step.name)
        for step in STEPS:
            for name in lab.lab_headers(step):
                self.assertTrue((step.folder / name).is_file(), name)

    def test_every_skeleton_compiles_and_fails_half_of_its_behaviours(self):
        def judged(step):
            work = self.folder / f"skeleton-{step.name}"
            self.lab(work, "lab", step.number)
            return step, self.lab(work, "check", step.number, "--reference")
        self.lab(self.folder / "x", "check", "01")  # main.o is built once, before the race
        with ThreadPoolExecutor(2) as pool:
            for step, result in pool.map(judged, STEPS):
                self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
                passed, of = counts(result)
                print(f"{step.name}: the skeleton passes {passed} of {of}")
                self.assertLessEqual(2 * passed, of, step.name)
                for name in lab.lab_headers(step):
                    self.assertIn("TODO", (step.folder / "lab" / name).read_text())

    def test_every_reference_passes_from_work(self):
        work = self.folder / "references"
        for step in STEPS:
            (work / step.name).mkdir(parents=True)
            for name in lab.lab_headers(step):
                shutil.copy(step.folder / name, work / step.name)
        self.lab(self.folder / "x", "check", "01")  # main.o, as above
        with ThreadPoolExecutor(2) as pool:
            for result in pool.map(lambda step: self.lab(work, "check", step.number), STEPS):
                self.assertEqual(result.returncode, 0, result.stdout)

    def test_what_a_skeleton_gives_is_the_references(self):
        for step in STEPS:
            for name in lab.lab_headers(step):
                answer = [line for line in (step.folder / name).read_text().splitlines()
                          if "// #" not in line]
                skeleton = (step.folder / "lab" / name).read_text().splitlines()
                matcher = difflib.SequenceMatcher(None, answer, skeleton, autojunk=False)
                for kind, _, _, start, end in matcher.get_opcodes():
                    if kind in ("replace", "insert"):
                        near = "\n".join(skeleton[max(0, start - 8):end + 3])
                        given = "\n".join(skeleton[start:end]).strip()
                        if given:
                            self.assertIn("TODO", near, f"{step.name}/{name}: {given}")

    def test_no_hint_and_no_skeleton_gives_the_answer(self):
        for step in STEPS:
            hints = lab.hints(step)
            self.assertGreaterEqual(len(hints), 2, step.name)
            for name in lab.lab_headers(step):
                answer = (step.folder / name).read_text()
                skeleton = (step.folder / "lab" / name).read_text()
                missing = [line.strip() for line in answer.splitlines()
                           if len(line.strip()) > 8 and line.strip() not in skeleton
                           and not line.strip().startswith("//")]
                self.assertGreaterEqual(len(missing), 3, f"{step.name}/{name}")
                told = [line for line in missing if any(line in hint for hint in hints)]
                self.assertEqual(told, [], step.name)

    def test_a_student_does_them_all(self):
        work = self.folder / "student"
        for step in STEPS:
            self.assertEqual(self.lab(work, "lab", step.number).returncode, 0)
            self.assertEqual(self.lab(work, "check", step.number).returncode, 1)
            self.assertIn("Hint 1 of", self.lab(work, "hint", step.number).stdout)
            # Header by header, as one works; all but the last leave something to do.
            names = lab.lab_headers(step)
            for name in names:
                (work / step.name / name).write_text((step.folder / name).read_text())
                result = self.lab(work, "check", step.number)
                self.assertEqual(result.returncode, 0 if name == names[-1] else 1,
                                 result.stdout)


class Handout(unittest.TestCase):
    def test_a_lab_of_the_handout_checks(self):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-handout-")
        self.addCleanup(folder.cleanup)
        out = Path(folder.name) / "out"
        run(sys.executable, "common/tools", "handout", out, "03")
        run("make", "-s", "lab", "STEP=04", cwd=out)
        shutil.copy(ROOT / "steps/03_missing_file/foo_from_mmap.hpp",
                    out / "steps/03_missing_file")
        shutil.copy(ROOT / "steps/04_empty_file_sigbus/explain_sigbus.hpp",
                    out / "work/04_empty_file_sigbus")
        result = run("make", "-s", "check", "STEP=04", cwd=out, timeout=120,
                     env={"SUCHFOO_BUILD": str(out / "build")})
        self.assertIn("04_empty_file_sigbus: 6 of 6 behaviours", result.stdout,
                      result.stdout + result.stderr)


class Watch(unittest.TestCase):
    """make watch in a real terminal."""

    def setUp(self):
        if not shutil.which("tmux"):
            print("SKIPPED: there is no tmux")
            self.skipTest("there is no tmux")
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-watch-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name) / "work"
        self.server = f"suchfoo-{os.getpid()}"
        self.addCleanup(self.tmux, "kill-server")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", self.server, *words], cwd=ROOT, text=True,
                              capture_output=True, timeout=20).stdout

    def start(self):
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "50",
                  f"SUCHFOO_WORK={self.work} SUCHFOO_BUILD={self.work.parent}/b make -s watch; "
                  "echo ended with $?; sleep 60")

    def screen(self):
        return self.tmux("capture-pane", "-p", "-S", "-300")

    def wait_for(self, text, seconds=90):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if text in self.screen():
                return
            time.sleep(0.2)
        self.fail(f"no {text!r} in:\n{self.screen()}")

    def solve(self, number):
        step = next(step for step in STEPS if step.number == number)
        for name in lab.lab_headers(step):
            (self.work / step.name / name).write_text((step.folder / name).read_text())

    def test_it_checks_at_every_save_and_goes_on(self):
        self.start()
        self.wait_for("01_raw_struct: 0 of 7 behaviours")
        self.wait_for(f"[{'-' * len(STEPS)}] 0 of {len(STEPS)} steps")
        self.tmux("send-keys", "h")
        self.wait_for("Hint 1 of 3")
        self.tmux("send-keys", "l")
        self.wait_for("01  here A raw struct")
        self.solve("01")
        self.wait_for(f"[#{'-' * (len(STEPS) - 1)}] 1 of {len(STEPS)} steps   "
                      "01_raw_struct is done.")
        self.wait_for("02_malloc_wrapper: 2 of 12 behaviours")
        self.tmux("send-keys", "q")
        self.wait_for("ended with 0")
        # Where the learner stands is kept.
        self.tmux("kill-server")
        self.start()
        self.wait_for("02_malloc_wrapper: 2 of 12 behaviours")
        self.assertNotIn("01_raw_struct:", self.screen())
        self.solve("02")
        self.wait_for("02_malloc_wrapper is done.")
        self.tmux("send-keys", "q")
        self.wait_for("ended with 0")

    def test_it_needs_a_terminal(self):
        result = run("make", "-s", "watch")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("needs a terminal", result.stderr)


if __name__ == "__main__":
    unittest.main()
