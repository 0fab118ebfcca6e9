"""The same with the other compiler."""

import unittest

from test_standalone import Standalone


class WithClang(Standalone):
    compiler = "clang++"


del Standalone

if __name__ == "__main__":
    unittest.main()
