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
from shared import overlay
from author import notes
from shared.steps import all_steps, find_step

STEP = find_step("03")
REFERENCE = STEP.folder / "foo_from_mmap.hpp"


def cmdline(path):
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""  # it has gone


class Loop(unittest.TestCase):
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

    def lab(self, *words):
        return run(sys.executable, "common/tools", "lab", *words, timeout=120,
                   env={"SUCHFOO_WORK": str(self.work), "SUCHFOO_BUILD": str(self.build)})

    def edit(self, old, new):
        text = REFERENCE.read_text()
        self.assertIn(old, text)
        self.file.write_text(text.replace(old, new))

    def test_a_skeleton_is_copied_once(self):
        result = self.lab("lab", "03")
        self.assertEqual(result.returncode, 0, result.stderr)
        for word in (str(self.file), "make check STEP=03", "notes/03_missing_file.md"):
            self.assertIn(word, result.stdout)
        self.assertIn("TODO", self.file.read_text())
        self.file.write_text("mine")
        result = self.lab("lab", "3")
        self.assertEqual(result.returncode, 1)
        self.assertIn("To start again", result.stdout)
        self.assertEqual(self.file.read_text(), "mine")

    def test_the_way_from_the_skeleton_to_the_end(self):
        self.assertEqual(self.lab("check", "03").returncode, 2)  # nothing there yet
        self.lab("lab", "03")
        result = self.lab("check", "03")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.splitlines()[-1], f"{STEP.name}: 0 of 10 behaviours")
        self.assertIn("it threw: TODO: map", result.stdout)

        self.file.write_text(REFERENCE.read_text())
        result = self.lab("check", "03")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("Compare with: steps/03_missing_file/foo_from_mmap.hpp", result.stdout)
        self.assertEqual(result.stdout.splitlines()[-1], f"{STEP.name}: 10 of 10 behaviours")

    def test_the_first_error_of_the_compiler_is_named_with_its_line(self):
        self.lab("lab", "03")
        self.edit("return Foo(map_shared<foo>(file.get(), path));", "return Foo(map_shared<foo>(file.get(), pfad));")
        result = self.lab("check", "03")
        self.assertEqual(result.returncode, 1)
        line = 1 + REFERENCE.read_text().split("return Foo(map_shared<foo>(")[0].count("\n")
        self.assertIn(f"{self.file}, line {line}:\n    return Foo(map_shared<foo>(file.get(), pfad));",
                      result.stdout)
        self.assertIn("pfad", result.stdout.splitlines()[-2])
        self.assertEqual(result.stdout.splitlines()[-1], f"{STEP.name}: 0 of ? behaviours")

    def test_a_death_is_named_and_what_was_expected(self):
        self.lab("lab", "03")
        self.edit("check(::mmap(", "(::mmap(")
        text = re.sub(r'\(\(?::mmap\((.*?)\),\s*"mmap", name\);', r"::mmap(\1);",
                      self.file.read_text(), flags=re.S)
        self.file.write_text(text)
        result = self.lab("check", "03")
        self.assertIn("SIG", result.stdout)  # by SIGABRT or SIGSEGV, as it happens
        self.assertRegex(result.stdout, r"expected: .*exit status 1")
        self.assertRegex(result.stdout, r"came:     killed by SIG")
        self.assertIn(f"run it:   {self.build}/check/{STEP.name}/tests/{STEP.name}_test "
                      "--test-case='", result.stdout)

    def test_a_hang_is_named(self):
        self.lab("lab", "03")
        self.edit("    const unique_fd file(", "    for (;;) ::usleep(1000);\n"
                                               "    const unique_fd file(")
        self.file.write_text(self.file.read_text().replace("#include <fcntl.h>",
                                                           "#include <fcntl.h>\n#include <unistd.h>"))
        with unittest.mock.patch.object(lab, "WORK", self.work), \
                unittest.mock.patch.object(lab, "BUILD", self.build), \
                unittest.mock.patch.object(overlay, "BUILD", self.build), \
                unittest.mock.patch.object(lab, "CASE_LIMIT", 1):
            result = lab.judge(STEP)
        self.assertEqual(result.passed, 0)
        said = ["\n".join(lab.explain_case(case.output)) for case in result.cases
                if not case.passed]
        self.assertTrue(all("still running after 1 s" in text for text in said), said)
        # The tests were killed; the programs that hung in them have ended too.
        self.assertEqual([line for path in Path("/proc").glob("[0-9]*/cmdline")
                          if str(self.work) in (line := cmdline(path))], [])

    def test_an_early_exit_is_no_success(self):
        self.lab("lab", "03")
        self.edit("    const unique_fd file(", "    std::exit(0);\n    const unique_fd file(")
        result = self.lab("check", "03")
        self.assertIn("the program ended before the test did", result.stdout)
        self.assertNotIn("10 of 10", result.stdout)

    def test_a_hint_at_a_time(self):
        all_of_them = lab.hints(STEP)
        for number, hint in enumerate(all_of_them, 1):
            result = self.lab("hint", "03")
            self.assertIn(f"Hint {number} of {len(all_of_them)}: {hint}", result.stdout)
        self.assertIn("That was the last one", self.lab("hint", "03").stdout)
        result = self.lab("hint", "03", "--all")
        self.assertEqual(len(result.stdout.splitlines()), len(all_of_them))

    def test_a_damaged_state_is_a_new_one(self):
        (self.work / ".state.json").write_text("{")
        self.assertIn("Hint 1 of", self.lab("hint", "03").stdout)
        json.loads((self.work / ".state.json").read_text())


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
                skeleton = (step.folder / "lab" / name).read_text()
                lines |= {line.strip() for line in (step.folder / name).read_text().splitlines()
                          if len(line.strip()) > 30 and line.strip() not in skeleton}
        for step in all_steps():  # what other headers and programs say as well
            for path in step.sources():
                if step not in steps or path.name not in lab.lab_headers(step):
                    lines -= {line.strip() for line in path.read_text().splitlines()}
        for path in (ROOT / "tests").glob("*_test.cpp"):  # the tests ask, and do not answer
            lines -= {line.strip() for line in path.read_text().splitlines()}
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
                                     path.read_text(errors="replace").splitlines()}
                    self.assertEqual(found, set(), path)
            self.assertFalse((out / ".git").exists())
            for step in steps:
                self.assertFalse((out / "tests" / "mutants" / step.name).exists())
                self.assertIn(step.name, (out / "HANDOUT.md").read_text())
            if words:
                self.assertTrue((out / "tests/mutants/02_malloc_wrapper").is_dir())
                self.assertEqual((out / "steps/02_malloc_wrapper/foo.hpp").read_text(),
                                 (ROOT / "steps/02_malloc_wrapper/foo.hpp").read_text())

    def test_a_folder_in_use_is_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "mine").write_text("mine")
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
