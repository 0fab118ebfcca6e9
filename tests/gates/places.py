"""The project in other places: a folder with a space and an apostrophe in its name, a long
TMPDIR, a tree that was moved with its build, another generator; and told to end."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT, abandoned_names

from shared.steps import find_step
from teacher.handout import tracked_files

LONG = "it's a TMPDIR " + "x" * 70


class Places(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-places-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.temporary = cls.folder / LONG
        cls.temporary.mkdir()
        cls.place = cls.folder / "it's a clone"
        for path in tracked_files():
            (cls.place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, cls.place / path)

    def environment(self, **more):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(("SUCHFOO", "MAKE"))}
        return {**kept, "TMPDIR": str(self.temporary), **more}

    def make(self, *words, status=0, **more):
        result = subprocess.run(["make", "-s", *words], cwd=self.place, text=True,
                                env=self.environment(**more), stdin=subprocess.DEVNULL,
                                capture_output=True, timeout=600)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def solve(self, number):
        step = find_step(number)
        shutil.rmtree(self.place / "work", ignore_errors=True)
        self.make("lab", f"STEP={number}")
        for path in (step.folder / "lab").glob("*.hpp"):
            shutil.copy(step.folder / path.name, self.place / "work" / step.name)

    def test_1_a_build_that_failed_heals(self):
        self.assertIn("CMake Error", self.make("01", status=2, CXX="/no/such/compiler").stderr)
        self.assertIn("1 of 1 as declared", self.make("01").stdout)

    def test_2_every_way_in_works_in_a_folder_with_an_apostrophe(self):
        for number in ("04", "08"):
            self.assertIn("1 of 1 as declared", self.make(number).stdout)
            self.assertIn(", 0 failed", self.make("test", f"STEP={number}").stdout)
        self.solve("03")
        self.assertIn("13 of 13 behaviours", self.make("check", "STEP=03").stdout)
        self.make("mutant", "STEP=01", "NAME=bytes_reversed")
        self.assertEqual(os.listdir(self.temporary), [])

    def test_3_a_tree_that_was_moved_is_built_where_it_is(self):
        moved = self.place.with_name("elsewhere")
        self.place.rename(moved)
        type(self).place = moved
        self.assertIn("1 of 1 as declared", self.make("01").stdout)
        cache = (moved / "build" / "CMakeCache.txt").read_text(encoding="utf-8")
        self.assertIn(f"CMAKE_HOME_DIRECTORY:INTERNAL={moved}", cache)

    @unittest.skipUnless(shutil.which("ninja"), "there is no ninja")
    def test_4_another_generator(self):
        self.make("01", CMAKE_GENERATOR="Ninja", BUILD="build-ninja")

    def test_5_two_checks_at_once_do_not_disturb_each_other(self):
        self.solve("03")
        words = ["make", "-s", "check", "STEP=03"]
        both = [subprocess.Popen(words, cwd=self.place, text=True, env=self.environment(),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT) for _ in range(2)]
        for process in both:
            said, _ = process.communicate(timeout=600)
            self.assertEqual(process.returncode, 0, said)

    def test_6_told_to_end_nothing_is_left(self):
        self.solve("08")
        for words in (["lab", "check", "08"], ["mutants", "01"], ["test"], ["tour"],
                      ["notes", "--check"]):
            for number in (signal.SIGINT, signal.SIGTERM):
                process = subprocess.Popen(
                    [sys.executable, "common/tools", *words], cwd=self.place,
                    env=self.environment(), stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                time.sleep(1.5)
                process.send_signal(number)
                _, errors = process.communicate(timeout=30)
                self.assertIn(process.returncode, (0, 1, 130), words)
                self.assertNotIn("Traceback", errors, words)
                self.assertEqual(self.left(), [], words)

    def left(self):
        """What a tool has left: temporary files, programs that were built here, and names."""
        found = sorted(os.listdir(self.temporary)) + abandoned_names()
        for exe in Path("/proc").glob("[0-9]*/exe"):
            try:
                if str(self.place) in os.readlink(exe):
                    found.append(os.readlink(exe))
            except OSError:
                pass  # it has gone, or is not ours
        return found

    def test_7_whoever_reads_what_is_printed_may_go(self):
        process = subprocess.Popen(
            f"{sys.executable} common/tools tour 06 | head -n 2", shell=True, cwd=self.place,
            env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said, errors = process.communicate(timeout=60)
        self.assertEqual(len(said.splitlines()), 2)
        self.assertNotIn("Traceback", errors)
        self.assertEqual(os.listdir(self.temporary), [])


if __name__ == "__main__":
    unittest.main()
