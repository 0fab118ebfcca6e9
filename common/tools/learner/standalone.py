"""Writes a step's program, with all that it includes of ours, as one file:
build/standalone/NN_name.cpp, which `g++ -std=c++20` compiles by itself."""

import re
import sys

from shared.steps import BUILD, ROOT, all_steps, find_step

OURS = re.compile(r'^#include "(.*)"\n', re.M)
SYSTEM = re.compile(r"^#include <.*>\n", re.M)
MARKS = re.compile(r"^[ \t]*(?:#pragma once|// #(?:end)?region .*)\n", re.M)
# Between these, an include belongs to one kind of machine, and stays where it is.
CONDITIONAL = re.compile(r"(^#if .*?^#endif\n)", re.M | re.S)
RULE = "// " + "-" * 85


def find(name):
    for folder in (ROOT / "steps", ROOT):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(name)


def parts(path, seen):
    """The files that `path` needs, each once and before its users, `path` last."""
    seen.add(path)
    for name in OURS.findall(path.read_text(encoding="utf-8")):
        included = find(name)
        if included not in seen:
            yield from parts(included, seen)
    yield path


def standalone(step):
    main = step.folder / "main.cpp"
    system = set()
    bodies = []
    for path in parts(main, set()):
        text = path.read_text(encoding="utf-8")
        pieces = CONDITIONAL.split(text)  # every second one is conditional
        system.update(include for piece in pieces[::2] for include in SYSTEM.findall(piece))
        pieces[::2] = [SYSTEM.sub("", OURS.sub("", piece)) for piece in pieces[::2]]
        body = MARKS.sub("", "".join(pieces))
        body = re.sub(r"\n{3,}", "\n\n", body).strip("\n")
        bodies.append(f"{RULE}\n// {path.relative_to(ROOT)}\n{RULE}\n\n{body}\n")
    licence = re.search(r"^Copyright .*$", (ROOT / "LICENSE").read_text(encoding="utf-8"), re.M)[0]
    top = (f"// {step.name}.cpp: step {step.number} of suchfoo, in one file. "
           f"MIT licence. {licence}.\n"
           f"// Compile: {' '.join(['g++ -std=c++20', f'{step.name}.cpp -o {step.name}', *step.libraries])}\n")
    return "\n".join([top, "".join(sorted(system)), *bodies])


def write(step, folder=None):
    folder = folder or BUILD / "standalone"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{step.name}.cpp"
    path.write_text(standalone(step), encoding="utf-8")
    return path


def main():
    for step in [find_step(sys.argv[1])] if len(sys.argv) > 1 else all_steps():
        path = write(step)
        print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
    return 0
