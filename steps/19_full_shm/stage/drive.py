"""Plays step 19: a /dev/shm that is full, in a namespace of its own, and a session that goes
on when its file is cut."""

import subprocess

PROGRAM = "build/steps/19_full_shm"
SMALL = "mount -t tmpfs -o size=64k tmpfs /dev/shm"


def drive(d):
    if subprocess.run(["unshare", "-Urm", "sh", "-c", SMALL], capture_output=True).returncode:
        d.lacks = "no mount namespace of our own: unshare -Urm is refused here"
        return
    d.say("room for 64 KiB, and an object of 1 MiB")
    d.shell(f"unshare -Urm sh -c '{SMALL}; {PROGRAM} /suchfoo.demo 1'", status=135,
            says=["it has its size, and is mapped", "byte touched: 65536 of the mapping"])
    d.say("the same, if room is asked for")
    d.shell(f"unshare -Urm sh -c '{SMALL}; {PROGRAM} /suchfoo.demo 1 --reserve'", status=1,
            says="No space left on device (ENOSPC)")
    d.say("a session that goes on")
    d.shell("build/steps/05_primed_file /tmp/suchfoo 42 98")
    session = d.session(f"{PROGRAM} /tmp/suchfoo --survive", terminal=1)
    session.type("f", says="Foo(42, 98)")
    d.at(2)
    d.shell("truncate --size=0 /tmp/suchfoo")
    gone = f"{PROGRAM.rpartition('/')[2]}: there is no memory behind f any more"
    session.type("f", says=gone)
    session.type("f.bar = 31337", says=gone)
    d.at(2)
    d.shell("truncate --size=8 /tmp/suchfoo")
    session.type("f.bar = 31337", says="")
    session.type("f", says="Foo(31337, 0)")
    session.quit()
    d.outcome = "survives SIGBUS"
