"""Plays step 21: the post's own session, in IPython where that is here, beside the sessions of
steps 06 and 07; and the four ways without a module."""

import os
import pty
import re
import select
import subprocess
import termios

from shared.driver import PATIENCE, Failure
from shared.steps import BUILD

PROMPT = re.compile(r"(In \[\d+\]: | {3}\.\.\.: |>>> |\.\.\. )$")
IPYTHON = ("env PYTHONPATH=build/steps /usr/bin/python3 -m IPython --simple-prompt --no-banner "
           "--colors=NoColor --InteractiveShell.xmode=Minimal")
PYTHON = "env PYTHONPATH=build/steps /usr/bin/python3 -qi"


class Prompt:
    """Python or IPython on a terminal of its own, spoken to a line at a time."""

    def __init__(self, driver, command, terminal):
        self.driver, self.command, self.terminal = driver, command, terminal
        driver.at(terminal)
        driver.show(f"$ {command}", "1")
        self.fd, inner = pty.openpty()
        attributes = termios.tcgetattr(inner)
        attributes[1] &= ~termios.OPOST
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(inner, termios.TCSANOW, attributes)
        quiet = {"IPYTHONDIR": driver.directory, "TERM": "dumb", "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = driver.start(self.ours(command).split(), stdin=inner, stdout=inner, stderr=inner,
                                    env={**os.environ, **quiet})
        os.close(inner)
        self.prompt = self.until_prompt()[1]

    def ours(self, text):
        """The post's object has a name of our own when it is run."""
        return self.driver.private(text.replace("such_foo", f"suchfoo.{os.getpid()}.such_foo"))

    def until_prompt(self):
        """What is printed up to the next prompt, and that; None once the program has ended."""
        text = ""
        while not PROMPT.search(text):
            if not select.select([self.fd], [], [], PATIENCE)[0]:
                raise Failure(f"{self.command}: no prompt after {PATIENCE} s; it printed {text!r}")
            try:
                text += os.read(self.fd, 4096).decode(errors="replace")
            except OSError:  # EIO: the other side is closed
                return self.as_typed(text), None
        prompt = PROMPT.search(text)[0]
        return self.as_typed(text.removesuffix(prompt)), prompt

    def as_typed(self, text):
        text = self.driver.as_typed(text.replace(f"suchfoo.{os.getpid()}.such_foo", "such_foo"))
        return re.sub(r"\n{2,}", "\n", text).strip("\n")

    def type(self, *lines, says=""):
        """Types a statement of one or more lines; `says` has to be in the answer, or there
        is none; None: IPython and Python differ in what they show."""
        self.driver.at(self.terminal)
        answer = ""
        for line in lines:
            if line:
                self.driver.show(f"{self.prompt}{line}", "1")
            os.write(self.fd, f"{self.ours(line)}\n".encode())
            answer, self.prompt = self.until_prompt()
        self.driver.show(answer)
        if says is not None and (says not in answer or (not says and answer)):
            raise Failure(f"{lines[0]}: expected {says!r}, got {answer!r}")

    def dies(self, line):
        """Types what kills it by SIGBUS."""
        self.driver.at(self.terminal)
        self.driver.show(f"{self.prompt}{line}", "1")
        os.write(self.fd, f"{self.ours(line)}\n".encode())
        self.until_prompt()
        if self.process.wait(PATIENCE) != -7:
            raise Failure(f"{line}: expected a death by SIGBUS")
        self.driver.show("Bus error")
        os.close(self.fd)

    def quit(self):
        self.driver.at(self.terminal)
        self.driver.show(f"{self.prompt}exit()", "1")
        os.write(self.fd, b"exit()\n")
        self.until_prompt()
        self.process.wait(PATIENCE)
        os.close(self.fd)


def has(module):
    return subprocess.run(["/usr/bin/python3", "-c", f"import {module}"], capture_output=True).returncode == 0


def drive(d):
    if not d.has_shm():
        return
    if not (BUILD / "steps" / "suchfoo.so").exists() or not has("sys"):
        d.lacks = "pybind11 or Python's headers are not installed: sh common/setup.sh extras"
        return
    python = IPYTHON if has("IPython") else PYTHON
    d.say("the session of the post")
    one = Prompt(d, python, 1)
    one.type("from suchfoo import *")
    one.type("f = foo_from_mmap('/tmp/suchfoo')",
             says="FileNotFoundError: [Errno 2] No such file or directory: '/tmp/suchfoo'")
    one.type("with open('/tmp/suchfoo', 'wb') as f:", "    pass", "")
    one.type("f = foo_from_mmap('/tmp/suchfoo')", says="ValueError: \"/tmp/suchfoo\" has 0 bytes")
    d.say("and the bus error, on request")
    one.type("f = foo_from_mmap('/tmp/suchfoo', check=False)")
    one.dies("print(f)")

    d.say("the bytes first, and then another process, which is in C++")
    one = Prompt(d, python, 1)
    one.type("from suchfoo import *")
    one.type("with open('/tmp/suchfoo', 'wb') as f:", "    f.write(Foo(42, 98).as_bytes)", "", says=None)
    one.type("f = foo_from_mmap('/tmp/suchfoo')")
    one.type("print(f)", says="Foo(42, 98)")
    two = d.session("build/steps/06_two_processes /tmp/suchfoo", terminal=2)
    two.type("f", says="Foo(42, 98)")
    two.type("f.bar = 31337", says="")
    one.type("print(f)", says="Foo(31337, 98)")
    one.type("f.baz = 2**31", says="OverflowError: a foo holds ints of 32 bits")
    one.type("len(f), memoryview(f).tolist()", says="(8, [31337, 98])")
    two.quit()

    d.say("without a file")
    one.type("f = foo_from_shm('such_foo')")
    one.type("f.bar = 7", says="")
    one.type("f", says="Foo(7, 0)")
    one.type("import os; os.unlink('/dev/shm/such_foo')")
    one.quit()

    d.say("four ways without our module")
    for way in ("struct", "ctypes", "numpy"):
        if way == "numpy" and not has("numpy"):
            continue
        d.shell(f"/usr/bin/python3 steps/21_from_python/four_ways.py {way} /tmp/suchfoo 42", says="Foo(42, 98)",
                outcome=True)
    other = d.session("build/steps/07_shm_open /suchfoo.demo", terminal=2)
    other.type("f.baz = 98", says="")
    d.at(1)
    d.shell("/usr/bin/python3 steps/21_from_python/four_ways.py shared_memory suchfoo.demo 42".replace(
        "suchfoo.demo", "/suchfoo.demo"), says="Foo(42, 98)")
    other.type("f", says="Foo(42, 98)")
    other.quit()
    d.shell("rm /tmp/suchfoo /dev/shm/suchfoo.demo")
    if not has("IPython") or not has("numpy"):
        d.lacks = "IPython or NumPy is not installed: sh common/setup.sh extras"
