"""Packs an autograder for Gradescope: a zip with setup.sh, which installs and builds, and
run_autograder, which grades /autograder/submission and writes /autograder/results/results.json,
whatever happens (https://gradescope-autograders.readthedocs.io/en/latest/specs/)."""

import argparse
import sys
import zipfile
from pathlib import Path

from shared.steps import ROOT, all_steps, find_steps
from teacher.handout import tracked_files

SETUP = """#!/bin/bash
# Once, as root, when the image is built.
set -e
cd /autograder/source/suchfoo
sh common/setup.sh{extras}
# Where a container lets it be used, it is the better of the two isolations.
apt-get install -q -y --no-install-recommends bubblewrap || true
# The answers are here: no student's code may read them.
chmod -R go-rwx /autograder/source
make -s build
"""
RUN = """#!/bin/bash
# For each submission. There are results on every way out: first these, and then the grade.
results=/autograder/results/results.json
mkdir -p /autograder/results
say() {{
    printf '{{"score": 0, "visibility": "visible", "output": "%s"}}\\n' "$1" > "$results"
}}
say 'This was not graded: the grader was ended before it was done. Please submit again, or tell your instructor.'
cd /autograder/source/suchfoo || exit 0
SUCHFOO_WORK=/autograder/submission timeout 1000 python3 common/tools grade --steps '{steps}' \\
    --out "$results.new"
status=$?
if [ -s "$results.new" ]; then
    mv "$results.new" "$results"
elif [ $status -ne 0 ]; then
    say 'This was not graded, and that is not the fault of what was handed in. Please tell your instructor.'
fi
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("steps", nargs="?", default="")
    options = parser.parse_args()
    steps = [step for step in (find_steps(options.steps) if options.steps.strip() else all_steps()) if step.has_lab]
    if options.out.exists():
        print(f"{options.out} exists, and was left alone", file=sys.stderr)
        return 1
    if not steps:
        print("none of these steps has a lab", file=sys.stderr)
        return 2
    more = any("// Needs: " in (step.folder / "main.cpp").read_text(encoding="utf-8") for step in steps)
    numbers = " ".join(step.number for step in steps)
    with zipfile.ZipFile(options.out, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("setup.sh", SETUP.format(extras=" extras" if more else "")),
                           ("run_autograder", RUN.format(steps=numbers))):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
        for path in tracked_files():
            archive.write(ROOT / path, Path("suchfoo") / path)
    print(f"wrote {options.out}: grades {numbers}")
    return 0
