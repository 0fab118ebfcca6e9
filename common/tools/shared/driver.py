"""Plays a step as a person would: types commands at terminals, checks what comes
back, and prints the session.

A step's drive.py defines drive(d), where d is a Driver. Commands are written as a reader
would type them, on /tmp/... and /suchfoo.*. They are run on a private directory and private
names, and shown as they were written. What is recorded has no address, port or figure of
this run; a terminal shows the real ones.
"""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from shared.processes import in_child, plain_folder, signal_name, signals_held
from shared.steps import BUILD, ROOT

PATIENCE = 10  # seconds that a command may take
PROMPT = ">>> "
# A number that was measured: none that is part of a word, and no size.
FIGURE = re.compile(r"(?<![\w.])\[?\d(?:[\d,.]*\d)?\]?(?!\w| (?:bytes|MiB)\b)")


class Failure(Exception):
    """Something was not as the step declares it."""


def describe_status(status):
    """A status as subprocess gives it, in the words of the steps' outcomes."""
    if status < 0:
        return f"dies of {signal_name(-status)}"
    return {0: "works", 1: "fails cleanly"}.get(status, f"exits with {status}")


def in_group():
    """A group of its own, to be ended as a whole; not a session: whoever ends ours, as `make
    test` does when it is interrupted, ends it too."""
    os.setpgid(0, 0)
    in_child()


class Driver:
    def __init__(self, out=None, colour=False, real=False):
        self.out = out or sys.stdout
        self.colour = colour
        self.real = real  # whether it shows what this run has, or what is recorded
        self.lines = []
        self.outcome = None
        # Its name is put into commands: it has nothing in it that a shell would read.
        self.directory = tempfile.mkdtemp(prefix="suchfoo-drive-", dir=plain_folder())
        os.symlink(BUILD, f"{self.directory}/.build")
        self.children = []
        self.seen = {}  # what was normalised: kind -> values, in order of appearance
        self.terminal = None
        self.ports = {}  # real ports, and as which they are shown
        self.lacks = None  # what this machine lacks, so that the session is another one

    # What this machine may lack.

    def has_shm(self):
        """Whether there is a /dev/shm for us; if not, the session is another one."""
        if not os.access("/dev/shm", os.W_OK | os.X_OK):
            self.lacks = "there is no /dev/shm here, or not for us"
        return not self.lacks

    def is_little_endian(self):
        """Whether the bytes of a number are in the order that is recorded."""
        if sys.byteorder != "little":
            self.lacks = "the bytes of a number are in another order here: this machine is big-endian"
        return not self.lacks

    # What the transcript shows.

    def show(self, text, style="", figures=False, varies=""):
        """Prints `text`, which has what this run has, and records it normalised; with N
        for its figures, if they are `figures` that nobody else will see again; or records
        `varies` in its place."""
        recorded = self.normalised(varies or text)
        if figures:
            recorded = re.sub("  +N", "  N", FIGURE.sub("N", recorded))
        self.lines += recorded.splitlines()
        for line in (self.with_ports(text) if self.real else recorded).splitlines():
            if self.colour and style:
                line = f"\x1b[{style}m{line}\x1b[0m"
            print(line, file=self.out, flush=True)

    def say(self, text):
        """A remark, shown as a shell comment: the start of a part of the session."""
        if self.lines:
            self.show("\n")
        self.show(f"# {text}", "2")
        self.terminal = None

    def at(self, terminal):
        """From here on, terminal number `terminal` is shown."""
        if terminal is not None and terminal != self.terminal:
            self.show(f"-- terminal {terminal} --", "36")
        self.terminal = terminal

    # From what is written to what is run, and back.

    def private(self, command):
        name = f"/suchfoo.{os.getpid()}."
        command = re.sub(r"/suchfoo\.(?=[a-z])", name, command)
        command = self.with_ports(command.replace("/tmp/", self.directory + "/"))
        return re.sub(r"\bbuild/(?=\w)", f"{self.directory}/.build/", command)

    def with_ports(self, text):
        """`text` with the ports that it was given, in place of those that are shown."""
        for port, shown in self.ports.items():
            text = re.sub(rf"\b{shown}\b", port, text)
        return text

    def as_typed(self, text):
        """What a program printed, with the names that were typed and not the private ones;
        and with a death as any shell tells it."""
        text = text.replace(f"{self.directory}/.build/", "build/")
        text = text.replace(self.directory, "/tmp").replace(f"{BUILD}/", "build/")
        text = text.replace(f"suchfoo.{os.getpid()}.", "suchfoo.")
        # A shell may say where it is and which process died; ours only how.
        text = re.sub(r"^\S+: line \d+: +\d+ (\w+ error|Segmentation fault|Killed).*$",
                      r"\1", text, flags=re.M)
        return re.sub(r"(?<=error) \(core dumped\)", "", text)

    def normalised(self, text):
        """`text` without what differs from run to run."""
        for port, shown in self.ports.items():
            text = re.sub(rf"\b{port}\b", shown, text)
        text = re.sub(
            r"\b([0-9a-f]{8,16})-[0-9a-f]{8,16} (\S{4}) ([0-9a-f]{8}) \S+ (\d+) +",
            lambda m: f"{self.label('ADDRESS', m[1])} {m[2]} {m[3]} DEVICE "
                      f"{self.label('INODE', m[4])} ", text)
        text = re.sub(r"(?<=kill -9 |process )\d+", lambda m: self.label("PID", m[0]), text)
        text = re.sub(r"(?<=of user )\d+", lambda m: self.label("USER", m[0]), text)
        text = re.sub(r"\b[1-9]\d* of \d+ (?=blocks|inodes)", "N of N ", text)
        return re.sub(r"0x[0-9a-f]{5,}", lambda m: self.label("ADDRESS", m[0][2:]), text)

    def hide_port(self, line):
        """Remembers the port at the end of `line`, which is shown as 4321: what a reader
        would choose."""
        match = re.search(r":(\d+)$", line)
        if match:
            self.ports[match[1]] = str(4321 + len(self.ports))

    def label(self, kind, value):
        """One name for one value: ADDRESS_1, ADDRESS_2, ..."""
        values = self.seen.setdefault(kind, [])
        if value.lstrip("0") not in values:
            values.append(value.lstrip("0"))
        return f"{kind}_{values.index(value.lstrip('0')) + 1}"

    # Commands that run to their end.

    def shell(self, command, status=0, says="", outcome=False, figures=False,
              varies="", limit=PATIENCE):
        """Types `command` at a shell and shows it with all that it prints. Fails
        unless the shell then has `status` in $? and the output holds `says` (a
        text, or several). `outcome` makes the command's end the step's outcome."""
        self.show(f"$ {command}", "1")
        script = f"{self.private(command)}\nstatus=$?\nexit $status\n"
        process = self.start(["sh", "-c", script], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise Failure(f"{command}: still running after {limit} s") from None
        output = self.as_typed(output.decode(errors="replace"))
        if process.returncode > 128:  # not every sh says so
            death = signal.strsignal(process.returncode - 128)
            if death not in output:
                output += death + "\n"
        self.show(output, figures=figures, varies=varies)
        output = self.normalised(output)
        if process.returncode != 0:
            self.show("$ echo $?", "1")
            self.show(str(process.returncode))
        if process.returncode != status:
            raise Failure(f"{command}: expected status {status}, "
                          f"got {process.returncode}")
        for text in [says] if isinstance(says, str) else says:
            if text not in output:
                raise Failure(f"{command}: expected {text!r} in its output")
        if outcome:
            # A shell reports a death by signal N as 128 + N.
            code = process.returncode
            self.outcome = describe_status(128 - code if code > 128 else code)
        return output

    def start(self, argv, **streams):
        with signals_held():  # started and known, or not started
            process = subprocess.Popen(argv, cwd=ROOT, preexec_fn=in_group, **streams)
            self.children.append(process)
        return process

    # Programs that go on until they are interrupted.

    def server(self, command, terminal=None):
        """Starts `command` and waits for its first line."""
        return Server(self, command, terminal)

    # Programs that hold a session.

    def session(self, command, terminal=None):
        """Starts `command` on a terminal of its own and waits for its prompt."""
        return Session(self, command, terminal)

    # However it ends.

    def clean_up(self):
        for process in self.children:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        for leftover in Path("/dev/shm").glob(f"suchfoo.{os.getpid()}.*"):
            leftover.unlink()


class Server:
    """A program that says one line, and then works until Ctrl-C."""

    def __init__(self, driver, command, terminal):
        self.driver = driver
        self.terminal = terminal
        self.command = command
        driver.at(terminal)
        driver.show(f"$ {command}", "1")
        self.process = driver.start(driver.private(command).split(),
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT)
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            raise Failure(f"{command}: said nothing in {PATIENCE} s")
        line = driver.as_typed(self.process.stdout.readline().decode().rstrip())
        driver.hide_port(line)
        driver.show(line)
        self.says = driver.normalised(line)

    def interrupt(self, status=0):
        """Ctrl-C; `status` as subprocess gives it: -2 if the program dies of it."""
        self.driver.at(self.terminal)
        self.driver.show("^C", "1")
        self.process.send_signal(signal.SIGINT)
        try:
            rest, _ = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.command}: still running after Ctrl-C") from None
        self.driver.show(self.driver.as_typed(rest.decode()))
        if self.process.returncode != status:
            raise Failure(f"{self.command}: expected status {status}, "
                          f"got {self.process.returncode}")


class Session:
    """A program on a pseudo-terminal, spoken to a line at a time."""

    def __init__(self, driver, command, terminal):
        self.driver = driver
        self.terminal = terminal
        self.command = command
        driver.at(terminal)
        driver.show(f"$ {command}", "1")
        self.fd, inner = pty.openpty()
        attributes = termios.tcgetattr(inner)
        attributes[1] &= ~termios.OPOST  # a newline stays a newline
        attributes[3] &= ~termios.ECHO  # what is typed is shown by type()
        termios.tcsetattr(inner, termios.TCSANOW, attributes)
        self.process = driver.start(driver.private(command).split(), stdin=inner,
                                    stdout=inner, stderr=inner)
        os.close(inner)
        self.until_prompt()

    def until_prompt(self):
        text = ""
        deadline = time.monotonic() + PATIENCE
        while not text.endswith(PROMPT):
            wait = max(0, deadline - time.monotonic())
            if not select.select([self.fd], [], [], wait)[0]:
                raise Failure(f"{self.command}: no prompt after {PATIENCE} s; "
                              f"it printed {text!r}")
            try:
                text += os.read(self.fd, 4096).decode(errors="replace")
            except OSError:  # Linux: EIO once the other side is closed
                break
        text = self.driver.as_typed(text[:-len(PROMPT)] if text.endswith(PROMPT) else text)
        self.driver.show(text)
        return self.driver.normalised(text)

    def type(self, line, says=None):
        """Types `line` at the prompt; its answer must be `says`, if that is given."""
        self.driver.at(self.terminal)
        self.driver.show(f"{PROMPT}{line}", "1")
        os.write(self.fd, f"{line}\n".encode())
        answer = self.until_prompt().rstrip("\n")
        if says is not None and answer != says:
            raise Failure(f"{line}: expected {says!r}, got {answer!r}")
        return answer

    def quit(self, status=0, outcome=False):
        self.driver.at(self.terminal)
        self.driver.show(f"{PROMPT}quit", "1")
        os.write(self.fd, b"quit\n")
        self.end(status, outcome)

    def killed(self, terminal=None):
        """kill -9, typed at another terminal."""
        self.driver.at(terminal)
        self.driver.show(f"$ kill -9 {self.process.pid}", "1")
        self.process.kill()
        self.driver.at(self.terminal)
        self.driver.show("Killed")
        self.end(-signal.SIGKILL)

    def end(self, status, outcome=False):
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.command}: still running") from None
        os.close(self.fd)
        if code != status:
            raise Failure(f"{self.command}: expected status {status}, got {code}")
        if outcome:
            self.driver.outcome = describe_status(code)


def play(drive, out=None, colour=False, real=False):
    """Runs drive(Driver). Returns the driver and what went wrong, or None."""
    driver = None
    try:
        with signals_held():
            driver = Driver(out, colour, real)
        drive(driver)
        return driver, None
    except Failure as failure:
        return driver, str(failure)
    finally:
        with signals_held():
            if driver:
                driver.clean_up()
