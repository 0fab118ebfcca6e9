"""The steps, as the folders and the notes' front matter declare them."""

import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("SUCHFOO_BUILD", ROOT / "build"))


def front_matter(path):
    """The `key: value` lines between the two `---` lines at a note's top."""
    match = re.match(r"---\n(.*?)\n---\n", path.read_text(encoding="utf-8"), re.S)
    if not match:
        raise ValueError(f"{path}: no front matter")
    return dict(re.findall(r"^(\w+): *(.+?) *$", match.group(1), re.M))


@dataclass(frozen=True)
class Step:
    name: str  # "03_missing_file"
    title: str
    minutes: int
    outcome: str  # "works", "fails cleanly", "dies of SIGBUS"
    points: int

    @property
    def number(self):
        return self.name[:2]

    @property
    def folder(self):
        return ROOT / "steps" / self.name

    @property
    def note(self):
        return ROOT / "notes" / f"{self.name}.md"

    @property
    def headers(self):
        return sorted(path.name for path in self.folder.glob("*.hpp"))


def load(path):
    """A step's drive.py, picture.py or values.py, as a module; it may import what is
    beside it."""
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    name = f"{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def all_steps():
    steps = []
    for folder in sorted((ROOT / "steps").glob("[0-9][0-9]_*")):
        about = front_matter(ROOT / "notes" / f"{folder.name}.md")
        steps.append(Step(folder.name, about["title"], int(about["minutes"]),
                          about["outcome"], int(about["points"])))
    return steps


def find_steps(text):
    """The steps that a list like "03 05" or "3,5" names, in order; else exits with 2."""
    found = {find_step(number).name for number in re.findall(r"[^\s,]+", text)}
    return [step for step in all_steps() if step.name in found]


def find_step(number):
    """The step that "03", "3" or "03_missing_file" names; else exits with 2."""
    steps = all_steps()
    for step in steps:
        if number in (step.name, step.number) or number.zfill(2) == step.number:
            return step
    numbers = " ".join(step.number for step in steps)
    print(f"no step {number!r}; the steps are {numbers}", file=sys.stderr)
    sys.exit(2)
