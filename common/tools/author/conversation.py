"""Programs that pictures are drawn from: asked a line at a time, and always ended."""

import os
import subprocess
from contextlib import contextmanager

from shared.steps import BUILD, ROOT


def run(step, *arguments, **more):
    """What the program of `step` prints."""
    return subprocess.run([BUILD / "steps" / step, *arguments], cwd=ROOT, check=True,
                          capture_output=True, text=True, timeout=20, **more).stdout


class Conversation:
    def __init__(self, process):
        self.process = process
        self.pid = process.pid

    def ask(self, line):
        """The answer, one line, to `line`."""
        self.tell(line)
        return self.process.stdout.readline().rstrip("\n")

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)


@contextmanager
def conversation(step, *arguments):
    """A program of `step` that reads commands, or serves."""
    process = subprocess.Popen([BUILD / "steps" / step, *arguments], cwd=ROOT, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    try:
        yield Conversation(process)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def own_name(kind):
    return f"suchfoo.picture.{os.getpid()}.{kind}"
