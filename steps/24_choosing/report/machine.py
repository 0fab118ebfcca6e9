"""The machine that measures: which two CPUs, and what a reader of figures should know."""

import os
import platform
import re
import subprocess
from pathlib import Path

from shared.steps import BUILD

CPUS = Path("/sys/devices/system/cpu")
HUGE = "/sys/kernel/mm/transparent_hugepage/enabled"


def read(path):
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def core(cpu):
    topology = CPUS / f"cpu{cpu}/topology"
    return read(topology / "physical_package_id"), read(topology / "core_id")


def last_cache(cpu):
    """The CPUs that share the last of the caches with `cpu`, or nothing if unknown."""
    caches = sorted((CPUS / f"cpu{cpu}/cache").glob("index[0-9]"))
    return read(caches[-1] / "shared_cpu_list") if caches else ""


def two_cpus():
    """Two of the CPUs that we may use: if there are such, on different cores of one
    package that share the last cache."""
    first, *others = sorted(os.sched_getaffinity(0))

    def distance(cpu):
        return (core(cpu) == core(first), core(cpu)[0] != core(first)[0],
                last_cache(cpu) != last_cache(first), cpu)
    return first, min(others, key=distance)


def field(text, name):
    match = re.search(rf"^{name}\s*: (.*)$", text, re.M)
    return match[1] if match else "unknown"


def file_system(path):
    """The type of the file system that holds `path`."""
    holds = [fields for fields in map(str.split, read("/proc/self/mounts").splitlines())
             if Path(path).resolve().is_relative_to(fields[1])]
    return max(holds, key=lambda fields: len(fields[1]))[2] if holds else "unknown"


def compiler():
    path = field(read(BUILD / "CMakeCache.txt").replace("=", ": "),
                 "CMAKE_CXX_COMPILER:(?:FILEPATH|STRING|PATH)")
    try:
        return subprocess.run([path, "--version"], capture_output=True, text=True,
                              check=True, timeout=10).stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return "unknown"


def iceoryx_header():
    """Its folder has its version in its name."""
    return max(Path("/usr/include").glob("iceoryx/v*/iceoryx_versions.hpp"), default="none")


def versions():
    """Of what is compared, as its headers say."""
    found = []
    for name, path, pattern in (
            ("Boost", "boost/version.hpp", r'BOOST_LIB_VERSION "(\w+)"'),
            ("ZeroMQ", "zmq.h", r"ZMQ_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)"),
            ("iceoryx", iceoryx_header(),
             r"ICEORYX_VERSION_(?:MAJOR|MINOR|PATCH) +(\d+)")):
        parts = re.findall(pattern, read(Path("/usr/include", path)))
        if parts:
            found.append(f"{name} {'.'.join(parts[:3]).replace('_', '.')}")
    return ", ".join(found) or "none"


def description(out):
    """Of the machine, for a run that has its files in the folder `out`."""
    info = read("/proc/cpuinfo")
    asking, answering = two_cpus()
    caches = sorted((CPUS / f"cpu{asking}/cache").glob("index[0-9]"))
    kind = [field(info, name) for name in ("cpu family", "model", "stepping")]
    return {
        "processor": field(info, "model name"),
        "family, model, stepping": ", ".join(kind),
        "caches": ", ".join(f"L{read(path / 'level')} {read(path / 'size')}"
                            for path in caches if read(path / "type") != "Instruction")
        or "unknown",
        "cpus": len(os.sched_getaffinity(0)),
        "pinned to": [asking, answering],
        "share the last cache": last_cache(asking) == last_cache(answering)
        if last_cache(asking) else "unknown",
        "virtual": "hypervisor" in field(info, "flags").split()
        if field(info, "flags") != "unknown" else "unknown",
        "clock": read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "huge pages": (re.findall(r"\[(\w+)\]", read(HUGE)) or ["unknown"])[0],
        "kernel": platform.release().partition("-")[0],
        "system": field(read("/etc/os-release").replace("=", ": ").replace('"', ""),
                        "PRETTY_NAME"),
        "file system of the file": file_system(out),
        "compiler": f"{compiler()}, -O3 -DNDEBUG",
        "peers": versions(),
        "python": platform.python_version(),
    }
