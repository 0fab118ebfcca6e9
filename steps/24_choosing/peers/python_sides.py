"""24_choosing in Python: the same measurement, with what its standard library has.

    python3 steps/24_choosing/peers/python_sides.py python-pipe [KEY=NUMBER]...

Transports: python-shared-memory (spins), python-pipe and python-manager (block). The
settings and the output are those of the program 24_choosing.
"""

import ctypes
import multiprocessing
import multiprocessing.managers
import os
import signal
import sys
import time
from multiprocessing import shared_memory
from pathlib import Path

PR_SET_PDEATHSIG = 1
fork = multiprocessing.get_context("fork")  # no longer the default from Python 3.14 on


class SharedMemory:
    """Two words in multiprocessing.shared_memory: each side spins on one of them."""

    def __init__(self, settings):
        self.memory = shared_memory.SharedMemory(settings["name"], create=True, size=4096)
        self.first = 8 * settings["line"]  # eight words of 8 bytes are a cache line
        self.words = None

    def open(self, asking):
        if not asking:
            self.memory = shared_memory.SharedMemory(self.memory.name)
        self.words = self.memory.buf.cast("Q")
        self.out, self.into = self.first + (not asking), self.first + asking
        self.last = 0
        # The library has started a process that tracks the names: let it get ready.
        time.sleep(0.1)

    def send(self, word):
        self.words[self.out] = word

    def receive(self):
        words, into, last = self.words, self.into, self.last
        while words[into] == last:
            pass
        self.last = words[into]
        return self.last

    def remove(self):
        if self.words:
            self.words.release()
        self.memory.close()
        self.memory.unlink()


class Pipe:
    """multiprocessing.Pipe, which is a pair of sockets, with send_bytes and recv_bytes:
    nothing is pickled."""

    def __init__(self, settings):
        self.ends = fork.Pipe()

    def open(self, asking):
        self.end = self.ends[asking]

    def send(self, word):
        self.end.send_bytes(word.to_bytes(8, "little"))

    def receive(self):
        return int.from_bytes(self.end.recv_bytes(), "little")

    def remove(self):
        pass


class Manager:
    """multiprocessing.Manager().Value: one call sets it, the next one gets it. What
    answers is the manager's own process, which verifies nothing."""

    def __init__(self, settings):
        self.manager = multiprocessing.managers.SyncManager(ctx=fork)
        pin(settings.get("answering"))  # so that its threads are born there
        self.manager.start(end_with_parent)
        self.value = self.manager.Value("Q", 0)

    def open(self, asking):
        pass

    def send(self, word):
        self.value.value = word

    def receive(self):
        return self.value.value

    def remove(self):
        self.manager.shutdown()


TRANSPORTS = {"python-shared-memory": SharedMemory, "python-pipe": Pipe,
              "python-manager": Manager}
NUMBERS = {"samples", "batch", "length", "asking", "answering", "line", "seconds", "stop",
           "print"}


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def pin(cpu):
    if cpu is not None:
        os.sched_setaffinity(0, [cpu])


def ask(to, warm_up, amount, batch, echo):
    """ns per batch of round trips, and what they cost, warming up left out. The answer
    to n is n + 1, or n if it is an echo."""
    send, receive, clock = to.send, to.receive, time.monotonic_ns
    samples = []
    before = None
    n = 1
    for number in range(warm_up + amount):
        if number == warm_up:
            before = used()
        start = clock()
        for _ in range(batch):
            send(n)
            if receive() != n + 1 - echo:
                raise RuntimeError(f"message {n} came back with other bytes")
            n += 2
        samples.append(clock() - start)
    return samples[warm_up:], since(before)


def schedstat(pid):
    """ns that the threads of a process have run so far, and have waited for a CPU."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return [sum(both) for both in zip(*(map(int, task.read_text(encoding="utf-8").split()[:2])
                                        for task in tasks))]


def used():
    return schedstat(os.getpid())


def since(before):
    return [now - then for now, then in zip(used(), before)]


def answer(to, settings, warm_up, count, cost):
    """The answering side's process."""
    end_with_parent()
    pin(settings.get("answering"))
    to.open(asking=False)
    send, receive = to.send, to.receive
    os.kill(os.getpid(), signal.SIGSTOP)
    before = None
    for n in range(1, 2 * (warm_up + count), 2):
        if n == 2 * warm_up + 1:
            before = used()
        if receive() != n:
            raise RuntimeError(f"message {n} arrived with other bytes")
        send(n + 1)
    cost[:] = since(before)


def measure(transport, settings):
    """The samples, and for how long both sides ran, and waited for a CPU, in ns."""
    samples, batch = settings.get("samples", 2000), settings.get("batch", 20)
    warm_up = 1 + samples // 10
    to = TRANSPORTS[transport](settings)
    try:
        cost = fork.Array("q", 2)
        echo = isinstance(to, Manager)
        if echo:
            other = to.manager._process.pid
        else:
            process = fork.Process(target=answer, daemon=True, args=(
                to, settings, warm_up * batch, samples * batch, cost))
            process.start()
            other = process.pid
            os.waitid(os.P_PID, other, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        pin(settings.get("asking"))
        to.open(asking=True)
        if settings.get("stop"):
            os.kill(os.getpid(), signal.SIGSTOP)

        if not echo:
            signal.signal(signal.SIGCHLD, the_other_side_died)
            os.kill(other, signal.SIGCONT)
        before = schedstat(other)
        taken, mine = ask(to, warm_up, samples, batch, echo)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if echo:  # whose process cannot know when the warming up is over
            cost[:] = [(now - then) * samples // (warm_up + samples)
                       for now, then in zip(schedstat(other), before)]
        else:
            process.join()
        return taken, [one + another for one, another in zip(mine, cost)]
    finally:
        to.remove()


def the_other_side_died(_number, _frame):
    info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if info and info.si_status != 0:
        raise RuntimeError("the answering side died")


def stop(number, _frame):
    raise RuntimeError(f"ended by {signal.Signals(number).name}")


def main():
    transport, *words = sys.argv[1:] or [""]
    if transport not in TRANSPORTS:
        print(f"usage: python_sides.py {'|'.join(TRANSPORTS)} [KEY=NUMBER]...",
              file=sys.stderr)
        return 2
    settings = {"name": f"suchfoo.how_fast.{os.getpid()}", "line": 0, "seconds": 10}
    for word in words:
        key, _, value = word.partition("=")
        if key == "name":
            settings[key] = value.lstrip("/")
        elif key in NUMBERS and value.isdigit():
            settings[key] = int(value)
        else:
            print(f"python_sides.py: {word!r} is no setting with its number",
                  file=sys.stderr)
            return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, stop)
    signal.alarm(settings["seconds"])
    try:
        samples, (cpu, waited) = measure(transport, settings)
    except (RuntimeError, OSError, EOFError) as error:
        print(f"python_sides.py: {error}", file=sys.stderr)
        return 1
    if settings.get("print"):
        print("cpu", cpu)
        print("waited", waited)
        print("verified", "no" if transport == "python-manager" else "yes")
        print("samples", *samples)
    else:
        each = sorted(samples)[len(samples) // 2] / settings.get("batch", 20)
        print(f"{transport}: {len(samples) * settings.get('batch', 20)} times 8 bytes, "
              f"every {'answer' if transport == 'python-manager' else 'byte'} verified; "
              f"median {each:g} ns")
    return 0


if __name__ == "__main__":
    sys.exit(main())
