"""What CMake's builds with their precompiled headers would not show: each step by hand with
one command, each lesson header and each skeleton by itself, and each step as one file, with
both compilers."""

import re
import shutil
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT, run

from learner import standalone
from shared.steps import BUILD, all_steps

COMPILERS = ["g++", "clang++"]


def compiled(compiler, *words, cwd=ROOT):
    return run(compiler, "-std=c++20", "-Wall", "-Wextra", *words, cwd=cwd, timeout=600)


class Compile(unittest.TestCase):
    def all_compile(self, jobs):
        """Each job is a name and the compiler's words; compiled two at a time."""
        with ThreadPoolExecutor(2) as pool:
            for (name, _), result in zip(jobs, pool.map(lambda job: compiled(*job[1]), jobs)):
                self.assertEqual((result.returncode, result.stderr), (0, ""), name)

    def test_one_command_builds_each_step(self):
        with tempfile.TemporaryDirectory(prefix="suchfoo-by-hand-") as folder:
            self.all_compile([(step.name, ["g++", "-Isteps", "-I.",
                                           f"steps/{step.name}/main.cpp", "-o",
                                           f"{folder}/{step.name}", *step.libraries])
                              for step in all_steps()])

    def test_each_header_is_compiled_alone(self):
        """A missing include is seen in the header that lacks it, in the lab's too."""
        headers = [(path, [word for word in step.libraries if word.startswith("-I")])
                   for step in all_steps() for path in step.folder.rglob("*.hpp")]
        headers += [(path, []) for at in ("common", "tests") for path in (ROOT / at).glob("*.hpp")]
        self.assertGreater(len(headers), 50)
        self.all_compile([(path, ["g++", "-fsyntax-only", "-Isteps", "-I.", *includes, "-x", "c++",
                                  "-include", path, "/dev/null"]) for path, includes in headers])

    def test_each_step_in_one_file_passes_its_black_box_tests(self):
        for compiler in COMPILERS:
            with tempfile.TemporaryDirectory(prefix="suchfoo-standalone-") as folder:
                def build(step):
                    source = standalone.write(step, Path(folder))
                    # In a folder of its own: nothing of the project can be included.
                    return compiled(compiler, source.name, "-o", step.name, *step.libraries,
                                    cwd=folder)
                with ThreadPoolExecutor(2) as pool:
                    for step, result in zip(all_steps(), pool.map(build, all_steps())):
                        self.assertEqual((result.returncode, result.stderr), (0, ""), step.name)
                for step in all_steps():
                    uses = set(re.findall(r'program_path\("(\w+)"\)', step.test.read_text(encoding="utf-8")))
                    for name in uses:
                        if name.startswith("probe_"):  # of the tests, and no step
                            Path(folder, name).unlink(missing_ok=True)
                            Path(folder, name).symlink_to(BUILD / "steps" / name)
                        self.assertTrue(Path(folder, name).is_file(), name)
                    result = run(BUILD / "tests" / f"{step.name}_test",
                                 "--test-case=program:*", timeout=600,
                                 env={"SUCHFOO_PROGRAMS": folder})
                    self.assertEqual(result.returncode, 0, result.stdout)
                    self.assertNotIn("test cases:  0", result.stdout)

    def test_nothing_of_ours_is_left_to_include(self):
        for step in all_steps():
            text = standalone.standalone(step)
            self.assertNotIn('#include "', text)
            self.assertTrue(text.startswith(f"// {step.name}.cpp: "))
            self.assertIn("MIT licence", text.splitlines()[0])
            self.assertEqual(text.count(f"// steps/{step.name}/main.cpp\n"), 1)


if __name__ == "__main__":
    missing = [compiler for compiler in COMPILERS if not shutil.which(compiler)]
    if missing:
        sys.exit(f"not here: {' '.join(missing)}")
    unittest.main()
