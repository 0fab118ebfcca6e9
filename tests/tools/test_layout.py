"""Every step has all its parts, in the sizes and names that the house asks for."""

import re
import unittest

from tool import ROOT, run

from shared.steps import all_steps, folders, missing_parts

LONGEST = 90  # lines of a lesson header or a program


class Layout(unittest.TestCase):
    def test_every_step_is_complete(self):
        self.assertGreaterEqual(len(all_steps()), 11)
        for name in folders():
            self.assertEqual(list(missing_parts(name)), [], name)

    def test_no_program_of_the_first_part_is_long(self):
        for step in all_steps():
            if step.number < "10":
                for path in step.sources():
                    lines = len(path.read_text(encoding="utf-8").splitlines())
                    self.assertLessEqual(lines, LONGEST, path)

    def test_includes_are_spelled_from_the_roots_and_lead_back(self):
        for path in [*(ROOT / "steps").rglob("*.?pp"), *(ROOT / "common").glob("*.hpp")]:
            for name in re.findall(r'#include "(.*?)"', path.read_text(encoding="utf-8")):
                self.assertRegex(name, r"^(\d\d_\w+(/[a-z]+)?|common)/\w+\.hpp$", path)
                if path.parent.name == "common":
                    self.assertTrue(name.startswith("common/"), path)
                elif name[0].isdigit():
                    number = path.relative_to(ROOT / "steps").parts[0][:2]
                    self.assertLessEqual(name[:2], number, f"{path} includes a later step")

    def test_case_names_suit_ctest_and_doctest(self):
        for path in (ROOT / "tests").glob("*_test.cpp"):
            for name in re.findall(r'TEST_CASE\(\s*"(.*?)"', path.read_text(encoding="utf-8")):
                self.assertRegex(name, r'^(header|program|fact|dying|stress|limit): [^;,*"\\]+$', path)

    def test_the_programs_name_themselves(self):
        for step in all_steps():
            text = (step.folder / "main.cpp").read_text(encoding="utf-8")
            self.assertTrue(text.startswith(f"// {step.name}: "), step.name)
            if "\n// Module: " not in text:  # which has another name in Python
                self.assertIn(f'"{step.name}"', text)

    def test_every_tool_has_a_name_of_its_own(self):
        names = [path.stem for path in (ROOT / "common" / "tools").glob("*/*.py")]
        self.assertEqual(len(names), len(set(names)))


class Make(unittest.TestCase):
    def test_help_is_the_default_and_lists_every_step(self):
        for words in ([], ["help"]):
            result = run("make", *words)
            self.assertEqual(result.returncode, 0)
            for step in all_steps():
                self.assertIn(step.number, result.stdout)
        for target in ("build", "tour", "test", "notes", "clean"):
            self.assertIn(f"make {target}", result.stdout)

    def test_a_step_that_is_not_there_is_named(self):
        result = run("make", "test", "STEP=99")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("no step '99'", result.stderr)


if __name__ == "__main__":
    unittest.main()
