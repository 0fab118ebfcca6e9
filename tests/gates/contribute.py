"""Begins a step as a contributor would, in a copy of the project: a half-made one harms no
learner, a whole one builds, and passes, as it is written."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT, run

from teacher.handout import tracked_files


class Contributor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-contributor-")
        cls.addClassCleanup(folder.cleanup)
        cls.clone = Path(folder.name) / "suchfoo"
        for path in tracked_files():
            (cls.clone / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, cls.clone / path)

    def make(self, *words, status=0):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("SUCHFOO", "MAKE"))}
        result = subprocess.run(["make", "-s", *words], cwd=self.clone, env=environment,
                                stdin=subprocess.DEVNULL, text=True, capture_output=True,
                                timeout=600)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def test_1_a_half_made_step_harms_no_learner_and_fails_the_gate(self):
        folder = self.clone / "steps" / "25_half_made"
        folder.mkdir()
        passed_over = "25_half_made is half made and passed over: it has no notes/"
        for text in (None, "int main() { this is not yet C++ }\n"):
            if text:
                (folder / "main.cpp").write_text(text, encoding="utf-8")
            result = self.make("01")
            self.assertIn("1 of 1 as declared", result.stdout)
            self.assertEqual(result.stderr.count(passed_over), 1)
            self.assertIn(passed_over, self.make("test", "STEP=01").stderr)
            self.make("lab", "STEP=01")
            self.assertIn(passed_over, self.make("check", "STEP=01", status=2).stderr)
            shutil.rmtree(self.clone / "work")
        result = run(sys.executable, "common/tools", "steps", cwd=self.clone,
                     env={"SUCHFOO_BUILD": str(self.clone / "build")})
        self.assertEqual(result.returncode, 1)
        self.assertIn("25_half_made: it has no tests/25_half_made_test.cpp\n", result.stderr)
        self.assertIn("25_half_made: it has 0 mutants", result.stderr)
        shutil.rmtree(folder)

    def test_2_a_new_step_builds_and_passes(self):
        self.make("step", "NAME=25-wrong", status=2)
        self.make("step", "NAME=24_taken", status=2)
        self.make("step", "NAME=25_my_step")
        self.make("notes")
        self.assertIn("1 of 1 as declared", self.make("25").stdout)
        self.assertIn("3 passed, 0 failed", self.make("test", "STEP=25").stdout)
        self.assertIn("3 passed, 0 failed", self.make("mutants", "STEP=25").stdout)
        self.make("lab", "STEP=25")
        self.assertIn("0 of 2 behaviours", self.make("check", "STEP=25", status=2).stdout)
        shutil.copy(self.clone / "steps/25_my_step/my_step.hpp",
                    self.clone / "work/25_my_step/my_step.hpp")
        self.assertIn("2 of 2 behaviours", self.make("check", "STEP=25").stdout)
        result = run(sys.executable, "common/tools", "steps", cwd=self.clone,
                     env={"SUCHFOO_BUILD": str(self.clone / "build")})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("25_my_step", (self.clone / "README.md").read_text(encoding="utf-8"))
        self.make("mutant", "STEP=25", "NAME=difference")


if __name__ == "__main__":
    unittest.main()
