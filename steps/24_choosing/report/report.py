"""What a run found: as results, as a table, and beside an older run."""

import json
import statistics

from blocks import far_limit, paired, summary
from items import IDLE_MS

MOST_SHOWN = 1000  # anchors in the results: enough for a picture

# Which of two items takes longer, and how many times, within one round.
PAIRS = [
    ("what the harness adds", "bare", "threads"),
    ("a file, to threads", "threads", "file"),
    ("shm_open, to threads", "threads", "shm_open"),
    ("memfd, to threads", "threads", "memfd"),
    ("a polled pipe, to a mapping", "shm_open", "pipe-polled"),
    ("Boost's queue polled, to a mapping", "shm_open", "boost-queue-polled"),
    ("iceoryx polled, to a mapping", "shm_open", "iceoryx-polled"),
    ("AF_UNIX polled, to a mapping", "shm_open", "unix-polled"),
    ("a blocking pipe pinned apart, to a mapping", "shm_open", "pipe, apart"),
    ("a ring with one word in flight, to a mapping", "shm_open", "ring"),
    ("spin then sleep, to a mapping", "shm_open", "spin-then-sleep"),
    ("a stream in a plain ring, to step 16's", "stream-ring", "stream-plain"),
    ("the same, to step 16's in batches of 32", "stream-ring-batches", "stream-plain"),
    ("a stream in Boost's spsc_queue, to step 16's", "stream-ring", "stream-spsc"),
    ("Boost's spsc_queue, to step 16's in batches of 32", "stream-ring-batches",
     "stream-spsc"),
    ("a stream of 8 bytes in Boost's spsc_queue, to step 16's", "stream-ring-8",
     "stream-spsc-8"),
    ("a seqlock's 56 bytes, to an atomic's 8, no writer", "atomic-quiet", "seqlock-quiet"),
    ("a mutex's 56 bytes, to a seqlock's, no writer", "seqlock-quiet", "mutex-quiet"),
    ("a seqlock's 56 bytes, to an atomic's 8, with a writer", "atomic-written",
     "seqlock-written"),
    ("a mutex's 56 bytes, to a seqlock's, with a writer", "seqlock-written",
     "mutex-written"),
    ("64 MiB copied in and out, to in place", "bulk-in-place, 67108864",
     "bulk-copied, 67108864"),
    ("memcpy of 64 MiB, to in place", "bulk-in-place, 67108864", "memcpy, 67108864"),
    ("AF_UNIX with 64 MiB, to in place", "bulk-in-place, 67108864", "bulk-unix, 67108864"),
    ("a pipe with 64 MiB, to in place", "bulk-in-place, 67108864", "bulk-pipe, 67108864"),
]


def results(items, run, machine, load):
    """All that a run found; the fields are described in the note of step 24."""
    blocks = run.blocks
    limit = far_limit(blocks)
    found = {}
    for item in items:
        mine = [block for block in blocks if block.item == item.name]
        accepted = [block for block in mine if block.accepted]
        near = [block for block in accepted if block.anchor <= limit]
        found[item.name] = {
            "class": item.group, "transport": item.transport, "placement": item.placement,
            "bytes": item.bytes, "batch": item.batch,
            "problem": run.problems.get(item.name),
            "verified": run.verified.get(item.name),
            "rejected": len(mine) - len(accepted),
            "near": summary(near),
            "far": summary([block for block in accepted if block.anchor > limit]),
            "unquotable": None if near else summary(mine),
        }
    pairs = {name: {"one": one, "other": other, "near": paired(blocks, one, other, limit)}
             for name, one, other in PAIRS}
    return {
        "machine": machine,
        "load before": round(load, 2),
        "units": "ns a round trip of 8 bytes; in the class bulk ns from the first byte's "
                 "filling to the last one's verification",
        "far from (ns)": limit,
        "items": found,
        "pairs": pairs,
        "anchors": [[round(block.when, 2), *(round(ns, 1) for ns in block.anchors)]
                    for block in evenly(sorted(blocks, key=lambda block: block.when))],
    }


def as_json(results):
    """One item a line."""
    def lines(value, depth=0):
        if depth < 2 and isinstance(value, dict) and dict in map(type, value.values()):
            inner = [f"{json.dumps(key)}: {lines(part, depth + 1)}" for key, part in value.items()]
            return "{\n" + ",\n".join(inner) + "\n}"
        return json.dumps(value)
    return lines(rounded(results)) + "\n"


def rounded(value):
    """Four significant digits: one more than any table shows."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, (list, tuple)) else value


def evenly(blocks):
    """At most MOST_SHOWN of them, from all of the run."""
    return blocks[::-(-len(blocks) // MOST_SHOWN) or 1]


def number(value):
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def row(item, short):
    found = item["near"] or item["unquotable"] or item["far"]
    low, middle, high = map(number, found["ratio"])
    cells = ["-" if found[key] is None else number(found[key])
             for key in ("p50", "p99", "p99.9")]
    cells += [f"{middle} ({low} to {high})", number(found["cpu"])]
    if short:
        cells = [cells[0], middle, cells[-1]]
    if not item["near"]:
        cells = [f"[{cell}]" for cell in cells]
    if short:
        return cells
    counts = [item["near"]["blocks"] if item["near"] else 0, item["rejected"],
              item["far"]["blocks"] if item["far"] else 0]
    return cells + [" + ".join(map(str, counts))]


COLUMNS = ["p50", "p99", "p99.9", "times the anchor (middle half)", "CPU time", "blocks"]


def batches(items):
    """What a sample is, where it is not one round trip."""
    sizes = statistics.multimode(item["batch"] for _, item in items)
    others = [f"{name}: {item['batch']:,}" for name, item in items if item["batch"] != sizes[0]]
    return "" if sizes == [1] and not others else (
        f"; a sample is the mean of {', '.join([f'{sizes[0]:,}', *others])}")


WHAT = {"idle": f"ns of CPU time that a side uses while nothing comes for {IDLE_MS} ms",
        "streaming": "ns a message, of a thousand and more in one direction",
        "reading": "ns a read of what the other side leaves alone, or changes every 1,000 ns"}


def round_trip_table(group, items, short):
    columns = ["transport", *(("p50", "times the anchor", "CPU time") if short else COLUMNS)]
    told = "" if short else batches(items)
    what = WHAT.get(group, "ns for 8 bytes there and back")
    lines = [f"**{group.capitalize()}**, {what}{told}", "",
             "| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + [f"| {name} | " + " | ".join(row(item, short)) + " |"
                    for name, item in items if item["near"] or item["unquotable"]]


def bulk_table(items):
    sizes = sorted({item["bytes"] for _, item in items})
    lines = ["**Bulk**, bytes to the other process, and word back that all are verified, GB/s", "",
             "| transport | " + " | ".join(size_name(size) for size in sizes) + " |",
             "| --- |" + " --- |" * len(sizes)]
    for transport in dict.fromkeys(item["transport"] for _, item in items):
        cells = []
        for size in sizes:
            item = next(i for _, i in items
                        if (i["transport"], i["bytes"]) == (transport, size))
            found = item["near"] or item["unquotable"]
            cell = number(size / found["p50"]) if found else "-"
            cells.append(cell if item["near"] or not found else f"[{cell}]")
        lines.append(f"| {transport} | " + " | ".join(cells) + " |")
    return lines


def size_name(size):
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} GiB"


def pair_table(results):
    pairs = [(name, pair["near"]) for name, pair in results["pairs"].items() if pair["near"]]
    return ["**How many times longer**, from pairs of the same round", "",
            "| | times (middle half) |", "| --- | --- |",
            *(f"| {name} | {middle:.3g} ({low:.3g} to {high:.3g}) |"
              for name, (low, middle, high) in pairs), ""] if pairs else []


def class_table(results, group, short=False):
    items = [(name, item) for name, item in results["items"].items()
             if item["class"] == group]
    return bulk_table(items) if group == "bulk" else round_trip_table(group, items, short)


def markdown(results, short=False):
    """The whole report as a Markdown page, or the tables only."""
    lines = []
    anchors = [ns for _, *both in results["anchors"] for ns in both]
    if not short:
        about = {**results["machine"], "load before": results["load before"]}
        lines += ["; ".join(f"{key}: {value}" for key, value in about.items()), ""]
    if anchors and not short:
        lines += [f"The anchor, one cache line between two threads, took from "
                  f"{number(min(anchors))} to {number(max(anchors))} ns there and back, in "
                  f"the middle {number(statistics.median(anchors))}. Blocks: accepted + "
                  "rejected, as the anchor moved or a side had to wait for its CPU + far, as the "
                  f"anchor took more than {number(results['far from (ns)'])} ns. In "
                  "brackets: no block that is accepted and not far; not to be quoted.", ""]
    for group in dict.fromkeys(item["class"] for item in results["items"].values()):
        lines += [*class_table(results, group, short), ""]
    if not short:
        lines += pair_table(results)
    absent = {}
    for name, item in results["items"].items():
        if item["problem"]:
            absent.setdefault(item["problem"], []).append(name)
    lines += [f"Without {'; '.join(names)}: {problem}." for problem, names in absent.items()]
    if short:
        lines += ["In brackets: the anchor moved, or somebody else was given a CPU; not to "
                  "be quoted.", ""]
    lines.append(verification(results["items"]))
    return "\n".join(lines) + "\n"


def verification(items):
    """Whose bytes were verified: as the workers say."""
    says = {name: item["verified"] for name, item in items.items()
            if item["verified"] is not None}
    if not any(says.values()):
        return "Nothing was verified."
    but = sorted({items[name]["transport"] for name, yes in says.items() if not yes})
    return ("Every byte of every message was verified by the side that received it"
            + (f", but for {' and '.join(but)}." if but else "."))


FEWEST = 12  # blocks that quartiles are compared of


def comparison(old, new):
    """What changed beyond the noise: the middle halves of the blocks do not meet. What
    spins is compared in anchors, since both go with the cache line; the rest in ns."""
    lines = []
    too_few = 0
    if old["machine"] != new["machine"]:
        lines.append("The machines, or what is on them, differ:")
        lines += [f"  {key}: {old['machine'].get(key)} -> {value}"
                  for key, value in new["machine"].items() if old["machine"].get(key) != value]
    for name, item in new["items"].items():
        before, after = old["items"].get(name, {}).get("near"), item["near"]
        if not before or not after:
            continue
        if min(before["blocks"], after["blocks"]) < FEWEST:
            too_few += 1
            continue
        key, unit = (("ratio", "times the anchor") if item["class"] == "spinning"
                     else ("ns", "ns"))
        was, now = before[key], after[key]
        if now[0] > was[2] or now[2] < was[0]:
            lines.append(f"{name}: {number(was[1])} -> {number(now[1])} {unit} "
                         f"({now[1] / was[1] - 1:+.0%})")
    lines = lines or ["Nothing changed beyond the noise."]
    if too_few:
        lines.append(f"Too few blocks to tell: {too_few} items.")
    return "\n".join(lines)
