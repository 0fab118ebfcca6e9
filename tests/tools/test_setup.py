"""common/setup.sh: does nothing when all is there, and says what is missing."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

from tool import ROOT, run

SETUP = ROOT / "common" / "setup.sh"


class Setup(unittest.TestCase):
    def with_only(self, *programs, **fakes):
        """A PATH that holds only these programs, and scripts that print their words."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for program in ("sh", "sed", "head", "sort", *programs):
            os.symlink(shutil.which(program), Path(folder.name) / program)
        for name, body in fakes.items():
            path = Path(folder.name) / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            path.chmod(0o755)
        return {"PATH": folder.name}

    def test_nothing_to_do_here(self):
        result = run("sh", SETUP)
        self.assertEqual((result.returncode, result.stdout),
                         (0, "setup: nothing is missing\n"))

    def test_names_the_packages_where_it_knows_no_package_manager(self):
        result = run("/bin/sh", SETUP, env=self.with_only("id"))
        self.assertEqual(result.returncode, 1)
        for package in ("g++", "cmake", "make", "python3"):
            self.assertIn(package, result.stderr)

    def test_as_root_it_installs_what_is_missing_and_says_so_first(self):
        env = self.with_only("env", "g++", "make", "python3", "setpriv", id="echo 0",
                             apt_get='echo "apt-get $*"')
        result = run("/bin/sh", SETUP, env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        self.assertEqual(lines[0], "setup: installing cmake")
        self.assertTrue(lines[1].startswith("apt-get update"))
        self.assertTrue(lines[2].startswith("apt-get install"))
        self.assertTrue(lines[2].endswith(" cmake"))

    def test_not_as_root_it_uses_sudo_or_says_that_there_is_none(self):
        programs = ("env", "g++", "cmake", "make", "setpriv")
        env = self.with_only(*programs, id="echo 1000", apt_get='echo "apt-get $*"',
                             sudo='echo "as root: $*"')
        result = run("/bin/sh", SETUP, env=env)
        self.assertEqual(result.returncode, 0)
        self.assertIn("as root: apt-get update", result.stdout)
        env = self.with_only(*programs, id="echo 1000", apt_get='echo "apt-get $*"')
        result = run("/bin/sh", SETUP, env=env)
        self.assertEqual(result.returncode, 1)
        self.assertIn("python3", result.stderr)
        self.assertNotIn("apt-get update", result.stdout)

    def test_what_is_too_old_is_said_before_anything_is_installed(self):
        old = "echo cmake version 3.18.4"
        env = self.with_only("env", "g++", "make", "python3", "setpriv", cmake=old,
                             id="echo 0", apt_get='echo "apt-get $*"')
        result = run("/bin/sh", SETUP, env=env)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("cmake is 3.18.4 here, and 3.21 is needed", result.stderr)
        env = self.with_only("env", "g++", "make", "python3", "setpriv", id="echo 0",
                             apt_get='echo "apt-get $*"',
                             apt_cache='echo "  Candidate: 3.18.4-2+deb11u1"')
        result = run("/bin/sh", SETUP, env=env)
        self.assertEqual(result.returncode, 1)
        self.assertIn("this system has cmake 3.18.4", result.stderr)
        self.assertNotIn("apt-get install", result.stdout)

    def test_an_unknown_group_is_wrong_usage(self):
        result = run("sh", SETUP, "everything")
        self.assertEqual(result.returncode, 2)
        self.assertIn("usage", result.stderr)


if __name__ == "__main__":
    unittest.main()
