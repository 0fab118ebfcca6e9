"""make doctor: what it makes of machines that are not this one."""

import io
import os
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path

from tool import run

from learner import doctor


class Doctor(unittest.TestCase):
    def printed(self, function, *arguments):
        out = io.StringIO()
        with redirect_stdout(out):
            result = function(*arguments)
        return result, out.getvalue()

    def test_here_all_that_is_required_is_found(self):
        result = run(sys.executable, "common/tools", "doctor")
        self.assertEqual(result.returncode, 0, result.stdout)
        for name in ("g++", "cmake", "doctest", "python3", "/dev/shm", "all that is needed is here"):
            self.assertIn(name, result.stdout)

    def test_what_is_missing_or_too_old_is_counted(self):
        rows = [("g++", (9, 4, 0), (11, 0, 0), False), ("cmake", None, (3, 20, 0), False),
                ("clang++", None, (14, 0, 0), True), ("make", (4, 3, 0), (3, 81, 0), False)]
        wrong, text = self.printed(doctor.show_requirements, rows)
        self.assertEqual(wrong, 2)
        self.assertEqual(text.count("MISSING"), 2)
        self.assertIn("sh common/setup.sh", text)

    def test_versions_are_read_from_a_tools_own_words(self):
        for text, version in (("g++ (Debian 12.2.0-14) 12.2.0", (12, 2, 0)),
                              ("GNU Make 4.3", (4, 3, 0)), ("glibc 2.36", (2, 36, 0)),
                              ("no number", None)):
            self.assertEqual(doctor.version_of(text), version)

    def test_a_small_dev_shm_in_a_container(self):
        text = "\n".join(doctor.shm_lines(64 << 20, 60 << 20, "Docker"))
        self.assertIn("64 MiB in all, 4.0 in use", text)
        self.assertIn("--shm-size", text)
        self.assertNotIn("--shm-size", "\n".join(doctor.shm_lines(64 << 20, 0, None)))
        self.assertIn("FULL", "\n".join(doctor.shm_lines(64 << 20, 0, None)))
        self.assertEqual(len(list(doctor.shm_lines(8 << 30, 8 << 30, None))), 1)

    def test_containers(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            self.assertIsNone(doctor.in_container(root))
            (root / "proc/1").mkdir(parents=True)
            (root / "proc/1/cgroup").write_text("0::/init.scope\n", encoding="utf-8")
            self.assertIsNone(doctor.in_container(root))
            (root / "proc/1/cgroup").write_text("1:name=systemd:/kubepods/pod1\n", encoding="utf-8")
            self.assertEqual(doctor.in_container(root), "kubepods")
            (root / ".dockerenv").write_text("", encoding="utf-8")
            self.assertEqual(doctor.in_container(root), "Docker")

    def test_an_object_left_behind_is_named_with_its_users(self):
        path = Path(f"/dev/shm/suchfoo.doctor.{os.getpid()}")
        path.write_bytes(bytes(8))
        self.addCleanup(path.unlink)
        _, text = self.printed(doctor.show_leftovers)
        self.assertIn(f"/{path.name}: 8 bytes, nobody has it mapped", text)
        self.assertIn(f"--unlink /{path.name}", text)
        holder = subprocess.Popen(
            [sys.executable, "-c", "import mmap, sys; f = open(sys.argv[1], 'r+b'); "
             "m = mmap.mmap(f.fileno(), 8); print('mapped', flush=True); input()", path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(holder.communicate)
        holder.stdout.readline()
        _, text = self.printed(doctor.show_leftovers)
        self.assertIn(f"in use by process {holder.pid}", text)


if __name__ == "__main__":
    unittest.main()
