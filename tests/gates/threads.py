"""What ThreadSanitizer says of two that add to one foo: the claims of the notes of 11 and 12."""

import os
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT


class Threads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-threads-")
        cls.addClassCleanup(folder.cleanup)
        cls.program = Path(folder.name) / "threads"
        subprocess.run([*shlex.split(os.environ.get("CXX", "g++")), "-std=c++20", "-g",
                        "-fsanitize=thread", "-Isteps", "-I.", "tests/gates/threads.cpp",
                        "-o", cls.program], cwd=ROOT, check=True, timeout=600)

    def reported(self, how, who):
        """Whether a data race is reported."""
        result = subprocess.run([self.program, how, who], capture_output=True, text=True,
                                timeout=60)
        self.assertEqual(result.stdout, "bar is 2\n", result.stderr)
        return "WARNING: ThreadSanitizer: data race" in result.stderr

    def test_two_threads_and_one_mapping(self):
        for _ in range(5):
            self.assertTrue(self.reported("plain", "threads"))
            self.assertTrue(self.reported("volatile", "threads"))
            self.assertFalse(self.reported("atomic", "threads"))

    def test_it_is_silent_between_processes_and_between_mappings(self):
        for who in ("processes", "mappings"):
            self.assertFalse(self.reported("plain", who))


if __name__ == "__main__":
    unittest.main()
