"""What is made of measurements: blocks, percentiles, ratios.

A block is one transport's samples between two runs of the anchor. It counts only if the
anchor stood still: figures from different moments compare different hardware.
"""

import statistics
from dataclasses import dataclass, field

MOST_MOVED = 1.2  # how much the larger of two anchors may be of the smaller
MOST_WAITED = 0.05  # of its time that a side may have waited for its CPU
FAR = 3  # times an anchor that is among the run's better ones: a quarter are no larger


def percentile(samples, percent):
    """The smallest sample that at least `percent` of them do not exceed: one of them,
    nothing interpolated (the nearest-rank definition). To a tenth of a percent, and in
    integers: 99.9 / 100 * 1000 is a little more than 999."""
    ordered = sorted(samples)
    rank = -(-len(ordered) * round(10 * percent) // 1000)  # rounded up
    return ordered[max(0, rank - 1)]


@dataclass
class Block:
    item: str
    round: int
    when: float  # seconds since the start of the run
    anchors: tuple  # ns a round trip, before and after
    batch: int  # round trips in a sample
    samples: list = field(repr=False)  # ns a batch
    cpu: float  # ns of CPU time that both sides used for a round trip
    waited: int = 0  # ns in which a side could not run, as others had its CPU
    group: str = "spinning"  # the item's

    @property
    def sleeps(self):
        return self.group in ("blocking", "idle")

    # #region block
    @property
    def accepted(self):
        """Whether the anchor is the same before and after, and sides that never sleep had
        their CPUs for themselves."""
        steady = max(self.anchors) <= MOST_MOVED * min(self.anchors)
        alone = self.waited <= MOST_WAITED * sum(self.samples)
        return steady and (alone or self.sleeps)

    @property
    def anchor(self):
        return statistics.mean(self.anchors)

    @property
    def median(self):
        """ns a round trip."""
        return percentile(self.samples, 50) / self.batch

    @property
    def ratio(self):
        """How many anchors a round trip takes: what was measured at the same moment."""
        return self.median / self.anchor
    # #endregion block


def tail(samples, percent):
    """The percentile, if ten samples or more are beyond it; None if that says little."""
    enough = len(samples) * (1000 - round(10 * percent)) >= 10 * 1000
    return percentile(samples, percent) if enough else None


def far_limit(blocks):
    """The anchor, in ns, from which on a run's CPUs count as far from each other."""
    anchors = [block.anchor for block in blocks if block.accepted]
    return FAR * percentile(anchors, 25) if anchors else 0


def quartiles(values):
    """The 25th, 50th and 75th percentile."""
    return [percentile(values, percent) for percent in (25, 50, 75)]


def summary(blocks):
    """What blocks of one item say together; None if there are none."""
    if not blocks:
        return None
    each = [sample / block.batch for block in blocks for sample in block.samples]
    return {
        "blocks": len(blocks),
        "samples": len(each),
        "p50": percentile(each, 50),
        "p99": tail(each, 99),
        "p99.9": tail(each, 99.9),
        "cpu": percentile([block.cpu for block in blocks], 50),
        "ns": quartiles([block.median for block in blocks]),
        "ratio": quartiles([block.ratio for block in blocks]),
    }


def paired(blocks, one, other, limit):
    """The quartiles of how many times longer `other` takes than `one`, from the rounds
    in which both have an accepted block below `limit`; None if there are none."""
    def by_round(name):
        rounds = {}
        for block in blocks:
            if block.item == name and block.accepted and block.anchor <= limit:
                rounds.setdefault(block.round, []).append(block.ratio)
        return {number: statistics.median(ratios) for number, ratios in rounds.items()}
    ones, others = by_round(one), by_round(other)
    ratios = [others[number] / ones[number] for number in ones.keys() & others]
    return quartiles(ratios) if ratios else None
