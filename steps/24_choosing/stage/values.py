"""What the note quotes of the recorded run: report/recorded.json."""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.append(str(HERE / "report"))
from items import BULK_BYTES
from report import number, size_name

ITEMS = json.loads((HERE / "report" / "recorded.json").read_text(encoding="utf-8"))["items"]


LONGEST = BULK_BYTES[-1]


def median(item, unit, where="near"):
    return lambda: number(ITEMS[item][where]["p50"] / unit)


def memcpy_faster():
    """Up to which length memcpy is faster than in place."""
    def ns(transport, size):
        return ITEMS[f"{transport}, {size}"]["near"]["p50"]
    return size_name(max(size for size in BULK_BYTES
                         if ns("memcpy", size) < ns("bulk-in-place", size)))


MS, US = 1_000_000, 1000  # ns
VALUES = {"pipe_apart": median("pipe, apart", US),
          "pipe_together": median("pipe, together", US),
          "in_place_near": median(f"bulk-in-place, {LONGEST}", MS),
          "in_place_far": median(f"bulk-in-place, {LONGEST}", MS, "far"),
          "memcpy_far": median(f"memcpy, {LONGEST}", MS, "far"),
          "memcpy_faster": memcpy_faster}
