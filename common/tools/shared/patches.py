"""Mutants: tests/mutants/NN_name/<defect>.patch, a sentence and a unified diff against
steps/. A hunk applies where its old text stands, and that has to be in exactly one place:
line numbers are for the reader."""

import re
from shared.steps import ROOT

FILE = re.compile(r"^--- (\S+)\n\+\+\+ \1\n", re.M)


class PatchError(Exception):
    """A patch that is none, or does not fit what it changes."""


def text_of(path):
    text = path.read_text(encoding="utf-8")
    if not FILE.search(text):
        raise PatchError(f"{path.name}: holds no diff against steps/")
    return text


def sentence(path):
    """What is wrong, and what comes of it: the first paragraph, as one line."""
    return " ".join(text_of(path).partition("\n\n")[0].split())


def hunks(diff):
    """(old, new) of each hunk of one file's diff, whole lines."""
    for hunk in re.split(r"^@@.*\n", diff, flags=re.M)[1:]:
        lines = hunk.splitlines(True)
        yield ("".join(line[1:] for line in lines if line[0] in " -"),
               "".join(line[1:] for line in lines if line[0] in " +"))


def changed(path):
    """The files that a patch changes, as they are then: {"08_socket/full_io.hpp": text}.
    Raises PatchError."""
    parts = FILE.split(text_of(path))[1:]
    files = {}
    for name, diff in zip(parts[::2], parts[1::2]):
        original = ROOT / "steps" / name
        if not original.is_file():
            raise PatchError(f"{path.name}: there is no steps/{name}")
        text = original.read_text(encoding="utf-8")
        for old, new in hunks(diff):
            # At the start of a line: a hunk is whole lines.
            places = [m.start() for m in re.finditer("^" + re.escape(old), text, re.M)]
            if len(places) != 1:
                raise PatchError(f"{path.name}: {len(places)} places in steps/{name} have "
                                 f"this, and not one:\n{old}")
            text = text[:places[0]] + new + text[places[0] + len(old):]
        files[name] = text
    return files


def write(path, folder):
    """Writes what a patch changes below `folder`, which then goes before steps/ on the
    include path."""
    for name, text in changed(path).items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def added_lines(path):
    """How many lines of code a patch adds or changes."""
    return sum(line.startswith("+") and bool(line[1:].strip())
               for line in FILE.sub("", text_of(path)).splitlines())
