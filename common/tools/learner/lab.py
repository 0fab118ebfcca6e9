"""The steps as exercises: hands out a skeleton, checks what became of it, gives hints.

    lab 03      copies the skeleton to work/03_missing_file/
    check 03    builds over work/ and says which behaviours are there
    hint 03     gives the next hint
"""

import argparse
import fcntl
import json
import os
import re
import shlex
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared import overlay
from shared.overlay import shown
from shared.processes import temporary_folder
from shared.steps import BUILD, ROOT, all_steps, find_step

WORK = Path(os.environ.get("SUCHFOO_WORK", ROOT / "work"))
CASE_LIMIT = 10  # seconds
NOT_RUN = "not run, since the header's own cases fail"


class State:
    """Where the learner stands, kept in work/.state.json between runs."""

    def __init__(self):
        self.path = WORK / ".state.json"
        try:
            self.data = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.data = {}
        self.hints = self.data.setdefault("hints", {})  # step -> hints given
        self.passed = self.data.setdefault("passed", {})  # step -> fingerprint of work/

    def save(self):
        WORK.mkdir(exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(self.data, indent=1), encoding="utf-8")
        draft.replace(self.path)


def start(step):
    """Copies the skeleton, never over what is there. Returns whether it did."""
    target = WORK / step.name
    if target.exists():
        return False
    WORK.mkdir(exist_ok=True)
    shutil.copytree(step.folder / "lab", target)
    return True


def lab(step):
    target = shown(WORK / step.name)
    if not start(step):
        print(f"{target}/ is there already and was left alone.\n"
              f"To start again: mv {target} {target}.old, then make lab STEP={step.number}")
        return 1
    print(f"{target}/ is yours now.\n"
          f"  edit:   {' '.join(f'{target}/{name}' for name in lab_headers(step))}\n"
          f"  run:    make check STEP={step.number}\n"
          f"  stuck:  make hint STEP={step.number}\n"
          f"  read:   notes/{step.name}.md")
    return 0


def lab_headers(step):
    return sorted(path.name for path in (step.folder / "lab").glob("*.hpp"))


def hints(step):
    """The step's hints, from vague to nearly the answer."""
    return [re.sub(r"\s*\n\s*", " ", hint).strip() for hint in re.findall(
        r"<summary>Hint \d+</summary>\n\n(.*?)\n\n</details>", step.note.read_text(encoding="utf-8"), re.S)]


def next_hint(step, everything=False):
    state = State()
    all_of_them = hints(step)
    given = state.hints.get(step.name, 0)
    if everything:
        for number, text in enumerate(all_of_them, 1):
            print(f"{number}. {text}")
        return 0
    if given < len(all_of_them):
        given += 1
        state.hints[step.name] = given
        state.save()
    else:
        print("That was the last one. Here it is again.")
    print(f"Hint {given} of {len(all_of_them)}: {all_of_them[given - 1]}")
    return 0


def explain_build(error):
    """The compiler's first error, with its line."""
    match = re.search(r"^(\S+?):(\d+):(?:\d+:)? (?:fatal )?error: (.*)\n(?: *\d+ \| (.*))?",
                      str(error), re.M)
    if not match:
        return "it does not build:\n" + str(error)[:2000]
    file, line, what, text = match.groups()
    name = shown(Path(file)) if Path(file).is_absolute() else file
    return (f"it does not compile. The first error is in {name}, line {line}:\n"
            f"    {(text or '').strip()}\n    {what}")


CHECK = re.compile(r"^(\S+):(\d+): (?:FATAL )?ERROR: (?:CHECK|REQUIRE)(_FALSE)?\( (.*) \) is NOT "
                   r"correct!\n  values: \w+\( ([\s\S]*?) \)$", re.M)
NOT_FOUND = " != ".join(2 * [str(2 ** 64 - 1)])  # std::string::npos, where a size has 64 bits
BANNER = re.compile(r"\[doctest\]|=====|TEST (CASE|SUITE):|\S+\.cpp:\d+:|$")


def explain_check(match):
    """A comparison that failed: what was expected, and what came."""
    file, line, negated, expected, values = match.groups()
    lines = [f"expected: {'not ' if negated else ''}{expected}"]
    came, equals, wanted = f" {values}".partition(" == ")
    if equals and "==" in expected:
        lines.append(f"came:     {came.strip() or 'nothing'}")
        if wanted.strip() not in expected:
            lines.append(f"and not:  {wanted}")
    else:
        lines.append(f"came:     {'it is not there' if values == NOT_FOUND else values}")
    return [*lines, f"at:       {shown(Path(file))}:{line}"]


def explain_case(output):
    """What a failed test case's output says, as a person would: the first thing that
    was expected, and what came instead."""
    if len(output) > 20_000:  # a pattern would take its time over what somebody has made up
        output = f"{output[:19_000]}\n{output[-1000:]}"
    match = CHECK.search(output)
    lines = explain_check(match) if match else []
    for pattern, words in (
            (r"(?:ERROR: )?test case THREW exception: (.*)", "it threw:  {}"),
            (r"ERROR: (?:CHECK|REQUIRE)\w*\( (.*) \) threw a DIFFERENT exception: (.*)",
             "expected: {}\nit threw:  {}"),
            (r"ERROR: (?:CHECK|REQUIRE)\w*\( (.*) \) (?:did NOT throw at all|THREW).*",
             "expected: {}"),
            (r"FATAL ERROR: (test case CRASHED: .*)", "{}"),
            (r"FATAL ERROR: (nothing was thrown)", "expected an exception: {}")):
        found = None if lines else re.search(pattern, output)
        if found:
            lines += words.format(*found.groups()).splitlines()
    for pattern in (r"^(still running after \d+ s)$", r"^(killed by SIG\w+)$",
                    r"^(the program ended before the test did)$"):
        found = re.search(pattern, output, re.M)
        if found:
            lines.append(f"the test: {found[1]}")
            said = [line for line in output.splitlines()
                    if not BANNER.match(line) and line != found[1] and "ERROR" not in line]
            lines += [f"it said:  {line}" for line in said[-3:]]
    return lines or ["it failed without a word"]


class Result:
    """What the tests make of one step's work."""

    def __init__(self, step, cases, problem=None, also=()):
        self.step = step
        self.cases = cases
        self.problem = problem
        self.also = also  # failed, but not what the lab asks for
        self.passed = sum(case.passed for case in cases)

    @property
    def complete(self):
        return self.problem is None and self.passed == len(self.cases)


def overlay_folders(step, reference, scratch):
    """What goes before steps/ on the include path: all of work/, or of it this step."""
    if not reference:
        return [WORK]
    folder = Path(scratch)
    shutil.copytree(WORK / step.name, folder / step.name)
    return [folder]


def judge(step, reference=False, progress=lambda case: None, variant=""):
    """Builds the step's tests over work/ and runs its behaviours one by one: those of the header
    while its programs are still compiled."""
    target = BUILD / "check" / variant / step.name
    cases = []
    limit = CASE_LIMIT * (3 if variant else 1)

    def started(names):
        return [pool.submit(overlay.run_case, target, step, name, limit) for name in names]

    def tell(jobs):
        for job in jobs:
            cases.append(job.result())
            progress(cases[-1])

    def not_run(names, why):
        cases.extend(overlay.Case(name, False, False, why) for name in names)

    with temporary_folder("suchfoo-check-") as scratch, ThreadPoolExecutor(5) as pool:  # they mostly wait
        folders = overlay_folders(step, reference, scratch)
        programs = pool.submit(overlay.build_programs, step, folders, target)
        try:
            overlay.build_test(step, folders, target)
            names = overlay.case_names(target, step, "--test-suite=lab")
            others = overlay.case_names(target, step, "--test-suite-exclude=lab")
        except overlay.BuildError as error:
            return Result(step, [], explain_build(error))
        except RuntimeError:
            return Result(step, [], "the program does not get as far as its first test: "
                                    "look at what runs before main")
        headers = [name for name in names if name.startswith("header:")]
        names = [name for name in names if name not in headers]
        tell(started(headers))
        # Where the header is wrong, its program would only wait for what never comes.
        if any(not case.passed for case in cases):
            not_run(names, NOT_RUN)
            return Result(step, cases)
        try:
            programs.result()
        except overlay.BuildError as error:
            not_run(names, "")
            return Result(step, cases, explain_build(error))
        asked = started(names)
        also = started(others)
        tell(asked)
        if any(not case.passed for case in cases):
            pool.shutdown(cancel_futures=True)
            return Result(step, cases)
        also = [job.result() for job in also]
    # Beside all the others one may have been too slow.
    also = [overlay.run_case(target, step, case.name, 3 * limit) for case in also if not case.passed]
    return Result(step, cases, also=[case for case in also if not case.passed])


def show_mark(case):
    mark = "skip" if case.skipped and case.passed else "ok" if case.passed else "NOT"
    print(f"  {mark:<5}{case.name}", flush=True)


def show_failure(step, case, variant=""):
    """One failure in full, of the plain build or another."""
    print(f"\n{case.name}:")
    for line in explain_case(case.output):
        print("    " + line.replace("\n", "\n    "))
    test = shown(BUILD / "check" / variant / step.name / "tests" / f"{step.name}_test")
    print(f"    run it:   {test} --test-case={shlex.quote(case.name)}\n")


def missing_headers(step):
    """What is wrong with the files in work/, or None: the reference is not to be judged in
    their place."""
    there = sorted(path.name for path in (WORK / step.name).iterdir())
    lacks = [name for name in lab_headers(step) if name not in there]
    return lacks and (f"{shown(WORK / step.name)}/ has no {', no '.join(lacks)}; it has "
                      f"{', '.join(there) or 'nothing'}")


# What the plain verdict cannot see: a call inside assert(), memory that is too short.
VARIANTS = {"without assertions (-DNDEBUG -O2)": ["-DNDEBUG", "-O2"],
            "under AddressSanitizer and UBSan": ["-DSUCHFOO_SANITIZED", "-fno-sanitize-recover=all",
                                                 "-fsanitize=address,undefined"]}


def check_variants(step, reference):
    """Builds the work again in other ways. Returns whether it passes in all."""
    complete = True
    os.environ["ASAN_OPTIONS"] = "handle_sigbus=0:handle_segv=0:detect_stack_use_after_return=0"
    for what, flags in VARIANTS.items():
        overlay.FLAGS += flags
        variant = what.split()[-1].strip("-()")
        try:
            result = judge(step, reference, variant=variant)
        finally:
            del overlay.FLAGS[-len(flags):]
        failed = [case for case in result.cases if not case.passed]
        print(f"{what}: {result.passed} of {len(result.cases)}"
              + (f"; {result.problem}" if result.problem else ""), flush=True)
        if failed and not result.problem:
            show_failure(step, failed[0], variant)
        complete &= result.complete
    return complete


def next_action(step, complete, plainly):
    if plainly and not complete:
        return "mend what only that build shows"
    if not complete:
        return f"make hint STEP={step.number}"
    later = [other for other in all_steps() if other.has_lab and other.number > step.number]
    return f"make lab STEP={later[0].number}" if later else "that was the last lab"


def check(step, reference=False, plain=False):
    if not (WORK / step.name).is_dir():
        print(f"there is no {shown(WORK / step.name)}/ yet: make lab STEP={step.number}",
              file=sys.stderr)
        return 2
    if missing := missing_headers(step):
        print(missing, file=sys.stderr)
        return 2
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / f"check_{step.number}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once would build over each other
        result = judge(step, reference, show_mark)
        failed = [case for case in result.cases if not case.passed] + list(result.also)
        if result.problem:
            print(result.problem)
        elif failed:
            show_failure(step, failed[0])
        not_run = sum(case.output == NOT_RUN for case in failed)
        if not_run:
            print(f"{not_run} more were {NOT_RUN}")
        complete = result.complete and (plain or check_variants(step, reference))
    if complete:
        files = [step.folder / name for name in lab_headers(step)
                 if (step.folder / name).read_bytes() !=
                 (step.folder / "lab" / name).read_bytes()]  # not so in a handout
        if files:
            print(f"All there. Compare with: {' '.join(map(shown, files))}")
    total = len(result.cases) or "?"
    print(f"{step.name}: {result.passed} of {total} behaviours; next: "
          f"{next_action(step, complete, result.complete)}")
    return 0 if complete else 1


def main():
    parser = argparse.ArgumentParser(description="The steps as exercises.")
    parser.add_argument("action", choices=["lab", "check", "hint"])
    parser.add_argument("step")
    parser.add_argument("--all", action="store_true", help="all hints at once")
    parser.add_argument("--reference", action="store_true",
                        help="use the reference for all other steps")
    parser.add_argument("--plain", action="store_true",
                        help="the plain verdict, without the builds that follow it")
    options = parser.parse_args()
    step = find_step(options.step)
    if not step.has_lab:
        print(f"{step.name} has no lab: {step.lab_none}", file=sys.stderr)
        return 2
    if options.action == "lab":
        return lab(step)
    if options.action == "hint":
        return next_hint(step, options.all)
    if step.lacks:
        print(step.lacks, file=sys.stderr)
        return 2
    return check(step, options.reference, options.plain)
