"""Plays step 05: the file is primed, opened, and protected from mistakes."""


PROGRAM = "build/steps/05_primed_file"


def drive(d):
    if not d.is_little_endian():
        return
    d.say("bytes first")
    d.shell(f"{PROGRAM} /tmp/suchfoo 42 98", says="Foo(42, 98)")
    d.shell("od -A d -t x1 /tmp/suchfoo", says="2a 00 00 00 62 00 00 00")
    d.say("then the mapping")
    d.shell(f"{PROGRAM} /tmp/suchfoo", says="Foo(42, 98)", outcome=True)
    d.say("what exists is not primed again")
    d.shell(f"{PROGRAM} /tmp/suchfoo 1 2", status=1, says="File exists (EEXIST)")
    d.shell(f"{PROGRAM} /tmp/suchfoo", says="Foo(42, 98)")
    d.say("the empty file of step 04, and other things that are no foo")
    d.shell(": > /tmp/empty")
    d.shell(f"{PROGRAM} /tmp/empty", status=1, says='has 0 bytes, not the 8 of a foo')
    d.shell("mkfifo /tmp/fifo")
    d.shell(f"{PROGRAM} /tmp/fifo", status=1, says="is not a regular file")
    d.shell(f"{PROGRAM} /dev/zero", status=1, says="is not a regular file")
    d.shell("rm /tmp/suchfoo /tmp/empty /tmp/fifo")
