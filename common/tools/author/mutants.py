"""Proves that the tests can fail: every mutant of a step is rejected by one of the
step's test cases, and the reference by none."""

import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from shared import overlay, patches
from shared.processes import temporary_folder
from shared.steps import BUILD, LEAST_MUTANTS, all_steps, find_step

MOST_CHANGED = 16  # lines that one defect may add or change


def judge(step, mutant, folder, seconds):
    """Returns whether the mutant (None: the reference) is as it should be, and what
    there is to say of it."""
    name = f"{step.name}/{mutant.stem if mutant else 'reference'}"
    try:
        return run_cases(step, mutant, folder / name, name, seconds)
    except patches.PatchError as error:
        return False, f"{name}: does not apply\n{error}"
    except overlay.BuildError as error:
        return False, f"{name}: does not compile\n{error}"


def run_cases(step, mutant, target, name, seconds):
    """The header's cases come first, and need no program. `seconds` is how long each case takes
    on the reference: those that wait for a time limit come last."""
    folders = [target / "headers"] if mutant else []
    if mutant:
        patches.write(mutant, *folders)
    overlay.build_test(step, folders, target)
    skipped = 0
    built = False
    for case in sorted(overlay.case_names(target, step), key=lambda case: (
            not case.startswith("header:"), seconds.get((step.name, case), 0))):
        if not built and not case.startswith("header:"):
            overlay.build_programs(step, folders, target)
            built = True
        start = time.monotonic()
        result = overlay.run_case(target, step, case)
        if mutant is None:
            seconds[step.name, case] = time.monotonic() - start
        skipped += result.skipped
        if not result.passed:
            if not mutant:
                return False, f"{name}: fails \"{case}\"\n{result.output}"
            shutil.rmtree(target, ignore_errors=True)
            changed = patches.added_lines(mutant)
            if changed > MOST_CHANGED:
                return False, f"{name}: changes {changed} lines: more than one defect?"
            return True, f"{name}: rejected by \"{case}\""
    if mutant:
        note = f" ({skipped} were skipped)" if skipped else ""
        return False, f"{name}: passes every test{note}"
    return True, f"{name}: accepted"


def main():
    steps = [find_step(sys.argv[1])] if len(sys.argv) > 1 else all_steps()
    for step in steps:
        if len(step.mutants) < LEAST_MUTANTS:
            overlay.fail(f"{step.name}: has fewer than {LEAST_MUTANTS} mutants")
    work = [(step, mutant) for step in steps for mutant in step.mutants]

    # Nobody debugs a mutant, and the compiler is what takes long.
    overlay.DEBUG = dict.fromkeys(overlay.DEBUG, "-g0")
    overlay.prepared()
    good = bad = 0
    with temporary_folder("mutants-", BUILD) as folder, \
            ThreadPoolExecutor(max_workers=3) as pool:  # some wait for time limits
        seconds = {}
        for some in ([(step, None) for step in steps], work):
            jobs = [pool.submit(judge, *one, folder, seconds) for one in some]
            for job in jobs:
                as_it_should, text = job.result()
                overlay.say(("ok   " if as_it_should else "NOT  ") + text)
                good, bad = good + as_it_should, bad + (not as_it_should)
    overlay.say(f"{good} passed, {bad} failed")
    return bad != 0
