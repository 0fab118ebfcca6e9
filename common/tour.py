"""Plays every step's driver in order, then says of each whether it ended as its
note declares. With a number, plays that step alone."""

import os
import sys

import driver
from steps import all_steps, find_step, load


def play(step, colour):
    """Plays one step and returns the outcome seen, and what went wrong or None."""
    heading = f"{step.number}  {step.title}  (declared: {step.outcome})"
    print(f"\x1b[1;7m {heading} \x1b[0m" if colour else f"== {heading}")
    played, problem = driver.play(load(step.folder / "drive.py").drive, colour=colour)
    if problem:
        print(f"{step.name}: {problem}", file=sys.stderr)
    print(flush=True)
    return played.outcome, problem


def closing_row(step, seen, ok, colour):
    mark = "ok" if ok else "NOT OK"
    if colour:
        mark = f"\x1b[{32 if ok else 31}m{mark}\x1b[0m"
    return f"{step.name:<24}{step.outcome:<18}{seen or 'nothing':<18}{mark}"


def main():
    steps = [find_step(sys.argv[1])] if len(sys.argv) > 1 else all_steps()
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    pause = (os.environ.get("PAUSE") == "1" and sys.stdout.isatty()
             and sys.stdin.isatty())
    driver.end_on_signals()
    rows = []
    try:
        for step in steps:
            if pause and rows:
                input("Enter plays the next step ")
                print()
            seen, problem = play(step, colour)
            rows.append((step, seen, problem is None and seen == step.outcome))
    except (KeyboardInterrupt, EOFError):
        print("\nstopped", file=sys.stderr)
        return 130
    print(f"{'step':<24}{'declared':<18}{'seen':<18}")
    for step, seen, ok in rows:
        print(closing_row(step, seen, ok, colour))
    right = sum(ok for _, _, ok in rows)
    print(f"{right} of {len(rows)} as declared")
    return 0 if right == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
