"""The steps, as the folders and the notes' front matter declare them."""

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("SUCHFOO_BUILD", ROOT / "build"))
LEAST_MUTANTS = 2


class NotWhole(Exception):
    """A step's note lacks what its front matter has to say."""


def front_matter(path):
    """The `key: value` lines between the two `---` lines at a note's top."""
    match = re.match(r"---\n(.*?)\n---\n", path.read_text(encoding="utf-8"), re.S)
    found = dict(re.findall(r"^(\w+): *(.+?) *$", match[1], re.M)) if match else {}
    for key in ("title", "minutes", "outcome", "points"):
        if key not in found:
            raise NotWhole(f"{path.name} has no {key} in its front matter")
    for key in ("minutes", "points"):
        if not found[key].isdigit():
            raise NotWhole(f"{path.name} has {key} that are no number")
    return found


def libraries(source):
    """The compiler's words for the libraries that a source file says it needs."""
    said = re.findall(r"^// Libraries: ([a-z ]+)$", source.read_text(encoding="utf-8"), re.M)
    return [f"-l{name}" for line in said for name in line.split()]


@dataclass(frozen=True)
class Step:
    name: str  # "03_missing_file"
    title: str = ""
    minutes: int = 0
    outcome: str = ""  # "works", "fails cleanly", "dies of SIGBUS"
    points: int = 0
    lab_none: str = ""  # why it has no lab

    @property
    def number(self):
        return self.name[:2]

    @property
    def folder(self):
        return ROOT / "steps" / self.name

    @property
    def stage(self):
        return self.folder / "stage"

    @property
    def note(self):
        return ROOT / "notes" / f"{self.name}.md"

    @property
    def test(self):
        return ROOT / "tests" / f"{self.name}_test.cpp"

    @property
    def mutants(self):
        return sorted((ROOT / "tests" / "mutants" / self.name).glob("*.patch"))

    @property
    def has_lab(self):
        return any((self.folder / "lab").glob("*.hpp"))

    @property
    def libraries(self):
        """What its program is built with besides, as main.cpp says: "// Libraries: atomic", or
        "// Module: suchfoo", a module of the distribution's Python."""
        main = self.folder / "main.cpp"
        if not re.search("^// Module: ", main.read_text(encoding="utf-8"), re.M):
            return libraries(main)
        include = subprocess.run(["/usr/bin/python3", "-c", "import sysconfig; print(sysconfig.get_path('include'))"],
                                 capture_output=True, text=True).stdout.strip()
        # Python is not built with sanitizers, and would not load a module that is.
        return [f"-I{include}", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-sanitize=all"]

    @property
    def lacks(self):
        """What this machine lacks for it, and how to get that, as main.cpp says: "// Needs:
        hiredis/hiredis.h, sh common/setup.sh extras". Empty if it lacks nothing."""
        needs = re.search(r"^// Needs: (\S+), (.+)$", (self.folder / "main.cpp").read_text(encoding="utf-8"), re.M)
        if not needs or any((Path(at) / needs[1]).exists() for at in ("/usr/include", "/usr/local/include")):
            return ""
        return f"{self.name} needs {needs[1]}: {needs[2]}"

    def sources(self):
        """The lesson's headers and its programs; not the lab's."""
        return sorted(path for path in self.folder.rglob("*.?pp")
                      if "lab" not in path.relative_to(self.folder).parts)


def read_step(name):
    """The step `name`. Raises NotWhole if its note does not say what it has to."""
    note = ROOT / "notes" / f"{name}.md"
    if not note.is_file():
        raise NotWhole(f"it has no notes/{name}.md")
    about = front_matter(note)
    lab = about.get("lab", "")
    return Step(name, about["title"], int(about["minutes"]), about["outcome"],
                int(about["points"]), lab.removeprefix("none").strip(" ,;:"))


def missing_parts(name):
    """What a step lacks, each in a few words."""
    step = Step(name)
    try:
        step = read_step(name)
    except NotWhole as lack:
        yield str(lack)
    for path in (step.folder / "main.cpp", step.test, step.stage / "drive.py",
                 step.stage / "transcript.txt"):
        if not path.is_file():
            yield f"it has no {path.relative_to(ROOT)}"
    if not any(path.suffix == ".hpp" for path in step.sources()):
        yield f"it has no lesson header in steps/{name}/"
    handout = (ROOT / "HANDOUT.md").exists()  # which comes without mutants
    if len(step.mutants) < LEAST_MUTANTS and not handout:
        yield f"it has {len(step.mutants)} mutants in tests/mutants/{name}/, not {LEAST_MUTANTS}"
    if not step.has_lab and not step.lab_none:
        yield (f"it has no steps/{name}/lab/, nor a reason: a line \"lab: none, REASON\" in its "
               "note's front matter")


def folders():
    """The names of all steps, the half-made ones too: whatever part of them is there."""
    found = {path.name for path in (ROOT / "steps").glob("[0-9][0-9]_*") if path.is_dir()}
    found |= {path.stem for path in (ROOT / "notes").glob("[0-9][0-9]_*.md")}
    return sorted(found)


@lru_cache(maxsize=None)
def all_steps():
    """The steps that have all their parts; what is half made is said once and passed over."""
    steps = []
    for name in folders():
        lacks = list(missing_parts(name))
        if lacks:
            print(f"{name} is half made and passed over: {'; '.join(lacks)}", file=sys.stderr)
        else:
            steps.append(read_step(name))
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


def load(path):
    """A step's drive.py, picture.py or values.py, as a module; it may import what is
    beside it."""
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    name = f"{path.parents[1].name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    """Says what each step lacks: a line each. The gate calls this."""
    lines = [f"{name}: {lack}" for name in folders() for lack in missing_parts(name)]
    for line in lines:
        print(line, file=sys.stderr)
    print(f"steps: {len(folders())}, {len(lines)} parts missing")
    return bool(lines)
