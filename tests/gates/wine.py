"""What notes/other_systems.md says was seen under Wine: the calls of Windows, from programs
built by mingw-w64. Headless, in a folder of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT, run

COMPILER = "x86_64-w64-mingw32-g++-posix"
WINE = shutil.which("wine64") or "/usr/lib/wine/wine64"


@unittest.skipUnless(os.path.exists(WINE), "there is no wine64, and Debian after 13 has no such package")
class Wine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-wine-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        # The folder of its server stays where temporary files go.
        cls.environment = {"WINEPREFIX": f"{folder.name}/prefix", "WINEDEBUG": "-all", "DISPLAY": "",
                           "WINEDLLOVERRIDES": "mscoree,mshtml=", "TMPDIR": folder.name}
        cls.addClassCleanup(cls.end)  # before the folder goes
        built = run(COMPILER, "-std=c++20", "-Wall", "-Wextra", "-static",
                    "tests/other_systems/mapping.cpp", "-o", cls.folder / "mapping.exe", timeout=600)
        assert (built.returncode, built.stderr) == (0, ""), built.stderr
        run(WINE, "wineboot", "--init", env=cls.environment, timeout=600)

    @classmethod
    def end(cls):
        run(shutil.which("wineserver") or "/usr/lib/wine/wineserver", "-k", "-w", env=cls.environment,
            timeout=60)

    def wine(self, *words, program="mapping.exe"):
        """What it prints, and its status."""
        result = run(WINE, self.folder / program, *words, env=self.environment, timeout=60, cwd=self.folder)
        return result.stdout.replace("\r", "").split("\n")[:-1], result.returncode

    def file(self, name, size):
        path = self.folder / name
        path.write_bytes(bytes(size))
        return path

    def test_two_processes_share_a_named_mapping(self):
        with subprocess.Popen([WINE, self.folder / "mapping.exe", "make", "suchfoo"], cwd=ROOT, text=True,
                              env={**os.environ, **self.environment}, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as first:
            self.addCleanup(first.kill)
            for _ in range(3):
                first.stdout.readline()
            self.assertEqual(first.stdout.readline().strip(), "Foo(42, 98)")
            self.assertEqual(self.wine("attach", "suchfoo"),
                             (["OpenFileMapping 0", "MapViewOfFile 0", "Foo(42, 98)"], 0))
            # Whoever makes it once more gets it, and is told so.
            with subprocess.Popen([WINE, self.folder / "mapping.exe", "make", "suchfoo"], cwd=ROOT,
                                  env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, text=True) as second:
                self.assertEqual(second.communicate(timeout=60)[0].split("\n")[0].strip(), "last error 183")
            self.wine("attach", "suchfoo")
            first.stdin.write("\n")
            first.stdin.flush()
            self.assertEqual(first.stdout.readline().strip(), "Foo(31337, 98)")
            self.assertEqual(first.wait(60), 0)
        # It has gone with its last user.
        self.assertEqual(self.wine("attach", "suchfoo"), (["OpenFileMapping 2"], 1))
        self.assertEqual(self.wine("make", "a\\b")[0][-1], "CreateFileMapping 3")
        self.assertEqual(self.wine("make", "x" * 300)[0][-1], "CreateFileMapping 206")

    def test_what_is_stored_in_a_file_linux_reads(self):
        path = self.file("eight", 8)
        self.assertEqual(self.wine("map", "eight", "0", "8", "4095")[1], 0)
        self.assertEqual(path.read_bytes(), (31337).to_bytes(4, "little") + bytes(4))

    def test_files_that_are_not_as_they_should_be(self):
        self.assertEqual(self.wine("map", "missing", "0", "8", "0"), (["CreateFile 2"], 1))
        self.file("there", 8)
        self.assertEqual(self.wine("create", "there"), (["CreateFile 80"], 1))
        self.file("empty", 0)
        self.assertEqual(self.wine("map", "empty", "0", "8", "0")[0][-1], "CreateFileMapping 1006")
        self.assertEqual(self.wine("map", "empty", "8192", "8", "0")[1], 0)
        self.assertEqual((self.folder / "empty").stat().st_size, 8192)
        self.file("short", 8)
        self.assertEqual(self.wine("map", "short", "0", "8192", "0")[0][-1], "MapViewOfFile 5")
        self.assertEqual(self.wine("map", "short", "0", "8", "4096")[0][-1], "exception c0000005")

    def test_a_file_that_is_mapped_is_not_cut(self):
        path = self.file("mapped", 8)
        self.assertEqual(self.wine("cut", "mapped")[0][-1], "SetEndOfFile 1224")
        self.assertEqual(path.stat().st_size, 8)

    def test_steps_01_and_02_are_plain_cpp(self):
        for step in ("01_raw_struct", "02_malloc_wrapper"):
            built = run(COMPILER, "-std=c++20", "-Wall", "-Wextra", "-static", "-Isteps", "-I.",
                        f"steps/{step}/main.cpp", "-o", self.folder / f"{step}.exe", timeout=600)
            self.assertEqual((built.returncode, built.stderr), (0, ""))
        self.assertIn("Foo(42, 98)", "".join(self.wine("42", "98", program="02_malloc_wrapper.exe")[0]))


if __name__ == "__main__":
    missing = [name for name in (COMPILER, WINE) if not shutil.which(name)]
    if missing:
        sys.exit(f"not here: {' '.join(missing)}: sh common/setup.sh check")
    unittest.main()
