"""Plays step 12: the race of step 11 without a loss, and both fields at one moment."""

PROGRAM = "build/steps/12_atomics /tmp/suchfoo"


def wait_for_it(d, program):
    """The reader of step 11 that waits for a flag."""
    d.shell(f"{PROGRAM} swap 0 0", says="was ")
    d.shell(f"{program} wait & sleep 0.3; {program} tell 42; wait", says="42")


def drive(d):
    d.say("two add at once")
    d.shell("build/steps/05_primed_file /tmp/suchfoo 0 0", says="Foo(0, 0)")
    d.shell(f"{PROGRAM} add 1000000 & {PROGRAM} add 1000000; wait")
    d.shell(PROGRAM, says="Foo(2000000, 0)", outcome=True)
    d.say("both fields at one moment")
    d.shell(f"{PROGRAM} swap 31337 98", says="was Foo(2000000, 0)")
    d.shell(PROGRAM, says="Foo(31337, 98)")
    d.say("a flag that can be waited for")
    wait_for_it(d, PROGRAM)
    d.say("the same, optimised")
    d.shell("c++ -std=c++20 -O2 -Isteps -I. steps/12_atomics/main.cpp -o /tmp/atomics -latomic", limit=60)
    wait_for_it(d, "/tmp/atomics /tmp/suchfoo")
    d.shell("rm /tmp/suchfoo /tmp/atomics")
