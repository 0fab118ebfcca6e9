"""Plays step 07: an object in /dev/shm, what outlives what, and unlinking."""

from shared.driver import Failure

PROGRAM = "build/steps/07_shm_open"
NAME = "/suchfoo.demo"
STAT = f"stat --format='%n: %s bytes, mode %a' /dev/shm{NAME}"


def drive(d):
    if not d.has_shm():
        return
    d.say("two terminals and no file to prime")
    one = d.session(f"{PROGRAM} {NAME}", terminal=1)
    one.type("f", says="Foo(0, 0)")
    two = d.session(f"{PROGRAM} {NAME}", terminal=2)
    two.type("f.bar = 31337", says="")
    one.type("f", says="Foo(31337, 0)")

    d.say("where it is")
    d.shell(STAT, says=f"/dev/shm{NAME}: 8 bytes, mode 600")
    address_1, *rest_1 = one.type("maps").split()
    address_2, *rest_2 = two.type("maps").split()
    if rest_1 != rest_2:
        raise Failure("expected one inode")
    if address_1 == address_2:
        d.lacks = "addresses are not chosen at random here: both processes have the same one"
        return

    d.say("it outlives its processes")
    one.quit()
    two.quit()
    d.shell(STAT, says="8 bytes")
    three = d.session(f"{PROGRAM} {NAME}", terminal=3)
    three.type("f", says="Foo(31337, 0)")

    d.say("unlinked while mapped")
    d.shell(f"{PROGRAM} --unlink {NAME}")
    d.shell(f"test -e /dev/shm{NAME} || echo the name is gone", says="gone")
    three.type("f", says="Foo(31337, 0)")

    d.say("the same name again is a second object")
    four = d.session(f"{PROGRAM} {NAME}", terminal=4)
    four.type("f", says="Foo(0, 0)")
    four.type("f.bar = 1", says="")
    three.type("f", says="Foo(31337, 0)")
    if three.type("maps").split()[4] == four.type("maps").split()[4]:
        raise Failure("expected two inodes")
    three.quit()
    four.quit(outcome=True)

    d.say("cleaning up")
    d.shell(f"{PROGRAM} --unlink {NAME}")
    d.shell(f"{PROGRAM} --unlink {NAME}", status=1,
            says="No such file or directory (ENOENT)")
