"""Runs the tests with CTest, a line for each step, and says what failed and what was
skipped. The steps come first, then the tools."""

import argparse
import json
import os
import re
import time
import xml.etree.ElementTree as xml

from shared.processes import run_limited, short_folder, temporary_folder
from shared.steps import BUILD, all_steps, find_step

TIMES = BUILD / "test_times.json"  # seconds that each line took the last time
AT_FIRST = {"tools": 30}  # what is said before there is a last time
LIMIT = 1200  # seconds for a group
PARALLEL = 4  # more than CPUs: many tests wait
# doctest marks a failed assertion or an exception with ERROR; unittest closes with FAILED.
FAILURE = re.compile(r"\bERROR: |^FAILED \(|\bFATAL ERROR: ", re.M)


class Group:
    """What CTest says, in JUnit's form, of the tests with one label."""

    def __init__(self, label):
        start = time.monotonic()
        # What a test leaves when it is killed goes with this folder.
        with temporary_folder("suchfoo-test-", short_folder()) as folder:
            report = folder / "report.xml"
            self.status, self.problem = run_limited(
                ["ctest", "--test-dir", str(BUILD), "--label-regex", f"^{label}$",
                 "--no-tests=error", "--quiet", "--parallel", str(PARALLEL),
                 "--test-output-size-passed", "65536", "--output-junit", str(report)], LIMIT,
                env={**os.environ, "TMPDIR": str(folder)})
            found = xml.parse(report).getroot().iter("testcase") if report.exists() else []
            self.passed, self.failed, self.skipped = 0, [], []
            for case in found:
                self.count(case)
        self.seconds = time.monotonic() - start

    def count(self, case):
        name, output = case.get("name"), case.findtext("system-out") or ""
        reason = re.search(r"^SKIPPED: (.*)$", output, re.M)
        if case.get("status") == "fail" or (reason and FAILURE.search(output)):
            self.failed.append((name, output))
        elif reason:
            self.skipped.append((name, reason[1]))
        else:
            self.passed += 1


def tell(name, group):
    line = f"{name:<24}{group.passed:>4} passed"
    if group.failed:
        line += f", {len(group.failed)} FAILED"
    if group.skipped:
        line += f", {len(group.skipped)} skipped"
    print(f"{line:<50}{group.seconds:>6.1f} s", flush=True)
    for test, output in group.failed:
        print(f"\nFAILED: {test}\n{output.strip()}\n", flush=True)
    if group.status and not group.failed:
        print(f"\nctest: {group.problem.strip() or 'failed'}\n", flush=True)


def expected(groups):
    """Seconds: what they took the last time, or what they usually take."""
    try:
        times = json.loads(TIMES.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        times = {}
    return sum(times.get(name, AT_FIRST.get(name, 1)) for name in groups), times


def main():
    parser = argparse.ArgumentParser(description="Runs the tests.")
    parser.add_argument("step", nargs="?")
    parser.add_argument("--steps-only", action="store_true",
                        help="not those of the tools, which do not depend on the build")
    options = parser.parse_args()
    steps = [find_step(options.step)] if options.step else all_steps()
    names = [step.name for step in steps]
    if not options.step and not options.steps_only:
        names.append("tools")
    seconds, times = expected(names)
    if len(names) > 1:
        print(f"{len(names)} groups of tests, in about {max(5, 5 * round(seconds / 5))} seconds",
              flush=True)
    groups = {}
    for name in names:
        groups[name] = Group(name if name == "tools" else name[:2])
        tell(name, groups[name])
        times[name] = round(groups[name].seconds, 1)
    for group in groups.values():
        for test, reason in group.skipped:
            print(f"skipped: {test}: {reason}")
    TIMES.write_text(json.dumps(times), encoding="utf-8")
    passed = sum(group.passed for group in groups.values())
    failed = sum(len(group.failed) for group in groups.values())
    skipped = sum(len(group.skipped) for group in groups.values())
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or any(group.status for group in groups.values()) else 0
