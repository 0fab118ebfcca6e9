"""Plays step 04: files of 0, 1, 7 and 8 bytes under a mapping of 8."""


PROGRAM = "build/steps/04_empty_file_sigbus /tmp/suchfoo"


def drive(d):
    d.say("an empty file")
    d.shell(": > /tmp/suchfoo")
    d.shell(PROGRAM, status=135, outcome=True, says=["meant to kill me", "Bus error"])
    d.say("the same, with a handler that explains")
    d.shell(f"{PROGRAM} --explain", status=135,
            says=["7 (SIGBUS)", "2 (BUS_ADRERR)", "byte touched: 0 of the mapping",
                  "file's size:  0 bytes"])
    d.say("ignoring or blocking the signal")
    d.shell(f"env --ignore-signal=BUS {PROGRAM}", status=135, says="Bus error")
    d.shell(f"env --block-signal=BUS {PROGRAM}", status=135, says="Bus error")
    d.say("one byte")
    d.shell("printf i > /tmp/suchfoo")
    d.shell(PROGRAM, says=["does not crash", "Foo(105, 0)"])
    d.say("seven bytes")
    d.shell(r"printf '\52\0\0\0\142\0\0' > /tmp/suchfoo")
    d.shell(PROGRAM, says=["does not crash", "Foo(42, 98)"])
    d.say("eight bytes")
    d.shell(r"printf '\52\0\0\0\142\0\0\0' > /tmp/suchfoo")
    d.shell(PROGRAM, says="Foo(42, 98)")
    d.shell("stat --format='%s bytes' /tmp/suchfoo", says="8 bytes")
    d.shell("rm /tmp/suchfoo")
