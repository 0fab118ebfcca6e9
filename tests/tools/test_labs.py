"""The learner's tools: a skeleton, a check that explains, hints, the handout."""

import json
import os
import re
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from tool import ROOT, run

from learner import lab
from author import notes
from shared.steps import all_steps, find_step

STEP = find_step("03")
REFERENCE = STEP.folder / "foo_from_mmap.hpp"


class Student(unittest.TestCase):
    """A student and step 03."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-labs-build-")
        cls.addClassCleanup(folder.cleanup)
        cls.build = Path(folder.name)  # of no learner who is at work meanwhile

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-labs-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)
        self.file = self.work / STEP.name / "foo_from_mmap.hpp"

    def lab(self, *words, **env):
        return run(sys.executable, "common/tools", "lab", *words, timeout=600,
                   env={"SUCHFOO_WORK": str(self.work), "SUCHFOO_BUILD": str(self.build), **env})

    def right(self, step):
        """Puts the reference into the student's folder."""
        for name in lab.lab_headers(step):
            target = self.work / step.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((step.folder / name).read_bytes())

    def edit(self, old, new):
        text = REFERENCE.read_text(encoding="utf-8")
        self.assertIn(old, text)
        self.file.write_text(text.replace(old, new), encoding="utf-8")


class Loop(Student):
    def test_a_skeleton_is_copied_once(self):
        result = self.lab("lab", "03")
        self.assertEqual(result.returncode, 0, result.stderr)
        for word in (str(self.file), "make check STEP=03", "notes/03_missing_file.md"):
            self.assertIn(word, result.stdout)
        self.assertIn("TODO", self.file.read_text(encoding="utf-8"))
        self.file.write_text("mine", encoding="utf-8")
        result = self.lab("lab", "3")
        self.assertEqual(result.returncode, 1)
        self.assertIn("To start again", result.stdout)
        self.assertEqual(self.file.read_text(encoding="utf-8"), "mine")

    def test_a_missing_or_misnamed_header_is_said_to_be_missing(self):
        self.lab("lab", "03")
        self.file.rename(self.file.with_name("foo_from_map.hpp"))
        result = self.lab("check", "03")
        self.assertEqual(result.returncode, 2)
        self.assertIn("has no foo_from_mmap.hpp; it has foo_from_map.hpp", result.stderr)

    def test_what_a_failed_comparison_says(self):
        def said(check, values):
            return lab.explain_case(f"/x.cpp:7: ERROR: {check} is NOT correct!\n"
                                    f"  values: {values}\n")
        self.assertEqual(said("CHECK_FALSE( is_mapped(path) )", "CHECK_FALSE( true )"),
                         ["expected: not is_mapped(path)", "came:     true", "at:       /x.cpp:7"])
        self.assertEqual(said("CHECK( a == b )", "CHECK( 1 == 2 )"),
                         ["expected: a == b", "came:     1", "and not:  2", "at:       /x.cpp:7"])
        self.assertEqual(said('CHECK( how == "yes" )', "CHECK( no == yes )"),
                         ['expected: how == "yes"', "came:     no", "at:       /x.cpp:7"])
        self.assertEqual(said('CHECK( out == "yes" )', 'CHECK(  == yes )'),
                         ['expected: out == "yes"', "came:     nothing", "at:       /x.cpp:7"])
        self.assertEqual(said('CHECK( err.find("x") != std::string::npos )',
                              "CHECK( 18446744073709551615 != 18446744073709551615 )")[1],
                         "came:     it is not there")
        self.assertEqual(lab.explain_case("what it printed\n\nstill running after 10 s\n"),
                         ["the test: still running after 10 s", "it said:  what it printed"])

    def test_a_hint_at_a_time(self):
        all_of_them = lab.hints(STEP)
        for number, hint in enumerate(all_of_them, 1):
            result = self.lab("hint", "03")
            self.assertIn(f"Hint {number} of {len(all_of_them)}: {hint}", result.stdout)
        self.assertIn("That was the last one", self.lab("hint", "03").stdout)
        result = self.lab("hint", "03", "--all")
        self.assertEqual(len(result.stdout.splitlines()), len(all_of_them))

    def test_a_damaged_state_is_a_new_one(self):
        (self.work / ".state.json").write_text("{", encoding="utf-8")
        self.assertIn("Hint 1 of", self.lab("hint", "03").stdout)
        json.loads((self.work / ".state.json").read_text(encoding="utf-8"))


class Handout(unittest.TestCase):
    def written(self, *words):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-handout-")
        self.addCleanup(folder.cleanup)
        out = Path(folder.name) / "out"
        result = run(sys.executable, "common/tools", "handout", out, *words)
        self.assertEqual(result.returncode, 0, result.stderr)
        return out

    def answers(self, steps):
        """Lines that only the reference of these labs has, in the whole project."""
        lines = set()
        for step in steps:
            for name in lab.lab_headers(step):
                skeleton = (step.folder / "lab" / name).read_text(encoding="utf-8")
                lines |= {line.strip() for line in (step.folder / name).read_text(encoding="utf-8").splitlines()
                          if len(line.strip()) > 30 and line.strip() not in skeleton}
        for step in all_steps():  # what other headers and programs say as well
            for path in step.sources():
                if step not in steps or path.name not in lab.lab_headers(step):
                    lines -= {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
        for path in (ROOT / "tests").glob("*_test.cpp"):  # the tests ask, and do not answer
            lines -= {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
        return lines

    def test_the_answers_are_gone_and_the_rest_is_there(self):
        for words, steps in ((["03 05"], [find_step("03"), find_step("05")]),
                             ([], [step for step in all_steps() if step.has_lab])):
            out = self.written(*words)
            lines = self.answers(steps)
            self.assertGreater(len(lines), 10)
            for path in out.rglob("*"):
                if path.is_file():
                    found = lines & {line.strip() for line in
                                     path.read_text(encoding="utf-8", errors="replace").splitlines()}
                    self.assertEqual(found, set(), path)
            self.assertFalse((out / ".git").exists())
            for step in steps:
                self.assertFalse((out / "tests" / "mutants" / step.name).exists())
                self.assertIn(step.name, (out / "HANDOUT.md").read_text(encoding="utf-8"))
            if words:
                self.assertTrue((out / "tests/mutants/02_malloc_wrapper").is_dir())
                self.assertEqual((out / "steps/02_malloc_wrapper/foo.hpp").read_text(encoding="utf-8"),
                                 (ROOT / "steps/02_malloc_wrapper/foo.hpp").read_text(encoding="utf-8"))

    def test_a_folder_in_use_is_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "mine").write_text("mine", encoding="utf-8")
            result = run(sys.executable, "common/tools", "handout", folder)
            self.assertEqual(result.returncode, 1)
            self.assertEqual(os.listdir(folder), ["mine"])
        self.assertEqual(run(sys.executable, "common/tools", "handout", "/x", "77").returncode, 2)


class Teaching(unittest.TestCase):
    def test_the_plans_hold_every_step_and_the_minutes(self):
        steps = all_steps()
        three = notes.three_lessons(steps)
        named = [row.split("|")[2] for row in three.splitlines()[2:]]
        self.assertEqual(re.findall(r"\d\d", ",".join(named)), [step.number for step in steps])
        sums = [int(row.split("|")[3]) for row in three.splitlines()[2:]]
        self.assertEqual(sum(sums), sum(step.minutes for step in steps))
        self.assertTrue(all(total <= notes.LESSON for total in sums))


if __name__ == "__main__":
    unittest.main()
