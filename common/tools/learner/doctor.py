"""Says what suchfoo needs and what is here: tools and versions, shared memory, and
what earlier runs left behind. Status 1 if something that is required is missing."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

SHM = Path("/dev/shm")
SMALL = 64 * 1024 * 1024  # what containers usually get
PREFIXES = ["suchfoo.", "iceoryx", "iox"]


def version_of(text):
    """The first version number in a tool's own words, as a tuple."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in match.groups(default="0")) if match else None


def tool(command):
    """The version that `command --version` prints, or None if there is no such tool."""
    if not shutil.which(command[0]):
        return None
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return version_of(result.stdout + result.stderr)


def doctest_version(folders=("/usr/include", "/usr/local/include")):
    for folder in folders:
        header = Path(folder) / "doctest" / "doctest.h"
        if header.is_file():
            numbers = re.findall(r"#define DOCTEST_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)",
                                 header.read_text(encoding="utf-8", errors="replace"))
            return version_of(".".join(numbers)) or (0, 0, 0)
    return None


def requirements():
    """(name, version found or None, least version, whether it can be done without)."""
    clang = tool(["clang++", "--version"])
    gcc = tool(["g++", "-dumpfullversion"])
    return [
        ("g++", gcc, (11, 0, 0), clang is not None),
        ("clang++", clang, (14, 0, 0), gcc is not None),
        ("cmake", tool(["cmake", "--version"]), (3, 21, 0), False),
        ("make", tool(["make", "--version"]), (3, 81, 0), False),
        ("doctest", doctest_version(), (2, 4, 0), False),
        ("python3", sys.version_info[:3], (3, 9, 0), False),
        ("glibc", version_of(os.confstr("CS_GNU_LIBC_VERSION") or ""), (2, 34, 0), False),
    ]


def show_requirements(rows):
    wrong = 0
    for name, found, least, optional in rows:
        here = ".".join(map(str, found)) if found else "not here"
        need = ".".join(map(str, least[:2]))
        ok = found is not None and found >= least
        verdict = "ok" if ok else "not needed" if optional else "MISSING"
        wrong += verdict == "MISSING"
        print(f"  {name:<10}{here:<12}at least {need:<8}{verdict}")
    if wrong:
        print("  install what is missing with: sh common/setup.sh")
    return wrong


def in_container(root=Path("/")):
    """Which container this is, as far as files tell, or None."""
    if (root / ".dockerenv").exists():
        return "Docker"
    if (root / "run/.containerenv").exists():
        return "Podman"
    try:
        groups = (root / "proc/1/cgroup").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"docker|kubepods|containerd|lxc|libpod", groups)
    return found[0] if found else None


def shm_lines(total, free, container):
    """What there is to say of a /dev/shm of `total` bytes."""
    mib = 1024 * 1024
    yield f"  {total / mib:.0f} MiB in all, {(total - free) / mib:.1f} in use"
    if free < mib:
        yield "  FULL: the next touch of a new page there is a bus error (step 04)"
    if total <= SMALL:
        yield "  small: enough for these steps, too little for many programs"
        if container:
            yield ("  in a container, start it with --shm-size=1g (Docker, Podman), or "
                   "mount a tmpfs on /dev/shm (Kubernetes: emptyDir, medium: Memory)")
        else:
            yield "  to enlarge it until the next start: mount -o remount,size=1g /dev/shm"


def show_shm(container):
    if not SHM.is_dir():
        print("  there is no /dev/shm: step 07 cannot run")
        return 1
    room = os.statvfs(SHM)
    for line in shm_lines(room.f_blocks * room.f_frsize, room.f_bavail * room.f_frsize,
                          container):
        print(line)
    if room.f_files:
        print(f"  room for {room.f_favail} more objects")
    if not os.access(SHM, os.W_OK):
        print("  you may not write there: step 07 cannot run")
        return 1
    return 0


def users_of(path):
    """The processes that have the file at `path` mapped, as far as we may look."""
    pids = []
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            if f" {path}\n" in maps.read_text(encoding="utf-8", errors="replace"):
                pids.append(maps.parent.name)
        except OSError:
            continue  # not ours to see, or gone
    return pids


def show_leftovers(folder=SHM):
    """Names the objects that ours, and a benchmark's daemon, may have left. Returns how many
    of them nobody uses."""
    found = sorted(path for prefix in PREFIXES for path in folder.glob(prefix + "*"))
    unused = 0
    if not found:
        print("  none")
    for path in found:
        pids = users_of(path)
        used = f"in use by process {', '.join(pids)}" if pids else "nobody has it mapped"
        unused += not pids
        print(f"  /{path.name}: {path.stat().st_size} bytes, {used}; remove it with: "
              f"build/steps/07_shm_open --unlink {shlex.quote('/' + path.name)}")
    return unused


def main():
    container = in_container()
    print("tools")
    wrong = show_requirements(requirements())
    print("shared memory (/dev/shm)")
    wrong += show_shm(container)
    print("objects named /suchfoo.*, /iceoryx* or /iox*")
    unused = show_leftovers()
    print("container")
    print(f"  yes: {container}" if container else "  none that can be seen from inside")
    left = f"; objects that nobody uses: {unused}, see above" if unused else ""
    print((f"{wrong} to mend" if wrong else "all that is needed is here") + left)
    return 1 if wrong else 0
