"""Builds a step's program and tests with other headers first on the include path,
and runs the test cases one by one: the same judge for the reference, the mutants
and the labs."""

import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from steps import BUILD, ROOT

COMPILER = os.environ.get("CXX", "g++")
FLAGS = ["-std=c++20", "-g", "-Wall", "-Wextra", "-Wpedantic"]
COMPILE_LIMIT = 120  # seconds
CASE_LIMIT = 30  # seconds; a child of a test is given up after 10

_main_object_lock = threading.Lock()


@dataclass
class Case:
    name: str
    passed: bool
    skipped: bool
    output: str


class BuildError(Exception):
    """The compiler's own words."""


def kill_session(leader):
    """Kills all processes of a session, whatever groups they are in: a test's child has
    a group of its own, and stays if the test is killed."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            session = stat.read_text().rpartition(")")[2].split()[3]
            if int(session) == leader:
                os.kill(int(stat.parent.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has ended


def run_limited(argv, limit, env=None):
    """Runs argv in a session of its own, of which nothing is left afterwards. Returns
    the exit status (None: it was still running after `limit` seconds) and the output."""
    process = subprocess.Popen(argv, cwd=ROOT, env=env, start_new_session=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(timeout=limit)
        status = process.returncode
    except subprocess.TimeoutExpired:
        kill_session(process.pid)
        output, _ = process.communicate()
        status = None
    finally:
        kill_session(process.pid)
    return status, output.decode(errors="replace")


def compile_one(arguments):
    status, output = run_limited([COMPILER, *FLAGS, *arguments], COMPILE_LIMIT)
    if status is None:
        output += f"\nthe compiler was still running after {COMPILE_LIMIT} s"
    if status != 0:
        raise BuildError(output)


def main_object():
    """The object file of tests/main.cpp, which no overlay changes."""
    source = ROOT / "tests" / "main.cpp"
    target = BUILD / "overlay" / "main.o"
    with _main_object_lock:
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            target.parent.mkdir(parents=True, exist_ok=True)
            compile_one(["-I.", "-c", str(source), "-o", str(target)])
    return target


def build(step, overlay, target):
    """Builds the tests of `step`, and the programs that they run, into the folder
    `target`, with the folders `overlay` before steps/. Raises BuildError."""
    target.mkdir(parents=True, exist_ok=True)
    includes = [f"-I{folder}" for folder in overlay] + ["-Isteps", "-I."]
    source = ROOT / "tests" / f"{step.name}_test.cpp"
    programs = set(re.findall(r'program_path\("(\w+)"\)', source.read_text()))
    commands = [[*includes, f"steps/{name}/main.cpp", "-o", str(target / name)]
                for name in sorted(programs | {step.name}, reverse=True)]
    commands.append([*includes, f'-DSUCHFOO_PROGRAMS="{target}"', str(source),
                     str(main_object()), "-o", str(target / f"{step.name}_test")])
    with ThreadPoolExecutor() as pool:
        for job in [pool.submit(compile_one, command) for command in commands]:
            job.result()


def mutant_status(step, mutant, *arguments):
    """The status that a shell shows when it runs the program of `step` with `mutant`."""
    with tempfile.TemporaryDirectory(prefix="suchfoo-mutant-") as folder:
        program = f"{folder}/{step}"
        compile_one([f"-Itests/mutants/{step}/{mutant}", "-Isteps", "-I.",
                     f"steps/{step}/main.cpp", "-o", program])
        status, _ = run_limited(["sh", "-c", 'ulimit -c 0; "$@"; exit $?', "sh", program,
                                 *arguments], CASE_LIMIT)
    return str(status)


def case_names(target, step, *filters):
    """The names of the test cases that match doctest's `filters`, in order."""
    status, output = run_limited([str(target / f"{step.name}_test"),
                                  "--list-test-cases", "--order-by=file", *filters],
                                 CASE_LIMIT)
    if status != 0:
        raise RuntimeError(f"{step.name}_test cannot list its cases: {output}")
    return [line for line in output.splitlines()
            if line and not line.startswith(("[doctest]", "====="))]


def run_case(target, step, name, limit=CASE_LIMIT):
    word = secrets.token_hex(16)
    # What a case that dies leaves behind goes with this folder.
    with tempfile.TemporaryDirectory(prefix="suchfoo-case-") as folder:
        status, output = run_limited(
            [str(target / f"{step.name}_test"), f"--test-case={name}"], limit,
            env={**os.environ, "TMPDIR": folder, "SUCHFOO_VERDICT": word})
    if status is None:
        output += f"\nstill running after {limit} s\n"
    elif status < 0:
        output += f"\nkilled by {signal.Signals(-status).name}\n"
    elif status == 0 and word not in output:
        output += "\nthe program ended before the test did\n"
    return Case(name, status == 0 and word in output,
                bool(re.search("^SKIPPED: ", output, re.M)), output.replace(word, ""))


def say(text):
    print(text, flush=True)


def fail(text):
    print(text, file=sys.stderr, flush=True)
    sys.exit(1)
