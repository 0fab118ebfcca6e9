"""The picture of two processes whose mappings meet in one page."""

from author.pictures import BLUE, GREEN, ORANGE, SOFT, Canvas


def meeting(first, second, bytes_, what, title):
    """The picture of two mappings, given as lines of maps, that meet in one page."""
    canvas = Canvas(620, 330)
    told = []
    for number, (line, colour) in enumerate(((first, BLUE), (second, ORANGE))):
        address, mode, _, device, inode, path = line.split(maxsplit=5)
        left = 20 + 300 * number
        canvas.frame(left, 20, 280, 130, f"process {number + 1}")
        canvas.box(left + 14, 62, 252, 30, colour, address, size=10.5, mono=True)
        canvas.text(left + 140, 110, f"{mode}   {path}", size=10.5, mono=True)
        canvas.text(left + 140, 132, "its own address space", size=10, colour=SOFT)
        canvas.arrow((left + 140, 152), (310 + (30 if number else -30), 214))
        told.append(f"process {number + 1} has it at {address}")
    canvas.frame(130, 216, 360, 96, what)
    canvas.box(160, 250, 300, 26, GREEN, bytes_, size=11, mono=True)
    canvas.text(310, 294, f"device {device}, inode {inode}", size=10.5, colour=SOFT)
    return canvas.svg(f"{title}: {', '.join(told)}, both {mode} {path}; "
                      f"both are one page of device {device}, inode {inode}.")
