"""Step 24's harness: its arithmetic on known samples. The gate tests what becomes of
workers (tests/gates/bench.py)."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from tool import ROOT

sys.path.insert(0, str(ROOT / "steps" / "24_choosing" / "report"))
import bench
import machine
import report
from blocks import Block, far_limit, paired, percentile, quartiles, summary, tail
from items import Item


def block(item="a", anchors=(100, 100), samples=(1000,), number=0, batch=10, cpu=50, **more):
    return Block(item, number, number, anchors, batch, list(samples), cpu, **more)


class Percentiles(unittest.TestCase):
    def test_they_are_samples_by_their_rank(self):
        samples = list(range(1000, 0, -1))
        self.assertEqual(percentile(samples, 50), 500)
        self.assertEqual(percentile(samples, 99), 990)
        self.assertEqual(percentile(samples, 99.9), 999)
        self.assertEqual(percentile(samples, 100), 1000)
        self.assertEqual(percentile(samples, 0), 1)

    def test_few_samples(self):
        self.assertEqual(percentile([7], 99.9), 7)
        self.assertEqual(percentile([3, 1], 50), 1)
        self.assertEqual(percentile([3, 1], 51), 3)
        self.assertEqual(quartiles([4, 1, 3, 2]), [1, 2, 3])

    def test_a_tail_of_less_than_ten_samples_is_not_told(self):
        self.assertEqual(tail(range(1, 1001), 99), 990)
        self.assertIsNone(tail(range(1, 1000), 99))
        self.assertEqual(tail(range(1, 10001), 99.9), 9990)
        self.assertIsNone(tail(range(1, 10000), 99.9))


class Blocks(unittest.TestCase):
    def test_a_block_is_rejected_when_its_anchor_moved_by_more_than_a_fifth(self):
        for anchors in ((100, 100), (100, 120), (120, 100)):
            self.assertTrue(block(anchors=anchors).accepted, anchors)
        for anchors in ((100, 121), (121, 100), (40, 400)):
            self.assertFalse(block(anchors=anchors).accepted, anchors)

    def test_a_block_is_rejected_when_a_side_waited_for_its_cpu(self):
        samples = (1000,) * 10
        for waited, accepted in ((0, True), (500, True), (501, False)):
            for group in ("spinning", "polling", "bulk"):
                one = block(samples=samples, waited=waited, group=group)
                self.assertEqual(one.accepted, accepted, (waited, group))
            self.assertTrue(block(samples=samples, waited=waited, group="blocking").accepted)

    def test_a_ratio_is_to_the_block_s_own_anchors(self):
        one = block(anchors=(90, 110), samples=(1900, 2000, 9000), batch=10)
        self.assertEqual(one.median, 200)
        self.assertEqual(one.ratio, 2)

    def test_a_summary_has_the_percentiles_of_all_samples(self):
        said = summary([block(samples=range(10, 5000, 10)), block(samples=range(5000, 10010, 10))])
        self.assertEqual((said["blocks"], said["samples"]), (2, 1000))
        self.assertEqual((said["p50"], said["p99"], said["p99.9"]), (500, 990, None))
        self.assertEqual((said["cpu"], said["ns"]), (50, [250, 250, 750]))
        self.assertIsNone(summary([]))

    def test_far_is_measured_from_an_accepted_anchor_of_the_better_quarter(self):
        blocks = [block(anchors=(10, 100)), block(anchors=(30, 30)), block(anchors=(50, 50)),
                  *(block(anchors=(400, 400)) for _ in range(6))]
        self.assertEqual(far_limit(blocks), 150)
        self.assertEqual(far_limit([]), 0)

    def test_pairs_are_of_one_round_accepted_and_near(self):
        blocks = [block("a", number=0, samples=(1000,)), block("b", number=0, samples=(2000,)),
                  block("a", number=1), block("b", number=1, anchors=(100, 200)),
                  block("a", number=2, anchors=(900, 900)),
                  block("b", number=2, anchors=(900, 900), samples=(90000,)),
                  block("b", number=3, samples=(90000,))]
        self.assertEqual(paired(blocks, "a", "b", 300), [2, 2, 2])
        self.assertIsNone(paired(blocks, "a", "c", 300))


class Reports(unittest.TestCase):
    ITEM = Item("shm_open", "spinning", "shm_open")

    def results(self, blocks, problems={}, verified=True):
        run = bench.Found(blocks, problems, {"shm_open": verified} if blocks else {})
        return report.results([self.ITEM], run, {"processor": "known"}, 0.5)

    def test_rejected_blocks_are_counted_and_left_out(self):
        blocks = [block("shm_open", samples=(1000,)),
                  block("shm_open", anchors=(100, 500), samples=(99000,)),
                  block("shm_open", anchors=(800, 800), samples=(8000,))]
        found = self.results(blocks)["items"]["shm_open"]
        self.assertEqual(found["near"]["p50"], 100)
        self.assertEqual((found["near"]["blocks"], found["rejected"]), (1, 1))
        self.assertEqual((found["far"]["blocks"], found["far"]["p50"]), (1, 800))
        self.assertIn("| 1 + 1 + 1 |", report.markdown(self.results(blocks)))

    def test_without_an_accepted_block_figures_are_in_brackets(self):
        blocks = [block("shm_open", anchors=(100, 500))]
        self.assertIn("| shm_open | [100] |", report.markdown(self.results(blocks)))

    def test_what_is_absent_is_named_with_its_reason(self):
        text = report.markdown(self.results([], {"shm_open": "not installed"}))
        self.assertIn("Without shm_open: not installed.", text)

    def test_a_comparison_shows_only_what_is_beyond_the_noise(self):
        def with_ratio(*ratios, times=3):
            return self.results([block("shm_open", samples=(1000 * ratio,), number=number)
                                 for number, ratio in enumerate(ratios * times)])
        old = with_ratio(1.0, 1.1, 1.2, 1.3)
        same = report.comparison(old, with_ratio(1.1, 1.2, 1.3, 1.4))
        self.assertEqual(same, "Nothing changed beyond the noise.")
        slower = report.comparison(old, with_ratio(2.0, 2.1, 2.2, 2.3))
        self.assertRegex(slower, r"^shm_open: 1\.1 -> 2\.1 times the anchor \(\+91%\)$")
        few = report.comparison(old, with_ratio(2.0, 2.1, 2.2, 2.3, times=2))
        self.assertEqual(few, "Nothing changed beyond the noise.\n"
                              "Too few blocks to tell: 1 items.")
        other = dict(old, machine={"processor": "another"})
        self.assertIn("processor: another -> known", report.comparison(other, old))


    def test_what_is_slower_is_compared_in_ns(self):
        # The anchor is twice as long, and a pipe is not.
        def pipe(anchor, ns):
            blocks = [block("shm_open", anchors=(anchor, anchor), samples=(10 * ns,))] * 12
            results = self.results(blocks)
            results["items"]["shm_open"]["class"] = "blocking"
            return results
        self.assertEqual(report.comparison(pipe(50, 4000), pipe(100, 4000)),
                         "Nothing changed beyond the noise.")
        self.assertEqual(report.comparison(pipe(50, 4000), pipe(50, 6000)),
                         "shm_open: 4,000 -> 6,000 ns (+50%)")

    def test_verification_is_claimed_as_the_workers_say(self):
        yes, no = (report.markdown(self.results([block("shm_open")], verified=verified))
                   for verified in (True, False))
        self.assertTrue(yes.endswith("by the side that received it.\n"), yes)
        self.assertTrue(no.endswith("Nothing was verified.\n"), no)
        items = {name: {"transport": name, "verified": name != "bare"}
                 for name in ("bare", "file")}
        self.assertRegex(report.verification(items), "received it, but for bare\\.$")


class Machine(unittest.TestCase):
    def test_two_cpus_are_on_two_cores_of_a_package_with_one_cache(self):
        def chosen(**cpus):  # cpuN: (package, core, the CPUs that share its last cache)
            with tempfile.TemporaryDirectory() as folder:
                for name, (package, core, shared) in cpus.items():
                    for path, text in (("topology/physical_package_id", package),
                                       ("topology/core_id", core),
                                       ("cache/index3/shared_cpu_list", shared)):
                        target = Path(folder, name, path)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_text(str(text), encoding="utf-8")
                with mock.patch("machine.CPUS", Path(folder)), \
                        mock.patch("os.sched_getaffinity", lambda _: {
                            int(name[3:]) for name in cpus}):
                    return machine.two_cpus()
        # A sibling of the same core, another package, another cache, and at last:
        self.assertEqual(chosen(cpu0=(0, 0, "0-2"), cpu1=(0, 0, "0-2"), cpu2=(1, 0, "0-2"),
                                cpu3=(0, 1, "3"), cpu4=(0, 2, "0-2")), (0, 4))
        self.assertEqual(chosen(cpu0=(0, 0, "0"), cpu1=(1, 0, "1"), cpu2=(0, 1, "2")), (0, 2))
        self.assertEqual(chosen(cpu0=(0, 0, "0"), cpu1=(0, 0, "0")), (0, 1))


if __name__ == "__main__":
    unittest.main()
