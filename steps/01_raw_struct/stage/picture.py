"""The bytes of a foo, and of the padded struct beside it, as the program prints them."""

import re

from author.conversation import run
from author.pictures import BLUE, GREEN, GREY, ORANGE, SOFT, Canvas

CELL = 46
COLOURS = {"bar": BLUE, "baz": ORANGE, "kind": GREEN, "last": GREEN}


def structs():
    """(name, size, {field: (offset, size)}, value, bytes) for each struct of a run."""
    text = run("01_raw_struct")
    for part in re.split(r"^(?=struct )", text, flags=re.M)[1:]:
        name, size = re.match(r"struct (\w+): size (\d+)", part).groups()
        fields = {field: (int(offset), int(length)) for field, offset, length
                  in re.findall(r"^  (\w+) +offset (\d+), size (\d+)$", part, re.M)}
        value, values = re.search(r"^the bytes of \w+(\{.*?\}).*:\n  (.*)$", part,
                                  re.M).groups()
        yield name, int(size), fields, value, values.split()


def draw():
    all_of_them = list(structs())
    widest = max(size for _, size, *_ in all_of_them)
    canvas = Canvas(40 + CELL * widest, 140 * len(all_of_them))
    told = []
    for number, (name, size, fields, value, values) in enumerate(all_of_them):
        top = 30 + 140 * number
        canvas.text(20, top, f"{name}{value}: {size} bytes", bold=True, at="left")
        for offset, byte in enumerate(values):
            field = next((f for f, (start, length) in fields.items()
                          if start <= offset < start + length), None)
            canvas.box(20 + CELL * offset, top + 45, CELL, 36, COLOURS.get(field, GREY), byte,
                       mono=True)
            canvas.text(20 + CELL * (offset + 0.5), top + 94, str(offset), size=10,
                        colour=SOFT)
            if field is None:
                canvas.text(20 + CELL * (offset + 0.5), top + 32, "padding", size=9,
                            colour=SOFT)
        for field, (start, length) in fields.items():
            canvas.text(20 + CELL * (start + length / 2), top + 32, field, bold=True)
        told.append(f"{name} has {size} bytes: " + ", ".join(
            f"{field} at offset {start}, {length} long" for field, (start, length)
            in fields.items()))
    return canvas.svg("; ".join(told) + ". What no field covers is padding.")


PICTURES = {"bytes": draw}
