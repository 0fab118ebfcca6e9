"""Programs that a tool starts, and of which nothing is left: not at their end, not at their
time limit, and not when we are told to end."""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from shared.steps import ROOT

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
USUAL_UMASK = 0o022  # files as most users make them

_lock = threading.RLock()
_running = set()  # leaders of sessions
_stopping = False
_held = 0  # blocks of signals_held() that the main thread is in
_waiting = False  # whether a signal came meanwhile


class Stopped(BaseException):
    """We have been told to end; nothing new is started."""


def groups(leader):
    """The process groups of a session in which somebody has not ended: a test's child has a
    group of its own, and stays if the test is killed."""
    found = set()
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):  # it has ended
            if name.isdecimal() and os.getsid(int(name)) == leader and has_not_ended(int(name)):
                found.add(os.getpgid(int(name)))
    return found


def has_not_ended(pid):
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    state = text.rpartition(")")[2].split()[:1]
    return bool(state) and state[0] not in "ZX"


def kill_all(find, kill):
    """Kills all that `find` finds. Returns whether there are none any more: who is killed may
    just have started another, so we look until nobody was seen twice."""
    end = time.monotonic() + 10  # for what the kernel does not let go
    nobody = 0
    while nobody < 2 and time.monotonic() < end:
        alive = find()
        nobody = 0 if alive else nobody + 1
        for each in alive:
            with contextlib.suppress(ProcessLookupError):
                kill(each, signal.SIGKILL)
        time.sleep(0.001)
    return nobody == 2


def kill_session(leader):
    return kill_all(lambda: groups(leader), os.killpg)


def kill_user(uid):
    return kill_all(lambda: of_user(uid), os.kill)


def of_user(uid):
    """The processes of a user that have not ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == uid and has_not_ended(int(folder.name)):
                found.append(int(folder.name))
    return found


def end_all():
    """Ends what is still running, and lets nothing new start."""
    global _stopping
    with _lock:
        _stopping = True
        leaders = list(_running)
    for leader in leaders:
        kill_session(leader)


def end_on_signals():
    """From now on a signal ends us by an exception, so that clean-up runs, and ends at once
    what our threads wait for."""
    def stop(_number, _frame):
        global _waiting
        if _held:
            _waiting = True
            return
        end_all()
        raise KeyboardInterrupt
    for number in ENDING:
        # As with nohup. A handler is not inherited: whom we start does not ignore it.
        ignored = signal.getsignal(number) in (signal.SIG_IGN, ignore)
        signal.signal(number, ignore if ignored else stop)


def ignore(_number, _frame):
    pass


@contextlib.contextmanager
def signals_held(mask=ENDING):
    """Lets a signal that would end us wait until the end of the block. The mask is this
    thread's, and another one may get the signal: so its handler looks at _held."""
    global _held, _waiting
    main = threading.current_thread() is threading.main_thread()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, mask)
    _held += main
    try:
        yield
    finally:
        _held -= main
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if main and _waiting and not _held:
            _waiting = False
            end_all()
            raise KeyboardInterrupt


def plain_folder():
    """Where temporary files go, or /tmp if that has a space or a quote in its name."""
    folder = tempfile.gettempdir()
    return folder if re.fullmatch(r"[\w./-]+", folder) else "/tmp"


def short_folder():
    """Where tests may have their temporary files: the path of a unix socket must not be long, and
    where it would be, a test would turn to /tmp, and nobody would know what it left there."""
    folder = plain_folder()
    return folder if len(folder) < 30 else "/tmp"


@contextlib.contextmanager
def temporary_folder(prefix, parent=None):
    """A folder that is gone at the end of the block, whenever a signal comes. (Python's own
    TemporaryDirectory is not known to anybody while it is being made; nor is the file with
    which Python finds out once where temporary files can be written.)"""
    path = None
    try:
        with signals_held():
            path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        yield path
    finally:
        with signals_held():
            if path:
                shutil.rmtree(path, ignore_errors=True)


def no_core_files():
    """Neither of us nor of whom we start: many a test dies."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def in_child():
    for number in ENDING:  # as at a terminal: a shell's background job has SIGINT ignored
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    no_core_files()
    os.umask(USUAL_UMASK)


def signal_name(number):
    """SIGKILL for 9; the real-time signals but for the first and the last have no name (signal(7))."""
    return {each.value: each.name for each in signal.Signals}.get(number, f"signal {number}")


def run_limited(argv, limit, env=None, cwd=ROOT, output=None):
    """Runs argv in a session of its own, of which nothing is left afterwards: no process, and no
    name in /dev/shm, where a test puts the number of its session. Returns the exit status (None:
    it was still running after `limit` seconds) and what it printed, which goes to the file
    `output` instead if there is one."""
    process = None
    try:
        # Started and known, or not started. It would inherit a mask; and a function of Python that
        # runs in it before the program does would take longer than many a test.
        with signals_held(mask=()), _lock:
            if _stopping:
                raise Stopped
            process = subprocess.Popen(argv, cwd=cwd, env=env, start_new_session=True, umask=USUAL_UMASK,
                                       stdin=subprocess.DEVNULL, stdout=output or subprocess.PIPE,
                                       stderr=subprocess.STDOUT)
            _running.add(process.pid)
        try:
            printed, _ = process.communicate(timeout=limit)
            status = process.returncode
        except subprocess.TimeoutExpired:
            kill_session(process.pid)
            printed, _ = process.communicate()
            status = None
    finally:
        if process:
            kill_session(process.pid)
            for name in Path("/dev/shm").glob(f"suchfoo.{process.pid}.*"):
                with contextlib.suppress(OSError):
                    name.unlink()
            with _lock:
                _running.discard(process.pid)
    if _stopping:
        raise Stopped
    return status, (printed or b"").decode(errors="replace")
