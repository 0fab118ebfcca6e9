"""The learner's loop: checks the first step that does not pass yet, again at every
save, and goes on to the next when it passes."""

import hashlib
import os
import select
import shutil
import sys
import termios
import tty

from learner import lab
from shared.steps import all_steps

INTERVAL = 0.5  # seconds between two looks at the modification times


def files_of(step):
    folder = lab.WORK / step.name
    return sorted(folder.glob("*.hpp")) if folder.is_dir() else []


def modified(step):
    """What changes when a file of the step is saved."""
    return [(path.name, path.stat().st_mtime_ns) for path in files_of(step)
            if path.exists()]


def fingerprint(step):
    digest = hashlib.sha256()
    for path in files_of(step):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def has_passed(state, step):
    return bool(files_of(step)) and state.passed.get(step.name) == fingerprint(step)


def bar(steps, state):
    done = sum(has_passed(state, step) for step in steps)
    return f"[{'#' * done}{'-' * (len(steps) - done)}] {done} of {len(steps)} steps"


def list_steps(steps, state, current):
    for step in steps:
        mark = "done" if has_passed(state, step) else "here" if step is current else ""
        print(f"  {step.number}  {mark:<5}{step.title}")


class Keys:
    """Single keys from the terminal, without waiting for Enter."""

    def __enter__(self):
        self.saved = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)
        return self

    def __exit__(self, *_):
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.saved)

    def read(self, seconds):
        """The next key, or "" if none was pressed within `seconds`."""
        if not select.select([sys.stdin], [], [], seconds)[0]:
            return ""
        return os.read(sys.stdin.fileno(), 1).decode(errors="replace") or "q"


def watch_step(step, steps, keys):
    """Checks `step` until it passes. Returns False if the learner quits."""
    if lab.start(step):
        print(f"New: {lab.shown(lab.WORK / step.name)}/. Read notes/{step.name}.md, and edit.")
    seen = None
    while True:
        now = modified(step)
        if now != seen:
            seen = now
            print("\n" * 2 + "=" * min(60, shutil.get_terminal_size().columns))
            before = fingerprint(step)
            passed = lab.check(step) == 0
            if passed and before == fingerprint(step):
                state = lab.State()
                state.passed[step.name] = before
                state.save()
                return True
            print(f"{bar(steps, lab.State())}   h: hint  l: list of steps  q: quit",
                  flush=True)
        key = keys.read(INTERVAL)
        if key == "h":
            lab.next_hint(step)
        elif key == "l":
            list_steps(steps, lab.State(), step)
        elif key == "q":
            return False


def main():
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("make watch needs a terminal; make check STEP=NN does not", file=sys.stderr)
        return 2
    steps = [step for step in all_steps() if step.has_lab and not step.lacks]
    with Keys() as keys:
        try:
            for step in steps:
                if has_passed(lab.State(), step):
                    continue
                if not watch_step(step, steps, keys):
                    print("Bye. make watch goes on here.")
                    return 0
                print(f"{bar(steps, lab.State())}   {step.name} is done.")
        except KeyboardInterrupt:
            print()
            return 130
    print("All steps are done.")
    return 0
