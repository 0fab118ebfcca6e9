"""Plays step 15: one sleeps until another wakes it, and posts for nobody."""

PROGRAM = "build/steps/15_wait_and_wake /tmp/suchfoo"


def drive(d):
    d.say("one sleeps and another wakes it")
    d.shell("build/steps/05_primed_file /tmp/suchfoo 0 0", says="Foo(0, 0)")
    d.shell(f"{PROGRAM} wait & sleep 0.5; {PROGRAM} post 1; wait",
            says=["posts: 1, calls of the kernel: 1", "changed from 0 to 1"],
            varies="posts: 1, calls of the kernel: 1\nchanged from 0 to 1")
    d.shell("build/steps/05_primed_file /tmp/suchfoo", says="Foo(1, 0)")
    d.say("posts for nobody")
    d.shell(f"{PROGRAM} post 100000", says="posts: 100000, calls of the kernel: 0", outcome=True)
    d.say("it sleeps")
    d.shell(f"{PROGRAM} wait > /dev/null & sleep 1; grep State /proc/$!/status; "
            f"{PROGRAM} post 1; wait", says="S (sleeping)")
    d.say("waiting has an end")
    d.shell(f"{PROGRAM} wait", status=1, says="nothing has changed in 2000 ms")
    d.shell("rm /tmp/suchfoo")
