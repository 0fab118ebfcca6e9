"""Plays step 17: a list by distances, and by addresses, which kills."""

import os
from pathlib import Path

from shared.steps import BUILD

PROGRAM = "build/steps/17_no_pointers /suchfoo.demo"
BOOST = "build/steps/17_boost /suchfoo.demo"


def drive(d):
    if not d.has_shm():
        return
    if Path("/proc/sys/kernel/randomize_va_space").read_text(encoding="utf-8").strip() == "0":
        d.lacks = "addresses are not random here: what crashes elsewhere works"
        return
    d.say("a list of two")
    d.shell(f"{PROGRAM} push 42 98", says="Foo(42, 98)")
    d.shell(f"{PROGRAM} push 31337 -1", says="Foo(31337, -1)")
    d.say("by distances, in a process that has it at another address")
    d.shell(f"{PROGRAM} list", says="Foo(31337, -1)\nFoo(42, 98)")
    d.say("by the addresses that are written there")
    output = d.shell(f"{PROGRAM} crash", status=139, says="the first one is at", outcome=True)
    if "Foo" in output:
        d.lacks = "by chance there was memory at that address"
    d.say("the same without random addresses: the fault is hidden")
    d.shell("rm /dev/shm/suchfoo.demo")
    d.shell(f"setarch -R {PROGRAM} push 42 98", says="Foo(42, 98)")
    d.shell(f"setarch -R {PROGRAM} crash", says="Foo(42, 98)")
    d.shell("rm /dev/shm/suchfoo.demo")
    if not os.path.exists(BUILD / "steps" / "17_boost"):
        d.lacks = "Boost is not installed: sh common/setup.sh extras"
        return
    d.say("with Boost, for real use")
    d.shell(f"{BOOST} push 42 98")
    d.shell(f"{BOOST} push 31337 -1")
    d.shell(f"{BOOST} list", says="Foo(42, 98)\nFoo(31337, -1)")
    d.shell(f"{BOOST} die", status=137)
    # Boost 1.74 waits, 1.83 fails at once.
    d.shell(f"timeout 1 {BOOST} list 2> /dev/null || echo it cannot be opened",
            says="it cannot be opened")
    d.shell("rm /dev/shm/suchfoo.demo")
