"""Writes a tree to give to students: the named steps (or all) lose their answers, and
every lab still builds and checks.

In the tree a named step's reference header is its skeleton, so that whatever includes
it still compiles. Its mutants, which are near-answers, are gone, and so is its code in
the notes.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from learner import lab
from author.notes import MARKED, VALUE
from shared import patches
from shared.steps import ROOT, all_steps, find_steps

README = """# This is a handout

The reference headers of these steps are replaced by the skeletons of their labs:

{steps}

Work as `README.md` and the notes say: `make lab STEP=NN`, then `make check STEP=NN`. `make tour` and
`make test` play the references, so for these steps they show what is still missing. The full project
has the answers.
"""


# As GitHub Classroom writes it, with the check that students run.
WORKFLOW = """name: Autograding Tests
on: [push, workflow_dispatch]
permissions:
  checks: write
  actions: read
  contents: read
jobs:
  run-autograding-tests:
    runs-on: ubuntu-22.04
    if: github.actor != 'github-classroom[bot]'
    steps:
      - uses: actions/checkout@v4
      - run: sh common/setup.sh{extras}
{checks}
      - name: Report
        uses: classroom-resources/autograding-grading-reporter@v1
        env:
{results}
        with:
          runners: {runners}
"""
CHECK = """      - name: {step.name}
        id: step-{step.number}
        uses: classroom-resources/autograding-command-grader@v1
        with:
          test-name: {step.name}
          command: make -s check STEP={step.number}
          timeout: 10
          max-score: {step.points}"""
RESULT = "          STEP-{step.number}_RESULTS: ${{{{steps.step-{step.number}.outputs.result}}}}"

NOT_OURS = {".git", "build", "work", "__pycache__"}


def tracked_files():
    """What belongs to the project: not build/, not work/, not the history. Where git is not
    here, or knows nothing of this folder, all that is in it and is not one of those."""
    # Whoever owns the clone: git is only asked for names.
    asked = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"]
    output = b""
    if shutil.which("git"):
        output = subprocess.run(asked, cwd=ROOT, capture_output=True).stdout
    names = [Path(name) for name in os.fsdecode(output).split("\0") if name]
    if Path("README.md") not in names:
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        names = [name for name in names if NOT_OURS.isdisjoint(name.parts)]
    return sorted(name for name in names if (ROOT / name).is_file())


def answers(steps):
    """The files, relative to steps/, that the labs of `steps` ask for."""
    return {f"{step.name}/{name}" for step in steps for name in lab.lab_headers(step)}


def without_answers(text, hidden):
    """A page without the code of the hidden headers, and without what only mutants,
    which are gone, can show again."""
    def block(match):
        file = match[2].partition("#")[0]
        if match[1] == "code" and file.removeprefix("steps/") in hidden:
            return "(This is what the lab asks you to write.)\n"
        return match[0]
    once = re.sub(r"(\(This is what the lab .*\)\n)(?:\n\1)+", r"\1", MARKED.sub(block, text))
    return VALUE.sub(r"\2", once)


def is_answer(path, steps, hidden):
    """Whether a file holds an answer: a mutant of a hidden step, or of another step over a
    hidden header."""
    if path.parts[:2] != ("tests", "mutants"):
        return False
    changes = patches.FILE.findall(patches.text_of(ROOT / path))
    return path.parts[2] in {step.name for step in steps} or not hidden.isdisjoint(changes)


def write(out, steps):
    hidden = answers(steps)
    for path in tracked_files():
        if is_answer(path, steps, hidden) or path.parts[0] in (".ci", ".github"):
            continue
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        within = "/".join(path.parts[1:]) if path.parts[0] == "steps" else ""
        if within in hidden:
            step, name = within.split("/")
            shutil.copy(ROOT / "steps" / step / "lab" / name, target)
        elif path.suffix == ".md":
            target.write_text(without_answers((ROOT / path).read_text(encoding="utf-8"), hidden))
        elif path.name == ".gitignore":  # a student commits work/
            text = (ROOT / path).read_text(encoding="utf-8")
            target.write_text(text.replace("/work/\n", "/work/.state.json\n"), encoding="utf-8")
        else:
            shutil.copy(ROOT / path, target)
    workflow = out / ".github" / "workflows" / "classroom.yml"
    workflow.parent.mkdir(parents=True)
    more = any("// Needs: " in (step.folder / "main.cpp").read_text(encoding="utf-8") for step in steps)
    workflow.write_text(WORKFLOW.format(
        extras=" extras" if more else "", runners=",".join(f"step-{step.number}" for step in steps),
        checks="\n".join(CHECK.format(step=step) for step in steps),
        results="\n".join(RESULT.format(step=step) for step in steps)), encoding="utf-8")
    (out / "HANDOUT.md").write_text(README.format(
        steps="\n".join(f"- [{step.name}](notes/{step.name}.md)" for step in steps)),
        encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out")
    parser.add_argument("steps", nargs="?", default="")
    options = parser.parse_args()
    steps = find_steps(options.steps) if options.steps.strip() else [
        step for step in all_steps() if step.has_lab]
    out = Path(options.out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        print(f"{out} is not an empty folder, and was left alone", file=sys.stderr)
        return 1
    write(out, steps)
    print(f"wrote {out}: without the answers to {' '.join(step.number for step in steps)}")
    return 0
