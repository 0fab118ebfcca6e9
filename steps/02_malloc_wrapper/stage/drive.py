"""Plays step 02: a Foo, its bytes, and a copy made from them."""


def drive(d):
    if not d.is_little_endian():
        return
    d.shell("build/steps/02_malloc_wrapper 42 98", outcome=True,
            says=["f = Foo(42, 98), 8 bytes: 2a 00 00 00 62 00 00 00",
                  "with bar set: Foo(31337, 98)", "f is still Foo(42, 98)"])
