"""Plays step 23: a Redis server of its own, two sessions, four that add at once, and a server
that is killed."""

import shutil
import socket
import subprocess

from shared.steps import BUILD

PROGRAM = "build/steps/23_beyond_one_machine 127.0.0.1 6399 suchfoo"
READY = "until redis-cli -p 6399 ping 2> /dev/null | grep PONG; do sleep 0.05; done"


KILL = "kill -9 $(redis-cli -p 6399 info server | sed -n 's/^process_id:\\([0-9]*\\).*/\\1/p')"
GONE = "while redis-cli -p 6399 ping > /dev/null 2>&1; do sleep 0.05; done"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def start(d, options):
    d.shell(f"redis-server --port 6399 --bind 127.0.0.1 --dir /tmp/suchfoo.redis {options} > /tmp/suchfoo.redis/log 2>&1 &")
    d.shell(READY, says="PONG")


def kill(d):
    d.shell(KILL)
    # Nobody types so fast that the kernel has not closed its socket yet.
    subprocess.run(["sh", "-c", d.private(GONE)], check=True, timeout=10)


def drive(d):
    if not (BUILD / "steps" / "23_beyond_one_machine").exists() or not shutil.which("redis-cli"):
        d.lacks = "Redis or hiredis is not installed: sh common/setup.sh extras"
        return
    d.ports[free_port()] = "6399"
    d.say("a server of our own")
    d.at(1)
    d.shell("mkdir /tmp/suchfoo.redis")
    start(d, "--save ''")
    d.say("two sessions, on whichever machines")
    one = d.session(PROGRAM, terminal=2)
    two = d.session(PROGRAM, terminal=3)
    one.type("f.bar = 31337", says="")
    two.type("f", says="Foo(31337, 0)")
    two.type("f.baz = 98", says="")
    one.type("f", says="Foo(31337, 98)")
    one.quit(outcome=True)
    two.quit()

    d.say("four add 250 each, at once: first by load and store")
    d.at(1)
    add = (f"(for i in 1 2 3 4; do echo '%s 250' | {PROGRAM} & done; wait); "
           f"printf 'f.bar\\nf.bar = 0\\n' | {PROGRAM}")
    d.shell(f"printf 'f.bar = 0\\n' | {PROGRAM}", says="")
    d.shell(add % "add-unsafely", figures=True)
    d.say("and then so that nobody comes in between")
    d.at(1)
    d.shell(add % "add", says="1000")

    d.say("the server is killed")
    d.at(1)
    d.shell(f"printf 'f.bar = 42\\nf\\n' | {PROGRAM}", says="Foo(42, 98)")
    kill(d)
    session = d.session(PROGRAM, terminal=2)
    session.type("f", says="23_beyond_one_machine: 127.0.0.1:6399: Connection refused")
    d.at(1)
    start(d, "--save ''")
    session.type("f", says="Foo(0, 0)")
    session.quit()

    d.say("the same, with a server that writes to its disk first")
    d.at(1)
    d.shell("redis-cli -p 6399 shutdown nosave")
    start(d, "--save '' --appendonly yes --appendfsync always")
    d.shell(f"printf 'f.bar = 42\\nf\\n' | {PROGRAM}", says="Foo(42, 0)")
    kill(d)
    start(d, "--save '' --appendonly yes --appendfsync always")
    d.shell(f"echo f | {PROGRAM}", says="Foo(42, 0)")
    d.shell("redis-cli -p 6399 shutdown")
    d.shell("rm -r /tmp/suchfoo.redis")
