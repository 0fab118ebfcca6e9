"""Plays step 13: a lock, a wait in vain, and an owner that is killed in the middle of a change."""

PROGRAM = "build/steps/13_robust_mutex /tmp/suchfoo"


def drive(d):
    d.say("a foo with a lock")
    d.shell(f"{PROGRAM} 60 40")
    one = d.session(PROGRAM, terminal=1)
    one.type("f", says="13_robust_mutex: lock it first")
    one.type("lock")
    one.type("f", says="Foo(60, 40)")
    d.say("one is inside and the other waits in vain")
    two = d.session(PROGRAM, terminal=2)
    two.type("lock", says="13_robust_mutex: the lock was held for 2000 ms: "
                          "Connection timed out (ETIMEDOUT)")
    d.say("killed in the middle of a change")
    one.type("f.bar = 50")
    one.type("f", says="Foo(50, 40)")
    one.killed(terminal=2)
    two.type("lock", says="owner died; Foo(50, 40) repaired to Foo(50, 50)")
    two.type("f", says="Foo(50, 50)")
    d.say("a change that is whole")
    two.type("f.bar = 30")
    two.type("unlock", says="13_robust_mutex: bar and baz must be 100 together")
    two.type("f.baz = 70")
    two.type("unlock")
    two.quit(outcome=True)
    d.shell("rm /tmp/suchfoo")
