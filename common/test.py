"""Runs the tests with CTest and says what was skipped and why."""

import re
import subprocess
import sys

from steps import BUILD, find_step

LOG = BUILD / "Testing" / "Temporary" / "LastTest.log"


def skipped(log):
    """(test, reason, whether it also failed) of each test whose output says so."""
    for entry in re.split(r"^\d+/\d+ Testing: ", log, flags=re.M)[1:]:
        reason = re.search(r"^SKIPPED: (.*)$", entry, re.M)
        if reason:
            # doctest marks a failed assertion or an exception with ERROR; unittest
            # closes with FAILED.
            failed = re.search(r"\bERROR: |^FAILED \(|\bFATAL ERROR: ", entry, re.M)
            yield entry.partition("\n")[0], reason[1], bool(failed)


def main():
    command = ["ctest", "--test-dir", str(BUILD), "--no-tests=error",
               "--output-on-failure", "--parallel", "2", "--progress"]
    if sys.argv[1:] == ["--steps-only"]:  # the rest does not depend on the build
        command += ["--label-exclude", "^tools$", "--exclude-regex", "/by hand: "]
    elif len(sys.argv) > 1:
        command += ["--label-regex", f"^{find_step(sys.argv[1]).number}$"]
    status = subprocess.run(command).returncode
    masked = 0
    for test, reason, failed in skipped(LOG.read_text(errors="replace")):
        print(f"skipped: {test}: {reason}")
        if failed:
            print(f"NOT skipped but failed: {test}")
            masked += 1
    return 1 if status or masked else 0


if __name__ == "__main__":
    sys.exit(main())
