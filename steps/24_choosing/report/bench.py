"""Measures every transport against the anchor, and writes results.json, a table and
pictures to build/bench. `make bench` builds what it needs and runs it.

    bench.py [--short] [--seconds N] [--out DIR] [--compare OLD.json]
"""

import argparse
import contextlib
import ctypes
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "common" / "tools"))
import machine
import report
from blocks import Block
from shared.processes import ENDING, signals_held, temporary_folder
from items import HERE, ITEMS
from shared.steps import BUILD, ROOT

LIMIT = 20  # seconds that one measurement may take
SECONDS, SHORT = 55, 4  # a run's, and a short one's
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A transport did not do what it should: one line."""


def in_child():
    # A group, not a session: of CPU time every session gets a share (autogroup, sched(7)),
    # and the keepers, below, would take theirs.
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def running(argv, input=subprocess.DEVNULL, **streams):
    """A program in a process group of its own, of which nothing is left afterwards."""
    process = None
    try:
        with signals_held():  # started and known, or not started
            process = subprocess.Popen(argv, cwd=ROOT, stdin=input, preexec_fn=in_child,
                                       **streams)
        yield process
    finally:
        if process:
            end(process)


def end(process):
    """Asks it to end, in time, and kills it and whatever it has started."""
    if process.poll() is None:
        for number in (signal.SIGTERM, signal.SIGCONT):
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


class Harness:
    """What a run has in hand: CPUs, names, helpers that have to be ended."""

    def __init__(self, temporary, programs, limit, verified):
        self.temporary = temporary
        self.programs = programs
        self.limit = limit
        self.cpus = machine.two_cpus()
        self.start = time.monotonic()
        self.count = 0
        self.keepers = []
        self.verified = verified

    # #region keepers
    def start_keepers(self, stack):
        """Starts a program on each CPU that does nothing whenever nobody else wants to do
        anything (SCHED_IDLE), gives way at once should it get a turn all the same, and is
        stopped until it is needed."""
        for cpu in self.cpus:
            keeper = [sys.executable, "-c",
                      "import os, signal\n"
                      f"os.sched_setaffinity(0, [{cpu}])\n"
                      "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n"
                      "os.kill(os.getpid(), signal.SIGSTOP)\n"
                      f"while os.getppid() == {os.getpid()}: os.sched_yield()"]
            self.keepers.append(stack.enter_context(running(keeper)))

    def keep_awake(self, awake):
        """A virtual CPU that halts may continue elsewhere; one that never halts seldom
        moves between the anchor and what is measured."""
        for keeper in self.keepers:
            keeper.send_signal(signal.SIGCONT if awake else signal.SIGSTOP)
    # #endregion keepers

    def worker(self, item, line):
        """The command that measures `item`; it stops itself when it is ready."""
        self.count += 1
        program = ([sys.executable, f"{HERE}/peers/{item.program}"]
                   if item.program.endswith(".py") else [str(self.programs / item.program)])
        asking, answering = self.cpus
        pinned = {"apart": [f"asking={asking}", f"answering={answering}"],
                  "together": [f"asking={asking}", f"answering={asking}"],
                  "unpinned": []}[item.placement]
        return [*program, item.transport, f"samples={item.samples}", f"batch={item.batch}",
                f"length={max(1, item.bytes // 64)}", f"line={line}",
                f"name=/{self.token(self.count)}", f"seconds={self.limit}", "stop=1",
                "print=1", *pinned]

    def token(self, number):
        return f"suchfoo.bench.{os.getpid()}.{number}."

    def sweep(self):
        """Removes the names of the last worker, in case it was killed."""
        for folder in (Path("/dev/shm"), self.temporary):
            for left in folder.glob(self.token(self.count) + "*"):
                left.unlink(missing_ok=True)

    def start_anchor(self, stack):
        """Starts the program that runs the anchor whenever it is asked to."""
        asking, answering = self.cpus
        argv = [str(self.programs / "24_choosing"), "anchor", f"asking={asking}",
                f"answering={answering}", "samples=100", "batch=100"]
        self.anchors = stack.enter_context(running(argv, input=subprocess.PIPE,
                                                   stdout=subprocess.PIPE))

    def anchor(self, line):
        """ns that a cache line takes there and back now, between two threads."""
        self.anchors.stdin.write(f"{line}\n".encode())
        self.anchors.stdin.flush()
        if not select.select([self.anchors.stdout], [], [], self.limit)[0]:
            raise Failed(f"the anchor took more than {self.limit} s")
        answer = self.anchors.stdout.readline()
        if not answer:
            raise RuntimeError("the anchor has ended")
        return float(answer)

    def measure(self, item, number):
        """One block of `item`. Raises Failed."""
        line = random.randrange(64)
        environment = {**os.environ, "TMPDIR": str(self.temporary)}
        try:
            with running(self.worker(item, line), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, env=environment) as process:
                wait_until_ready(process, self.limit)
                self.keep_awake(True)
                before = self.anchor(line)
                when = time.monotonic() - self.start
                # What blocks lets a CPU sleep, and waking it is what it costs.
                self.keep_awake(item.group not in ("blocking", "idle"))
                process.send_signal(signal.SIGCONT)
                found = result(process, self.limit)
                self.keep_awake(True)
                after = self.anchor(line)
        finally:
            self.keep_awake(False)
            self.sweep()
        self.verified[item.name] = found["verified"] == ["yes"]
        samples = [int(ns) for ns in found["samples"]]
        return Block(item.name, number, when, (before, after), item.batch, samples,
                     int(found["cpu"][0]) / (item.samples * item.batch),
                     int(found["waited"][0]), item.group)


def wait_until_ready(process, limit):
    """Waits until the worker has stopped itself, both its sides being open."""
    deadline = time.monotonic() + limit + 5  # it has a limit of its own
    while time.monotonic() < deadline:
        event = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOHANG
                          | os.WNOWAIT)
        if event and event.si_code in (os.CLD_STOPPED, os.CLD_TRAPPED):
            return
        if event:
            result(process, limit)
            raise Failed("ended before it was ready")
        time.sleep(0.0005)
    raise Failed(f"not ready after {limit + 5} s")


def result(process, limit):
    """The lines that a worker prints: what is told, and its words."""
    try:
        out, errors = process.communicate(timeout=limit + 5)
    except subprocess.TimeoutExpired:
        raise Failed(f"still running after {limit + 5} s") from None
    if process.returncode != 0:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise Failed(lines[-1] if lines else f"exit status {process.returncode}")
    lines = {what: words for what, *words in map(str.split, out.decode().splitlines())}
    if not {"cpu", "waited", "verified", "samples"} <= lines.keys():
        raise Failed("printed no samples")
    return lines


@contextlib.contextmanager
def roudi(folder):
    """iceoryx's daemon, for as long as it is needed. Yields why not, or None."""
    log = folder / "roudi.log"
    with open(log, "wb") as out, running(["iox-roudi"], stdout=out, stderr=out) as daemon:
        deadline = time.monotonic() + 10
        while "ready for clients" not in log.read_text(encoding="utf-8", errors="replace"):
            if daemon.poll() is not None or time.monotonic() > deadline:
                other = "ROUDI_STILL_RUNNING" in log.read_text(encoding="utf-8", errors="replace")
                yield ("an iox-roudi is running here already, which is not ours" if other
                       else f"iox-roudi does not start, see {log}")
                return
            time.sleep(0.05)
        maps = Path(f"/proc/{daemon.pid}/maps").read_text(encoding="utf-8", errors="replace")
        made = set(re.findall(r"/dev/shm/\S+", maps))
        try:
            yield None
        finally:
            daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(5)
            for name in made:  # it does that itself, unless it had to be killed
                Path(name).unlink(missing_ok=True)


# How a call says that this kernel, or this container, does not have or allow it.
NOT_HERE = ("Function not implemented", "Operation not permitted", "Permission denied",
            "Too many open files", "Operation not supported")


def not_here(problem):
    """Whether it is the machine that lacks something, and the transport is not wrong."""
    return any(reason in problem for reason in NOT_HERE)


def absent(item, programs):
    """Why an item cannot be measured here, or None."""
    if not item.program.endswith(".py") and not (programs / item.program).exists():
        return "not installed: sh common/setup.sh bench"
    if item.program == "24_iceoryx" and not shutil.which("iox-roudi"):
        return "iox-roudi is not installed: sh common/setup.sh bench"
    return None


def sweep_the_dead(out):
    """Removes what runs have left that were killed outright."""
    for left in [*out.glob("tmp.*"), *Path("/dev/shm").glob("suchfoo.bench.*")]:
        pid = left.name.split(".")[1 if left.parent == out else 2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


@dataclass
class Found:
    blocks: list = field(default_factory=list)
    problems: dict = field(default_factory=dict)  # by item: why it could not be measured
    verified: dict = field(default_factory=dict)  # by item: whether both sides verified


def run(items, seconds, out, programs, say, limit=LIMIT):
    """Measures in shuffled rounds until the time is up, each item at least once."""
    found = Found()
    found.problems = {item.name: reason for item in items if (reason := absent(item, programs))}
    out.mkdir(parents=True, exist_ok=True)
    sweep_the_dead(out)
    with contextlib.ExitStack() as stack:
        temporary = stack.enter_context(temporary_folder(f"tmp.{os.getpid()}.", out))
        harness = Harness(temporary, programs, limit, found.verified)
        iceoryx = [item for item in items if item.program == "24_iceoryx"]
        if iceoryx and iceoryx[0].name not in found.problems:
            reason = stack.enter_context(roudi(out))
            found.problems.update({item.name: reason for item in iceoryx if reason})
        harness.start_keepers(stack)
        harness.start_anchor(stack)
        number = 0
        while number == 0 or time.monotonic() - harness.start < seconds:
            order = [item for item in items for _ in range(item.weight)]
            random.shuffle(order)
            for item in order:
                spent = time.monotonic() - harness.start
                if item.name in found.problems or (number > 0 and spent > seconds):
                    continue  # what failed once would cost its time limit again
                say(min(1, spent / max(1, seconds)), item.name)
                try:
                    found.blocks.append(harness.measure(item, number))
                except Failed as failure:
                    found.problems[item.name] = str(failure)
            number += 1
    return found


def progress(done, name):
    if sys.stderr.isatty():
        bar = "#" * round(30 * done)
        print(f"\r[{bar:<30}] {done:4.0%} {name:<32.32}", end="", file=sys.stderr, flush=True)


def interrupted(_number, _frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description="Measures transports against the anchor.")
    parser.add_argument("--short", action="store_true",
                        help="a few seconds, without peers, fewer columns")
    parser.add_argument("--seconds", type=float, help=f"{SECONDS} unless told")
    parser.add_argument("--out", type=Path, default=BUILD / "bench")
    parser.add_argument("--compare", type=Path, help="an older results.json")
    options = parser.parse_args()
    old = recorded(options.compare) if options.compare else None
    for number in ENDING:
        signal.signal(number, interrupted)
    if len(os.sched_getaffinity(0)) < 2:
        print("bench: this needs two CPUs", file=sys.stderr)
        return 1
    if not (BUILD / "steps" / "24_choosing").exists():
        print(f"bench: {BUILD}/steps/24_choosing is not built: make build", file=sys.stderr)
        return 1
    items = [item for item in ITEMS if item.in_short or not options.short]
    seconds = options.seconds or (SHORT if options.short else SECONDS)
    load = os.getloadavg()[0]
    try:
        found = run(items, seconds, options.out, BUILD / "steps", progress)
    except KeyboardInterrupt:
        print("\nbench: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if sys.stderr.isatty():
        print(file=sys.stderr)
    results = report.results(items, found, machine.description(options.out), load)
    print(report.markdown(results, short=options.short), end="")
    if old:
        print(f"\n{report.comparison(old, results)}")
    if not options.short:
        (options.out / "results.json").write_text(report.as_json(results), encoding="utf-8")
        (options.out / "results.md").write_text(report.markdown(results), encoding="utf-8")
        print(f"\nwritten: {options.out}/results.json, results.md{draw(options.out)}")
    failed = [item.name for item in items if item.name in found.problems and not item.peer
              and not not_here(found.problems[item.name])]
    if failed:
        print(f"bench: not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def recorded(path):
    """The results of an older run."""
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        if {"machine", "items"} <= results.keys():
            return results
        problem = "these are no results of a run"
    except (OSError, ValueError, AttributeError) as error:
        problem = error
    sys.exit(f"bench: {path}: {problem}")


def draw(out):
    """Draws the pictures, if matplotlib is here. Returns what was written."""
    drawn = subprocess.run(["/usr/bin/python3", f"{HERE}/report/plots.py", out / "results.json",
                            out], cwd=ROOT, capture_output=True, text=True)
    if drawn.returncode == 0:
        return "".join(f", {name}" for name in drawn.stdout.split())
    return f" (no pictures: {drawn.stderr.strip().splitlines()[-1]})"


if __name__ == "__main__":
    sys.exit(main())
