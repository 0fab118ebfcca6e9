"""Proves that the tests can fail: every mutant of a step is rejected by one of the
step's test cases, and the reference by none.

A mutant is tests/mutants/NN_name/<defect>/MM_step/<header>.hpp: a copy of a lesson
header with one real defect, first on the include path.
"""

import difflib
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import overlay
from steps import BUILD, ROOT, all_steps, find_step

LEAST = 2  # mutants of a step
MOST_CHANGED = 16  # lines of the header that one defect may change


def changed_lines(mutant):
    """How many lines of the headers below `mutant` are not the reference's."""
    count = 0
    for header in mutant.rglob("*.hpp"):
        reference = ROOT / "steps" / header.relative_to(mutant)
        diff = difflib.ndiff(reference.read_text().splitlines(),
                             header.read_text().splitlines())
        count += sum(line.startswith("+ ") and bool(line[2:].strip()) for line in diff)
    return count


def judge(step, mutant, folder, seconds):
    """Returns whether the mutant (None: the reference) is as it should be, and what
    there is to say of it. `seconds` is how long each case takes on the reference: those
    that wait for a time limit come last."""
    name = f"{step.name}/{mutant.name if mutant else 'reference'}"
    target = folder / step.name / (mutant.name if mutant else "reference")
    try:
        overlay.build(step, [mutant] if mutant else [], target)
    except overlay.BuildError as error:
        return False, f"{name}: does not compile\n{error}"
    skipped = 0
    cases = overlay.case_names(target, step)
    for case in sorted(cases, key=lambda case: seconds.get((step.name, case), 0)):
        start = time.monotonic()
        result = overlay.run_case(target, step, case)
        if mutant is None:
            seconds[step.name, case] = time.monotonic() - start
        skipped += result.skipped
        if not result.passed:
            if mutant:
                changed = changed_lines(mutant)
                if changed > MOST_CHANGED:
                    return False, (f"{name}: {changed} lines differ from the reference: "
                                   "more than one defect?")
                return True, f"{name}: rejected by \"{case}\""
            return False, f"{name}: fails \"{case}\"\n{result.output}"
    if mutant:
        note = f" ({skipped} were skipped)" if skipped else ""
        return False, f"{name}: passes every test{note}"
    return True, f"{name}: accepted"


def main():
    steps = [find_step(sys.argv[1])] if len(sys.argv) > 1 else all_steps()
    work = []
    for step in steps:
        mutants = sorted(p for p in (ROOT / "tests" / "mutants" / step.name).glob("*")
                         if p.is_dir())
        if len(mutants) < LEAST:
            overlay.fail(f"{step.name}: has fewer than {LEAST} mutants")
        work += [(step, mutant) for mutant in mutants]

    overlay.FLAGS.remove("-g")  # nobody debugs a mutant, and the compiler is what takes long
    overlay.main_object()
    BUILD.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="mutants-", dir=BUILD))
    good = bad = 0
    try:
        with ThreadPoolExecutor(max_workers=3) as pool:  # some wait for time limits
            seconds = {}
            for some in ([(step, None) for step in steps], work):
                jobs = [pool.submit(judge, *one, folder, seconds) for one in some]
                for job in jobs:
                    as_it_should, text = job.result()
                    overlay.say(("ok   " if as_it_should else "NOT  ") + text)
                    good, bad = good + as_it_should, bad + (not as_it_should)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    overlay.say(f"{good} passed, {bad} failed")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
