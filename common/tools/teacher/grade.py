"""Grades labs: one `work/` folder, or a folder of submissions.

The steps' own tests are the judge. A student's code is compiled and run in a sandbox
(sandbox.py), over a tree without the reference header of the step in hand, and with
the reference for all other steps: one bug does not sink eight steps.
"""

import argparse
import collections
import csv
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from learner import lab
from shared import overlay
from teacher.sandbox import MIB, Limits, Sandbox, Stopped, description
from shared.steps import BUILD, ROOT, all_steps, find_steps

COMPILE = Limits(seconds=60, memory=2048 * MIB)
RUN = Limits(seconds=float(os.environ.get("SUCHFOO_RUN_SECONDS", 12)), memory=1024 * MIB)
LARGEST = 256 * 1024  # bytes of a header that a student hands in


def weights(step, names):
    """The points of each behaviour. Those that run the program, which are harder to
    forge, weigh at least half, where there are any."""
    program = [name for name in names if name.startswith("program:")]
    header = [name for name in names if not name.startswith("program:")]
    share = max(0.5, len(program) / len(names)) if program and header else 1.0
    points = {}
    for group, part in ((program, share if program else 0),
                        (header, 1 - share if program else 1)):
        for name in group:
            points[name] = step.points * part / len(group)
    return {name: points[name] for name in names}


def behaviours(step):
    """The names of the step's behaviours, as the reference's tests list them."""
    return overlay.case_names(BUILD, step, "--test-suite=lab")


def handed_in(folder, step):
    """The headers of `step` in a student's folder: regular files of a sane size."""
    files = {}
    place = folder / step.name
    if place.is_symlink() or not place.is_dir():
        return files
    for path in sorted(place.glob("*.hpp")):
        if not path.is_symlink() and path.is_file() and path.stat().st_size <= LARGEST:
            files[path.name] = path.read_bytes()
    return files


def fill_tree(tree, step, files):
    """The tree that is graded: the reference's headers but those of `step`'s lab, the
    programs, the step's tests, the plumbing, and the student's headers."""
    hidden = lab.lab_headers(step)
    # The cases that run the program are judged by the reference's own test program: the
    # student's code is in the program only.
    shutil.copy(BUILD / "tests" / f"{step.name}_test", tree / "reference_test")
    for other in all_steps():
        target = tree / "steps" / other.name
        target.mkdir(parents=True)
        for path in other.sources():
            if other.name != step.name or path.name not in hidden:
                place = target / path.relative_to(other.folder)
                place.parent.mkdir(exist_ok=True)
                shutil.copy(path, place)
    for folder, pattern in (("common", "*.hpp"), ("tests", "*.hpp"),
                            ("tests", f"{step.name}_test.cpp")):
        (tree / folder).mkdir(exist_ok=True)
        for path in (ROOT / folder).glob(pattern):
            shutil.copy(path, tree / folder)
    (tree / "work" / step.name).mkdir(parents=True)
    for name, content in files.items():
        (tree / "work" / step.name / name).write_bytes(content)


def outside(dependencies, tree):
    """A file that the compiler read and should not have: neither the tree's nor the
    system's."""
    for name in re.sub(r"\\\n", " ", dependencies).partition(":")[2].split():
        path = (tree / name).resolve()
        if not path.is_relative_to(tree) and not str(path).startswith("/usr/"):
            return name
    return None


def link_or_copy(source, target):
    try:
        target.hardlink_to(source)
    except (OSError, AttributeError):  # another file system; Python 3.9
        shutil.copy(source, target)


def build(sandbox, step):
    """Compiles the tests and the programs they run. Returns what is wrong, or None."""
    ready = sandbox.tree / "prepared"
    ready.mkdir()
    for path in overlay.prepared().iterdir():
        link_or_copy(path, ready / path.name)
    for folder in ("tests", "steps"):
        sandbox.make(sandbox.out / folder)
    includes = ["-Iwork", "-Isteps", "-I."]
    for words in overlay.commands(step, includes, sandbox.out, ready):
        needs = Path(f"{words[-1]}.d")  # what the compiler has read
        ended = sandbox.run([*overlay.COMPILER, *overlay.FLAGS, *words, "-MD", "-MF",
                             str(needs)], COMPILE)
        if needs.exists():
            foreign = outside(needs.read_text(encoding="utf-8", errors="replace"), sandbox.tree)
            if foreign:
                return f"it includes {foreign}, which is not part of the exercise"
        if ended.ended_by:
            return f"{BUSY}: too much {ended.ended_by}"
        if ended.status != 0:
            return lab.explain_build(ended.output)
    return None


def run_behaviour(sandbox, step, name):
    """Runs one behaviour. Returns whether it passed, and what to say if not."""
    word = secrets.token_hex(16)
    judge = (sandbox.tree / "reference_test" if name.startswith("program:")
             else overlay.test_program(sandbox.out, step))
    ended = sandbox.run([str(judge), f"--test-case={name}"], RUN,
                        env={"SUCHFOO_VERDICT": word, "SUCHFOO_PROGRAMS": str(sandbox.out / "steps")})
    output = ended.output
    if ended.ended_by == "output":
        return False, "it printed more than a mebibyte, and was ended"
    if ended.ended_by == "time":
        return False, f"still running after {RUN.seconds:g} s"
    number = -ended.status if ended.status < 0 else ended.status - 128
    if number in set(signal.Signals):
        output += f"\nkilled by {signal.Signals(number).name}\n"
    if ended.status == 0 and word in output:
        return True, ""
    if ended.status == 0:
        output += "\nthe program ended before the test did\n"
    return False, "\n".join(lab.explain_case(output))


def discover(sandbox, step, names):
    """Lets the test program list its cases, which runs all that runs before main.
    Returns what is wrong, or None."""
    ended = sandbox.run([overlay.test_program(sandbox.out, step), "--list-test-cases"], RUN)
    if ended.ended_by:
        return (f"before the first test, it took too much {ended.ended_by} and was ended: "
                "look at what runs before main")
    if ended.status != 0 or not set(names) <= set(ended.output.splitlines()):
        return "the program ended before the first test: look at what runs before main"
    return None


def grade_step(folder, step):
    """[(behaviour, points, most points, what went wrong)] of one step."""
    names = behaviours(step)
    points = weights(step, names)
    files = handed_in(folder, step)
    if not files:
        return [(name, 0.0, points[name], "nothing handed in") for name in names]
    with Sandbox() as sandbox:
        fill_tree(sandbox.tree, step, files)
        problem = build(sandbox, step)
        sandbox.freeze()
        problem = problem or discover(sandbox, step, names)
        rows = []
        for name in names:
            passed, text = (False, problem) if problem else run_behaviour(sandbox, step, name)
            rows.append((name, points[name] if passed else 0.0, points[name], text))
        return rows


FAILED = "the grader failed"
BUSY = "the compiler was ended"


def is_final(results):
    """Whether the grade says something of the work, and not of the machine."""
    return not any(text.startswith((FAILED, BUSY))
                   for rows in results.values() for *_, text in rows)


def grade(folder, steps):
    """Every step of one student: {step name: rows}. A disaster is that student's."""
    results = {}
    for step in steps:
        try:
            results[step.name] = grade_step(folder, step)
        except Exception as error:  # whatever they did, the others are graded
            names = behaviours(step)
            points = weights(step, names)
            results[step.name] = [(name, 0.0, points[name], f"{FAILED}: {error}")
                                  for name in names]
    return results


def as_gradescope(results):
    tests = [{"name": f"{step}: {name}", "score": round(score, 4),
              "max_score": round(most, 4), "output": text, "visibility": "visible"}
             for step, rows in results.items() for name, score, most, text in rows]
    return {"tests": tests, "visibility": "visible", "output": f"Isolation: {description()}"}


def write_json(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


def totals(results):
    return {step: (sum(row[1] for row in rows), sum(row[2] for row in rows),
                   sum(row[1] > 0 for row in rows), len(rows))
            for step, rows in results.items()}


def print_table(results):
    print(f"{'step':<24}{'behaviours':>12}{'points':>12}")
    score = most = 0.0
    for step, (points, top, passed, count) in totals(results).items():
        print(f"{step:<24}{f'{passed} of {count}':>12}{f'{points:.1f} of {top:g}':>12}")
        score, most = score + points, most + top
    print(f"{'total':<24}{'':>12}{f'{score:.1f} of {most:g}':>12}")
    return score >= most - 1e-6


def grade_one(folder, steps, out):
    print(f"isolation: {description()}", flush=True)
    results = {}
    for step in steps:
        results.update(grade(folder, [step]))
        for name, score, _, text in results[step.name]:
            if score == 0:
                first = text.splitlines()[0] if text else ""
                print(f"  NOT  {step.name}: {name}: {first}", flush=True)
    complete = print_table(results)
    if out:
        write_json(Path(out), as_gradescope(results))
    return 0 if complete else 1


def fingerprint(folder, steps):
    """What a grade depends on: the headers handed in, the steps, their tests and points,
    and the limits."""
    digest = hashlib.sha256(repr((COMPILE, RUN, overlay.COMPILER)).encode())
    for pattern in ("steps/**/*.?pp", "common/*.hpp", "tests/*.?pp"):
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    for step in steps:
        digest.update(f"\0{step.name} {step.points}\0".encode())
        for name, content in handed_in(folder, step).items():
            digest.update(f"\0{step.name}/{name}\0".encode() + content)
    return digest.hexdigest()


class Class:
    """A folder of submissions, and what became of each."""

    def __init__(self, folder, steps, out):
        self.steps = steps
        self.out = out
        self.students = sorted(path for path in folder.iterdir()
                               if path.is_dir() and not path.is_symlink())
        self.results = {}
        self.lock = threading.Lock()

    def record(self, student):
        return self.out / student.name / "grade.json"

    def grade_student(self, student):
        mark = fingerprint(student, self.steps)
        try:
            known = json.loads(self.record(student).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        if known.get("fingerprint") == mark:
            results, note = known["results"], " (graded before)"
        else:
            try:
                results, note = grade(student, self.steps), ""
            except Stopped:
                return
            write_json(self.out / student.name / "results.json", as_gradescope(results))
            if is_final(results):
                write_json(self.record(student), {"fingerprint": mark, "results": results})
        with self.lock:
            self.results[student.name] = results
            points = sum(row[0] for row in totals(results).values())
            most = sum(row[1] for row in totals(results).values())
            print(f"{len(self.results):>4} of {len(self.students)}  {student.name}: "
                  f"{points:.1f} of {most:g}{note}", flush=True)

    def write_csv(self):
        with open(self.out / "grades.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["student", *(step.name for step in self.steps), "total", "of"])
            for student in sorted(self.results):
                sums = totals(self.results[student])
                writer.writerow([student, *(f"{sums[step.name][0]:.2f}" for step in self.steps),
                                 f"{sum(row[0] for row in sums.values()):.2f}",
                                 f"{sum(row[1] for row in sums.values()):g}"])

    def print_summary(self, count=10):
        failures = collections.Counter()
        for results in self.results.values():
            for step, rows in results.items():
                for name, score, _, text in rows:
                    if score == 0 and text != "nothing handed in":
                        failures[f"{step}: {name}"] += 1
        print("most often missed:")
        for name, times in failures.most_common(count):
            print(f"  {times:>4} of {len(self.results)}  {name}")

    def run(self):
        self.out.mkdir(parents=True, exist_ok=True)
        print(f"isolation: {description()}", flush=True)
        overlay.prepared()
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
            jobs = [pool.submit(self.grade_student, student) for student in self.students]
            try:
                for job in jobs:
                    job.result()
            except KeyboardInterrupt:
                Sandbox.end_everything()
                pool.shutdown(cancel_futures=True)
                print("stopped; the same command goes on where this one ended",
                      file=sys.stderr)
                return 130
        self.write_csv()
        self.print_summary()
        print(f"wrote {lab.shown(self.out / 'grades.csv')}")
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", help="a folder with one subfolder per student")
    parser.add_argument("--out", help="results.json, or the folder for all of them")
    parser.add_argument("--steps", help="the numbers of the steps to grade: '03 05'")
    options = parser.parse_args()
    steps = [step for step in all_steps() if step.has_lab and not step.lacks]
    if options.steps:
        steps = find_steps(options.steps)
    if options.submissions is None:
        if not lab.WORK.is_dir():
            print(f"there is no {lab.shown(lab.WORK)}/ to grade", file=sys.stderr)
            return 2
        return grade_one(lab.WORK, steps, options.out)
    folder = Path(options.submissions)
    if not folder.is_dir():
        print(f"{folder}: no such folder", file=sys.stderr)
        return 2
    out = Path(options.out) if options.out else BUILD / "grades" / folder.resolve().name
    return Class(folder, steps, out).run()
