"""The machine that measures: which two CPUs, and what a reader of figures should know."""

import os
import platform
import re
import subprocess
from pathlib import Path

from steps import BUILD

CPUS = Path("/sys/devices/system/cpu")


def read(path):
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def core(cpu):
    topology = CPUS / f"cpu{cpu}/topology"
    return read(topology / "physical_package_id"), read(topology / "core_id")


def two_cpus():
    """Two of the CPUs that we may use, on different cores if there are such."""
    allowed = sorted(os.sched_getaffinity(0))
    others = [cpu for cpu in allowed[1:] if core(cpu) != core(allowed[0])]
    return allowed[0], (others or allowed[1:])[0]


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


def description():
    info = read("/proc/cpuinfo")
    asking, answering = two_cpus()
    last = sorted((CPUS / f"cpu{asking}/cache").glob("index[0-9]"))
    return {
        "processor": field(info, "model name"),
        "cpus": len(os.sched_getaffinity(0)),
        "pinned to": [asking, answering],
        "share the last cache": bool(last) and read(last[-1] / "shared_cpu_list")
        == read(CPUS / f"cpu{answering}/cache" / last[-1].name / "shared_cpu_list"),
        "virtual": "hypervisor" in field(info, "flags").split(),
        "kernel": platform.release().partition("-")[0],
        "system": field(read("/etc/os-release").replace("=", ": ").replace('"', ""),
                        "PRETTY_NAME"),
        "file system of the file": file_system(BUILD),
        "compiler": f"{compiler()}, -O3",
        "python": platform.python_version(),
    }
