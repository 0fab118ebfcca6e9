"""Each step in one file compiles by itself and passes its step's black-box tests."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tool import ROOT, run

from learner import standalone
from shared.steps import BUILD, all_steps


class Standalone(unittest.TestCase):
    compiler = "g++"

    def setUp(self):
        if not shutil.which(self.compiler):
            print(f"SKIPPED: there is no {self.compiler}")
            self.skipTest(f"there is no {self.compiler}")
        missing = [step.name for step in all_steps()
                   if not (BUILD / "tests" / f"{step.name}_test").exists()]
        if missing:
            print(f"SKIPPED: not built yet: {' '.join(missing)}")
            self.skipTest("not built")

    def test_it_compiles_and_passes_the_black_box_tests(self):
        with tempfile.TemporaryDirectory(prefix="suchfoo-standalone-") as folder:
            def compiled(step):
                source = standalone.write(step, Path(folder))
                # In a folder of its own: nothing of the project can be included.
                return run(self.compiler, "-std=c++20", "-Wall", "-Wextra", source.name,
                           "-o", step.name, cwd=folder, timeout=120)
            with ThreadPoolExecutor(2) as pool:
                for step, result in zip(all_steps(), pool.map(compiled, all_steps())):
                    self.assertEqual((result.returncode, result.stderr), (0, ""), step.name)
            for step in all_steps():
                result = run(BUILD / "tests" / f"{step.name}_test",
                             "--test-case=program:*", timeout=120,
                             env={"SUCHFOO_PROGRAMS": folder})
                self.assertEqual(result.returncode, 0, result.stdout)
                self.assertNotIn("test cases:  0", result.stdout)

    def test_it_has_nothing_of_ours_left_to_include(self):
        for step in all_steps():
            text = standalone.standalone(step)
            self.assertNotIn('#include "', text)
            self.assertTrue(text.startswith(f"// {step.name}.cpp: "))
            self.assertIn("MIT licence", text.splitlines()[0])
            self.assertEqual(text.count(f"// steps/{step.name}/main.cpp\n"), 1)
            for header in step.headers:
                self.assertEqual(text.count(f"// steps/{step.name}/{header}\n"), 1)


if __name__ == "__main__":
    unittest.main()
