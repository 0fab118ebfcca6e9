"""A room for what nobody should trust: bounded in time, memory, processes and disk, and nothing of it is
left. What a student has written runs there as somebody who can do nothing to the judge, which is there too:

    bubblewrap  each program in process and mount namespaces of its own
    users       each program as a user of its own, for root where there is no bubblewrap
    none        nothing of the kind: no points

bwrap(1), prlimit(1), setpriv(1), unshare(1)."""

import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from shared.processes import kill_user, run_limited

MIB = 1024 * 1024
SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
          "/etc/alternatives", "/etc/ld.so.cache", "/etc/hosts", "/etc/nsswitch.conf"]
TMP, SHM = 256 * MIB, 64 * MIB  # bytes
MEMORY, FILE_SIZE = 1536 * MIB, 64 * MIB  # bytes: of address space, per process; and per file
# How many may run; without isolation, with all of our own.
PROCESSES = {"bubblewrap": 128, "users": 128, "none": 4096}
PATIENCE = 3  # seconds for which a program may be silent
# Nobody's, and within what a small user namespace has (https://systemd.io/UIDS-GIDS/).
UIDS = range(60706, 61184)
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
export SUCHFOO_NAMESPACES="$(sed -n 's/.*"child-pid": *\\([0-9]*\\).*/\\1/p' /tmp/.inside)"
rm /tmp/.ready /tmp/.inside
exec "$@"
"""
NAMESPACES = 'nsenter --target "$SUCHFOO_NAMESPACES" --user --pid --mount --preserve-credentials --'


def own_user():
    """A user number that no other grader of this machine has, and what keeps it ours: a name of
    the abstract kind, which goes with us (unix(7))."""
    for uid in UIDS:
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


def as_user(uid):
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", "--"]


class Room:
    """`tree`, what all students get, and `judge` beside it may be read there. `work` is what a student
    handed in, `out` what compilers make of it, and `programs` are those that the judge starts."""

    def __init__(self, tree):
        self.uid, self.mark = own_user() if os.geteuid() == 0 else (os.geteuid(), None)
        self.tree = tree
        self.folder = Path(tempfile.mkdtemp(prefix="suchfoo-grade-"))
        self.work, self.tmp, self.programs, self.out = (
            self.folder / name for name in ("work", "tmp", "programs", "out"))
        theirs = [self.tmp, self.out / "steps", self.out / "tests"]
        for path in [self.work, self.programs, self.out, *theirs]:
            path.mkdir()
        if self.mark:  # others, in rooms of their own, do not see this one
            os.chown(self.folder, 0, self.uid)
            self.folder.chmod(0o750)
            for path in theirs:
                os.chown(path, self.uid, self.uid)
        self.leave_nothing()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.leave_nothing() and self.mark:  # otherwise the number is never used again
            self.mark.close()
        subprocess.run(["rm", "-rf", "--", str(self.folder)], stderr=subprocess.DEVNULL)  # however deep

    def launch(self, program, module=False):
        """Puts a script among the programs that starts `program` as somebody who can do nothing
        to its caller; or a module of Python's."""
        how = {"bubblewrap": NAMESPACES, "users": shlex.join(as_user(self.uid)), "none": ""}[isolation()]
        script = self.programs / program.name
        if module:
            return script.symlink_to(program)
        script.write_text(LAUNCH.format(how=how, program=shlex.quote(str(program))), encoding="utf-8")
        return script.chmod(0o755)

    def command(self, argv, seconds, judge, compiling):
        """`argv` with its limits, in the room. Who judges is root where there are users."""
        words = as_user(self.uid) if self.mark and not (judge and isolation() == "users") else []
        if isolation() == "bubblewrap":
            beside = self.tree.parent
            room = [self.tree, beside.parent / "prepared", self.work, self.programs]
            room += [beside / "judge"] if judge else []  # students' own code meets no judge
            system, room = ([str(word) for path in paths for word in ("--ro-bind-try", path, path)]
                            for paths in (SYSTEM, room))
            words += ["bwrap", "--unshare-all", "--die-with-parent", "--chdir", str(self.tree), *system,
                      "--dev", "/dev", "--proc", "/proc", "--size", str(TMP), "--tmpfs", "/tmp",
                      "--size", str(SHM), "--tmpfs", "/dev/shm", *room,
                      "--bind" if compiling else "--ro-bind", str(self.out), str(self.out), "--"]
        words += ["prlimit", f"--cpu={seconds + 1}", f"--as={MEMORY}", f"--fsize={FILE_SIZE}",
                  f"--nproc={PROCESSES[isolation()]}", "--nofile=256", "--msgqueue=0", "--core=0", "--"]
        if judge and isolation() == "bubblewrap":
            words += ["sh", "-c", JUDGE_OUTSIDE, str(beside / "judge")]
        return words + argv

    def run(self, argv, seconds, judge=False, compiling=False):
        """The exit status (None: it was still running after so many seconds; -N: it was ended by
        signal N) and the first mebibyte of what it printed."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8",
                       "TMPDIR": "/tmp" if isolation() == "bubblewrap" else str(self.tmp),
                       "SUCHFOO_PROGRAMS": str(self.programs), "SUCHFOO_PATIENCE": str(PATIENCE),
                       **({"SUCHFOO_FILES_AS": str(self.uid)} if judge and isolation() == "users" else {})}
        with tempfile.TemporaryFile() as said:
            try:
                status, _ = run_limited(self.command(argv, seconds, judge, compiling), seconds,
                                        env=environment, cwd=self.tree, output=said)
            finally:
                self.leave_nothing()
            said.seek(0)
            # Who waits for the first process of a namespace tells of a signal as a shell does.
            return 128 - status if status and status > 128 else status, said.read(MIB).decode(errors="replace")

    def leave_nothing(self):
        """Ends what has left its session, and removes what is not in the room: with bubblewrap all that
        goes with its namespaces. Returns whether nobody is left."""
        if isolation() != "users":
            return True
        # Only a process of that user kills all of them at once, unless they stop it.
        subprocess.run(["timeout", "-s", "KILL", "2", *as_user(self.uid), "sh", "-c", "ipcrm --all; kill -KILL -1"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        nobody = kill_user(self.uid)
        subprocess.run(["find", "/dev/shm", "/dev/mqueue", "/tmp", "/var/tmp", "/run/lock", "-xdev", "-user",
                        str(self.uid), "-not", "-path", f"{self.folder}/*", "-delete"], stderr=subprocess.DEVNULL)
        return nobody


@lru_cache(maxsize=None)
def why_no_bubblewrap():
    """Empty if bubblewrap is here, and lets us have namespaces within namespaces."""
    if os.environ.get("SUCHFOO_WITHOUT_BWRAP"):
        return "not to be used"
    if not shutil.which("bwrap"):
        return "not installed"
    within = ["bwrap", "--unshare-user", "--unshare-pid", "--dev-bind", "/", "/", "--proc", "/proc", "--", "true"]
    words = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", *within]
    tried = subprocess.run((as_user(UIDS[-1]) if os.geteuid() == 0 else []) + words, capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"it says {tried.stderr.strip().partition(chr(10))[0]!r}"


@lru_cache(maxsize=None)
def isolation():
    if not why_no_bubblewrap():
        return "bubblewrap"
    return "users" if os.geteuid() == 0 else "none"


def description():
    """Which isolation is in force, in one line."""
    how = {"bubblewrap": ("bubblewrap, around the judge and again around each program; a TMPDIR of "
                          f"{TMP // MIB} MiB and a /dev/shm of {SHM // MIB} MiB for each run; no network"),
           "users": "a user of its own for each student; TMPDIR's disk, /dev/shm and the network are the machine's",
           "none": "NO POINTS, only feedback: a student's code could forge them here"}[isolation()]
    why = f"; no bubblewrap: {why_no_bubblewrap()}" * (isolation() != "bubblewrap")
    return f"{how}; limits on time, memory, {PROCESSES[isolation()]} processes and file size{why}"
