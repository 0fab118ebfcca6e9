"""Plays every step's driver in order, then says of each whether it ended as its
note declares. With a number, plays that step alone."""

import os
import sys

from shared import driver
from shared.steps import all_steps, find_step, load

SKIPPED = "skipped"  # in place of an outcome: this machine lacks something
SECONDS = 1.2  # that a step takes, on the average of those that were timed


def play(step, colour, real=False):
    """Plays one step and returns the outcome seen, and what went wrong or None."""
    heading = f"{step.number}  {step.title}  (declared: {step.outcome})"
    print(f"\x1b[1;7m {heading} \x1b[0m" if colour else f"== {heading}")
    played, problem = driver.play(load(step.stage / "drive.py").drive, colour=colour, real=real)
    if problem:
        print(f"{step.name}: {problem}", file=sys.stderr)
    elif played.lacks:
        print(f"skipped: {played.lacks}")
    return (SKIPPED if played.lacks else played.outcome), problem


def closing_row(step, seen, ok, colour):
    mark = "ok" if ok else "NOT OK"
    if colour:
        mark = f"\x1b[{32 if ok else 31}m{mark}\x1b[0m"
    return f"{step.name:<24}{step.outcome:<18}{seen or 'nothing':<18}{mark}"


def next_line(step, steps):
    """What to do after a step: read its note, and the next one."""
    later = [other for other in steps if other.number > step.number]
    after = f", then make {later[0].number}" if later else "; it is the last"
    return f"next: read notes/{step.name}.md{after}"


def main():
    steps = [find_step(sys.argv[1])] if len(sys.argv) > 1 else all_steps()
    terminal = sys.stdout.isatty()
    colour = terminal and "NO_COLOR" not in os.environ
    pause = os.environ.get("PAUSE") == "1" and terminal and sys.stdin.isatty()
    rows = []
    if len(steps) > 1:
        print(f"{len(steps)} steps, in about {round(SECONDS * len(steps))} seconds\n", flush=True)
    try:
        for step in steps:
            if pause and rows:
                input("Enter plays the next step ")
                print()
            seen, problem = play(step, colour, real=terminal)
            print(f"\n{next_line(step, all_steps())}\n", flush=True)
            rows.append((step, seen, problem is None and seen in (step.outcome, SKIPPED)))
    except (KeyboardInterrupt, EOFError):
        print("\nstopped", file=sys.stderr)
        return 130
    print(f"{'step':<24}{'declared':<18}{'seen':<18}")
    for step, seen, ok in rows:
        print(closing_row(step, seen, ok, colour))
    right = sum(ok for _, _, ok in rows)
    skipped = sum(seen == SKIPPED for _, seen, _ in rows)
    print(f"{right} of {len(rows)} as declared" + (f", {skipped} skipped" if skipped else ""))
    return 0 if right == len(rows) else 1
