"""Shows a mutant, a wrong variant of a step, and builds it, to be run by the curious:
build/mutants/NN_name/<defect>/steps/NN_name."""

import argparse
import shutil
import sys

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
            print(f"{name}: {patches.sentence(path)}")
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
    print(f"run it:    {overlay.shown(target / 'steps' / step.name)}")
    print(f"test it:   {overlay.shown(target / 'tests' / (step.name + '_test'))}")
    return 0
