"""Plays step 20: three bus errors, each with its cause, and a program that has none."""

import subprocess

from shared.steps import BUILD

PROGRAM = "build/steps/20_why_sigbus"
FULL = "mount -t tmpfs -o size=64k tmpfs /dev/shm"
CUT = """import mmap, os
open('/tmp/data', 'wb').write(b'x' * 10000)
f = open('/tmp/data', 'r+b')
m = mmap.mmap(f.fileno(), 10000)
os.truncate('/tmp/data', 100)
print(m[9000])"""


def drive(d):
    if subprocess.run([BUILD / "steps" / "20_why_sigbus", "true"],
                      capture_output=True).returncode:
        d.lacks = "ptrace is refused here"
        return
    d.say("the bus error of step 04")
    d.shell(": > /tmp/suchfoo")
    d.shell(f"{PROGRAM} build/steps/04_empty_file_sigbus /tmp/suchfoo", status=135,
            says="cause:      the file ends before the page that was touched")
    d.say("a program that is not ours")
    d.shell(f'{PROGRAM} python3 -c "{CUT}"', status=135,
            says=["offset:     9000 in the file", "file now:   100 bytes"])
    d.shell("rm /tmp/suchfoo /tmp/data")
    d.say("and one that dies of nothing")
    d.shell(f"{PROGRAM} sh -c 'echo fine; exit 7'", status=7)
    if subprocess.run(["unshare", "-Urm", "sh", "-c", FULL], capture_output=True).returncode:
        d.lacks = "no mount namespace of our own: unshare -Urm is refused here"
        return
    d.say("a tmpfs that is full")
    d.shell(f"unshare -Urm sh -c '{FULL}; {PROGRAM} build/steps/19_full_shm /suchfoo.demo 1'",
            status=135, says="cause:      there is no room in this tmpfs")
    d.outcome = "works"
