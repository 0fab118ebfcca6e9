"""Draws the notes' pictures: notes/pictures/*.svg, each from a real run.

A step's picture.py has a function for each of its pictures, that runs what it shows and
draws it on a Canvas. `pictures.py` draws all of them; a picture is written only if it
says or shows something else than before, as addresses differ from run to run. Needs
matplotlib, as the distribution has it: run with /usr/bin/python3.

    pictures [--check]      --check: only compare what the pictures say
"""

import argparse
import html
import io
import re
import sys

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from shared.steps import BUILD, ROOT, load

FOLDER = ROOT / "notes" / "pictures"
INK, SOFT, PAPER, LINE = "#1b1f24", "#57606a", "#fbfaf7", "#c9ccd1"
BLUE, ORANGE, GREEN, RED, GREY = "#cfe3fb", "#fbdcbc", "#cdeccf", "#f7c9c6", "#e6e7ea"
SANS, MONO = "DejaVu Sans", "DejaVu Sans Mono"

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "suchfoo",
                            "font.family": SANS, "hatch.linewidth": 0.6})


class Canvas:
    """A drawing on paper of its own, so that it can be read on any background. Measures
    are in pixels, from the upper left corner."""

    def __init__(self, width, height):
        self.figure = pyplot.figure(figsize=(width / 72, height / 72))
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        self.axes.axis("off")
        paper(self.figure)

    def text(self, x, y, text, size=13, mono=False, bold=False, colour=INK, at="center"):
        self.axes.text(x, y, text, fontsize=size, ha=at, va="center", color=colour,
                       family=MONO if mono else SANS, weight="bold" if bold else "normal")

    def box(self, x, y, width, height, fill="none", text="", hatch=None, **more):
        self.axes.add_patch(Rectangle((x, y), width, height, facecolor=fill, hatch=hatch,
                                      edgecolor=INK if hatch is None else SOFT, linewidth=1))
        if text:
            self.text(x + width / 2, y + height / 2, text, **more)

    def frame(self, x, y, width, height, title):
        """A rounded frame with its title in its upper edge."""
        self.axes.add_patch(FancyBboxPatch((x, y), width, height, facecolor="white",
                                           edgecolor=LINE, linewidth=1.2,
                                           boxstyle="round,pad=0,rounding_size=8"))
        self.text(x + 12, y + 17, title, bold=True, at="left")

    def arrow(self, start, end, both=False, dashed=False):
        self.axes.add_patch(FancyArrowPatch(start, end, arrowstyle="<|-|>" if both else "-|>",
                                            mutation_scale=13, color=SOFT, linewidth=1.4,
                                            shrinkA=0, shrinkB=0,
                                            linestyle="--" if dashed else "-"))

    def svg(self, title):
        return svg(self.figure, title)


def paper(figure):
    figure.patch.set(facecolor=PAPER, edgecolor=LINE, linewidth=1)


def svg(figure, title):
    """The figure as SVG text, with `title` as its alternative for who cannot see it."""
    out = io.StringIO()
    figure.savefig(out, format="svg", facecolor=figure.get_facecolor(), edgecolor=LINE,
                   metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    text = re.sub(r"<metadata>.*?</metadata>", "", out.getvalue(), flags=re.S)
    text = re.sub(r"<svg ", '<svg role="img" aria-labelledby="title" ', text, count=1)
    return re.sub(r"(<svg [^>]*>)", rf'\1\n <title id="title">{html.escape(title)}</title>',
                  text, count=1)


def says(svg):
    """What a picture says, in order, without what differs from run to run."""
    words = re.findall(r"<(?:title|text)[^>]*>([^<]*)<", svg)
    return [normalised(html.unescape(word).strip()) for word in words]


def normalised(text):
    text = re.sub(r"\b[0-9a-f]{8,16}-[0-9a-f]{8,16}\b", "ADDRESS", text)
    text = re.sub(r"\b[0-9a-f]{2,3}:[0-9a-f]{2}\b", "DEVICE", text)
    return re.sub(r"\b(inode|process) \d+", r"\1 N", text)


def without_run(svg):
    return normalised(re.sub(r"(?<=\bid=\")[^\"]*|(?<=#)[pm][0-9a-f]{10}", "", svg))


def pictures():
    """The name and the maker of every picture."""
    for path in sorted((ROOT / "steps").glob("*/stage/picture.py")):
        for name, make in load(path).PICTURES.items():
            yield f"{path.parents[1].name[:2]}_{name}", make


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    if not (BUILD / "steps").is_dir():
        print(f"pictures: {BUILD}/steps is not built: make build", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    known = {}
    problems = 0
    for name, make in pictures():
        path = FOLDER / f"{name}.svg"
        known[path] = make()
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if check and says(old) != says(known[path]):
            problems += 1
            print(f"{path.relative_to(ROOT)}: says {says(old)}, "
                  f"and a run says {says(known[path])}", file=sys.stderr)
        elif not check and without_run(old) != without_run(known[path]):
            path.write_text(known[path], encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    for path in set(FOLDER.glob("*.svg")) - set(known):
        problems += 1
        print(f"{path.relative_to(ROOT)}: nothing draws it", file=sys.stderr)
    print(f"pictures: {len(known)}, {problems} problems")
    return bool(problems)
