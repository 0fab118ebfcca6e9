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
from functools import lru_cache
from pathlib import Path

from shared import patches
from shared.processes import run_limited, short_folder, signal_name, temporary_folder
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


@lru_cache(maxsize=None)
def is_clang():
    return "clang" in subprocess.run([*COMPILER, "--version"], capture_output=True,
                                     text=True).stdout


def prepared():
    """The folder of what no overlay changes, compiled once: what all tests are linked with, and
    the headers with which tests and programs begin."""
    shared = sorted((ROOT / "tests").glob("[a-z]*.cpp"))
    sources = [*shared, *(ROOT / "common").glob("*.hpp"), *(ROOT / "tests").glob("*.hpp")]
    words = re.sub(r"\W+", "-", " ".join([*COMPILER, *FLAGS, *DEBUG.values()])).strip("-")
    folder = BUILD / "prepared" / words
    stamp = folder / "stamp"
    with _prepared_lock:
        if stamp.exists() and all(path.stat().st_mtime <= stamp.stat().st_mtime
                                  for path in sources):
            return folder
        with temporary_folder("prepared-", made(BUILD)) as draft:
            begin = begin_with(draft / "tests.hpp")
            headers = [header_words(draft, which, ()) for which in ("tests", "common")]
            objects = [[DEBUG["tests"], *begin, "-I.", "-c", str(path.relative_to(ROOT)), "-o",
                        str(draft / f"{path.stem}.o")] for path in shared]
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(compile_one, headers))
                list(pool.map(compile_one, objects))
            (draft / "stamp").touch()
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(made(folder.parent) / folder.name)
    return folder


def made(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def header_words(folder, which, options):
    """The compiler's arguments to precompile `which`/precompiled.hpp into `folder`."""
    name = "".join([which, *options]) + (".hpp.pch" if is_clang() else ".hpp.gch")
    return [DEBUG[which], *options, "-I.", "-x", "c++-header", f"{which}/precompiled.hpp", "-o", str(folder / name)]


def begin_with(header):
    """The words that make the compiler begin with a header that is compiled already."""
    return ["-include-pch", f"{header}.pch"] if is_clang() else ["-include", str(header)]


def precompiled(folder, which, options=()):
    """The words for `which`/precompiled.hpp; for options of its own that is compiled when it is
    first asked for."""
    with _prepared_lock, temporary_folder("header-", BUILD) as draft:
        words = header_words(draft, which, options)
        ready = folder / Path(words[-1]).name
        if not ready.exists():
            compile_one(words)
            Path(words[-1]).rename(ready)
    return [DEBUG[which], *options, *begin_with(ready.with_suffix(""))]


def options_of(test):
    """What a test asks of the compiler: "// Options: -O1"."""
    return " ".join(re.findall(r"^// Options: (.*)$", test.read_text(encoding="utf-8"), re.M)).split()


def test_command(step, includes, target, ready):
    """The compiler's arguments to make target/tests/..., the tests of `step`."""
    return [*includes, *precompiled(ready, "tests", options_of(step.test)), f"tests/{step.name}_test.cpp",
            *map(str, sorted(ready.glob("*.o"))), *linker(), "-o", test_program(target, step), *libraries(step.test)]


def program_commands(step, includes, target, ready):
    """(name, the compiler's arguments) to make target/steps/..., each of the programs that the tests
    run: the step's own is made with its probes, if there are any, as one."""
    names = [name for name in programs_of(step) if not is_probe(name) or "-shared" in step.libraries]
    probes = [name for name in programs_of(step) if name not in names]
    for name in names:
        source = main_of(name).relative_to(ROOT)
        if name == step.name and probes:
            source = target / "steps" / f"{name}.cpp"
            source.write_text(as_one([name, *probes]), encoding="utf-8")
            for probe in probes:
                link(target / "steps" / probe, name)
        besides = libraries_of(name)
        first = [] if "-shared" in besides else precompiled(ready, "common")
        yield name, [*includes, *first, str(source), *linker(), "-o", str(target / "steps" / name), *besides]


def link(path, target):
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def as_one(programs):
    """The source of several programs as one, which goes by the name by which it is called: so what
    they include is compiled once."""
    texts = {name: main_of(name).read_text(encoding="utf-8") for name in programs}
    includes = dict.fromkeys(re.findall("^#include .*\n", "".join(texts.values()), re.M))
    bodies = [f'namespace program_{name} {{\n#line 1 "{main_of(name).relative_to(ROOT)}"\n'
              f"{re.sub('^#include .*', '', text, flags=re.M)}}}\n" for name, text in texts.items()]
    calls = [f'    if (name == "{name}") return program_{name}::main(argc, argv);\n' for name in texts]
    return "".join([*includes, "#include <string_view>\n", *bodies, "int main(int argc, char** argv) {\n",
                    "    const std::string_view path = argv[0], name = path.substr(path.rfind('/') + 1);\n",
                    *calls, "    return 127;\n}\n"])


def libraries_of(program):
    return Step(program).libraries if main_of(program).name == "main.cpp" else []


def programs_of(step):
    """The names of the programs that the tests of `step` run."""
    test = step.test.read_text(encoding="utf-8")
    return sorted({*re.findall(r'program_path\("(\w+)"\)', test), step.name}, reverse=True)


def is_probe(program):
    """Whether it is a program that only tests use."""
    return program.startswith("probe_")


def main_of(program):
    if is_probe(program):
        return ROOT / "tests" / "probes" / f"{program}.cpp"
    return ROOT / "steps" / program / "main.cpp"


def build_test(step, overlay, target):
    """Builds the tests of `step` into the folder `target`, with the folders `overlay` before
    steps/. Raises BuildError."""
    made(target / "tests")
    compile_one(test_command(step, include_words(overlay), target, prepared()))


def build_programs(step, overlay, target):
    """Builds the programs that the tests of `step` run, likewise."""
    made(target / "steps")
    ready = prepared()

    def make(command):
        name, words = command
        if name[:2] >= step.number:
            return compile_one(words)
        # A program of an earlier step is built again only if something of it has changed.
        known = target / "steps" / f"{name}.made_from"
        now = repr((COMPILER, FLAGS, sources_of(name, overlay)))
        if not known.exists() or known.read_text(encoding="utf-8") != now:
            known.unlink(missing_ok=True)
            compile_one(words)
            known.write_text(now, encoding="utf-8")
    with ThreadPoolExecutor() as pool:
        list(pool.map(make, program_commands(step, include_words(overlay), target, ready)))


def build(step, overlay, target):
    with ThreadPoolExecutor() as pool:
        for job in [pool.submit(kind, step, overlay, target) for kind in (build_test, build_programs)]:
            job.result()


def include_words(overlay):
    return [f"-I{folder}" for folder in overlay] + ["-Isteps", "-I."]


def sources_of(program, overlay):
    """The files that a step's program may include, none of a later step, and when each was
    changed."""
    found = [(path, path.stat().st_mtime_ns) for path in (ROOT / "common").glob("*.hpp")]
    for folder in [*map(Path, overlay), ROOT / "steps"]:
        found += [(path.relative_to(folder), path.stat().st_mtime_ns) for path in folder.rglob("*.?pp")
                  if path.relative_to(folder).parts[0][:2] <= program[:2]]
    return sorted(found)


def mutant_status(step, mutant, *arguments):
    """The status that a shell shows when it runs the program of `step` with `mutant`."""
    with temporary_folder("suchfoo-mutant-") as folder:
        program = f"{folder}/{step}"
        patches.write(ROOT / "tests" / "mutants" / step / f"{mutant}.patch", folder)
        compile_one([f"-I{folder}", "-Isteps", "-I.", f"steps/{step}/main.cpp", "-o",
                     f"{program}_program", *Step(step).libraries])
        status, _ = run_limited(["sh", "-c", '"$@"; exit $?', "sh",
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
    with temporary_folder("suchfoo-case-", short_folder()) as folder:
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
