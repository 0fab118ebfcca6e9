"""The pictures of the recorded run: report/recorded.json."""

import json
from functools import partial
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.append(str(HERE / "report"))
from plots import DRAWN

RECORDED = json.loads((HERE / "report" / "recorded.json").read_text(encoding="utf-8"))
PICTURES = {name: partial(draw, RECORDED) for name, draw in DRAWN.items()}
