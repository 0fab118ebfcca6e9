"""The grader against students who fail, cheat, break things, or do well. Takes minutes;
.ci/run calls it."""

import atexit
import contextlib
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT, run

from learner import lab
from shared.steps import BUILD, all_steps, find_step
from teacher import grade, sandbox, submissions

STEP = find_step("03")
HEADER = "foo_from_mmap.hpp"
REFERENCE = (STEP.folder / HEADER).read_text(encoding="utf-8")
SKELETON = (STEP.folder / "lab" / HEADER).read_text(encoding="utf-8")
POINTS = STEP.points
NOBODY = 65534
# What is made here, and only that, is looked for afterwards.
OWN = tempfile.mkdtemp(prefix="suchfoo-gate-")
atexit.register(shutil.rmtree, OWN, True)
os.chmod(OWN, 0o755)
os.environ["TMPDIR"] = tempfile.tempdir = OWN


def at_start(code, *headers):
    """Code that runs before main, in the test program and in the step's program."""
    return SKELETON + "".join(f"\n#include <{name}>" for name in headers) + \
        f"\ninline const int before = [] {{ {code} return 0; }}();\n"


# What a student may hand in that must not gain a point, hang the grader, or harm
# another's grade.
DISASTERS = {
    "endless_loop": SKELETON.replace("    throw std::logic_error", "    for (;;) {}\n"
                                     "    throw std::logic_error"),
    "loops_before_main": at_start("for (;;) {}"),
    "fork_bomb": at_start("for (;;) ::fork();", "unistd.h"),
    "leaves_the_group": at_start(
        "::signal(SIGTERM, SIG_IGN);"
        "if (::fork() == 0) { ::setsid(); if (::fork() == 0) for (;;) ::sleep(1); }", "unistd.h", "signal.h"),
    "gigabyte_of_output": at_start(
        "const std::string s(1 << 20, 'x');"
        "for (int i = 0; i < 1024; ++i) if (::write(1, s.data(), s.size()) < 0) break;", "unistd.h"),
    "exit_0_before_main": at_start("std::exit(0);", "cstdlib"),
    "exit_0_inside": SKELETON.replace("    throw std::logic_error", "    std::exit(0);\n"
                                      "    throw std::logic_error"),
    "fake_summary": at_start(
        'std::puts("<TestCase name=\\"program: a primed file prints its Foo and is left as it was\\" >"'
        '"<OverallResultsAsserts test_case_success=\\"true\\"/></TestCase>\\n[doctest] Status: SUCCESS!");'
        "std::fflush(stdout); ::_exit(0);", "cstdio", "unistd.h"),
    "includes_the_reference": f'#include "{STEP.folder / HEADER}"\n',
    "includes_it_relatively": f'#include "../../../../../../../..{STEP.folder / HEADER}"\n',
    "include_next": f'#include_next "{STEP.name}/{HEADER}"\n',
    "includes_it_by_the_tree": f'#include "../../tree/steps/{STEP.name}/{HEADER}"\n',
    "includes_dev_zero": '#include "/dev/zero"\n',
    "includes_a_secret": '#include "/etc/passwd"\n',
    "embeds_the_answer": at_start(
        f'asm(".pushsection .rodata\\n.incbin \\"{BUILD}/steps/{STEP.name}\\"\\n.popsection");'),
    "deletes_the_tests": at_start(
        'std::system("rm -rf tests steps common work /tmp/* 2> /dev/null; '
        'echo broken > tests/support.hpp 2> /dev/null");', "cstdlib"),
    "fills_the_disk": at_start('std::system("head -c 10G /dev/zero > $TMPDIR/big");', "cstdlib"),
    "fills_dev_shm": at_start('std::system("head -c 10G /dev/zero > /dev/shm/suchfoo.left");', "cstdlib"),
    "eats_memory": at_start(
        "std::vector<char*> all;"
        "for (;;) { all.push_back(new char[1 << 24]); std::memset(all.back(), 1, 1 << 24); }",
        "vector", "cstring"),
    "compiles_for_ever": SKELETON + (
        "\ntemplate <int N> struct deep { using type = typename deep<N + 1>::type; };\n"
        "using hopeless = deep<0>::type;\n"),
    "says_the_word_itself": at_start(
        'if (auto w = std::getenv("SUCHFOO_VERDICT")) { std::puts(w); std::fflush(stdout); ::_exit(0); }',
        "cstdlib", "cstdio", "unistd.h"),
    # The verdict's word out of the parent's environment, and into its memory.
    "reads_its_parent": at_start(
        'std::ifstream in("/proc/" + std::to_string(::getppid()) + "/environ");'
        "std::string all(std::istreambuf_iterator<char>(in), {});"
        'const auto at = all.find("SUCHFOO_VERDICT=");'
        "if (at != all.npos) { std::puts(all.c_str() + at + 16); std::fflush(stdout); ::_exit(0); }",
        "fstream", "iterator", "unistd.h"),
    "writes_into_its_judge": at_start(
        "for (int pid = 1; pid < 100000; ++pid) {"
        '  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");'
        '  std::fstream memory("/proc/" + std::to_string(pid) + "/mem", std::ios::in | std::ios::out | std::ios::binary);'
        "  unsigned long start = 0;"
        "  if (pid != ::getpid() && maps >> std::hex >> start && memory.seekp(static_cast<long>(start)))"
        '    memory.write("\\x31\\xc0\\xc3", 3).flush(); }', "fstream", "unistd.h"),
    "traces_its_judge": at_start(
        "for (int pid = 1; pid < 100000; ++pid)"
        "  if (pid != ::getpid() && ::ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) ::kill(pid, SIGKILL);",
        "sys/ptrace.h", "signal.h", "unistd.h"),
    "kills_everybody": at_start("::kill(-1, SIGKILL);", "signal.h"),
    "runs_the_reference": at_start(
        f'std::system("exec {BUILD}/steps/{STEP.name} /tmp/suchfoo");'
        f'::execl("{BUILD}/steps/{STEP.name}", "x", "/tmp/suchfoo", nullptr);', "cstdlib", "unistd.h"),
    "builds_the_reference": at_start(
        f'std::system("cd {ROOT} && g++ -std=c++20 -Isteps -I. steps/{STEP.name}/main.cpp -o $TMPDIR/x && '
        'exec $TMPDIR/x /tmp/suchfoo");', "cstdlib"),
    "macros": "#define CHECK(...) static_cast<void>(0)\n#define REQUIRE CHECK\n" + SKELETON,
    "renames_main": "#define main other_main\n" + SKELETON,
    "prints_the_transcript": at_start('std::puts("Foo(42, -98)"); std::fflush(stdout); ::_exit(0);',
                                      "cstdio", "unistd.h"),
    "replaces_the_tests": at_start(
        'std::system("for f in ../*/*/*test ../out/*; do cp /bin/true $f 2> /dev/null; done");', "cstdlib"),
    "plants_links": at_start(
        'std::system("for d in /tmp/suchfoo-test-*; do ln -sf /etc/passwd $d/foo; done 2> /dev/null");', "cstdlib"),
    "stops_itself": at_start("::raise(SIGSTOP);", "signal.h"),
    # Ten more, of one who had read the grader; each of them gained something then.
    "prints_the_verdict": at_start(
        'for (int fd : {1, 2}) ::dprintf(fd, "test_case_success=\\"true\\"\\n"); ::_exit(7);', "cstdio", "unistd.h"),
    "takes_the_judges_output": at_start(
        'const std::string all = "<TestCase name=\\"program: a primed file prints its Foo and is left as it was\\" >"'
        '"<OverallResultsAsserts test_case_success=\\"true\\"/></TestCase>\\n";'
        "for (int pid = 1; pid < 200; ++pid) {"
        "  const int held = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));"
        "  const int out = static_cast<int>(::syscall(SYS_pidfd_getfd, held, 1, 0));"
        "  if (pid != ::getpid() && ::pwrite(out, all.data(), all.size(), 0) > 0) ::lseek(out, 2 << 20, SEEK_SET); }",
        "string", "sys/syscall.h", "unistd.h"),
    "runs_the_judges_code": at_start(
        f'std::system("cp ../judge/{STEP.name}_test $TMPDIR/x && exec $TMPDIR/x --test-case=program*");', "cstdlib"),
    "links_where_the_grader_reads": at_start(
        f'std::system("cd ../../*/*/tests ../out/tests 2> /dev/null; ln -sf /dev/zero {STEP.name}_test.d");', "cstdlib"),
    "a_fifo_where_the_grader_reads": at_start(
        'std::system("for d in /tmp/suchfoo-grade-*/*/tests $TMPDIR/../*/tests $TMPDIR/suchfoo-grade-*/*/tests; do '
        f'mkfifo $d/{STEP.name}_test.d; done 2> /dev/null");', "cstdlib"),
    "many_spaces": at_start(
        "const std::string s = 'a' + std::string(900000, ' ') + 'b'; if (::write(2, s.data(), s.size()) < 0) ::_exit(1);",
        "string", "unistd.h"),
    # Three of another, who had read the grader after it had been rewritten.
    "makes_up_assertions": at_start(
        "std::string s; while (s.size() < 1100000) s += \"a:1: ERROR: CHECK( \\n\";"
        "for (int fd : {1, 2}) if (::write(fd, s.data(), s.size()) < 0) break; ::_exit(1);", "string", "unistd.h"),
    "stops_its_killers": at_start(
        "if (::fork() == 0) { ::setsid(); if (::fork() == 0) for (;;) { ::kill(-1, SIGSTOP); ::usleep(30); } }",
        "unistd.h", "signal.h"),
    "leaves_memory_of_system_v": at_start(
        "const int id = ::shmget(IPC_PRIVATE, 1 << 20, 0600); std::memset(::shmat(id, nullptr, 0), 1, 1 << 20);",
        "sys/shm.h", "cstring"),
    "deep_folders": at_start(
        'for (int i = 0; i < 3000; ++i) if (::mkdir("d", 0700) != 0 || ::chdir("d") != 0) break;',
        "sys/stat.h", "unistd.h"),
    "allocates_the_disk": at_start(
        "for (int i = 0; i < 24; ++i) ::posix_fallocate(::open(std::to_string(i).c_str(), O_RDWR | O_CREAT, 0600), 0, 64 << 20);",
        "fcntl.h", "string"),
    "grades.csv": SKELETON + "static_assert(true);\n",
    "=1+1": SKELETON + "static_assert(true);\n",
    "untouched": SKELETON,
    "no_header_at_all": "",
    "not_even_text": "\0\1\2\3" * 1000,
    "leaves_a_name": at_start('::shm_open("/suchfoo.left", O_RDWR | O_CREAT, 0600);', "sys/mman.h", "fcntl.h"),
}
# Those who aim at what holds them in.
ESCAPES = ("reads_its_parent", "writes_into_its_judge", "traces_its_judge", "kills_everybody",
           "runs_the_reference", "builds_the_reference", "embeds_the_answer", "includes_the_reference",
           "leaves_the_group", "replaces_the_tests", "plants_links", "fills_dev_shm", "takes_the_judges_output",
           "stops_its_killers", "leaves_memory_of_system_v", "runs_the_judges_code", "links_where_the_grader_reads", "a_fifo_where_the_grader_reads", "deep_folders")


def hand_in(folder, name, text):
    (folder / name / STEP.name).mkdir(parents=True)
    (folder / name / STEP.name / HEADER).write_text(text, encoding="utf-8")


def leftovers():
    """Processes of users that only a sandbox has, their memory, and names in /dev/shm and /tmp."""
    found = [name for name in os.listdir("/dev/shm") if name.startswith("suchfoo.left")]
    found += [line for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:] if int(line.split()[7]) in sandbox.UIDS]
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (path / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
            if path.stat().st_uid in sandbox.UIDS and state != "Z":
                found.append((path / "cmdline").read_text(encoding="utf-8", errors="replace"))
    found += [name for name in os.listdir(OWN) if name.startswith("suchfoo-grade-")]
    return found


class Grader(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-class-")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.folder = Path(folder.name) / "submissions"
        self.folder.mkdir()
        self.out = Path(folder.name) / "out"

    def grades(self):
        with open(self.out / "grades.csv", newline="", encoding="utf-8") as file:
            return {row["student"]: float(row["total"]) for row in csv.DictReader(file)}

    def cli(self, *words, timeout=600, **kind):
        return run(sys.executable, "common/tools", "grade", "--steps", "03", *map(str, words), timeout=timeout, **kind)

    def grade_class(self, *words, **kind):
        result = self.cli("--submissions", self.folder, "--out", self.out, *words, **kind)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return self.grades(), result.stdout

    def grade_here(self, bubblewrap=True, steps="03", patience=1, **patches):
        """In this process, in haste: with shorter limits, and perhaps without bubblewrap."""
        for cached in (sandbox.isolation, sandbox.why_no_bubblewrap):
            cached.cache_clear()
            self.addCleanup(cached.cache_clear)
        words = ["grade", "--steps", steps, "--submissions", str(self.folder), "--out", str(self.out)]
        said = io.StringIO()
        mode = ROOT.stat().st_mode & 0o777
        haste = {"RUN": 3, "FEEDBACK": 1, "COMPILE": (6, 6), **patches}
        with unittest.mock.patch.multiple(grade, **haste), unittest.mock.patch.object(sandbox, "PATIENCE", patience), \
                unittest.mock.patch.dict(os.environ, {} if bubblewrap else {"SUCHFOO_WITHOUT_BWRAP": "1"}), \
                unittest.mock.patch.object(sys, "argv", words), contextlib.redirect_stdout(said):
            if os.geteuid() == 0:
                ROOT.chmod(0o700)
                self.folder.chmod(0o700)
            try:
                status = grade.main()
            finally:
                ROOT.chmod(mode)
        self.assertEqual(status, 0, said.getvalue())
        return self.grades(), said.getvalue()

    def said_to(self, name):
        data = json.loads((self.out / "students" / name / "results.json").read_text(encoding="utf-8"))
        return " ".join(test["output"] for test in data["tests"])

    def check_harmless(self, grades, names):
        for good in ("a good student", "zoë, too"):
            self.assertEqual(grades.pop(good), POINTS)
        self.assertEqual({name: points for name, points in grades.items() if points != 0}, {})
        self.assertEqual(set(grades), {"'" * name.startswith("=") + name for name in names})
        self.assertEqual(leftovers(), [])

    def hand_in_all(self, names):
        for name in names:
            hand_in(self.folder, name, DISASTERS[name])
        for name in ("a good student", "zoë, too"):
            hand_in(self.folder, name, REFERENCE + f"// {name}\n")

    def test_no_disaster_gains_a_point_or_harms_another(self):
        self.hand_in_all(DISASTERS)
        (self.folder / "nothing").mkdir()
        os.symlink("/", self.folder / "a link")
        before = {path: path.read_bytes() for path in (ROOT / "tests").glob("*.?pp")}
        start = time.monotonic()
        grades, text = self.grade_here()
        print(f"{len(grades)} students in {time.monotonic() - start:.0f} s, {sandbox.isolation()}")
        self.check_harmless(grades, [*DISASTERS, "nothing"])
        self.assertEqual(before, {path: path.read_bytes() for path in (ROOT / "tests").glob("*.?pp")})
        self.assertIn("a link is passed over", text)
        self.assertIn("most often missed:", text)
        for name, words in (("includes_the_reference", "No such file"),
                            ("endless_loop", "still running"),
                            ("compiles_for_ever", "recursively|template instantiation|still running"),
                            ("untouched", "the skeleton, as it was handed out"),
                            ("macros", "redefines CHECK"),
                            ("renames_main", "redefines main"),
                            ("no_header_at_all", "does not compile"),
                            ("nothing", "nothing handed in; there was: nothing at all")):
            self.assertRegex(self.said_to(name), words, name)

    @unittest.skipIf(os.geteuid() != 0, "only root has other users")
    def test_without_bubblewrap_root_uses_other_users(self):
        self.hand_in_all(ESCAPES)
        grades, text = self.grade_here(bubblewrap=False)
        self.assertIn("isolation: a user of its own for each student", text)
        self.check_harmless(grades, ESCAPES)

    @unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
    def test_an_ordinary_user_with_bubblewrap_and_without(self):
        as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env", "HOME=/nowhere",
                     "PYTHONDONTWRITEBYTECODE=1"]
        if subprocess.run([*as_nobody, "ls", str(BUILD)], capture_output=True).returncode != 0:
            self.skipTest("others may not read this folder")
        names = ESCAPES[:6]
        self.hand_in_all(names)
        with tempfile.TemporaryDirectory(prefix="suchfoo-class-") as out:
            own = Path(out) / "build"  # with what is compiled once
            for path in (Path(out), own):
                path.mkdir(exist_ok=True)
                os.chown(path, NOBODY, NOBODY)
            for part in ("tests", "steps"):
                (own / part).symlink_to(BUILD / part)
            self.out = Path(out) / "grades"
            as_nobody.append(f"SUCHFOO_BUILD={own}")
            command = ["/usr/bin/python3", "common/tools", "grade", "--steps", "03", "--submissions",
                       str(self.folder), "--out", str(self.out)]
            if sandbox.isolation() == "bubblewrap":
                result = run(*as_nobody, *command, timeout=600)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.check_harmless(self.grades(), names)
                for path in self.out.glob("students/*/grade.json"):
                    path.unlink()
            for name in names:  # who kills everybody would kill us here: nothing holds them
                shutil.rmtree(self.folder / name)
            result = run(*as_nobody, *command, timeout=600, env={"SUCHFOO_WITHOUT_BWRAP": "1"})
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertTrue(result.stdout.startswith("isolation: NO POINTS"))
            self.assertEqual(set(self.grades().values()), {0.0})
            tests = json.loads((self.out / "students" / "a good student" / "results.json").read_text())["tests"]
            self.assertEqual({test["status"] for test in tests}, {"passed"})

    def test_a_room_has_limits(self):
        tree = self.folder / STEP.name / "tree"
        tree.mkdir(parents=True)
        for path in (self.folder.parent, self.folder, tree.parent, tree):
            path.chmod(0o755)
        for script, status, words in (
                ("echo hello; exit 3", 3, "hello"),
                ("kill -9 $$", -9, ""),
                ("sleep 9", None, ""),
                ("i=0; while [ $i -lt 150 ]; do sleep 2 & i=$((i + 1)); done", 2, "Cannot fork"),
                ("head -c 70000000 /dev/zero > $TMPDIR/x; stat -c %s $TMPDIR/x", 0, str(sandbox.FILE_SIZE)),
                ("python3 -c 'bytearray(2 * 10**9)'", 1, "MemoryError"),
                ("while :; do :; done", None, ""),
                ("echo > $0/steps/y", *((2, "Read-only") if sandbox.isolation() == "bubblewrap" else (0, "")))):
            with sandbox.Room(tree) as room:
                came, said = room.run(["sh", "-c", script, str(room.out)], 1 if status is None else 5)
                self.assertEqual(came, status, script + said)
                self.assertIn(words, said, script)
                self.assertEqual(room.run(["touch", str(room.out / "steps" / "x")], 5, compiling=True), (0, ""))

    def test_what_a_machine_cannot_show_is_left_out(self):
        class Room:
            def run(self, argv, *_):
                return 0, "SKIPPED: no such machine\n" if "program: b" in argv[1] else ""
        said = grade.run_cases(Room(), "test", ["program: a", "program: b"], 5, judge=True)
        self.assertEqual(said, {"program: a": None, "program: b": grade.NOT_SHOWN})
        exercise = unittest.mock.Mock(weights={"program: a": 1, "program: b": 3}, step=STEP)
        rows = grade.Exercise.rows(exercise, said)
        with unittest.mock.patch.object(grade, "grade_step", return_value=rows), \
                contextlib.redirect_stdout(io.StringIO()) as out:
            grade.refuse_unless_fair([exercise], [])
        self.assertEqual(grade.Exercise.rows(exercise, said), [["program: a", POINTS, POINTS, ""]])
        self.assertIn("left out, as it cannot be shown here: program: b", out.getvalue())
        del exercise.weights["program: a"]
        with self.assertRaisesRegex(RuntimeError, "nothing of it can be shown"):
            with unittest.mock.patch.object(grade, "grade_step", return_value=[]):
                grade.refuse_unless_fair([exercise], [])

    def test_submissions_as_they_come(self):
        class Numbered(str):
            def format(self, number):
                return self.replace("#pragma once", f"#pragma once\n// {number}")
        text = Numbered(REFERENCE)
        hand_in(self.folder, "nested/deeply/work", text.format(1))
        for place, content in ((f"flat/{HEADER}", 2), ("dot h/foo_from_mmap.h", 3), (f"case/{HEADER.upper()}", 4),
                               (f"clone/work/{STEP.name}/{HEADER}", 5), (f"Jane Doe_42_assignsubmission_file_/{HEADER}", 6),
                               (f"doejohn_LATE_12_3456_{HEADER.replace('.', '-1.')}", 7), (f"mac/{HEADER}", 8)):
            path = self.folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(content), encoding="utf-8")
        shutil.copytree(STEP.folder.parent, self.folder / "clone" / "steps")
        (self.folder / "mac" / "__MACOSX").mkdir()
        (self.folder / "mac" / "__MACOSX" / f"._{HEADER}").write_bytes(b"\0\5")
        (self.folder / "mac" / ".git").mkdir()
        (self.folder / "mac" / ".git" / HEADER).write_text("no")
        with zipfile.ZipFile(self.folder / "zipped.zip", "w") as archive:
            archive.writestr(f"work/{STEP.name}/{HEADER}", text.format(9))
            archive.writestr(f"__MACOSX/._{HEADER}", b"\0\5")
        for name, number in (("Lee_7_assignsubmission_file_", 11), ("Lee_8_assignsubmission_file_", 12)):
            (self.folder / name).mkdir()
            (self.folder / name / HEADER).write_text(text.format(number), encoding="utf-8")
        bomb = self.folder / "bomb.zip"
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(HEADER, REFERENCE + " " * 10_000_000)
        content = bomb.read_bytes()  # which says that it is short
        bomb.write_bytes(content.replace((10_000_000 + len(REFERENCE)).to_bytes(4, "little"), (2000).to_bytes(4, "little")))
        latin = os.fsdecode(b"zo\xeb")
        hand_in(self.folder, latin, text.format(10))
        hand_in(self.folder, "beside", text.format(13))
        (self.folder / "beside" / STEP.name / f"{latin}.hpp").write_text("#define main x\n")
        hand_in(self.folder, "Lee 7", text.format(14))  # and Lee, whose number is 7
        with zipfile.ZipFile(self.folder / "windows.zip", "w") as archive:
            archive.writestr(f"work\\{STEP.name}\\{HEADER}", text.format(15))
        with zipfile.ZipFile(self.folder / "lzma.zip", "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr(HEADER, text)
        hand_in(self.folder, "own macros", text.format(16).replace("#pragma once", "#ifndef SUCHFOO_X_HPP\n#define SUCHFOO_X_HPP\n"
                "#define CHECK_CALL(x) (x)") + "#endif\n")
        hand_in(self.folder, "no guard", text.format(17).replace("#pragma once", ""))
        good = {"nested", "flat", "dot h", "case", "clone", "Jane Doe", "doejohn", "mac", "zipped", "zo\\xeb",
                "Lee 7", "Lee 7 again", "Lee 8", "windows", "own macros", "no guard"}
        for name, content in (("a.txt", "hello"), ("twice/a/" + HEADER, "1"), ("twice/b/" + HEADER, "2"),
                              ("other/foo.cpp", "int main() {}"), ("broken.zip", "PK")):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(content)
        (self.folder / "linked").mkdir()
        (self.folder / "linked" / HEADER).symlink_to(STEP.folder / HEADER)
        grades, said = self.grade_class()
        self.assertEqual({name for name, points in grades.items() if points == POINTS}, good)
        self.assertEqual({name for name, points in grades.items() if points == 0}, 
                         {"twice", "other", "broken", "linked", "bomb", "beside", "lzma"})
        self.assertIn("zo\\xeb.hpp redefines main", self.said_to("beside"))
        for words in ("a.txt is passed over", f"handed in more than once: a/{HEADER} and b/{HEADER}",
                      "nothing handed in; there was: foo.cpp", "broken.zip cannot be read",
                      f"{HEADER} (a link, or in a rare compression)"):
            self.assertIn(words, said)

    def test_one_header_of_three_is_said_to_be_missing(self):
        step = find_step("05")
        for name in ("primed_file.hpp", "write_all.hpp"):
            shutil.copy(step.folder / name, self.folder)
        self.assertEqual(submissions.handed_in([self.folder], step),
                         ({}, "no new_file.hpp handed in; there was: primed_file.hpp, write_all.hpp"))

    def test_a_zip_with_a_broken_stream_cannot_be_read(self):
        path = self.folder / "x.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(HEADER, REFERENCE)
        content = bytearray(path.read_bytes())
        start = 30 + len(HEADER)  # after the entry's own header
        content[start:start + 8] = b"\xff" * 8
        path.write_bytes(content)
        files, problem = submissions.handed_in([path], STEP)
        self.assertEqual(files, {})
        self.assertIn("it cannot be read: ", problem)

    def test_partial_credit_and_gradescopes_format(self):
        hand_in(self.folder, "creates", REFERENCE.replace("O_RDWR | O_CLOEXEC", "O_RDWR | O_CREAT | O_CLOEXEC, 0600"))
        # Right, but for what only the header's own cases see.
        hand_in(self.folder, "inherited", REFERENCE.replace(" | O_CLOEXEC", ""))
        grades, _ = self.grade_class()
        self.assertEqual(grades["inherited"], POINTS)
        self.assertGreater(grades["creates"], 0)
        self.assertLess(grades["creates"], POINTS)
        data = json.loads((self.out / "students" / "creates" / "results.json").read_text(encoding="utf-8"))
        self.assertAlmostEqual(sum(test.get("max_score", 0) for test in data["tests"]), POINTS, 2)
        for test in data["tests"]:
            self.assertEqual(set(test), {"name", "output", "visibility"} |
                             ({"status"} if "status" in test else {"score", "max_score"}))
            self.assertEqual("score" in test, ": program: " in test["name"])

    def test_no_skeleton_is_worth_a_point_and_every_reference_all(self):
        for kind in ("lab", "."):
            for step in all_steps():
                for name in lab.lab_headers(step):
                    target = self.folder / f"kind {kind}" / step.name / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    # Touched, or it would not even be judged.
                    target.write_text((step.folder / kind / name).read_text(encoding="utf-8") + "static_assert(true);\n")
        class Judged(grade.Exercise):
            def __init__(self, *words):
                super().__init__(*words)
                self.feedback = []  # which is worth no points, and takes time
        numbers = " ".join(step.number for step in all_steps() if step.has_lab and not step.lacks)
        grades, _ = self.grade_here(True, numbers, sandbox.PATIENCE, Exercise=Judged, RUN=grade.RUN, COMPILE=grade.COMPILE)
        most = sum(step.points for step in all_steps() if step.has_lab and not step.lacks)
        self.assertEqual(grades["kind lab"], 0)
        self.assertAlmostEqual(grades["kind ."], most, 1)

    def test_what_a_step_is_about_weighs_most(self):
        step = find_step("07")
        text = (step.folder / "foo_from_shm.hpp").read_text(encoding="utf-8")
        self.assertEqual(text.count("O_CREAT | O_EXCL"), 1)
        for name in lab.lab_headers(step):
            target = self.folder / "without O_EXCL" / step.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            source = (step.folder / name).read_text(encoding="utf-8")
            target.write_text(source.replace("O_CREAT | O_EXCL", "O_CREAT"), encoding="utf-8")
        result = run(sys.executable, "common/tools", "grade", "--steps", "07", "--submissions", str(self.folder),
                     "--out", str(self.out), timeout=600)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertLess(self.grades()["without O_EXCL"], step.points / 2)

    def test_an_interrupted_run_goes_on_where_it_stopped_and_weeks_add_up(self):
        for number in range(6):
            hand_in(self.folder, f"student{number}", REFERENCE + f"// {number}\n")
        process = subprocess.Popen(
            [sys.executable, "common/tools", "grade", "--steps", "03", "--submissions", str(self.folder), "--out",
             str(self.out)], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = (line for line in process.stdout if " of 6  student" in line)
        next(lines), next(lines)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=600)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(leftovers(), [])
        self.assertGreaterEqual(len(self.grades()), 2)  # written whole, all the same
        grades, text = self.grade_class()
        self.assertEqual(list(grades.values()), [POINTS] * 6)
        self.assertGreaterEqual(text.count("(graded before)"), 2)
        self.assertLess(text.count("(graded before)"), 6)
        # All are known now; a changed submission is graded again, alone if it is asked for.
        (self.folder / "student0" / STEP.name / HEADER).write_text(SKELETON, encoding="utf-8")
        grades, text = self.grade_class("--student", "student0")
        self.assertIn("1 of 1", text)
        self.assertEqual(grades["student0"], 0)
        self.assertEqual(len(grades), 6)
        # What is not of the present form is graded again.
        for name, record in (("student1", '{"steps": []}'), ("student2", '{"steps": {"03_missing_file": "x"}}'),
                             ("student3", '{"steps": {"04_empty_file_sigbus": {"cases": 1}}}'), ("student4", "{")):
            (self.out / "students" / name / "grade.json").write_text(record)
        grades, text = self.grade_class()
        self.assertEqual(text.count("(graded before)"), 2)
        self.assertEqual(list(grades.values()), [0] + [POINTS] * 5)
        # The next week has another step, and the same CSV.
        result = run(sys.executable, "common/tools", "grade", "--steps", "01", "--submissions", str(self.folder),
                     "--out", str(self.out), timeout=600)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with open(self.out / "grades.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual({row["of"] for row in rows}, {str(POINTS + find_step("01").points)})

    def test_the_machines_faults_are_nobodys_grade(self):
        hand_in(self.folder, "good", REFERENCE)
        long = Path(self.folder.parent) / ("x" * 60) / ("y 'z" * 15)
        long.mkdir(parents=True)
        os.chmod(long.parent, 0o755)
        for env, umask in (({"TMPDIR": str(long)}, 0), ({}, 0o077), ({"CXX": "env g++"}, 0)):
            self.out = Path(tempfile.mkdtemp(dir=self.folder.parent))
            result = subprocess.run(
                ["sh", "-c", f'umask {umask:o}; exec "$@"', "sh", sys.executable, "common/tools", "grade", "--steps",
                 "03", "--submissions", str(self.folder), "--out", str(self.out)], cwd=ROOT, text=True,
                capture_output=True, timeout=600, env={**os.environ, **env})
            self.assertEqual(result.returncode, 0, f"{env} {result.stdout} {result.stderr}")
            self.assertEqual(self.grades(), {"good": POINTS}, env)
        # A compiler that is none, and a disk that is full: nobody is graded, and the reason is said.
        result = self.cli("--submissions", self.folder, "--out", self.out / "x", env={"CXX": "/bin/false"})
        self.assertNotEqual(result.returncode, 0)
        self.assertFalse((self.out / "x" / "grades.csv").exists())
        if os.geteuid() == 0:
            script = 'mount -t tmpfs -o size=4m tmpfs "$0" && export TMPDIR="$0" && exec "$@"'
            result = run("unshare", "-m", "sh", "-c", script, str(long), sys.executable, "common/tools", "grade",
                         "--steps", "03", "--submissions", str(self.folder), "--out", str(self.out / "y"), timeout=600)
            self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
            self.assertIn("No space left", result.stderr)

    def test_make_grade(self):
        work = self.folder / "work"
        hand_in(self.folder, "work", REFERENCE)
        out = self.folder / "results.json"
        result = run("make", "-s", "grade", f"OUT={out}", "STEPS=03", timeout=600,
                     env={"SUCHFOO_WORK": str(work)})
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("1 of 1  work: 10.0 of 10\n", result.stdout)
        json.loads(out.read_text(encoding="utf-8"))
        result = run("make", "-s", "grade", "STEPS=03 04", timeout=600,
                     env={"SUCHFOO_WORK": str(work)})
        self.assertEqual(result.returncode, 2)  # make's own for a recipe that failed
        self.assertIn("1 of 1  work: 10.0 of 25\n", result.stdout)
        self.assertIn("04_empty_file_sigbus: nothing handed in; there was: ", result.stdout)
        # A student's name for a file is nothing to make.
        evil = "doe$(shell touch $(TMPDIR)evil)_1_2_foo_from_mmap.hpp"
        (self.folder / evil).write_text(REFERENCE, encoding="utf-8")
        result = run("make", "-s", "grade", "STEPS=03", f"SUBMISSIONS={self.folder}", f"STUDENT={evil}", f"OUT={self.out}",
                     timeout=600, env={"TMPDIR": f"{OWN}/"})
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(list(self.grades().values()), [POINTS])
        self.assertNotIn("evil", os.listdir(OWN))
        result = run("make", "-s", "grade", "STEPS=24", f"SUBMISSIONS={self.folder}", timeout=600)
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is nothing to grade", result.stderr)


if __name__ == "__main__":
    unittest.main()
