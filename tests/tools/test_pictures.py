"""The committed pictures say what a run says today. Needs the distribution's matplotlib."""

import re
import subprocess
import unittest

from tool import ROOT, run

PYTHON = "/usr/bin/python3"
HAS = subprocess.run([PYTHON, "-c", "import matplotlib"], capture_output=True).returncode == 0
FOLDER = ROOT / "notes" / "pictures"


class Pictures(unittest.TestCase):
    def test_each_says_what_a_run_says(self):
        if not HAS:
            print("SKIPPED: no python3-matplotlib here: sh common/setup.sh bench")
            self.skipTest("no python3-matplotlib")
        result = run(PYTHON, "common/tools", "pictures", "--check", timeout=600)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_difference_is_seen(self):
        if not HAS:
            self.skipTest("no python3-matplotlib")
        script = ("import sys; sys.path.insert(0, 'common/tools'); "
                  "from author import pictures; "
                  "one = pictures.Canvas(90, 90); one.text(9, 9, 'kept, inode 7'); "
                  "two = pictures.Canvas(90, 90); two.text(9, 9, 'lost, inode 7'); "
                  "six = pictures.Canvas(90, 90); six.text(9, 9, 'kept, inode 8'); "
                  "a, b, c = (pictures.says(each.svg('a title')) for each in (one, two, six)); "
                  "assert a == c == ['a title', 'kept, inode N'], (a, c); assert a != b")
        result = run(PYTHON, "-c", script)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_without_programs_there_is_one_line(self):
        if not HAS:
            self.skipTest("no python3-matplotlib")
        result = run(PYTHON, "common/tools", "pictures", "--check", env={"SUCHFOO_BUILD": "/proc/no"})
        self.assertEqual((result.returncode, result.stderr.count("\n")), (1, 1))
        self.assertIn("is not built", result.stderr)

    def test_each_has_a_text_alternative_and_stands_in_a_note(self):
        notes = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "notes").glob("*.md"))
        paths = sorted(FOLDER.glob("*.svg"))
        self.assertGreaterEqual(len(paths), 10)
        for path in paths:
            title = re.search(r"<title[^>]*>([^<]+)</title>", path.read_text(encoding="utf-8"))
            self.assertTrue(title and len(title[1]) > 40, path.name)
            self.assertIn(f"<!-- picture: {path.stem} -->", notes)
            self.assertIn(f"](pictures/{path.name})", notes)


if __name__ == "__main__":
    unittest.main()
