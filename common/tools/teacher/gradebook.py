"""What became of each student, in students/NAME: grade.json, from which a later run goes on, and
results.json, in Gradescope's form; and of the class: grades.csv, and what it missed most."""

import collections
import csv
import json
import sys
import tempfile
from pathlib import Path

from shared.overlay import fail, made, shown
from teacher import sandbox
from teacher.submissions import readable


def record(folder):
    """{step: {"rows": Exercise.rows(), …}} of all that was ever graded of a student."""
    path = folder / "grade.json"
    try:
        steps = json.loads(path.read_text(encoding="utf-8"))["steps"] if path.exists() else {}
        return {step: entry for step, entry in steps.items() if points([entry])}  # whose rows are as they should be
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        print(f"{readable(str(path))} cannot be read, and is done again", file=sys.stderr)
        return {}


def keep(folder, record):
    """Writes a student's files, each whole or not at all."""
    made(folder)
    for name, data in (("grade.json", {"student": readable(folder.name), "steps": record}),
                       ("results.json", as_gradescope(record))):
        draft = folder / f"{name}.new"
        draft.write_text(json.dumps(data, indent=1), encoding="utf-8")
        draft.replace(folder / name)


def as_gradescope(record):
    tests = []
    for step, entry in sorted(record.items()):
        for name, score, most, text in entry["rows"]:
            points = ({"status": "failed" if text else "passed"} if score is None else
                      {"score": round(score, 4), "max_score": round(most, 4)})
            tests.append({"name": f"{step}: {name}", **points, "output": text, "visibility": "visible"})
    # With no case at all, there would be no score.
    return {"tests": tests, "visibility": "visible", "output": f"isolation: {sandbox.description()}",
            **({} if tests else {"score": 0})}


def points(entries):
    """The points of some entries of a record, and how many there could be."""
    rows = [row for entry in entries for row in entry["rows"]]
    return sum(row[1] or 0 for row in rows), sum(row[2] or 0 for row in rows)


def csv_row(name, record, steps):
    """A student's line; a "?" where nothing is settled."""
    name = readable(name)
    total, most = points(record.values())
    return ["'" * name.startswith(tuple("=+-@")) + name,  # a name, and no formula
            *("" if step not in record else "?" if not record[step].get("fingerprint") else
              f"{points([record[step]])[0]:.2f}" for step in steps), f"{total:.2f}", f"{most:g}"]


def merge(out):
    """Writes the CSV, whole or not at all, of all that was graded into a folder, and tells what was
    missed most."""
    records = {folder.name: known for folder in sorted(out.glob("students/*")) if (known := record(folder))}
    if not records:
        fail(f"{shown(out)}: nothing has been graded into it", 2)
    steps = sorted({step for known in records.values() for step in known})
    with tempfile.NamedTemporaryFile("w", dir=out, prefix=".grades-", newline="", encoding="utf-8",
                                     delete=False) as file:
        writer = csv.writer(file)
        writer.writerow(["student", *steps, "total", "of"])
        writer.writerows(csv_row(name, known, steps) for name, known in records.items())
    Path(file.name).replace(out / "grades.csv")
    missed = collections.Counter(
        f"{step}: {row[0]}" for known in records.values() for step, entry in known.items()
        for row in entry["rows"] if row[3] and not row[3].startswith(("nothing", "the skeleton")))
    print("most often missed:")
    for name, times in missed.most_common(10):
        print(f"  {times:>4} of {len(records)}  {name}")
    print(f"wrote {shown(out / 'grades.csv')}")
    return 0
