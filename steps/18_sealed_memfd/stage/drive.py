"""Plays step 18: a Foo without a name on both sides, and one to be read only."""

import os

PROGRAM = "build/steps/18_sealed_memfd"


def drive(d):
    d.say("memory that has no name")
    server = d.session(f"{PROGRAM} serve /tmp/suchfoo.sock", terminal=1)
    client = d.session(f"{PROGRAM} attach /tmp/suchfoo.sock", terminal=2)
    server.type("f.bar = 31337", says="")
    client.type("f", says="Foo(31337, 0)")
    client.type("f.baz = 98", says="")
    server.type("f", says="Foo(31337, 98)")
    client.type("maps")
    server.quit()
    client.type("f", says="Foo(31337, 98)")
    client.quit(outcome=True)

    d.say("to be read only")
    server = d.session(f"{PROGRAM} serve /tmp/suchfoo.sock --read-only", terminal=1)
    client = d.session(f"{PROGRAM} attach /tmp/suchfoo.sock", terminal=2)
    client.type("f.bar = 1", says="18_sealed_memfd: this Foo is to be read only")
    server.type("f.bar = 42", says="")
    client.type("f", says="Foo(42, 0)")
    client.quit()
    server.quit()
