"""Plays step 11: an update that is lost, every schedule, and the race for real."""

PROGRAM = "build/steps/11_lost_updates /tmp/suchfoo"
PRIME = "build/steps/05_primed_file /tmp/suchfoo 0 0"
ADD = "echo add 1000000"


def race(d, program):
    """Two that add a million each, and a reader that waits for a flag."""
    d.shell(f"rm /tmp/suchfoo; {PRIME}", says="Foo(0, 0)")
    d.shell(f"{ADD} | {program} & {ADD} | {program}; wait")
    d.shell(f"echo f.bar | {program}", figures=True)
    d.shell(f"rm /tmp/suchfoo; {PRIME}", says="Foo(0, 0)")
    d.shell(f"echo wait | timeout 2 {program} & sleep 0.3; echo tell 42 | {program}; wait",
            varies="(42, or 0, or nothing: that is up to the compiler)")


def drive(d):
    d.say("one update of two is lost")
    d.shell(PRIME, says="Foo(0, 0)")
    one = d.session(PROGRAM, terminal=1)
    one.type("n = f.bar")
    two = d.session(PROGRAM, terminal=2)
    two.type("n = f.bar")
    one.type("f.bar = n + 1")
    two.type("f.bar = n + 1")
    if two.type("f.bar", says="1") == "1":
        d.outcome = "loses updates"
    one.quit()
    two.quit()

    d.say("what can come of it")
    d.shell("build/steps/11_lost_updates --schedules 1", says="sum 1 in 4 schedules")
    d.shell("build/steps/11_lost_updates --schedules 3", says="sum 2 in 8 schedules")
    d.shell("build/steps/11_lost_updates --schedules 1000", says="at worst the sum is 2")

    d.say("the race for real")
    race(d, PROGRAM)
    d.say("the same, optimised")
    d.shell("c++ -std=c++20 -O2 -Isteps -I. steps/11_lost_updates/main.cpp -o /tmp/race",
            limit=60)
    race(d, "/tmp/race /tmp/suchfoo")
    d.shell("rm /tmp/suchfoo /tmp/race")
