"""A room for what nobody should trust. What runs there is bounded in time, memory, processes and
disk, and nothing of it is left. Within the room, what a student has written runs as somebody
who can do nothing to the judge, which is there too:

    bubblewrap  each program in process and mount namespaces of its own
    users       each program as a user of its own, for root where there is no bubblewrap
    none        nothing of the kind: no points

bwrap(1), prlimit(1), setpriv(1), unshare(1)."""

import contextlib
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from shared.processes import run_limited

MIB = 1024 * 1024
SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
          "/etc/alternatives", "/etc/ld.so.cache", "/etc/hosts", "/etc/nsswitch.conf"]
TMP, SHM = 256 * MIB, 64 * MIB  # bytes
PROCESSES = 128
# A script that starts a program as somebody who can do nothing to its caller. A program that such
# a one starts is there already.
LAUNCH = """#!/bin/sh
[ "$SUCHFOO_INSIDE" ] && exec {program} "$@"
export SUCHFOO_INSIDE=1
exec {how} {program} "$@"
"""
# The namespaces that all programs of a judge share, without it and without its output: $0 hides the
# judge, and the rest is the judge's command (nsenter(1), bwrap(1)).
JUDGE_OUTSIDE = """
bwrap --unshare-user --unshare-pid --die-with-parent --info-fd 3 --dev-bind / / --proc /proc --tmpfs "$0" \\
    -- sh -c 'echo > /tmp/.ready; exec sleep 1000' < /dev/null > /dev/null 2>&1 3> /tmp/.inside &
until [ -e /tmp/.ready ]; do kill -0 $! 2> /dev/null || exit 1; done
SUCHFOO_NAMESPACES=$(sed -n 's/.*"child-pid": *\\([0-9]*\\).*/\\1/p' /tmp/.inside)
rm /tmp/.ready /tmp/.inside
export SUCHFOO_NAMESPACES
exec "$@"
"""
NAMESPACES = 'nsenter --target "$SUCHFOO_NAMESPACES" --user --pid --mount --preserve-credentials --'
USERS = "setpriv --reuid={uid} --regid={uid} --clear-groups --no-new-privs --"


@dataclass(frozen=True)
class Limits:
    seconds: float  # of wall time; of processor time, one more
    memory: int  # bytes of address space, per process
    file_size: int = 64 * MIB  # bytes, per file


def sandbox_uids():
    """User numbers that belong to nobody. A user namespace may know small numbers only; then,
    those that systemd keeps for services."""
    last = max(int(line.split()[0]) + int(line.split()[2])
               for line in Path("/proc/self/uid_map").read_text(encoding="utf-8").splitlines())
    return range(2_000_000_000, 2_000_100_000) if last > 2_000_100_000 else range(61184, 65520)


def own_user():
    """A user number that no real user and no other grader of this machine has, and what keeps it
    ours: a name of the abstract kind, which goes with us (unix(7))."""
    for uid in sandbox_uids():
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0suchfoo-grade-{uid}")
            pwd.getpwuid(uid)
        except KeyError:
            return uid, mark
        except OSError:
            pass
        mark.close()
    raise RuntimeError("no user number is free")


class Room:
    """`tree`, with what all students get, and `judge` beside it may be read there. `work` is what
    a student handed in, `out` what compilers make of it, until it is frozen, and
    `programs` are those that the judge starts."""

    def __init__(self, tree, kind=None):
        self.kind = isolation() if kind is None else kind
        self.root = os.geteuid() == 0
        self.uid, self.mark = own_user() if self.root else (os.geteuid(), None)
        self.tree, self.judge = tree, tree.parent / "judge"
        self.prepared = tree.parent.parent / "prepared"
        self.folder = Path(tempfile.mkdtemp(prefix="suchfoo-grade-"))
        self.work, self.tmp, self.programs = (self.folder / name for name in ("work", "tmp", "programs"))
        for path in (self.work, self.programs, self.tmp):
            path.mkdir()
        if self.root:  # others, in rooms of their own, do not see this one
            os.chown(self.folder, 0, self.uid)
            self.folder.chmod(0o750)
            os.chown(self.tmp, self.uid, self.uid)
        self.leave_nothing()
        self.open("out")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave_nothing()
        subprocess.run(["rm", "-rf", "--", str(self.folder)], stderr=subprocess.DEVNULL)  # however deep
        if self.mark:
            self.mark.close()

    def open(self, name):
        """A new `out`, into which compilers may write."""
        self.out, self.frozen = self.folder / name, False
        for path in (self.out, self.out / "steps", self.out / "tests"):
            path.mkdir()
            if self.root:
                os.chown(path, self.uid, self.uid)

    def freeze(self):
        """From now on `out` may only be read: a student's program changes nothing of it."""
        self.frozen = True
        if self.root:
            for path in [self.out, *self.out.rglob("*")]:
                os.chown(path, 0, 0, follow_symlinks=False)

    def launch(self, program):
        """Puts a script among the programs that starts `program` as somebody who can do nothing
        to its caller."""
        how = {"bubblewrap": NAMESPACES, "users": USERS, "none": ""}[self.kind]
        script = self.programs / program.name
        script.write_text(LAUNCH.format(how=how.format(uid=self.uid),
                                        program=shlex.quote(str(program))), encoding="utf-8")
        script.chmod(0o755)

    def command(self, argv, limits, judge):
        """`argv` with its limits, in the room. Who judges is root where there are users."""
        # If we share our user with the command, ours count too.
        processes = PROCESSES + (0 if self.root else threads_of(self.uid))
        words = ["prlimit", f"--cpu={int(limits.seconds) + 1}", f"--as={limits.memory}",
                 f"--fsize={limits.file_size}", f"--nproc={processes}", "--nofile=256",
                 "--core=0", "--"]
        if self.root and not (judge and self.kind == "users"):
            words += ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--"]
        if self.kind == "bubblewrap":
            words += ["bwrap", "--unshare-all", "--die-with-parent"]
            for path in SYSTEM:
                words += ["--ro-bind-try", path, path]
            words += ["--dev", "/dev", "--proc", "/proc", "--size", str(TMP), "--tmpfs", "/tmp",
                      "--size", str(SHM), "--tmpfs", "/dev/shm"]
            # Students' own code meets no judge.
            for path in [self.tree, self.prepared, self.work, self.programs] + ([self.judge] if judge else []):
                words += ["--ro-bind-try", str(path), str(path)]
            words += ["--ro-bind" if self.frozen else "--bind", str(self.out), str(self.out),
                      "--chdir", str(self.tree), "--"]
            if judge:
                words += ["sh", "-c", JUDGE_OUTSIDE, str(self.judge)]
        return words + argv

    def run(self, argv, limits, env=None, judge=False):
        """The exit status (None: it was still running after limits.seconds) and the first
        mebibyte of what it printed."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8",
                       "TMPDIR": "/tmp" if self.kind == "bubblewrap" else str(self.tmp), **(env or {})}
        if judge and self.kind == "users":
            environment["SUCHFOO_FILES_AS"] = str(self.uid)
        with tempfile.TemporaryFile() as said:
            try:
                status, _ = run_limited(self.command(argv, limits, judge), limits.seconds,
                                        env=environment, cwd=self.tree, output=said)
            finally:
                self.leave_nothing()
            said.seek(0)
            return status, said.read(MIB).decode(errors="replace")

    def leave_nothing(self):
        """Ends what has left its session, and removes what is not in the room. With bubblewrap
        all that has gone with its namespaces."""
        if not self.root or self.kind == "bubblewrap":
            return
        for _ in range(3):  # only a process of that user may kill all of them, and only them
            subprocess.run(["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}",
                            "--clear-groups", "kill", "-KILL", "-1"], stderr=subprocess.DEVNULL)
        subprocess.run(["find", "/dev/shm", "/dev/mqueue", "/tmp", "/var/tmp", "/run/lock", "-xdev", "-user", str(self.uid), "-not",
                        "-path", f"{self.folder}/*", "-delete"], stderr=subprocess.DEVNULL)


def threads_of(uid):
    """What RLIMIT_NPROC counts: threads, not processes."""
    count = 0
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            count += len(os.listdir(path / "task")) if path.stat().st_uid == uid else 0
    return count


@lru_cache(maxsize=None)
def why_no_bubblewrap():
    """Empty if bubblewrap is here, and lets us have namespaces within namespaces."""
    if os.environ.get("SUCHFOO_WITHOUT_BWRAP"):
        return "not to be used"
    if not shutil.which("bwrap"):
        return "not installed"
    with tempfile.TemporaryDirectory(prefix="suchfoo-grade-") as folder:
        tree, judge = Path(folder) / "tree", Path(folder) / "judge"
        for path in (Path(folder), tree, judge):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        with Room(tree, "bubblewrap") as room:
            room.launch(Path("/bin/true"))
            status, said = room.run([str(room.programs / "true")], Limits(10, 512 * MIB), judge=True)
    return "" if status == 0 else f"it says {said.strip().partition(chr(10))[0]!r}"


@lru_cache(maxsize=None)
def isolation():
    if not why_no_bubblewrap():
        return "bubblewrap"
    return "users" if os.geteuid() == 0 else "none"


def others_can_read(folder):
    """Whether a sandbox's user may read `folder`, which is to be hidden from students' programs."""
    uid = str(sandbox_uids()[-1])
    return isolation() == "users" and subprocess.run(
        ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "ls", str(folder.resolve())],
        capture_output=True).returncode == 0


def description():
    """Which isolation is in force, in one line."""
    limits = f"limits on time, memory, {PROCESSES} processes and file size"
    if isolation() == "bubblewrap":
        return (f"bubblewrap, around the judge and again around each program; a TMPDIR of {TMP // MIB} MiB and a "
                f"/dev/shm of {SHM // MIB} MiB for each run; no network; {limits}")
    without = f"no bubblewrap: {why_no_bubblewrap()}"
    if isolation() == "users":
        return ("a user of its own for each student; TMPDIR's disk, /dev/shm and the network are the machine's; "
                f"{limits}; {without}")
    return f"NO POINTS, only feedback: a student's code could forge them here; {without}; {limits}"
