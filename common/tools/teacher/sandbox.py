"""Runs a command that nobody should trust: limited in time, memory, output, processes
and file size, as a user of its own when we are root, and inside bubblewrap where the
machine allows it. Whatever it leaves behind is removed."""

import contextlib
import itertools
import os
import pwd
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from shared.processes import kill_session

MIB = 1024 * 1024
OUTPUT_LIMIT = MIB  # bytes of output that are read before the command is ended
SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
          "/etc/alternatives", "/etc/ld.so.cache", "/etc/hosts", "/etc/nsswitch.conf"]


@dataclass(frozen=True)
class Limits:
    seconds: float  # of wall time; of processor time, one more
    memory: int  # bytes of address space, per process
    processes: int = 128
    file_size: int = 64 * MIB  # bytes, per file


@dataclass
class Ended:
    status: int  # as subprocess has it: -9 for SIGKILL
    output: str
    ended_by: str = ""  # "", "time" or "output": which limit we enforced ourselves


def count_threads(uid):
    """What RLIMIT_NPROC counts: threads, not processes."""
    count = 0
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid == uid:
                count += len(os.listdir(path / "task"))
    return count


def lowest_uid():
    """The first of a range of user numbers that belong to nobody, and its size. A user
    namespace may know small numbers only; then, those that systemd keeps for services."""
    last = max(int(line.split()[0]) + int(line.split()[2])
               for line in Path("/proc/self/uid_map").read_text(encoding="utf-8").splitlines())
    return (2_000_000_000, 500_000_000) if last > 2_500_000_000 else (61184, 4336)


def is_sandbox_uid(uid):
    first, count = lowest_uid()
    return first <= uid < first + count


def own_uid(number):
    """A user number for sandbox `number` of this process, that no real user has."""
    first, count = lowest_uid()
    for attempt in range(count):
        uid = first + (os.getpid() * 64 + number % 64 + 64 * attempt) % count
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
    raise RuntimeError("no user number is free")


class Stopped(BaseException):
    """We have been told to end; nothing new is started."""


class Sandbox:
    """A folder for one command after another: `tree` may be read, `out` written."""

    _serial = itertools.count()
    _lock = threading.Lock()
    running = set()  # processes, to be ended if we are
    stopping = False

    def __init__(self, use_bwrap=None):
        self.root = os.geteuid() == 0
        # One user per sandbox: limits on processes count per user.
        number = next(Sandbox._serial)
        self.uid = own_uid(number) if self.root else os.geteuid()
        self.folder = Path(tempfile.mkdtemp(prefix="suchfoo-grade-"))
        self.frozen = False
        self.tree = self.folder / "tree"
        self.out = self.folder / "out"
        self.tmp = self.folder / "tmp"
        for path in (self.tree, self.out, self.tmp):
            path.mkdir()
        if self.root:  # others, in sandboxes of their own, do not see this one
            os.chown(self.folder, 0, self.uid)
            self.folder.chmod(0o750)
            os.chown(self.out, self.uid, self.uid)
            os.chown(self.tmp, self.uid, self.uid)
        self.bwrap = bwrap_works() if use_bwrap is None else use_bwrap

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end_all()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make(self, folder):
        """A folder that the command may write to."""
        folder.mkdir()
        if self.root:
            os.chown(folder, self.uid, self.uid)

    def freeze(self):
        """From now on `out` may only be read: what was built stays as it is."""
        self.frozen = True
        if self.root:
            for path in [self.out, *self.out.rglob("*")]:
                os.chown(path, 0, 0, follow_symlinks=False)

    def command(self, argv):
        if not self.bwrap:
            return argv
        words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
        for path in SYSTEM:
            words += ["--ro-bind-try", path, path]
        words += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
                  "--tmpfs", "/dev/shm", "--dir", str(self.folder),
                  "--ro-bind", str(self.tree), str(self.tree),
                  "--ro-bind" if self.frozen else "--bind", str(self.out), str(self.out),
                  "--bind", str(self.tmp), str(self.tmp),
                  "--chdir", str(self.tree), "--"]
        return words + argv

    def limited(self, argv, limits):
        """The command with its limits, prlimit(1), as the sandbox's user, setpriv(1)."""
        # If we share our user with the command, ours count too.
        processes = limits.processes + (0 if self.root else count_threads(self.uid))
        words = ["prlimit", f"--cpu={int(limits.seconds) + 1}", f"--as={limits.memory}",
                 f"--fsize={limits.file_size}", f"--nproc={processes}", "--nofile=256",
                 "--core=0", "--"]
        if self.root:
            words += ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}",
                      "--clear-groups", "--"]
        return words + self.command(argv)

    def run(self, argv, limits, env=None):
        if Sandbox.stopping:
            raise Stopped
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
                       "TMPDIR": str(self.tmp), **(env or {})}
        process = subprocess.Popen(
            self.limited(argv, limits), cwd=self.tree, env=environment,
            start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        with Sandbox._lock:
            Sandbox.running.add(process)
            if Sandbox.stopping:
                self.end_group(process)
        try:
            ended = self.watch(process, limits)
            if Sandbox.stopping:  # it may have ended by our own hand
                raise Stopped
            return ended
        finally:
            self.end_group(process)
            self.end_all()
            process.wait()
            process.stdout.close()
            with Sandbox._lock:
                Sandbox.running.discard(process)

    def watch(self, process, limits):
        """Reads what the command prints until it ends or is to be ended."""
        pieces, size = [], 0
        deadline = time.monotonic() + limits.seconds
        os.set_blocking(process.stdout.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            ended_by = ""
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    ended_by = "time"
                    break
                # Not only for output: a grandchild may hold the pipe for longer.
                if selector.select(min(left, 0.05)):
                    data = process.stdout.read(65536)
                    if data == b"":
                        with contextlib.suppress(subprocess.TimeoutExpired):
                            process.wait(max(0, deadline - time.monotonic()))
                            break
                        ended_by = "time"
                        break
                    pieces.append(data or b"")
                    size += len(data or b"")
                    if size > OUTPUT_LIMIT:
                        ended_by = "output"
                        break
                elif process.poll() is not None:
                    break
        self.end_group(process)
        process.wait()
        with contextlib.suppress(OSError, TypeError):
            pieces.append(process.stdout.read(65536) or b"")
        return Ended(process.returncode, b"".join(pieces).decode(errors="replace"), ended_by)

    @staticmethod
    def end_group(process):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(PermissionError):  # another user's: end_all() ends it
            kill_session(process.pid)

    def end_all(self):
        """Ends what left its process group, and removes what is in /dev/shm."""
        if not self.root:
            return  # bubblewrap's process namespace, if any, has ended with its first
        # Only a process of that user may kill all of them, and only them.
        for _ in range(3):
            child = os.fork()
            if child == 0:
                with contextlib.suppress(OSError):
                    os.setgid(self.uid)
                    os.setuid(self.uid)
                    os.kill(-1, signal.SIGKILL)
                os._exit(0)
            os.waitpid(child, 0)
        for folder in (Path("/dev/shm"), Path("/tmp")):
            for path in folder.glob("*"):
                with contextlib.suppress(OSError):
                    if path.lstat().st_uid == self.uid:
                        if path.is_dir() and not path.is_symlink():
                            shutil.rmtree(path, ignore_errors=True)
                        else:
                            path.unlink()

    @classmethod
    def end_everything(cls):
        with cls._lock:
            cls.stopping = True
            for process in cls.running:
                cls.end_group(process)


_bwrap = None
_no_bwrap = "no bubblewrap: it is not installed"


def bwrap_works():
    """Whether bubblewrap is here, and the machine lets an ordinary user use it."""
    global _bwrap, _no_bwrap
    if _bwrap is None:
        _bwrap = False
        if shutil.which("bwrap"):
            with Sandbox(use_bwrap=True) as sandbox:
                ended = sandbox.run(["true"], Limits(10, 512 * MIB))
            _bwrap = ended.status == 0
            _no_bwrap = f"no bubblewrap: it says {ended.output.strip().partition(chr(10))[0]!r}"
    return _bwrap


def description():
    """Which isolation is in force, in one line."""
    parts = []
    if os.geteuid() == 0:
        parts.append("a user of its own per run")
    parts.append("bubblewrap: no network, the tree read-only" if bwrap_works()
                 else _no_bwrap)
    parts.append("limits on time, memory, output, processes and file size")
    return "; ".join(parts)
