"""The steps as exercises: hands out a skeleton, checks what became of it, gives hints.

    lab 03      copies the skeleton to work/03_missing_file/
    check 03    builds over work/ and says which behaviours are there
    hint 03     gives the next hint
"""

import argparse
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared import overlay
from shared.overlay import shown
from shared.steps import BUILD, ROOT, find_step

WORK = Path(os.environ.get("SUCHFOO_WORK", ROOT / "work"))
CASE_LIMIT = 10  # seconds


class State:
    """Where the learner stands, kept in work/.state.json between runs."""

    def __init__(self):
        self.path = WORK / ".state.json"
        try:
            self.data = json.loads(self.path.read_text())
        except (OSError, ValueError):
            self.data = {}
        self.hints = self.data.setdefault("hints", {})  # step -> hints given
        self.passed = self.data.setdefault("passed", {})  # step -> fingerprint of work/

    def save(self):
        WORK.mkdir(exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(self.data, indent=1))
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
        r"<summary>Hint \d+</summary>\n\n(.*?)\n\n</details>", step.note.read_text(), re.S)]


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


def explain_case(output):
    """What a failed test case's output says, as a person would: the first thing that
    was expected, and what came instead."""
    lines = []
    match = re.search(r"^(\S+):(\d+): (?:FATAL )?ERROR: (?:CHECK|REQUIRE)\w*\( (.*?) \) is NOT "
                      r"correct!\n  values: \w+\( (.*?) \)$", output, re.M | re.S)
    if match:
        file, line, expected, values = match.groups()
        came, equals, _ = values.partition(" == ")
        if "==" not in expected or not equals:
            came = values
        lines = [f"expected: {expected}", f"came:     {came.rstrip()}",
                 f"at:       {shown(Path(file))}:{line}"]
    else:
        for pattern, words in (
                (r"(?:ERROR: )?test case THREW exception: (.*)", "it threw: {}"),
                (r"FATAL ERROR: (test case CRASHED: .*)", "{}"),
                (r"ERROR: (?:CHECK|REQUIRE)\w*\( (.*) \).*", "expected: {}"),
                (r"FATAL ERROR: (nothing was thrown)", "expected an exception: {}")):
            found = re.search(pattern, output)
            if found:
                lines.append(words.format(found[1]))
                break
    for pattern in (r"^(still running after \d+ s)$", r"^(killed by SIG\w+)$",
                    r"^(the program ended before the test did)$"):
        found = re.search(pattern, output, re.M)
        if found:
            lines.append(f"the test: {found[1]}")
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


def judge(step, reference=False, progress=lambda case: None):
    """Builds the step's tests over work/ and runs its behaviours one by one."""
    target = BUILD / "check" / step.name
    with tempfile.TemporaryDirectory(prefix="suchfoo-check-") as scratch:
        try:
            overlay.build(step, overlay_folders(step, reference, scratch), target)
        except overlay.BuildError as error:
            return Result(step, [], explain_build(error))
        try:
            names = overlay.case_names(target, step, "--test-suite=lab")
        except RuntimeError:
            return Result(step, [], "the program does not get as far as its first test: "
                                    "look at what runs before main")
        others = overlay.case_names(target, step, "--test-suite-exclude=lab")

        def run(name):
            return overlay.run_case(target, step, name, CASE_LIMIT)
        cases = []
        with ThreadPoolExecutor(4) as pool:  # they mostly wait
            for case in pool.map(run, names):
                cases.append(case)
                progress(case)
            also = list(pool.map(run, others))
        return Result(step, cases, also=[case for case in also if not case.passed])


def show_case(step, case):
    mark = "skip" if case.skipped and case.passed else "ok" if case.passed else "NOT"
    print(f"  {mark:<5}{case.name}", flush=True)
    if not case.passed:
        for line in explain_case(case.output):
            print("         " + line.replace("\n", "\n         "))
        test = shown(BUILD / "check" / step.name / "tests" / f"{step.name}_test")
        print(f"         run it:   {test} --test-case={shlex.quote(case.name)}")


def check(step, reference=False):
    if not (WORK / step.name).is_dir():
        print(f"there is no {shown(WORK / step.name)}/ yet: make lab STEP={step.number}",
              file=sys.stderr)
        return 2
    result = judge(step, reference, lambda case: show_case(step, case))
    if result.problem:
        print(result.problem)
    for case in result.also:
        print("also, though it is not counted:")
        show_case(step, case)
    if result.complete:
        files = [step.folder / name for name in lab_headers(step)
                 if (step.folder / name).read_bytes() !=
                 (step.folder / "lab" / name).read_bytes()]  # not so in a handout
        if files:
            print(f"All there. Compare with: {' '.join(map(shown, files))}")
    total = len(result.cases) or "?"
    print(f"{step.name}: {result.passed} of {total} behaviours")
    return 0 if result.complete else 1


def main():
    parser = argparse.ArgumentParser(description="The steps as exercises.")
    parser.add_argument("action", choices=["lab", "check", "hint"])
    parser.add_argument("step")
    parser.add_argument("--all", action="store_true", help="all hints at once")
    parser.add_argument("--reference", action="store_true",
                        help="use the reference for all other steps")
    options = parser.parse_args()
    step = find_step(options.step)
    if not step.has_lab:
        print(f"{step.name} has no lab: {step.lab_none}", file=sys.stderr)
        return 2
    if options.action == "lab":
        return lab(step)
    if options.action == "hint":
        return next_hint(step, options.all)
    return check(step, options.reference)
