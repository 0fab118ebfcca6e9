"""The whole tour: plain text into a pipe, an honest closing table, and nothing left."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from test_tour import STEPS, Tour, leftovers


class Whole(Tour):
    def test_every_outcome_is_as_declared(self):
        process = self.start()
        out, err = process.communicate(timeout=600)
        self.assertEqual(process.returncode, 0, out + err)
        self.assertNotIn("\x1b", out)
        table = out.splitlines()[-len(STEPS) - 2:]
        for step, row in zip(STEPS, table[1:]):
            self.assertEqual(row.split(), [step.name, *step.outcome.split(),
                                           *step.outcome.split(), "ok"])
        self.assertEqual(table[-1], f"{len(STEPS)} of {len(STEPS)} as declared")
        self.assertEqual(leftovers(self.folder, process.pid), [])


del Tour  # its own tests have run already

if __name__ == "__main__":
    unittest.main()
