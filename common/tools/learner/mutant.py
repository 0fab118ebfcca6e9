"""Shows a mutant, a wrong variant of a step, and builds it, to be run by the curious:
build/mutants/NN_name/<defect>/steps/NN_name."""

import argparse
import re
import shlex
import shutil
import sys
from pathlib import Path

from shared import overlay, patches
from shared.steps import BUILD, find_step


def main():
    parser = argparse.ArgumentParser(description="Shows and builds a mutant.")
    parser.add_argument("step")
    parser.add_argument("name", nargs="?", default="")
    options = parser.parse_args()
    step = find_step(options.step)
    found = {path.stem: path for path in step.mutants}
    if options.name not in found:
        if options.name:
            print(f"no mutant {options.name!r} of {step.name}", file=sys.stderr)
        for name, path in found.items():
            try:
                print(f"{name}: {patches.sentence(path)}")
            except patches.PatchError as error:
                print(error)
        return 2 if options.name else 0
    path = found[options.name]
    target = BUILD / "mutants" / step.name / path.stem
    shutil.rmtree(target, ignore_errors=True)
    print(path.read_text(encoding="utf-8"))
    try:
        patches.write(path, target / "headers")
        overlay.build(step, [target / "headers"], target)
    except (patches.PatchError, overlay.BuildError) as error:
        overlay.fail(str(error))
    program = overlay.shown(target / "steps" / step.name)
    print(f"run it, as the program's first lines say, as {program}:")
    for line in run_lines(step):
        print("    " + line.replace(f"build/steps/{step.name}", program))
    for case in overlay.case_names(target, step):
        if not overlay.run_case(target, step, case).passed:
            test = overlay.shown(Path(overlay.test_program(target, step)))
            print(f"see it rejected:\n    {test} --test-case={shlex.quote(case)}")
            return 0
    print("no test rejects it")
    return 1


def run_lines(step):
    """The commands under "Run:" in the comment at the top of the step's program."""
    text = (step.folder / "main.cpp").read_text(encoding="utf-8")
    block = re.search(r"^// Run:(.*?)^// Expect:", text, re.S | re.M)
    return [line.strip("/ ") for line in block[1].splitlines()] if block else []
