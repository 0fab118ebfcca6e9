"""Builds a step's program and tests with other headers first on the include path,
and runs the test cases one by one: the same judge for the reference, the mutants
and the labs."""

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from shared import patches
from shared.processes import run_limited, signal_name, temporary_folder
from shared.steps import BUILD, ROOT, Step, libraries

COMPILER = shlex.split(os.environ.get("CXX", "g++"))
FLAGS = ["-std=c++20"]  # warnings are for builds whose output is read
# For programs and for tests: the less a debugger is to know, the sooner the verdict.
DEBUG = {"common": "-g", "tests": "-g1"}
COMPILE_LIMIT = 120  # seconds
CASE_LIMIT = 30  # seconds; a child of a test is given up after 10

_prepared_lock = threading.Lock()


@dataclass
class Case:
    name: str
    passed: bool
    skipped: bool
    output: str


class BuildError(Exception):
    """The compiler's own words."""


def compile_one(arguments):
    # In its own language, as what it says is read; and what it leaves if it is killed goes.
    with temporary_folder("suchfoo-compile-") as folder:
        status, output = run_limited([*COMPILER, *FLAGS, *arguments], COMPILE_LIMIT,
                                     env={**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(folder)})
    if status is None:
        output += f"\nthe compiler was still running after {COMPILE_LIMIT} s"
    if status != 0:
        raise BuildError(output)


def linker():
    """As CMakeLists.txt has it: functions are looked up at the start; and a faster linker than
    the usual one, where there is one."""
    for name in ("lld", "gold"):
        if shutil.which(f"ld.{name}"):
            return ["-Wl,-z,now", f"-fuse-ld={name}"]
    return ["-Wl,-z,now"]


def is_clang():
    return "clang" in subprocess.run([*COMPILER, "--version"], capture_output=True,
                                     text=True).stdout


def prepared():
    """The folder of what no overlay changes, compiled once: main.o of tests/main.cpp, and
    the precompiled headers of programs and tests."""
    sources = [ROOT / "tests" / "main.cpp", *(ROOT / "common").glob("*.hpp"),
               ROOT / "tests" / "support.hpp", ROOT / "tests" / "precompiled.hpp"]
    words = re.sub(r"\W+", "-", " ".join([*COMPILER, *FLAGS, *DEBUG.values()])).strip("-")
    folder = BUILD / "prepared" / words
    stamp = folder / "stamp"
    with _prepared_lock:
        if stamp.exists() and all(path.stat().st_mtime <= stamp.stat().st_mtime
                                  for path in sources):
            return folder
        with temporary_folder("prepared-", made(BUILD)) as draft:
            ending = "pch" if is_clang() else "gch"
            jobs = [["-I.", "-c", "tests/main.cpp", "-o", str(draft / "main.o")]]
            jobs += [[DEBUG[which], "-I.", "-x", "c++-header", f"{which}/precompiled.hpp", "-o",
                      str(draft / f"{which}.hpp.{ending}")] for which in ("common", "tests")]
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(compile_one, jobs))
            (draft / "stamp").touch()
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(made(folder.parent) / folder.name)
    return folder


def made(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def precompiled(folder, which):
    """The words that make the compiler begin with a header that is compiled already."""
    if (folder / f"{which}.hpp.pch").exists():
        return [DEBUG[which], "-include-pch", str(folder / f"{which}.hpp.pch")]
    return [DEBUG[which], "-include", str(folder / f"{which}.hpp")]


def commands(step, includes, target, ready):
    """The compiler's arguments for the tests of `step`, and for the programs they run,
    with `includes` on the include path, into target/tests and target/steps."""
    test = step.test.read_text(encoding="utf-8")
    options = " ".join(re.findall(r"^// Options: (.*)$", test, re.M)).split()
    first = [DEBUG["tests"], *options] if options else precompiled(ready, "tests")
    yield [*includes, *first, f"tests/{step.name}_test.cpp",
           str(ready / "main.o"), *linker(), "-o", str(target / "tests" / f"{step.name}_test"),
           *libraries(step.test)]
    for name in programs_of(step):
        besides = libraries_of(name)
        first = [] if "-shared" in besides else precompiled(ready, "common")
        yield [*includes, *first, str(main_of(name).relative_to(ROOT)), *linker(),
               "-o", str(target / "steps" / name), *besides]


def libraries_of(program):
    return Step(program).libraries if main_of(program).name == "main.cpp" else []


def programs_of(step):
    """The names of the programs that the tests of `step` run."""
    test = step.test.read_text(encoding="utf-8")
    return sorted({*re.findall(r'program_path\("(\w+)"\)', test), step.name}, reverse=True)


def main_of(program):
    """The source of a program: a step's, or one that only tests use."""
    probe = ROOT / "tests" / "probes" / f"{program}.cpp"
    return probe if probe.exists() else ROOT / "steps" / program / "main.cpp"


TEST, PROGRAMS, ALL = slice(1), slice(1, None), slice(None)  # of what commands() yields


def build(step, overlay, target, which=ALL):
    """Builds the tests of `step`, and the programs that they run, into the folder
    `target`, with the folders `overlay` before steps/. Raises BuildError."""
    for folder in ("tests", "steps"):
        made(target / folder)
    includes = [f"-I{folder}" for folder in overlay] + ["-Isteps", "-I."]
    with ThreadPoolExecutor() as pool:
        for job in [pool.submit(compile_one, command)
                    for command in list(commands(step, includes, target, prepared()))[which]]:
            job.result()


def mutant_status(step, mutant, *arguments):
    """The status that a shell shows when it runs the program of `step` with `mutant`."""
    with temporary_folder("suchfoo-mutant-") as folder:
        program = f"{folder}/{step}"
        patches.write(ROOT / "tests" / "mutants" / step / f"{mutant}.patch", folder)
        compile_one([f"-I{folder}", "-Isteps", "-I.", f"steps/{step}/main.cpp", "-o",
                     f"{program}_program", *Step(step).libraries])
        status, _ = run_limited(["sh", "-c", 'ulimit -c 0; "$@"; exit $?', "sh",
                                 f"{program}_program", *arguments], CASE_LIMIT)
    return str(status)


def test_program(target, step):
    return str(target / "tests" / f"{step.name}_test")


def case_names(target, step, *filters):
    """The names of the test cases that match doctest's `filters`, in order."""
    status, output = run_limited([test_program(target, step), "--list-test-cases",
                                  "--order-by=file", *filters], CASE_LIMIT)
    if status != 0:
        raise RuntimeError(f"{step.name}_test cannot list its cases: {output}")
    return [line for line in output.splitlines()
            if line and not line.startswith(("[doctest]", "====="))]


def run_case(target, step, name, limit=CASE_LIMIT):
    word = secrets.token_hex(16)
    # What a case that dies leaves behind goes with this folder.
    with temporary_folder("suchfoo-case-") as folder:
        status, output = run_limited(
            [test_program(target, step), f"--test-case={name}"], limit,
            env={**os.environ, "TMPDIR": str(folder), "SUCHFOO_VERDICT": word})
    return case_of(name, status, output, limit, word)


def case_of(name, status, output, limit, word=""):
    """What became of a case, by the status of the test program and by what it printed."""
    if status is None:
        output += f"\nstill running after {limit} s\n"
    elif status < 0:
        output += f"\nkilled by {signal_name(-status)}\n"
    elif status == 0 and word not in output:
        output += "\nthe program ended before the test did\n"
    return Case(name, status == 0 and word in output,
                bool(re.search("^SKIPPED: ", output, re.M)), output.replace(word, ""))


def shown(path):
    """A path as it is typed in the project's folder."""
    return shlex.quote(str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path))


def say(text):
    print(text, flush=True)


def fail(text, status=1):
    print(text, file=sys.stderr, flush=True)
    sys.exit(status)
