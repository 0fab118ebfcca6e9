"""The notes are in step with the code, and the checker notices when they are not."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import tool  # puts the tools on the path

from author import notes


class Notes(unittest.TestCase):
    def test_the_pages_are_in_step(self):
        self.assertEqual(list(notes.problems()), [])


class Checker(unittest.TestCase):
    """Each test breaks one thing in a small project of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.step = self.root / "steps" / "01_one"
        self.step.mkdir(parents=True)
        (self.root / "notes").mkdir()
        (self.step / "one.hpp").write_text(
            "// #region a\nint a;\n// #endregion a\n")
        (self.step / "stage").mkdir()
        (self.step / "stage" / "transcript.txt").write_text(
            "# first\n$ x\n1\n\n# second\n$ y\n2\n")
        (self.step / "stage" / "values.py").write_text('VALUES = {"seven": lambda: str(3 + 4)}\n', encoding="utf-8")
        (self.root / "README.md").write_text("# Title\n[note](notes/01_one.md)\n", encoding="utf-8")
        self.page = ("---\ntitle: One\nminutes: 5\noutcome: works\npoints: 1\n---\n"
                     "# One\n"
                     "<!-- code: steps/01_one/one.hpp#a -->\n```cpp\nint a;\n```\n"
                     "<!-- end -->\n"
                     "<!-- transcript: 01_one#second -->\n```console\n# second\n$ y\n2\n"
                     "```\n<!-- end -->\n"
                     "<!-- table: defects -->\n| defect | what happens |\n| --- | --- |\n"
                     "| `a_defect` | It is wrong. |\n<!-- end -->\n"
                     "<!-- table: around -->\nThe end.\n<!-- end -->\n"
                     "[up](../README.md#title) [region](../steps/01_one/one.hpp#a)\n")
        self.mutants = self.root / "tests" / "mutants" / "01_one"
        self.mutants.mkdir(parents=True)
        self.patch("a_defect", "It is wrong.")
        patch = mock.patch("author.notes.ROOT", self.root)
        patch.start()
        self.addCleanup(patch.stop)
        around = mock.patch("author.notes.around", lambda page: "The end.")
        around.start()
        self.addCleanup(around.stop)

    def patch(self, name, sentence):
        (self.mutants / f"{name}.patch").write_text(
            f"{sentence}\n\n--- 01_one/one.hpp\n+++ 01_one/one.hpp\n@@ -1 +1 @@\n-a\n+b\n")

    def found(self, page=None):
        (self.root / "notes" / "01_one.md").write_text(page or self.page, encoding="utf-8")
        return "\n".join(notes.problems())

    def test_a_page_in_step_has_no_problem(self):
        self.assertEqual(self.found(), "")

    def test_a_changed_block(self):
        self.assertIn("not in step", self.found(self.page.replace("int a", "int b")))

    def test_a_changed_source(self):
        (self.step / "one.hpp").write_text("// #region a\nint b;\n// #endregion a\n", encoding="utf-8")
        self.assertIn("not in step", self.found())

    def test_a_changed_transcript(self):
        (self.step / "stage" / "transcript.txt").write_text("# second\n$ y\n3\n", encoding="utf-8")
        self.assertIn("not in step", self.found())

    def test_a_marker_that_names_no_region(self):
        self.assertIn("has no region 'c'", self.found(self.page.replace("hpp#a -->",
                                                                        "hpp#c -->")))

    def test_a_marker_that_names_no_file(self):
        self.assertIn("no such file", self.found(self.page.replace("code: steps/01_one/one",
                                                                   "code: steps/two")))

    def test_a_marker_that_names_no_part(self):
        self.assertIn("0 parts", self.found(self.page.replace("#second -->", "#x -->")))

    def test_a_marker_without_its_end(self):
        self.assertIn("without its end", self.found(self.page + "<!-- end -->\n"))

    def test_a_region_that_no_page_shows(self):
        with open(self.step / "one.hpp", "a") as file:
            file.write("// #region z\nint z;\n// #endregion z\n")
        self.assertIn("no page shows its region 'z'", self.found())

    def test_a_region_that_does_not_end(self):
        with open(self.step / "one.hpp", "a") as file:
            file.write("// #region z\nint z;\n")
        self.assertIn("does not begin or end", self.found())

    def test_a_block_without_a_marker(self):
        for block in ("```cpp\nint x;\n```\n", "```console\n$ ls\n```\n"):
            self.assertIn("a block without a marker", self.found(self.page + block))
            marked = f"{self.page}<!-- fragment -->\n{block}"
            self.assertEqual(self.found(marked), "")

    def test_a_value(self):
        for text, problem in (("<!-- value: seven -->7<!-- end -->", ""),
                              ("<!-- value: seven -->8<!-- end -->", "not in step"),
                              ("<!-- value: seven -->7", "without its end"),
                              ("<!-- value: eight -->8<!-- end -->", "no value 'eight'")):
            found = self.found(f"{self.page}So {text}.\n")
            self.assertIn(problem, found)
            self.assertEqual(found == "", problem == "")

    def test_a_number_that_no_run_shows(self):
        page = self.page.replace("$ y\n2", "$ y\n22")
        (self.step / "stage" / "transcript.txt").write_text("# second\n$ y\n22\n", encoding="utf-8")
        for text, problem in (("It says 22.", ""), ("It says 23.", "shows the number 23"),
                              ("It says 2,200.", "shows the number 2,200"),
                              ("Step 02, C++20, [issue #34](http://a/34).", ""),
                              ("<!-- reported: 23 -->\nSomebody saw 23.", ""),
                              ("<!-- reported: 23 -->\nSomebody saw it.", "does not say 23")):
            found = self.found(f"{page}{text}\n")
            self.assertIn(problem, found)
            self.assertEqual(found == "", problem == "", found)

    def test_defects(self):
        self.patch("b_defect", "It is wrong\nin another way.")
        self.assertIn("+| `b_defect` | It is wrong in another way. |", self.found())
        self.assertIn("has no table of its defects",
                      self.found(self.page.replace("table: defects", "table: path")))
        (self.mutants / "b_defect.patch").write_text("It is no patch.\n", encoding="utf-8")
        self.assertIn("b_defect.patch: holds no diff", self.found())

    def test_bugs_as_mutants(self):
        table = ("\n| in the post | here | its bugs, as mutants |\n| --- | --- | --- |\n"
                 "| x | y | `{}`, a `foo` |\n")
        self.assertEqual(self.found(self.page + table.format("a_defect")), "")
        self.assertIn("there is no mutant b_defect",
                      self.found(self.page + table.format("b_defect")))

    def test_a_step_by_another_name(self):
        for words in ("# 01 · A wrong name", "[01 · A wrong name](01_one.md)"):
            self.assertIn("step 01 is not called 'A wrong name'", self.found(f"{self.page}{words}\n"))

    def test_a_term_that_its_note_does_not_use(self):
        row = "| {} | what it is | [01](01_one.md) |\n"
        self.assertEqual(self.glossary(row.format("region")), "")
        self.assertIn("the term 'tmp fs' is not in 01_one.md",
                      self.glossary(row.format("tmp fs")))

    def glossary(self, text):
        (self.root / "notes" / "glossary.md").write_text(f"# Terms\n{text}", encoding="utf-8")
        return self.found()

    def test_links(self):
        for link, problem in (("nowhere.md", "no such file"),
                              ("../README.md#nothing", "no such heading"),
                              ("#two", "no such heading"),
                              ("../steps/01_one/one.hpp#b", "no such region")):
            self.assertIn(problem, self.found(f"{self.page}[x]({link})\n"))


if __name__ == "__main__":
    unittest.main()
