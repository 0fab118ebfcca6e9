"""The gate of the labs: every skeleton, every reference, and a student who does all of
them. Takes minutes; .ci/run calls it."""

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from test_labs import REFERENCE, STEP, Student
from tool import ROOT, abandoned_names, run

from learner import lab
from shared import overlay
from shared.steps import all_steps, find_step

# One build for all of them: what is compiled once is compiled once.
SHARED = tempfile.TemporaryDirectory(prefix="suchfoo-gate-build-")
STEPS = [step for step in all_steps() if step.has_lab]


def last_line(result):
    return result.stdout.splitlines()[-1]


def counts(result):
    """(passed, all) of the last line of a check."""
    match = re.search(r": (\d+) of (\d+) behaviours;", last_line(result))
    return int(match[1]), int(match[2])


class Gate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-gate-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def lab(self, work, *words):
        return run(sys.executable, "common/tools", "lab", *words, timeout=600,
                   env={"SUCHFOO_WORK": str(work), "SUCHFOO_BUILD": SHARED.name})

    def test_every_step_has_a_lab_or_says_why_not(self):
        for step in all_steps():
            self.assertTrue(step.has_lab or step.lab_none, step.name)
        for step in STEPS:
            for name in lab.lab_headers(step):
                self.assertTrue((step.folder / name).is_file(), name)

    def test_every_skeleton_compiles_and_fails_half_of_its_behaviours(self):
        def judged(step):
            work = self.folder / f"skeleton-{step.name}"
            self.lab(work, "lab", step.number)
            return step, self.lab(work, "check", step.number, "--reference")
        self.lab(self.folder / "x", "check", "01")  # main.o is built once, before the race
        with ThreadPoolExecutor(2) as pool:
            for step, result in pool.map(judged, STEPS):
                self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
                passed, of = counts(result)
                print(f"{step.name}: the skeleton passes {passed} of {of}")
                self.assertLessEqual(2 * passed, of, step.name)
                for name in lab.lab_headers(step):
                    self.assertIn("TODO", (step.folder / "lab" / name).read_text(encoding="utf-8"))

    def test_what_a_skeleton_gives_is_the_references(self):
        for step in STEPS:
            for name in lab.lab_headers(step):
                answer = [line for line in (step.folder / name).read_text(encoding="utf-8").splitlines()
                          if "// #" not in line]
                skeleton = (step.folder / "lab" / name).read_text(encoding="utf-8").splitlines()
                matcher = difflib.SequenceMatcher(None, answer, skeleton, autojunk=False)
                for kind, _, _, start, end in matcher.get_opcodes():
                    if kind in ("replace", "insert"):
                        near = "\n".join(skeleton[max(0, start - 8):end + 3])
                        given = "\n".join(skeleton[start:end]).strip()
                        if given:
                            self.assertIn("TODO", near, f"{step.name}/{name}: {given}")

    def test_no_hint_and_no_skeleton_gives_the_answer(self):
        for step in STEPS:
            hints = lab.hints(step)
            self.assertGreaterEqual(len(hints), 2, step.name)
            for name in lab.lab_headers(step):
                answer = (step.folder / name).read_text(encoding="utf-8")
                skeleton = (step.folder / "lab" / name).read_text(encoding="utf-8")
                missing = [line.strip() for line in answer.splitlines()
                           if len(line.strip()) > 8 and line.strip() not in skeleton
                           and not line.strip().startswith("//")]
                self.assertGreaterEqual(len(missing), 3, f"{step.name}/{name}")
                told = [line for line in missing if any(line in hint for hint in hints)]
                self.assertEqual(told, [], step.name)

    def test_a_student_does_them_all_in_the_handout(self):
        # There all the others are skeletons, too, but for those done before.
        out = self.folder / "handout"
        run(sys.executable, "common/tools", "handout", out)
        for note in (out / "notes").glob("*.md"):
            self.assertNotRegex(note.read_text(encoding="utf-8"), r"(\(This is what the lab .*\)\n)\n\1")

        def student(*words):
            return run(sys.executable, "common/tools", "lab", *words, timeout=600, cwd=out,
                       env={"SUCHFOO_WORK": str(out / "work"), "SUCHFOO_BUILD": str(out / "build")})
        for step in STEPS:
            self.assertEqual(student("lab", step.number).returncode, 0)
            self.assertIn("Hint 1 of", student("hint", step.number).stdout)
            # Header by header, as one works; all but the last leave something to do.
            names = lab.lab_headers(step)
            for name in names:
                (out / "work" / step.name / name).write_text((step.folder / name).read_text(encoding="utf-8"))
                result = student("check", step.number, "--plain")
                self.assertEqual(result.returncode, 0 if name == names[-1] else 1,
                                 result.stdout)
            self.assertNotIn("run it:", result.stdout)  # nor fails what the lab does not ask for


class Handout(unittest.TestCase):
    def test_a_lab_of_the_handout_checks(self):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-handout-")
        self.addCleanup(folder.cleanup)
        out = Path(folder.name) / "out"
        run(sys.executable, "common/tools", "handout", out, "03")
        run("make", "-s", "lab", "STEP=04", cwd=out)
        shutil.copy(ROOT / "steps/03_missing_file/foo_from_mmap.hpp",
                    out / "steps/03_missing_file")
        shutil.copy(ROOT / "steps/04_empty_file_sigbus/explain_sigbus.hpp",
                    out / "work/04_empty_file_sigbus")
        result = run("make", "-s", "check", "STEP=04", cwd=out, timeout=600,
                     env={"SUCHFOO_BUILD": str(out / "build")})
        self.assertIn("04_empty_file_sigbus: 8 of 8 behaviours", result.stdout,
                      result.stdout + result.stderr)


def cmdline(path):
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""  # it has gone


class Loop(Student):
    @classmethod
    def setUpClass(cls):
        cls.build = Path(SHARED.name)

    def test_the_way_from_the_skeleton_to_the_end(self):
        self.assertEqual(self.lab("check", "03").returncode, 2)  # nothing there yet
        self.lab("lab", "03")
        result = self.lab("check", "03")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.splitlines()[-1],
                         f"{STEP.name}: 0 of 13 behaviours; next: make hint STEP=03")
        self.assertIn("it threw:  TODO: map", result.stdout)
        self.assertIn("5 more were not run", result.stdout)

        self.file.write_text(REFERENCE.read_text(encoding="utf-8"))
        result = self.lab("check", "03")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("Compare with: steps/03_missing_file/foo_from_mmap.hpp", result.stdout)
        self.assertEqual(result.stdout.splitlines()[-1],
                         f"{STEP.name}: 13 of 13 behaviours; next: make lab STEP=04")

    def test_the_first_error_of_the_compiler_is_named_with_its_line(self):
        self.lab("lab", "03")
        self.edit("return Foo(map_shared<foo>(file.get(), path));", "return Foo(map_shared<foo>(file.get(), pfad));")
        result = self.lab("check", "03")
        self.assertEqual(result.returncode, 1)
        line = 1 + REFERENCE.read_text(encoding="utf-8").split("return Foo(map_shared<foo>(")[0].count("\n")
        self.assertIn(f"{self.file}, line {line}:\n    return Foo(map_shared<foo>(file.get(), pfad));",
                      result.stdout)
        self.assertIn("pfad", result.stdout)
        self.assertIn(f"{STEP.name}: 0 of ? behaviours", result.stdout.splitlines()[-1])

    def test_where_only_the_program_does_not_compile_the_header_has_its_marks(self):
        self.lab("lab", "03")
        self.file.write_text(REFERENCE.read_text(encoding="utf-8") +
                             "#ifndef DOCTEST_VERSION\nstatic_assert(false);\n#endif\n", encoding="utf-8")
        result = self.lab("check", "03")
        self.assertEqual(result.returncode, 1)
        self.assertIn("static_assert(false);", result.stdout)
        passed, of = counts(result)
        self.assertEqual((passed, of), (result.stdout.count("  ok   header:"), 13))
        self.assertGreater(passed, 0)

    def test_a_program_of_an_earlier_step_is_built_again_when_that_changes(self):
        earlier, step = find_step("06"), find_step("08")
        self.right(earlier)
        self.right(step)
        self.assertEqual(self.lab("check", "08", "--plain").returncode, 0)
        header = self.work / earlier.name / lab.lab_headers(earlier)[0]
        header.write_text(header.read_text(encoding="utf-8") + "static_assert(false);\n", encoding="utf-8")
        result = self.lab("check", "08", "--plain")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(f"The first error is in {header}", result.stdout)

    def test_clang_judges_as_well(self):
        for step in (STEP, find_step("12"), find_step("21")):  # with options; and a module
            self.right(step)
            result = self.lab("check", step.number, "--plain", "--reference", CXX="clang++")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_a_death_is_named_and_what_was_expected(self):
        self.lab("lab", "03")
        self.edit("check(::mmap(", "(::mmap(")
        text = re.sub(r'\(\(?::mmap\((.*?)\),\s*"mmap", name\);', r"::mmap(\1);",
                      self.file.read_text(encoding="utf-8"), flags=re.S)
        self.file.write_text(text, encoding="utf-8")
        result = self.lab("check", "03")
        self.assertIn("SIG", result.stdout)  # by SIGABRT or SIGSEGV, as it happens
        self.assertRegex(result.stdout, r"the test: killed by SIG")
        self.assertIn(f"run it:   {self.build}/check/{STEP.name}/tests/{STEP.name}_test "
                      "--test-case='", result.stdout)

    def test_a_hang_is_named(self):
        self.lab("lab", "03")
        self.edit("    const unique_fd file(", "    for (;;) ::usleep(1000);\n"
                                               "    const unique_fd file(")
        self.file.write_text(self.file.read_text(encoding="utf-8").replace("#include <fcntl.h>",
                                                           "#include <fcntl.h>\n#include <unistd.h>"))
        before = set(Path("/tmp").glob("suchfoo-test-*"))
        long = self.work / ("x" * 70)  # for a unix socket's path
        long.mkdir()
        with unittest.mock.patch.object(tempfile, "tempdir", str(long)):
            result = self.judged(STEP, CASE_LIMIT=1)
        self.assertEqual(set(Path("/tmp").glob("suchfoo-test-*")) - before, set())
        self.assertEqual(result.passed, 0)
        said = ["\n".join(lab.explain_case(case.output)) for case in result.cases
                if not case.passed and case.output != lab.NOT_RUN]
        self.assertTrue(all("still running after 1 s" in text for text in said), said)
        # The tests were killed; the programs that hung in them have ended too.
        self.assertEqual([line for path in Path("/proc").glob("[0-9]*/cmdline")
                          if str(self.work) in (line := cmdline(path))], [])

    def judged(self, step, **changed):
        """Here, and not in a process of its own, with other values in lab.py."""
        with unittest.mock.patch.multiple(lab, WORK=self.work, BUILD=self.build, **changed), \
                unittest.mock.patch.object(overlay, "BUILD", self.build):
            return lab.judge(step)

    def test_of_a_hang_no_name_is_left(self):
        step = find_step("07")
        self.right(step)
        header = self.work / step.name / "foo_from_shm.hpp"
        text = header.read_text(encoding="utf-8")
        reserved = "        reserve(object.get()"
        self.assertIn(reserved, text)
        header.write_text(text.replace(reserved, "        for (;;) ::pause();\n" + reserved), encoding="utf-8")
        said = [case.output for case in self.judged(step, CASE_LIMIT=1).cases]
        self.assertTrue(any("still running after 1 s" in text for text in said), said)
        self.assertEqual(abandoned_names(), [])

    def test_what_the_lab_does_not_ask_for_fails_only_if_it_fails_alone(self):
        self.right(STEP)
        name, run_case = "program: anything but one path is wrong usage", overlay.run_case
        for failures, expected in ((1, []), (2, [name])):
            left = [None] * failures

            def failing(target, step, case, limit):
                result = run_case(target, step, case, limit)
                if case == name and left:
                    result.passed = bool(left.pop())
                return result
            with unittest.mock.patch.object(overlay, "run_case", failing):
                result = self.judged(STEP)
            self.assertTrue(result.complete)
            self.assertEqual(([case.name for case in result.also], left), (expected, []))

    def test_a_call_inside_assert_is_seen(self):
        self.lab("lab", "03")
        self.edit("    return {static_cast<T*>(address)",
                  "    assert(address = check(::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, "
                  "MAP_SHARED, fd, 0), \"mmap\", name));\n    return {static_cast<T*>(address)")
        text = re.sub(r"void\* address =\s*check\(::mmap\(nullptr.*?name\);\n    assert",
                      "void* address = nullptr;\n    assert", self.file.read_text(encoding="utf-8"), flags=re.S)
        self.file.write_text(text, encoding="utf-8")
        result = self.lab("check", "03")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertRegex(result.stdout, r"without assertions \(-DNDEBUG -O2\): [0-9] of 13")
        self.assertIn("check/O2/03_missing_file/tests/", result.stdout)
        self.assertIn("next: mend what only that build shows", result.stdout)

    def test_an_early_exit_is_no_success(self):
        self.lab("lab", "03")
        self.edit("    const unique_fd file(", "    std::exit(0);\n    const unique_fd file(")
        result = self.lab("check", "03")
        self.assertIn("the program ended before the test did", result.stdout)
        self.assertNotIn("13 of 13", result.stdout)


class WrongWork(unittest.TestCase):
    """Work that is wrong, and that the cases of its step do not see: a check does."""

    def wrong(self, number, header, old, new):
        with tempfile.TemporaryDirectory(prefix="suchfoo-wrong-") as folder:
            step = next(step for step in STEPS if step.number == number)
            work = Path(folder) / "work" / step.name
            work.mkdir(parents=True)
            text = (step.folder / header).read_text(encoding="utf-8")
            self.assertIn(old, text)
            (work / header).write_text(text.replace(old, new), encoding="utf-8")
            result = run(sys.executable, "common/tools", "lab", "check", number, timeout=600,
                         env={"SUCHFOO_WORK": str(work.parent), "SUCHFOO_BUILD": SHARED.name})
            self.assertEqual(result.returncode, 1, result.stdout)
            return result.stdout

    def test_too_little_memory(self):
        said = self.wrong("02", "foo.hpp", "std::malloc(sizeof(foo))", "std::malloc(sizeof(int))")
        self.assertRegex(said, r"under AddressSanitizer and UBSan: \d+ of 13")

    def test_new_with_free(self):
        said = self.wrong("02", "foo.hpp", "std::malloc(sizeof(foo))", "new (std::nothrow) foo")
        self.assertRegex(said, r"under AddressSanitizer and UBSan: \d+ of 13|NOT ")


class Watch(unittest.TestCase):
    """make watch in a real terminal."""

    def setUp(self):
        if not shutil.which("tmux"):
            print("SKIPPED: there is no tmux")
            self.skipTest("there is no tmux")
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-watch-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name) / "work"
        self.server = f"suchfoo-{os.getpid()}"
        self.addCleanup(self.tmux, "kill-server")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", self.server, *words], cwd=ROOT, text=True,
                              capture_output=True, timeout=20).stdout

    def start(self):
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "50",
                  f"SUCHFOO_WORK={self.work} SUCHFOO_BUILD={SHARED.name} BUILD={SHARED.name} make -s watch; "
                  "echo ended with $?; sleep 60")

    def screen(self):
        return self.tmux("capture-pane", "-p", "-S", "-300")

    def wait_for(self, text, seconds=90):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if text in self.screen():
                return
            time.sleep(0.2)
        self.fail(f"no {text!r} in:\n{self.screen()}")

    def solve(self, number):
        step = next(step for step in STEPS if step.number == number)
        for name in lab.lab_headers(step):
            (self.work / step.name / name).write_text((step.folder / name).read_text(encoding="utf-8"))

    def test_it_checks_at_every_save_and_goes_on(self):
        self.start()
        self.wait_for("01_raw_struct: 0 of 7 behaviours")
        self.wait_for(f"[{'-' * len(STEPS)}] 0 of {len(STEPS)} steps")
        self.tmux("send-keys", "h")
        self.wait_for("Hint 1 of 3")
        self.tmux("send-keys", "l")
        self.wait_for("01  here A raw struct")
        self.solve("01")
        self.wait_for(f"[#{'-' * (len(STEPS) - 1)}] 1 of {len(STEPS)} steps   "
                      "01_raw_struct is done.")
        self.wait_for("02_malloc_wrapper: 1 of 13 behaviours")
        self.tmux("send-keys", "q")
        self.wait_for("ended with 0")
        # Where the learner stands is kept.
        self.tmux("kill-server")
        self.server += "-again"
        self.start()
        self.wait_for("02_malloc_wrapper: 1 of 13 behaviours")
        self.assertNotIn("01_raw_struct:", self.screen())
        self.solve("02")
        self.wait_for("02_malloc_wrapper is done.")
        self.tmux("send-keys", "q")
        self.wait_for("ended with 0")

    def test_it_needs_a_terminal(self):
        result = run("make", "-s", "watch")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("needs a terminal", result.stderr)


if __name__ == "__main__":
    unittest.main()
