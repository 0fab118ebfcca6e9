"""Grades labs: one `work/` folder, or what a class handed in.

Points are for what the step's program, or a program of the tests over the student's header,
does when it is run by the reference's own test program, which holds no student code and which
the student's cannot reach (sandbox.py). Over the header, the step's tests say what is wrong,
and earn nothing. All other steps are the reference's: one bug does not sink eight steps.
"""

import argparse
import collections
import csv
import hashlib
import html
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from learner import lab
from learner.standalone import parts
from shared import overlay
from shared.processes import Stopped, end_on_signals, signal_name
from shared.steps import BUILD, ROOT, all_steps, find_steps
from teacher import sandbox, submissions
from teacher.sandbox import MIB, Limits, Room

COMPILE, COMPILE_ALONE = (Limits(seconds, memory=2048 * MIB) for seconds in (10, 20))
# How long a child may be silent, in seconds, and all behaviours of a step may take, the first
# time; then each of those that may be the machine's fault, alone.
PATIENCE, RUN = 3, Limits(seconds=5, memory=1024 * MIB)
PATIENCE_ALONE, RUN_ALONE = 4, Limits(seconds=6, memory=1024 * MIB)
FEEDBACK = Limits(seconds=3, memory=1024 * MIB)
# Of what the tests are made: it is not a student's to change.
TESTS_OWN = re.compile(rb"^[ \t]*#[ \t]*(?:define|undef)[ \t]+"
                       rb"((?:DOCTEST|SUCHFOO|CHECK|REQUIRE|TEST|SUBCASE|CAPTURE|WARN|FAIL)\w*|main|assert)\b", re.M)
# Perhaps the machine's fault: it is tried again, alone.
DOUBTFUL = re.compile("SIGKILL|ENOSPC|No space left|ENOMEM|Cannot allocate|EAGAIN|temporarily unavailable"
                      "|still running|no line from the child|not run|bad_alloc|Killed")
NOT_SHOWN = "it cannot be shown on this machine"
HANGS = re.compile("still running|no line from the child")


class Exercise:
    """A step as it is graded: its behaviours, and the folders that all students share."""

    def __init__(self, step, folder):
        self.step = step
        names = overlay.case_names(BUILD, step, "--test-suite=lab")
        text = step.test.read_text(encoding="utf-8")
        weight = {name: int(number) for number, name in
                  re.findall(r'// Weighs (\d+)\.\n\s*TEST_CASE\(\s*"([^"]+)"', text)}
        self.weight = {name: weight.get(name, 1) for name in names if name.startswith("program:")}
        self.judged = [name for name, much in self.weight.items() if much]
        self.feedback = [name for name in names if not name.startswith("program:")]
        self.tree = folder / step.name / "tree"
        judge = folder / step.name / "judge"
        judge.mkdir(parents=True)
        shutil.copy(BUILD / "tests" / f"{step.name}_test", judge)
        self.judge = judge / f"{step.name}_test"
        self.private = [judge] if sandbox.isolation() == "users" else []  # it holds the answers, compiled
        hidden = {step.folder / name for name in lab.lab_headers(step)}
        for path in [*(path for other in all_steps() for path in other.sources() if path not in hidden),
                     *(ROOT / "common").glob("*.hpp"), *(ROOT / "tests").glob("*.hpp"),
                     *(ROOT / "tests" / "probes").glob("*.cpp"), step.test]:
            target = self.tree / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        self.programs, self.others = [], []
        for name in overlay.programs_of(step):
            theirs = not hidden.isdisjoint(parts(overlay.main_of(name), set()))
            (self.programs if theirs else self.others).append(name)
        (self.tree / "programs").mkdir()
        for name in self.others:
            shutil.copy(BUILD / "steps" / name, self.tree / "programs")
        self.leave_out(set())

    def leave_out(self, names):
        """Shares the points among those behaviours that this machine can show."""
        shown = [name for name in self.judged if name not in names]
        total = sum(self.weight[name] for name in shown)
        self.points = {name: self.step.points * self.weight[name] / total for name in shown}

    def rows(self, wrong):
        """[[behaviour, points, most points, what went wrong]], `wrong` being by behaviour. Where a
        student's code could reach the judge, nothing is worth a point."""
        none = sandbox.isolation() == "none"
        return [[name, None if none else 0.0 if wrong[name] else most, None if none else most, wrong[name] or ""]
                for name, most in self.points.items()]

    def zeros(self, why):
        return self.rows(dict.fromkeys(self.points, why))


def compile_one(room, words, limits):
    """Compiles one program. Returns what is wrong, or None."""
    status, said = room.run([*overlay.COMPILER, *overlay.FLAGS, *words], limits)
    if status is None:
        return f"the compiler was still running after {limits.seconds} s"
    return lab.explain_build(said) if status else None


CASE = re.compile(r'<TestCase name="([^"]*)"[^>]*[^/]>(.*?)</TestCase>', re.S)
CHECKED = re.compile(r'<Expression success="false" type="(\w+)" filename="([^"]*)" line="(\d+)">\s*<Original>\s*'
                     r'(.*?)\s*</Original>\s*(?:<Expanded>\s*(.*?)\s*</Expanded>)?', re.S)
THROWN = re.compile(r'<Exception crash="(true|false)">\s*(.*?)\s*</Exception>', re.S)


def explain(body):
    """What doctest's XML says of a case that failed, as a person would."""
    text = ""
    if match := CHECKED.search(body):
        kind, file, line, original, expanded = (html.unescape(part or "") for part in match.groups())
        text = (f"{file}:{line}: ERROR: {kind}( {original} ) is NOT correct!\n"
                f"  values: {kind}( {expanded} )\n")
    if match := THROWN.search(body):
        text += "\n" + ("FATAL ERROR: test case CRASHED: " if match[1] == "true" else
                        "ERROR: test case THREW exception: ") + html.unescape(match[2])
    return "\n".join(lab.explain_case(text))[:2000]


def run_cases(room, program, names, limits, judge, patience):
    """{name: None, or what went wrong} of the cases `names` of a test program, in one process
    for all."""
    status, said = room.run(
        [str(program), "--reporters=xml", "--test-suite=lab", f"--test-case={','.join(names)}"], limits,
        env={"SUCHFOO_PROGRAMS": str(room.programs), "SUCHFOO_PATIENCE": str(patience)}, judge=judge)
    results = {}
    for name, body in CASE.findall(said):
        name = html.unescape(name)
        # What a program has printed is within the body, but without a "<" of its own.
        verdict = body[body.rfind("<OverallResultsAsserts "):]
        passed = 'test_case_success="true"' in verdict and name not in results
        shown = not re.search("^SKIPPED: ", body, re.M)
        results[name] = explain(body[:20_000]) if not passed else None if shown else NOT_SHOWN
    ending = (f"still running after {limits.seconds:g} s" if status is None else
              "the program ended before the test did: "
              + (f"killed by {signal_name(-status)}" if status < 0 else f"exit status {status}"))
    for name in names:
        if name not in results:
            results[name] = ending
            ending = "not run: those before took too long, or ended the program"
    return results


def run_single(room, program, names, limits, judge, patience):
    """The same, each case in a process of its own; after three that hang, no more are run."""
    results = {}

    def run_one(name):
        hung = [why for why in list(results.values()) if why and HANGS.search(why)]
        results.update(run_cases(room, program, [name], limits, judge, patience) if len(hung) < 3 else
                       {name: "not run: three others were still running"})
    # They mostly wait. Where they share a user, what one leaves behind is ended with its user's others.
    with ThreadPoolExecutor(1 if room.kind == "users" else 4) as pool:
        list(pool.map(run_one, names))
    return results


def doubtful(why):
    """Whether what came, and not what was expected, may be the machine's fault."""
    came = "\n".join(line for line in (why or "").splitlines() if not line.startswith(("expected:", "and not:")))
    return bool(DOUBTFUL.search(came))


def one_program(exercise, room):
    """The source of all programs over the student's header as one, which goes by the name by which
    it is called: so what they include is compiled once."""
    texts = {name: overlay.main_of(name).read_text(encoding="utf-8") for name in exercise.programs}
    includes = dict.fromkeys(line for text in texts.values() for line in re.findall("^#include .*$", text, re.M))
    bodies = [f"namespace program_{number} {{\n{re.sub('^#include .*$', '', text, flags=re.M)}\n}}"
              for number, text in enumerate(texts.values())]
    calls = [f'    if (name.ends_with("/{name}")) return program_{number}::main(argc, argv);'
             for number, name in enumerate(texts)]
    source = room.work / "programs.cpp"
    source.write_text("\n".join([*includes, "#include <string_view>", *bodies, "int main(int argc, char** argv) {",
                                 "    const std::string_view name = argv[0];", *calls, "    return 127;\n}\n"]),
                      encoding="utf-8")
    return source


def build(exercise, room, limits):
    """Compiles the programs over the student's header. Returns what is wrong, or None."""
    first, *others = exercise.programs
    if overlay.libraries_of(first)[-1:] == ["-shared"] or not others:
        source = str(overlay.main_of(first).relative_to(ROOT))
    else:
        source = str(one_program(exercise, room))
    besides = [word for name in exercise.programs for word in overlay.libraries_of(name)]
    with_ready = [] if "-shared" in besides else overlay.precompiled(room.prepared, "common")
    problem = compile_one(room, [f"-I{room.work}", "-Isteps", "-I.", *with_ready, source, *overlay.linker(), "-o",
                                 str(room.out / "steps" / first), *besides], limits)
    room.freeze()
    for name in others if not problem else []:
        (room.out / "steps" / name).symlink_to(first)
    for name in exercise.programs + exercise.others:
        folder = room.out / "steps" if name in exercise.programs else exercise.tree / "programs"
        if "-shared" in overlay.libraries_of(name):  # a module of Python's
            (room.programs / name).symlink_to(folder / name)
        else:
            room.launch(folder / name)
    for tool in ("python3", "redis-server", *(["unshare"] if room.kind == "bubblewrap" else [])):
        room.launch(Path("/usr/bin") / tool)  # what works with a student's code, or for it
    return problem


def grade_step(exercise, files, alone=False, before=None):
    """Exercise.rows(), and then the same of the feedback. With the rows of `before`, only what may
    have been the machine's fault is judged again."""
    step = exercise.step
    for name, content in files.items():
        if match := TESTS_OWN.search(content):
            return exercise.zeros(f"{name} redefines {match[1].decode()}, which is the tests' own")
    if all(tokens(files.get(name, b"")) == tokens(given) for name, given in headers(step, "lab").items()):
        return exercise.zeros("the skeleton, as it was handed out")
    with Room(exercise.tree) as room:
        folder = room.work / step.name
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        limits = COMPILE_ALONE if alone else COMPILE
        if problem := build(exercise, room, limits):
            return exercise.zeros(problem)
        judged = {name: why or None for name, _, _, why in before or [] if not doubtful(why)}
        left = [name for name in exercise.points if name not in judged]
        judged |= (run_single(room, exercise.judge, left, RUN_ALONE, True, PATIENCE_ALONE) if alone else
                   run_cases(room, exercise.judge, left, RUN, True, PATIENCE))
        rows = exercise.rows(judged)
        if exercise.feedback and any(judged.values()) and (alone or not any(map(doubtful, judged.values()))):
            rows += [[name, None, None, why or ""] for name, why in feedback(exercise, room, limits).items()]
        return rows


def feedback(exercise, room, limits):
    """What the tests say over the header itself, which may tell why."""
    room.open("feedback")
    test = next(overlay.commands(exercise.step, [f"-I{room.work}", "-Isteps", "-I."], room.out, room.prepared))
    problem = compile_one(room, test, limits)
    room.freeze()
    if problem:
        return dict.fromkeys(exercise.feedback, problem)
    program = overlay.test_program(room.out, exercise.step)
    said = run_cases(room, program, exercise.feedback, FEEDBACK, False, PATIENCE)
    wrong = [name for name, why in said.items() if why]  # perhaps by what one before left behind
    return said | run_single(room, program, wrong, FEEDBACK, False, PATIENCE)


def headers(step, kind="."):
    """The reference of the step's lab, or its skeleton: kind "lab"."""
    return {name: (step.folder / kind / name).read_bytes() for name in lab.lab_headers(step)}


def tokens(source):
    """A source without its comments and spaces."""
    return re.sub(rb"//[^\n]*|\s+", b"", source)


def refuse_unless_fair(exercises, hidden):
    """Grades the reference just as everybody will be. Whatever is wrong is the machine's."""
    for folder in hidden:
        if sandbox.others_can_read(folder):
            return (f"a student's program could read the answers in {folder}, and run them: "
                    f"chmod go-rwx {shlex.quote(str(folder))}")
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        results = list(pool.map(lambda exercise: grade_step(exercise, headers(exercise.step), alone=True), exercises))
    for exercise, rows in zip(exercises, results):
        skipped = {name for name, _, _, why in rows if why == NOT_SHOWN}
        if len(skipped) == len(exercise.points):
            return f"{exercise.step.name}: nothing of it can be shown on this machine"
        for name, _, _, why in rows:
            if why not in ("", NOT_SHOWN):
                return f"the reference does not get full marks here: {exercise.step.name}: {name}: {why}"
        if skipped:
            print(f"{exercise.step.name}: left out, as it cannot be shown here: {'; '.join(skipped)}", flush=True)
            exercise.leave_out(skipped)
    return None


def fingerprint(exercise, files):
    """What a grade depends on: the headers handed in, the lessons, the tests, and the grader."""
    digest = hashlib.sha256(repr((overlay.COMPILER, sandbox.isolation(), exercise.points)).encode())
    for path in sorted([*exercise.tree.rglob("*.?pp"), *Path(__file__).parent.glob("*.py")]):
        digest.update(path.read_bytes())
    for name, content in sorted(files.items()):
        digest.update(f"\0{name}\0".encode() + content)
    return digest.hexdigest()


def write_json(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


def as_gradescope(results):
    tests = []
    for step, rows in results.items():
        for name, score, most, text in rows:
            points = ({"status": "failed" if text else "passed"} if score is None else
                      {"score": round(score, 4), "max_score": round(most, 4)})
            tests.append({"name": f"{step}: {name}", **points, "output": text, "visibility": "visible"})
    # With no case at all, there would be no score.
    return {"tests": tests, "visibility": "visible", "output": f"isolation: {sandbox.description()}",
            **({} if tests else {"score": 0})}


def totals(results):
    return {step: (sum(row[1] or 0 for row in rows), sum(row[2] or 0 for row in rows))
            for step, rows in results.items()}


class Class:
    """What students handed in, and what became of each: in out/students/NAME/grade.json."""

    def __init__(self, students, exercises, out):
        self.students, self.exercises, self.out = students, exercises, out
        self.lock = threading.Lock()
        self.done = 0

    def grade_step(self, name, exercise, known, alone):
        """The step's entry in a student's grade.json. A disaster is that student's."""
        step = exercise.step
        try:
            files, problem = submissions.handed_in(self.students[name], step)
            mark = fingerprint(exercise, files)
            if known.get("fingerprint") == mark:
                return known
            before = known.get("rows") if known.get("doubtful") == mark else None
            rows = exercise.zeros(problem) if problem else grade_step(exercise, files, alone, before)
            if not alone and any(doubtful(row[3]) for row in rows if row[0] in exercise.points):
                return {"doubtful": mark, "rows": rows}
            return {"fingerprint": mark, "rows": rows, **({"note": problem} if problem else {})}
        except Exception as error:  # whatever they did, the others are graded
            traceback.print_exc()
            return {"doubtful": "" if alone else "yes", "failed": True, "note": f"the grader failed: {error}",
                    "rows": exercise.zeros(f"the grader failed: {error}")}

    def grade(self, name, alone=False):
        """Grades what is not known yet. Returns whether it should be done again, alone."""
        try:
            with self.lock:
                records = self.records().get(name, {})
            again = False
            new = 0
            for exercise in self.exercises:
                known = records.get(exercise.step.name, {})
                entry = self.grade_step(name, exercise, known, alone)
                new += entry is not known
                again |= bool(entry.get("doubtful"))
                records[exercise.step.name] = entry
            with self.lock:
                self.write_record(name, records)
                self.done += not alone
                points, most = map(sum, zip(*totals(rows_of(records)).values()))
                print(f"{self.done:>4} of {len(self.students)}  {submissions.readable(name)}: {points:.1f} of {most:g}"
                      + ("" if new else " (graded before)") + (" (once more, alone)" if alone else ""), flush=True)
                for exercise in self.exercises:
                    if "note" in records[exercise.step.name]:
                        print(f"      {exercise.step.name}: {records[exercise.step.name]['note']}", flush=True)
            return again
        except Stopped:
            return False

    def write_record(self, name, records):
        folder = self.out / "students" / name
        write_json(folder / "grade.json", {"student": submissions.readable(name), "steps": records})
        write_json(folder / "results.json", as_gradescope(rows_of(records)))

    def records(self):
        """{student: {step: entry}} of all that were ever graded into this folder."""
        found = {}
        for path in self.out.glob("students/*/grade.json"):
            try:
                found[path.parent.name] = json.loads(path.read_text(encoding="utf-8"))["steps"]
            except (OSError, ValueError, KeyError, TypeError):
                print(f"{submissions.readable(str(path))} cannot be read, and is done again", file=sys.stderr)
        return found

    def run(self):
        with ThreadPoolExecutor(max_workers=1 + (os.cpu_count() or 2)) as pool:  # one of them waits
            again = [name for name, doubtful in zip(self.students, pool.map(self.grade, self.students)) if doubtful]
        for name in again:
            self.grade(name, alone=True)


def rows_of(records):
    return {step: entry["rows"] for step, entry in sorted(records.items())}


def write_csv(out, records):
    """All that is known, whole or not at all."""
    steps = sorted({step for entries in records.values() for step in entries})
    with tempfile.NamedTemporaryFile("w", dir=out, prefix=".grades-", newline="", encoding="utf-8", delete=False) as file:
        writer = csv.writer(file)
        writer.writerow(["student", *steps, "total", "of"])
        for student in sorted(records):
            sums = totals(rows_of(records[student]))
            failed = {step for step, entry in records[student].items() if entry.get("failed")}
            shown = submissions.readable(student)
            writer.writerow(["'" * shown.startswith(tuple("=+-@")) + shown,  # a name, and no formula
                             *("?" if step in failed else f"{sums[step][0]:.2f}" if step in sums else ""
                               for step in steps),
                             f"{sum(points for points, _ in sums.values()):.2f}",
                             f"{sum(most for _, most in sums.values()):g}"])
    Path(file.name).replace(out / "grades.csv")


def print_summary(records, count=10):
    failures = collections.Counter(
        f"{step}: {row[0]}" for entries in records.values() for step, entry in entries.items()
        for row in entry["rows"] if row[3] and not row[3].startswith(("nothing", "the skeleton")))
    print("most often missed:")
    for name, times in failures.most_common(count):
        print(f"  {times:>4} of {len(records)}  {name}")


def print_table(results):
    print(f"{'step':<24}{'behaviours':>12}{'points':>12}")
    score = most = 0.0
    for step, (points, top) in totals(results).items():
        counted = [row for row in results[step] if row[0].startswith("program:")]
        passed = sum(not row[3] for row in counted)
        print(f"{step:<24}{f'{passed} of {len(counted)}':>12}{f'{points:.1f} of {top:g}':>12}")
        score, most = score + points, most + top
    print(f"{'total':<24}{'':>12}{f'{score:.1f} of {most:g}':>12}")
    return score >= most - 1e-6


def grade_one(folder, exercises, out):
    """One student: a table, and OUT, a results.json."""
    one = Class({"work": [folder]}, exercises, BUILD / "grades" / "one")
    results = {}
    for exercise in exercises:
        entry = one.grade_step("work", exercise, {}, alone=True)
        results[exercise.step.name] = entry["rows"]
        for name, score, _, text in entry["rows"]:
            if text:
                print(f"  {'NOT' if score is not None else 'see'}  {exercise.step.name}: {name}: "
                      f"{text.splitlines()[0]}", flush=True)
    complete = print_table(results)
    if out:
        write_json(Path(out), as_gradescope(results))
    return 0 if complete else 1


def grade_class(folder, exercises, out, wanted):
    students, odd = submissions.students(folder)
    for line in odd:
        print(f"      {line}")
    if wanted:
        students = {name: paths for name, paths in students.items()
                    if wanted in (name, submissions.readable(name), *(path.name for path in paths))}
        if not students:
            print(f"{folder}: there is no {wanted}", file=sys.stderr)
            return 2
    everybody = Class(students, exercises, out)
    status = 0
    try:
        everybody.run()
    except KeyboardInterrupt:
        print("stopped; the same command goes on where this one ended", file=sys.stderr)
        status = 130
    return merge(out) or status


def merge(out):
    records = Class({}, [], out).records()
    if not records:
        print(f"{lab.shown(out)}: nothing has been graded into it", file=sys.stderr)
        return 2
    write_csv(out, records)
    print_summary(records)
    print(f"wrote {lab.shown(out / 'grades.csv')}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=Path, help="a folder with what each student handed in")
    parser.add_argument("--student", help="only this one of them")
    parser.add_argument("--out", help="results.json, or the folder for all of them")
    parser.add_argument("--merge", type=Path, help="a folder that was graded into: write its CSV")
    parser.add_argument("--steps", help="the numbers of the steps to grade: '03 05'")
    options = parser.parse_args()
    end_on_signals()
    os.umask(0o022)
    overlay.DEBUG = dict.fromkeys(overlay.DEBUG, "-g0")  # nobody debugs what is graded
    steps = [step for step in all_steps() if step.has_lab and not step.lacks]
    if options.steps:
        steps = [step for step in find_steps(options.steps) if step.has_lab]
    folder = options.merge or options.submissions or lab.WORK
    if not folder.is_dir():
        print(f"{lab.shown(folder)}: no such folder", file=sys.stderr)
        return 2
    if options.merge:
        return merge(options.merge)
    out = Path(options.out) if options.out else BUILD / "grades" / folder.resolve().name
    print(f"isolation: {sandbox.description()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="suchfoo-grade-all-") as shared:
        try:
            exercises = [Exercise(step, Path(shared)) for step in steps]
            shutil.copytree(overlay.prepared(), Path(shared) / "prepared")
            for path in [Path(shared), *Path(shared).rglob("*")]:  # whatever the umask was
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            for path in [path for exercise in exercises for path in exercise.private]:
                path.chmod(0o700)
            problem = refuse_unless_fair(exercises, [ROOT, *filter(None, [options.submissions])])
        except (OSError, shutil.Error, overlay.BuildError) as error:
            problem = f"{type(error).__name__}: {str(error)[:2000]}"
        if problem:
            print(f"grade: nobody is graded: {problem}", file=sys.stderr)
            return 2
        if not options.submissions:
            return grade_one(folder, exercises, options.out)
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        return grade_class(folder, exercises, out, options.student)
