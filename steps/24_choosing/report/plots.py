"""Draws a run's results.json:

    plots.py RESULTS.json FOLDER      writes FOLDER/latency.svg, size.svg, anchor.svg
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "common" / "tools"))
from author.pictures import INK, SOFT, paper, pyplot, svg
from report import number, size_name

COLOURS = {"spinning": "#1d6fb8", "polling": "#b8541d", "blocking": "#2d7d46"}
LINES = {"memcpy": ("black", "-"), "bulk-in-place": ("#1d6fb8", "-"),
         "bulk-copied": ("#1d6fb8", "--"), "bulk-vm-readv": ("#7b3fa0", "-"),
         "bulk-unix": ("#b8541d", "-"), "bulk-tcp": ("#b8541d", "--"),
         "bulk-pipe": ("#2d7d46", "-")}


def plot(width, height, left, below=52):
    figure, axes = pyplot.subplots(figsize=(width / 72, height / 72))
    figure.subplots_adjust(left=left, right=0.97, top=1 - 34 / height, bottom=below / height)
    paper(figure)
    axes.set_facecolor("white")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(True, color="#e6e7ea", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def in_powers(axis):
    """A tick at each power of ten, as people write it."""
    axis.set_major_formatter(lambda ns, _: next(
        f"{ns / unit:g} {name}" for unit, name in ((1e6, "ms"), (1e3, "µs"), (1, "ns"))
        if ns >= unit or unit == 1))
    axis.set_minor_formatter(lambda *_: "")


def found(item):
    return item["near"] or item["unquotable"]


def latency(results):
    """The middle and the tail of every round trip, by class."""
    rows = [(name, item) for name, item in results["items"].items()
            if item["class"] in COLOURS and found(item) and name != "bare"
            and item["placement"] in ("apart", "together")]
    figure, axes = plot(640, 86 + 21 * len(rows), 0.33, 66)
    for y, (name, item) in enumerate(rows):
        here = found(item)
        colour = COLOURS[item["class"]]
        axes.plot([here["p50"], here["p99"] or here["p50"]], [y, y], color=colour,
                  linewidth=2, alpha=0.45)
        axes.plot([here["p50"]], [y], "o", color=colour, markersize=7,
                  fillstyle="full" if item["near"] else "none")
    axes.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=10.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xscale("log")
    in_powers(axes.xaxis)
    axes.set_xlabel("8 bytes there and back: the median (dot) to the 99th percentile\n"
                    "apart: each side on its own CPU; together: both on one", fontsize=10)
    axes.set_title("Three classes of waiting, each in its own colour", fontsize=12, color=INK)
    for group, colour in COLOURS.items():
        mine = [y for y, (_, item) in enumerate(rows) if item["class"] == group]
        if mine:
            axes.text(0.985, mine[0], group, color=colour, weight="bold", ha="right",
                      va="center", transform=axes.get_yaxis_transform(),
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 2})
    told = ", ".join(f"{name} {number(found(item)['p50'])}" for name, item in rows)
    return svg(figure, f"Median round trips of 8 bytes, in ns, in three classes: {told}.")


def size(results):
    """How long a message takes, by its length."""
    figure, axes = plot(640, 440, 0.12)
    told = []
    for transport, (colour, style) in LINES.items():
        points = [(item["bytes"], found(item)["p50"]) for item in results["items"].values()
                  if item["transport"] == transport and found(item)]
        if points:
            lengths, times = zip(*points)
            axes.plot(lengths, times, style, color=colour, marker="o", markersize=4,
                      label="memcpy, in one process" if transport == "memcpy"
                      else transport.replace("bulk-", ""))
            told.append(f"{transport.replace('bulk-', '')} "
                        f"{number(lengths[-1] / times[-1])}")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    lengths = sorted({item["bytes"] for item in results["items"].values()
                      if item["class"] == "bulk"})
    axes.set_xticks(lengths, [size_name(length) for length in lengths])
    axes.xaxis.set_minor_locator(pyplot.NullLocator())
    in_powers(axes.yaxis)
    axes.set_title("How long a message takes, by its length", fontsize=12, color=INK)
    axes.set_xlabel("length")
    axes.legend(frameon=False, fontsize=10)
    return svg(figure, "How long a message takes, from 64 bytes to 64 MiB; at the longest, in "
                       f"GB/s: {', '.join(told)}.")


def anchor(results):
    """The anchor over time: how steady the machine was."""
    figure, axes = plot(640, 300, 0.12)
    for moved, colour, label in ((False, "#1d6fb8", "steady"), (True, "#c0392b", "moved: rejected")):
        points = [(when, ns) for when, *both in results["anchors"] for ns in both
                  if (max(both) > 1.2 * min(both)) == moved]
        if points:
            axes.plot(*zip(*points), ".", color=colour, markersize=3.5, label=label)
    axes.axhline(results["far from (ns)"], color=SOFT, linewidth=1, linestyle="--")
    axes.text(0.99, results["far from (ns)"] * 1.08, "above: far", ha="right", fontsize=9,
              color=SOFT, transform=axes.get_yaxis_transform())
    axes.set_yscale("log")
    axes.set_ylim(20, 2000)
    in_powers(axes.yaxis)
    axes.set_xlabel("seconds since the start of the run")
    axes.set_title("The anchor: one cache line, there and back", fontsize=12, color=INK)
    axes.legend(frameon=False, fontsize=10, loc="upper right", ncols=2,
                markerscale=2.5)
    every = sorted(ns for _, *both in results["anchors"] for ns in both)
    return svg(figure, f"The anchor during the run: from {number(every[0])} to "
                       f"{number(every[-1])} ns, half of them up to "
                       f"{number(every[len(every) // 2])} ns.")


DRAWN = {"latency": latency, "size": size, "anchor": anchor}


def main():
    if len(sys.argv) != 3:
        print("usage: plots.py RESULTS.json FOLDER", file=sys.stderr)
        return 2
    source, folder = map(Path, sys.argv[1:])
    results = json.loads(source.read_text(encoding="utf-8"))
    for name, draw in DRAWN.items():
        (folder / f"{name}.svg").write_text(draw(results), encoding="utf-8")
        print(f"{name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
