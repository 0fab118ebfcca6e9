"""Plays step 10: what outlives kill -9, the old version, two slots, and damage."""

PROGRAM = "build/steps/10_persistence /tmp/suchfoo"
OD = "od -A d -t x1z /tmp/suchfoo"


def damage(d, offset, byte="!"):
    """Overwrites one byte of the file."""
    d.shell(f"printf '{byte}' | dd of=/tmp/suchfoo bs=1 seek={offset} conv=notrunc status=none")


def drive(d):
    d.say("what was stored outlives its program")
    d.shell("build/steps/05_primed_file /tmp/suchfoo 42 98", says="Foo(42, 98)")
    one = d.session("build/steps/06_two_processes /tmp/suchfoo", terminal=1)
    one.type("f.bar = 31337", says="")
    one.killed(terminal=2)
    d.shell("build/steps/05_primed_file /tmp/suchfoo", says="Foo(31337, 98)")

    d.say("an old file is version 0")
    d.shell(PROGRAM, says="Foo(31337, 98), version 0")
    d.say("saving to it makes it version 1")
    d.shell(f"{PROGRAM} 1 2", says="Foo(1, 2), version 1, generation 1")
    d.shell(OD, says="suchfoo.")
    d.say("the next one goes into the other slot")
    d.shell(f"{PROGRAM} 3 4", says="Foo(3, 4), version 1, generation 2", outcome=True)
    d.shell(OD, says="03 00 00 00 04 00 00 00")

    d.say("a slot that is damaged does not hold")
    damage(d, 48)
    d.shell(PROGRAM, says="Foo(1, 2), version 1, generation 1")
    d.say("two damaged slots are refused")
    damage(d, 24)
    d.shell(PROGRAM, status=1, says="has two damaged slots")

    d.say("old programs and the new file")
    d.shell("build/steps/05_primed_file /tmp/suchfoo", status=1, says="has 64 bytes")
    d.shell("build/steps/03_missing_file /tmp/suchfoo", says="Foo(")
    d.say("a later version")
    damage(d, 8, r"\2")
    d.shell(PROGRAM, status=1, says="is of version 2")
    d.shell("rm /tmp/suchfoo")
