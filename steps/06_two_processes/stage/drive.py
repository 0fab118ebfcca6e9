"""Plays step 06: two terminals, then a third process, then five more."""

from shared.driver import Failure

PROGRAM = "build/steps/06_two_processes /tmp/suchfoo"


def drive(d):
    if not d.is_little_endian():
        return
    d.say("a file with a Foo in it")
    d.shell("build/steps/05_primed_file /tmp/suchfoo 42 98", says="Foo(42, 98)")

    d.say("two terminals")
    one = d.session(PROGRAM, terminal=1)
    one.type("f", says="Foo(42, 98)")
    two = d.session(PROGRAM, terminal=2)
    two.type("f", says="Foo(42, 98)")
    two.type("f.bar = 31337", says="")
    two.type("f", says="Foo(31337, 98)")
    one.type("f", says="Foo(31337, 98)")

    d.say("the address differs and the inode does not")
    address_1, *rest_1 = one.type("maps").split()
    address_2, *rest_2 = two.type("maps").split()
    if rest_1 != rest_2:
        raise Failure("expected one inode")
    if address_1 == address_2:
        d.lacks = "addresses are not chosen at random here: both processes have the same one"
        return

    d.say("a third process")
    three = d.session(PROGRAM, terminal=3)
    three.type("f.baz = -1", says="")
    one.type("print(f)", says="Foo(31337, -1)")
    two.type("bytes(f)", says="69 7a 00 00 ff ff ff ff")

    d.say("five more and all see one Foo")
    crowd = [d.session(PROGRAM, terminal=number) for number in range(4, 9)]
    crowd[-1].type("f.bar = 8", says="")
    for session in [one, two, three, *crowd]:
        session.type("f.bar", says="8")
        session.quit(outcome=session is one)

    d.say("what was stored is in the file")
    d.shell("build/steps/05_primed_file /tmp/suchfoo", says="Foo(8, -1)")
    d.shell("rm /tmp/suchfoo")
