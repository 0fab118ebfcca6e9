"""Grades labs: one `work/` folder, or what a class handed in.

Points are for what the step's program, or a program of the tests over the student's header,
does when it is run by the reference's own test program, which holds no student code and which
the student's cannot reach (sandbox.py). Over the header, the step's tests say what is wrong,
and earn nothing. All other steps are the reference's: one bug does not sink eight steps."""

import argparse
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from learner import lab
from learner.standalone import parts
from shared import overlay
from shared.processes import end_on_signals, temporary_folder
from shared.steps import BUILD, ROOT, all_steps, find_steps
from teacher import gradebook, sandbox, submissions

# Seconds: for the compiler, beside others and alone; and for a test program that judges, or says why.
COMPILE, RUN, FEEDBACK = (10, 20), 5, 2
# Of what the tests are made: it is not a student's to change.
TESTS_OWN = re.compile(
    rb"^[ \t]*#[ \t]*(?:define|undef)[ \t]+(DOCTEST_\w+|TEST_(?:CASE|SUITE)\w*|SUBCASE|CAPTURE|INFO|MESSAGE|FAIL|main"
    rb"|assert|(?:CHECK|REQUIRE|WARN)(?:_(?:FALSE|NOTHROW|THROWS\w*|MESSAGE|UNARY\w*|EQ|NE|GT|LT|GE|LE))?)\b", re.M)
# Perhaps the machine's fault: it is tried again, alone.
DOUBTFUL = re.compile("SIGKILL|ENOSPC|No space left|ENOMEM|Cannot allocate|EAGAIN|temporarily unavailable"
                      "|still running|no line from the child|not run|bad_alloc|Killed")
NOT_SHOWN = "it cannot be shown on this machine"


class Exercise:
    """A step as it is graded: its behaviours, and the folders that all students share."""

    def __init__(self, step, folder):
        self.step = step
        names = overlay.case_names(BUILD, step, "--test-suite=lab")
        weights = {name: int(number) for number, name in re.findall(
            r'// Weighs (\d+)\.\n\s*TEST_CASE\(\s*"([^"]+)"', step.test.read_text(encoding="utf-8"))}
        self.weights = {name: weights.get(name, 1) for name in names
                        if name.startswith("program:") and weights.get(name) != 0}
        self.feedback = [name for name in names if not name.startswith("program:")]
        self.prepared = folder / "prepared"
        self.tree = folder / step.name / "tree"
        self.judge = shutil.copy(overlay.test_program(BUILD, step), overlay.made(folder / step.name / "judge"))
        hidden = {step.folder / name for name in lab.lab_headers(step)}
        for path in [*(path for other in all_steps() for path in other.sources() if path not in hidden),
                     *(ROOT / "common").glob("*.hpp"), *(ROOT / "tests").glob("*.hpp"),
                     *(ROOT / "tests" / "probes").glob("*.cpp"), step.test]:
            shutil.copy(path, overlay.made((self.tree / path.relative_to(ROOT)).parent))
        mains = {name: overlay.main_of(name) for name in overlay.programs_of(step)}
        self.programs = [name for name in mains if not hidden.isdisjoint(parts(mains[name], set()))]
        self.others = [shutil.copy(BUILD / "steps" / name, overlay.made(self.tree / "programs")) for name in mains
                       if name not in self.programs]
        self.libraries = [word for name in self.programs for word in overlay.libraries_of(name)]
        self.source = mains[self.programs[0]].relative_to(ROOT)
        if len(self.programs) > 1:
            self.source = self.tree / "programs.cpp"
            self.source.write_text(overlay.as_one(self.programs), encoding="utf-8")

    def rows(self, wrong):
        """[[behaviour, points, most points, what went wrong]], `wrong` being by behaviour. Where a
        student's code could reach the judge, nothing is worth a point."""
        each = None if sandbox.isolation() == "none" else self.step.points / sum(self.weights.values())
        return [[name, each and (0.0 if wrong[name] else each * weight), each and each * weight, wrong[name] or ""]
                for name, weight in self.weights.items()]

    def zeros(self, why):
        return self.rows(dict.fromkeys(self.weights, why))


def compile_one(room, words, seconds):
    """Compiles one program. Returns what is wrong, or None."""
    includes = [f"-I{room.work}", "-Isteps", "-I."]
    status, said = room.run([*overlay.COMPILER, *overlay.FLAGS, *includes, *words], seconds, compiling=True)
    if status is None:
        return f"the compiler was still running after {seconds} s"
    return lab.explain_build(said) if status else None


def build(exercise, room, seconds):
    """Compiles the programs over the student's header. Returns what is wrong, or None."""
    module = "-shared" in exercise.libraries  # of Python's
    first, *others = (room.out / "steps" / name for name in exercise.programs)
    ready = [] if module else overlay.precompiled(exercise.prepared, "common")
    if problem := compile_one(room, [*ready, str(exercise.source), *overlay.linker(), "-o", str(first),
                                     *exercise.libraries], seconds):
        return problem
    room.launch(first, module)
    for program in others:
        program.symlink_to(first.name)
    # Also what works with a student's code, or for it.
    tools = ["python3", "redis-server", *(["unshare"] if sandbox.isolation() == "bubblewrap" else [])]
    for program in [*others, *map(Path, exercise.others), *(Path("/usr/bin") / tool for tool in tools)]:
        room.launch(program)


def run_cases(room, program, names, seconds, judge=False, singly=False):
    """{name: None, or what went wrong} of cases of a test program: of all in one process, and if any
    of them failed, of each by itself, for a while. All that hang are judged again, alone."""
    def run(*some):
        status, said = room.run([str(program), f"--test-case={','.join(some)}"], seconds, judge)
        case = overlay.case_of(",".join(some), status, said, seconds)
        why = None if case.passed else "\n".join(lab.explain_case(case.output))[:2000]
        return status, dict.fromkeys(some, why or (NOT_SHOWN if case.skipped else None))
    status, results = (1, {}) if singly else run(*names)
    if (judge and status is None) or not any(results.get(name, "?") for name in names):
        return results
    end = time.monotonic() + 2 * seconds
    for name in names:
        results |= run(name)[1] if time.monotonic() < end else {name: "not run: those before took too long"}
    return results


def feedback(exercise, room, seconds):
    """What the tests say over the header itself, which may tell why."""
    if problem := compile_one(room, overlay.test_command(exercise.step, [], room.out, exercise.prepared), seconds):
        return dict.fromkeys(exercise.feedback, problem)
    return run_cases(room, overlay.test_program(room.out, exercise.step), exercise.feedback, FEEDBACK)


def grade_step(exercise, files, alone):
    """Exercise.rows(), and then the same of the feedback."""
    for name, content in files.items():
        if match := TESTS_OWN.search(content):
            return exercise.zeros(f"{submissions.readable(name)} redefines {match[1].decode()}, the tests' own")
    if all(tokens(files.get(name, b"")) == tokens(given) for name, given in headers(exercise.step, "lab").items()):
        return exercise.zeros("the skeleton, as it was handed out")
    with sandbox.Room(exercise.tree) as room:
        for name, content in files.items():
            (overlay.made(room.work / exercise.step.name) / name).write_bytes(content)
        if problem := build(exercise, room, COMPILE[alone]):
            return exercise.zeros(problem)
        wrong = run_cases(room, exercise.judge, list(exercise.weights), RUN, judge=True, singly=alone)
        rows = exercise.rows(wrong)
        if exercise.feedback and any(wrong.values()) and (alone or not doubtful(rows)):
            rows += [[name, None, None, "" if why == NOT_SHOWN else why or ""]
                     for name, why in feedback(exercise, room, COMPILE[alone]).items()]
        return rows


def doubtful(rows):
    return any(DOUBTFUL.search(row[3]) for row in rows)


def headers(step, kind="."):
    """The reference of the step's lab, or its skeleton: kind "lab"."""
    return {name: (step.folder / kind / name).read_bytes() for name in lab.lab_headers(step)}


def tokens(source):
    """A source without its comments and spaces."""
    return re.sub(rb"//[^\n]*|\s+", b"", source)


def refuse_unless_fair(exercises, hidden):
    """Grades the reference just as everybody will be. Whatever is wrong is the machine's."""
    for folder in hidden if sandbox.isolation() == "users" else []:
        words = [*sandbox.as_user(sandbox.UIDS[-1]), "ls", str(folder.resolve())]
        if subprocess.run(words, capture_output=True).returncode == 0:
            raise RuntimeError(f"a student's program could read the answers in {folder}, and run them: "
                               f"chmod go-rwx {shlex.quote(str(folder))}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda exercise: grade_step(exercise, headers(exercise.step), True), exercises))
    for exercise, rows in zip(exercises, results):
        for name, _, _, why in rows:
            if why == NOT_SHOWN:
                print(f"{exercise.step.name}: left out, as it cannot be shown here: {name}", flush=True)
                del exercise.weights[name]
            elif why:
                raise RuntimeError(f"the reference does not get full marks here: {exercise.step.name}: {name}: {why}")
        if not exercise.weights:
            raise RuntimeError(f"{exercise.step.name}: nothing of it can be shown on this machine")


def fingerprint(exercise, files):
    """What a grade depends on: the headers handed in, the lessons, the tests, and the grader."""
    words = (overlay.COMPILER, sandbox.isolation(), exercise.step.points, exercise.weights, sorted(files.items()))
    digest = hashlib.sha256(repr(words).encode())
    for path in sorted([*exercise.tree.rglob("*.?pp"), *Path(__file__).parent.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def graded(paths, exercise, known, alone):
    """The step's entry in a student's record; without a fingerprint it is to be graded again."""
    try:
        files, note = submissions.handed_in(paths, exercise.step)
        mark = fingerprint(exercise, files)
        if known.get("fingerprint") == mark:
            return known
        rows = exercise.zeros(note) if note else grade_step(exercise, files, alone)
        return {"fingerprint": mark if alone or not doubtful(rows) else None, "rows": rows, "note": note}
    except Exception as error:  # whatever they did, the others are graded
        traceback.print_exc()
        note = f"the grader failed: {error}"
        return {"fingerprint": None, "rows": exercise.zeros(note), "note": note}


def grade_student(exercises, out, count, student, alone=False):
    """Grades what is not known yet. Returns whether it should be done again, alone."""
    number, (name, paths) = student
    known = gradebook.record(out / "students" / name)
    entries = {exercise.step.name: graded(paths, exercise, known.get(exercise.step.name, {}), alone)
               for exercise in exercises}
    gradebook.keep(out / "students" / name, known | entries)
    points, most = gradebook.points(entries.values())
    lines = [f"{number:>4} of {count}  {submissions.readable(name)}: {points:.1f} of {most:g}"
             + " (graded before)" * all(entry is known.get(step) for step, entry in entries.items())
             + " (once more, alone)" * alone]
    for step, entry in entries.items():
        lines += [f"      {step}: {entry['note']}"] if entry["note"] else [
            f"  {'see' if most is None else 'NOT'}  {step}: {name}: {why.splitlines()[0]}"
            for name, _, most, why in entry["rows"] if why and count == 1]
    print("\n".join(lines), flush=True)
    return not all(entry["fingerprint"] for entry in entries.values())


def grade_all(students, exercises, out):
    grade = partial(grade_student, exercises, out, len(students))
    numbered = list(enumerate(students.items(), 1))
    with ThreadPoolExecutor(1 + os.cpu_count()) as pool:  # one of them waits
        again = list(pool.map(grade, numbered))
    for student in (student for student, unsure in zip(numbered, again) if unsure):
        grade(student, alone=True)


def prepare(steps, folder):
    """The exercises, in a folder that students' programs may read; but not the judges, which hold the answers."""
    exercises = [Exercise(step, folder) for step in steps]
    ready = overlay.prepared()
    for step in steps:
        overlay.precompiled(ready, "tests", overlay.options_of(step.test))
    shutil.copytree(ready, folder / "prepared")
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)  # whatever the umask was
    for exercise in exercises if sandbox.isolation() == "users" else []:
        Path(exercise.judge).parent.chmod(0o700)
    return exercises


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=Path, help="a folder with what each student handed in")
    parser.add_argument("--student", help="only this one of them")
    parser.add_argument("--out", type=Path, help="results.json, or the folder for all of them")
    parser.add_argument("--merge", type=Path, help="a folder that was graded into: write its CSV")
    parser.add_argument("--steps", help="the numbers of the steps to grade: '03 05'")
    options = parser.parse_args()
    end_on_signals()
    os.umask(0o022)
    overlay.DEBUG = dict.fromkeys(overlay.DEBUG, "-g0")  # nobody debugs what is graded
    folder = options.merge or options.submissions or lab.WORK
    if not folder.is_dir():
        overlay.fail(f"{lab.shown(folder)}: no such folder", 2)
    if options.merge:
        return gradebook.merge(options.merge)
    steps = find_steps(options.steps) if options.steps else all_steps()
    print(f"isolation: {sandbox.description()}", flush=True)
    students, odd = submissions.students(folder) if options.submissions else ({"work": [folder]}, [])
    for line in odd + [f"{step.name} is not graded: {step.lab_none or step.lacks}" for step in steps
                       if step.lab_none or step.lacks]:
        print(f"      {line}")
    steps = [step for step in steps if step.has_lab and not step.lacks]
    students = {name: paths for name, paths in students.items() if options.student in
                (None, name, submissions.readable(name), *(path.name for path in paths))}
    if not students or not steps:
        overlay.fail(f"{folder}: there is nothing to grade" + f" of {options.student}" * bool(options.student), 2)
    with temporary_folder("suchfoo-grade-all-") as shared:
        try:
            exercises = prepare(steps, shared)
            refuse_unless_fair(exercises, [ROOT, BUILD, *filter(None, [options.submissions])])
        except (OSError, RuntimeError, overlay.BuildError) as error:
            overlay.fail(f"grade: nobody is graded: {str(error)[:2000]}", 2)
        if not options.submissions:
            grade_all(students, exercises, shared)
            if options.out:
                shutil.copy(shared / "students" / "work" / "results.json", options.out)
            points, most = gradebook.points(gradebook.record(shared / "students" / "work").values())
            return 0 if points >= most - 1e-6 else 1
        out = options.out or BUILD / "grades" / folder.resolve().name
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            grade_all(students, exercises, out)
        except KeyboardInterrupt:
            gradebook.merge(out)
            overlay.fail("stopped; the same command goes on where this one ended", 130)
        return gradebook.merge(out)
