"""Plays a step and compares what it shows with stage/transcript.txt, or writes that."""

import argparse
import difflib
import io
import sys

from shared import driver
from shared.steps import Step, find_step, load


def record(step):
    """What the step's driver shows, its problem or None, and what this machine lacks."""
    played, problem = driver.play(load(step.stage / "drive.py").drive, io.StringIO())
    return "\n".join(played.lines) + "\n", problem, played.lacks


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step")
    parser.add_argument("--write", action="store_true", help="write it, compare nothing")
    options = parser.parse_args()
    # A step's first transcript is written before it has all its parts.
    step = Step(options.step) if Step(options.step).folder.is_dir() else find_step(options.step)
    text, problem, lacks = record(step)
    if problem:
        print(text + problem, file=sys.stderr)
        return 1
    if lacks:
        print(f"SKIPPED: {lacks}")
        return 0
    transcript = step.stage / "transcript.txt"
    if options.write:
        transcript.write_text(text, encoding="utf-8")
        return 0
    recorded = transcript.read_text(encoding="utf-8")
    if recorded != text:
        sys.stderr.writelines(difflib.unified_diff(recorded.splitlines(True),
                                                   text.splitlines(True), "transcript.txt",
                                                   "this run"))
        print("the transcript differs: `make notes` writes it", file=sys.stderr)
        return 1
    return 0
