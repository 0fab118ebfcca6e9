"""Plays step 01: the bytes of two structs."""


def drive(d):
    if not d.is_little_endian():
        return
    d.shell("build/steps/01_raw_struct", outcome=True,
            says=["struct foo: size 8, alignment 4", "2a 00 00 00 62 00 00 00",
                  "these mean nothing"])
