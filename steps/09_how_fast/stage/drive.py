"""Plays step 09: eight bytes there and back, three ways."""


def drive(d):
    d.shell("build/steps/09_how_fast", outcome=True, figures=True,
            says=["every byte verified", "  mapping ", "  pipe ", "  AF_UNIX "])
