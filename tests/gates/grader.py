"""The grader against students who fail, cheat, break things, or do well. Takes minutes;
.ci/run calls it."""

import csv
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT, run

from teacher import grade
from teacher import sandbox
from shared.steps import find_step

STEP = find_step("03")
HEADER = "foo_from_mmap.hpp"
os.environ["SUCHFOO_RUN_SECONDS"] = "4"  # for the graders started here
grade.RUN = dataclasses.replace(grade.RUN, seconds=4)
REFERENCE = (STEP.folder / HEADER).read_text(encoding="utf-8")
SKELETON = (STEP.folder / "lab" / HEADER).read_text(encoding="utf-8")
ANSWERED = "    return Foo(map_shared<foo>(file.get(), path));"
POINTS = STEP.points


def at_start(code):
    """Code that runs before main, in the test program and in the step's program."""
    return SKELETON + "\n" + code


# What a student may hand in that must not gain a point, hang the grader, or harm
# another's grade.
DISASTERS = {
    "endless_loop": SKELETON.replace("    throw std::logic_error", "    for (;;) {}\n"
                                     "    throw std::logic_error"),
    "loops_before_main": at_start("inline const int before = [] { for (;;) {} return 0; }();"),
    "fork_bomb": at_start(
        "#include <unistd.h>\n"
        "inline const int before = [] { for (;;) ::fork(); return 0; }();"),
    "leaves_the_group": at_start(
        "#include <unistd.h>\n#include <signal.h>\n"
        "inline const int before = [] {\n"
        "    ::signal(SIGTERM, SIG_IGN);\n"
        "    if (::fork() == 0) { ::setsid(); if (::fork() == 0) for (;;) ::sleep(1); }\n"
        "    return 0; }();"),
    "gigabyte_of_output": at_start(
        "#include <unistd.h>\n#include <string>\n"
        "inline const int before = [] { const std::string s(1 << 20, 'x');\n"
        "    for (int i = 0; i < 1024; ++i) if (::write(1, s.data(), s.size()) < 0) break;\n"
        "    return 0; }();"),
    "exit_0_before_main": at_start(
        "#include <cstdlib>\ninline const int before = (std::exit(0), 0);"),
    "exit_0_inside": SKELETON.replace("    throw std::logic_error", "    std::exit(0);\n"
                                      "    throw std::logic_error"),
    "fake_summary": at_start(
        "#include <cstdio>\n#include <unistd.h>\n"
        "inline const int before = [] {\n"
        "    std::puts(\"[doctest] test cases: 1 | 1 passed | 0 failed | 0 skipped\\n\"\n"
        "              \"[doctest] Status: SUCCESS!\");\n"
        "    std::fflush(stdout); ::_exit(0); return 0; }();"),
    "includes_the_reference": f'#include "{STEP.folder / HEADER}"\n',
    "includes_it_relatively": f'#include "../../../../../../../..{STEP.folder / HEADER}"\n',
    "include_next": f'#include_next "{STEP.name}/{HEADER}"\n',
    "includes_it_by_the_tree": f'#include "../../steps/{STEP.name}/{HEADER}"\n',
    "includes_dev_zero": '#include "/dev/zero"\n',
    "includes_a_secret": '#include "/etc/passwd"\n',
    "deletes_the_tests": at_start(
        "#include <cstdlib>\n"
        "inline const int before = std::system(\"rm -rf tests steps common work /tmp/* 2> "
        "/dev/null; echo broken > tests/support.hpp 2> /dev/null\");"),
    "fills_the_disk": at_start(
        "#include <cstdlib>\n"
        "inline const int before = std::system(\"head -c 10G /dev/zero > $TMPDIR/big\");"),
    "eats_memory": at_start(
        "#include <vector>\n#include <cstring>\n"
        "inline const int before = [] { std::vector<char*> all;\n"
        "    for (;;) { all.push_back(new char[1 << 24]); std::memset(all.back(), 1, 1 << 24); }\n"
        "    return 0; }();"),
    "compiles_for_ever": SKELETON + (
        "\ntemplate <int N> struct deep { using type = typename deep<N + 1>::type; };\n"
        "using hopeless = deep<0>::type;\n"),
    "says_the_word_itself": at_start(
        "#include <cstdlib>\n#include <cstdio>\n#include <unistd.h>\n"
        "inline const int before = [] { if (auto w = std::getenv(\"SUCHFOO_VERDICT\")) {\n"
        "    std::puts(w); std::fflush(stdout); ::_exit(0); } return 0; }();"),
    "replaces_the_tests": at_start(
        "#include <cstdlib>\n"
        "inline const int before = std::system(\"for f in ../out/*; do cp /bin/true $f 2> "
        "/dev/null; done\");"),
    "no_header_at_all": "",
    "not_even_text": "\0\1\2\3" * 1000,
    "leaves_a_name": at_start(
        "#include <sys/mman.h>\n#include <fcntl.h>\n"
        "inline const int before = ::shm_open(\"/suchfoo.left\", O_RDWR | O_CREAT, 0600);"),
}


def hand_in(folder, name, text):
    (folder / name / STEP.name).mkdir(parents=True)
    (folder / name / STEP.name / HEADER).write_text(text, encoding="utf-8")


def leftovers():
    """Processes of users that only a sandbox has, and names in /dev/shm."""
    found = [name for name in os.listdir("/dev/shm") if name.startswith("suchfoo.left")]
    for path in Path("/proc").glob("[0-9]*"):
        try:
            state = (path / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
            if sandbox.is_sandbox_uid(path.stat().st_uid) and state != "Z":
                found.append((path / "cmdline").read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    found += [name for name in os.listdir(tempfile.gettempdir())
              if name.startswith("suchfoo-grade-")]
    return found


def as_from_a_terminal():
    """A shell starts what is in the background with SIGINT ignored, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Grader(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-class-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "submissions"
        self.folder.mkdir()
        self.out = Path(folder.name) / "out"

    def command(self, *words):
        return [sys.executable, "common/tools", "grade", "--steps", "03", *map(str, words)]

    def grade_class(self, timeout=1200):
        result = run(*self.command("--submissions", self.folder, "--out", self.out),
                     timeout=timeout)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with open(self.out / "grades.csv", newline="") as file:
            grades = {row["student"]: float(row["total"]) for row in csv.DictReader(file)}
        return grades, result.stdout

    def test_no_disaster_gains_a_point_or_harms_another(self):
        for name, text in DISASTERS.items():
            hand_in(self.folder, name, text)
        for name in ("a good student", "zoë, too"):
            hand_in(self.folder, name, REFERENCE)
        (self.folder / "nothing").mkdir()
        os.symlink("/", self.folder / "a link")
        before = {path: path.read_bytes() for path in (ROOT / "tests").glob("*.?pp")}
        start = time.monotonic()
        grades, text = self.grade_class()
        print(f"{len(grades)} students in {time.monotonic() - start:.0f} s")
        for name in ("a good student", "zoë, too"):
            self.assertEqual(grades.pop(name), POINTS)
        # Whoever looks for the word can forge the cases in whose process the code runs,
        # but not those that start the program.
        self.assertLessEqual(grades.pop("says_the_word_itself"), POINTS / 2)
        self.assertEqual({name: points for name, points in grades.items() if points}, {})
        self.assertEqual(set(grades), {*DISASTERS, "nothing"} - {"says_the_word_itself"})
        self.assertEqual(before, {path: path.read_bytes()
                                  for path in (ROOT / "tests").glob("*.?pp")})
        self.assertEqual(leftovers(), [])
        self.assertIn("isolation: ", text)
        self.assertIn("most often missed:", text)

        def said(name):
            data = json.loads((self.out / name / "results.json").read_text(encoding="utf-8"))
            return " ".join(test["output"] for test in data["tests"])
        for name, words in (("includes_the_reference", "not part of the exercise"),
                            ("endless_loop", "still running"),
                            ("exit_0_inside", "ended before the test did"),
                            ("exit_0_before_main", "ended before the first test"),
                            ("loops_before_main", "took too much time"),
                            ("gigabyte_of_output", "took too much output"),
                            ("no_header_at_all", "does not compile"),
                            ("nothing", "nothing handed in")):
            if name == "includes_the_reference" and sandbox.bwrap_works():
                words = "No such file"  # inside bubblewrap it is not there at all
            self.assertIn(words, said(name), name)

    def test_without_bubblewrap_an_include_of_the_reference_is_refused_too(self):
        with unittest.mock.patch("teacher.sandbox._bwrap", False):
            for name in ("includes_the_reference", "includes_it_relatively", "include_next",
                         "leaves_the_group", "fork_bomb", "leaves_a_name"):
                folder = self.folder / name
                hand_in(self.folder, name, DISASTERS[name])
                if os.geteuid() != 0 and name in ("leaves_the_group", "fork_bomb"):
                    continue  # without root and bubblewrap, the guide promises less
                rows = grade.grade_step(folder, STEP)
                self.assertEqual(sum(row[1] for row in rows), 0, name)
            hand_in(self.folder, "good", REFERENCE)
            rows = grade.grade_step(self.folder / "good", STEP)
            self.assertEqual([row for row in rows if row[1] < row[2]], [])
        self.assertEqual(leftovers(), [])

    def test_partial_credit_and_gradescopes_format(self):
        # Works in all but one: the descriptor is never closed.
        hand_in(self.folder, "leaky", REFERENCE.replace(
            "const unique_fd file(check(", "const int file = (check(").replace(
            "file.get()", "file"))
        grades, _ = self.grade_class()
        names = grade.behaviours(STEP)
        points = grade.weights(STEP, names)
        lost = points["header: the descriptor is closed while the mapping lives on"]
        self.assertAlmostEqual(grades["leaky"], POINTS - lost, delta=0.01)
        data = json.loads((self.out / "leaky" / "results.json").read_text(encoding="utf-8"))
        self.assertEqual(len(data["tests"]), len(names))
        for test in data["tests"]:
            self.assertEqual(set(test), {"name", "score", "max_score", "output", "visibility"})
        self.assertAlmostEqual(sum(test["max_score"] for test in data["tests"]), POINTS, 2)

    def test_programs_weigh_at_least_half(self):
        for step in grade.all_steps():
            names = grade.behaviours(step)
            points = grade.weights(step, names)
            self.assertAlmostEqual(sum(points.values()), step.points)
            program = sum(value for name, value in points.items()
                          if name.startswith("program:"))
            self.assertGreaterEqual(program + 1e-9, step.points / 2, step.name)

    def test_an_interrupted_run_goes_on_where_it_stopped(self):
        for number in range(6):
            hand_in(self.folder, f"student{number}", REFERENCE + f"// {number}\n")
        process = subprocess.Popen(self.command("--submissions", self.folder, "--out",
                                                self.out), cwd=ROOT, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=as_from_a_terminal)
        for line in process.stdout:
            if "2 of 6" in line:
                process.send_signal(signal.SIGINT)
                break
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(leftovers(), [])
        grades, text = self.grade_class()
        self.assertEqual(set(grades.values()), {POINTS})
        self.assertGreaterEqual(text.count("(graded before)"), 2)
        self.assertLess(text.count("(graded before)"), 6)
        # All are known now; a changed submission is graded again.
        path = self.folder / "student0" / STEP.name / HEADER
        path.write_text(SKELETON, encoding="utf-8")
        grades, text = self.grade_class()
        self.assertEqual(text.count("(graded before)"), 5)
        self.assertEqual(grades["student0"], 0)

    def test_make_grade(self):
        work = self.folder / "work"
        hand_in(self.folder, "work", REFERENCE)
        out = self.folder / "results.json"
        result = run("make", "-s", "grade", f"OUT={out}", "STEPS=03", timeout=300,
                     env={"SUCHFOO_WORK": str(work)})
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("11 of 11", result.stdout)
        json.loads(out.read_text(encoding="utf-8"))
        result = run("make", "-s", "grade", "STEPS=03 04", timeout=300,
                     env={"SUCHFOO_WORK": str(work)})
        self.assertEqual(result.returncode, 2)  # make's own for a recipe that failed
        self.assertRegex(result.stdout, r"total +10.0 of 25")


if __name__ == "__main__":
    unittest.main()
