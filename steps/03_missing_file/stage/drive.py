"""Plays step 03: a mapping without its file, then with it."""


def drive(d):
    if not d.is_little_endian():
        return
    d.say("no file")
    d.shell("build/steps/03_missing_file /tmp/suchfoo", status=1, outcome=True,
            says='03_missing_file: open "/tmp/suchfoo": No such file or directory (ENOENT)')
    d.shell("test -e /tmp/suchfoo || echo there is still no file",
            says="there is still no file")
    d.say("a file of eight bytes, written by hand in octal")
    d.shell(r"printf '\52\0\0\0\142\0\0\0' > /tmp/suchfoo")
    d.shell("build/steps/03_missing_file /tmp/suchfoo", says="Foo(42, 98)")
    d.shell("rm /tmp/suchfoo")
    d.say("a device, which can be opened and not mapped")
    d.shell("build/steps/03_missing_file /dev/null", status=1,
            says='03_missing_file: mmap "/dev/null": No such device (ENODEV)')
