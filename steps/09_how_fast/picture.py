"""The pictures of the recorded run: results.json, beside this file."""

import json
from functools import partial
from pathlib import Path

from plots import DRAWN

RECORDED = json.loads(Path(__file__).with_name("results.json").read_text())
PICTURES = {name: partial(draw, RECORDED) for name, draw in DRAWN.items()}
