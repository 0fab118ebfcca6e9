"""Plays step 14: one writes and another reads; and a writer that dies in the middle of a write."""

PROGRAM = "build/steps/14_seqlock /tmp/suchfoo"


def drive(d):
    d.say("one writes and another reads")
    d.shell(f"{PROGRAM} write 1")
    d.shell(f"{PROGRAM} write 10000 & {PROGRAM} read 100000; wait", says="0 torn; ", figures=True)
    d.shell(f"{PROGRAM} read 1", says="0 torn; seven times Foo(10000, -10000)", outcome=True)
    d.say("a writer dies in the middle of a write")
    d.shell(f"{PROGRAM} die-midway", status=137, says="Killed")
    d.shell(f"{PROGRAM} read 1", status=1, says="no whole week")
    d.say("its heir")
    d.shell(f"{PROGRAM} write 5", says="the writer before died in a write")
    d.shell(f"{PROGRAM} read 1", says="0 torn; seven times Foo(5, -5)")
    d.shell("rm /tmp/suchfoo")
