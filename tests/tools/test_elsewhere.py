"""The tools for whoever may not write here, and where the locale is C."""

import os
import subprocess
import unittest

from tool import ROOT, run

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/nowhere",
          "PYTHONDONTWRITEBYTECODE=1", "SUCHFOO_BUILD=", "/usr/bin/python3", "common/tools"]


class Elsewhere(unittest.TestCase):
    @unittest.skipIf(os.geteuid() != 0, "only root can be somebody who may not write here")
    def test_in_a_tree_that_one_may_not_write_it_is_one_line(self):
        if subprocess.run([*NOBODY[:4], "test", "-r", ROOT / "common" / "tools"]).returncode != 0:
            self.skipTest("others may not read this folder")
        for words, said in ((["lab", "lab", "03"], "lab: .*Permission denied"),
                            (["lab", "hint", "03"], "lab: .*Permission denied"),
                            (["standalone", "03"], "standalone: .*Permission denied"),
                            (["autograder", str(ROOT / "x.zip"), "03"], "autograder: .*Permission denied")):
            result = run(*NOBODY, *words, env={"SUCHFOO_WORK": str(ROOT / "work-of-nobody")})
            self.assertNotEqual(result.returncode, 0, words)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertRegex(result.stderr, said)

    def test_a_locale_that_is_not_utf_8(self):
        for words in (["notes", "--check"], ["lab", "hint", "03", "--all"], ["mutant", "03"]):
            result = run("python3", "common/tools", *words,
                         env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
            self.assertEqual(result.returncode, 0, f"{words} {result.stderr}")


if __name__ == "__main__":
    unittest.main()
