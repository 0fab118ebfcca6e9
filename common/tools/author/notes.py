"""Writes the blocks of notes/*.md and README.md that stand between markers, and
checks that they are in step with the code.

    <!-- code: steps/01_raw_struct/layout.hpp#foo -->     a region of a tested file
    <!-- transcript: 03_missing_file -->                  a driver's transcript, or
    <!-- transcript: 04_empty_file_sigbus#one-byte -->    the part under one remark
    <!-- table: path -->                                  a table of the steps, or
    <!-- table: defects -->                               of this step's mutants, or
    <!-- table: around -->                                where a note leads on to
    <!-- picture: 04_pages -->                            a picture, notes/pictures/
    <!-- results: pairs -->                               a table of step 24's recorded run
    <!-- value: abort_status -->                          within a sentence: what the
                                                          step's values.py gives
    <!-- end -->                                          ends each of these
    <!-- fragment -->                                     before a block that
                                                          illustrates and is not ours
    <!-- reported: 64 1024 -->                            numbers that no run here shows:
                                                          reports, or calculations

Without --check it writes transcripts, pictures and blocks; with it, it only compares.
"""

import argparse
import difflib
import html
import json
import re
import subprocess
import sys

from shared import patches
from shared.steps import BUILD, ROOT, all_steps, load

MARKED = re.compile(r"<!-- (code|transcript|table|picture|results): (\S+) -->\n(.*?)<!-- end -->\n?", re.S)
VALUE = re.compile(r"<!-- value: (\w+) -->(.*?)<!-- end -->", re.S)
REPORTED = re.compile(r"<!-- reported: (.*?) -->")
REGION = re.compile(r"^[ \t]*(?://|#) #region (\S+)\n(.*?)^[ \t]*(?://|#) #endregion \1$",
                    re.S | re.M)
LANGUAGES = {".hpp": "cpp", ".cpp": "cpp", ".py": "python", ".sh": "sh"}


class NoteError(Exception):
    pass


def pages():
    return [ROOT / "README.md", *sorted((ROOT / "notes").glob("*.md"))]


def regions(path):
    """The regions of a source file, by name, without the markers within them."""
    found = {}
    for name, body in REGION.findall(path.read_text(encoding="utf-8")):
        lines = [line for line in body.splitlines()
                 if not re.match(r"\s*(//|#) #(end)?region ", line)]
        found[name] = "\n".join(lines).strip("\n")
    return found


def code(reference):
    name, _, region = reference.partition("#")
    path = ROOT / name
    if not path.is_file():
        raise NoteError(f"code: {name}: no such file")
    if not region:
        return f"```{LANGUAGES[path.suffix]}\n{path.read_text(encoding='utf-8')}```"
    found = regions(path)
    if region not in found:
        raise NoteError(f"code: {name} has no region {region!r}")
    return f"```{LANGUAGES[path.suffix]}\n{found[region]}\n```"


def slug(heading):
    """A heading's anchor, as GitHub makes it."""
    text = re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def transcript(reference):
    name, _, part = reference.partition("#")
    path = ROOT / "steps" / name / "stage" / "transcript.txt"
    if not path.is_file():
        raise NoteError(f"transcript: {name}: no such transcript")
    text = path.read_text(encoding="utf-8")
    if part:
        parts = re.split(r"^(?=# )", text, flags=re.M)
        matching = [p for p in parts if slug(p.partition("\n")[0][2:]) == part]
        if len(matching) != 1:
            raise NoteError(f"transcript: {name} has {len(matching)} parts {part!r}")
        text = matching[0]
    return f"```console\n{text.strip()}\n```"


SECOND = "10"  # with which the second part begins: what the post leaves open


def path_table(steps):
    return steps_table([step for step in steps if step.number < SECOND])


def open_table(steps):
    return steps_table([step for step in steps if step.number >= SECOND])


def steps_table(steps):
    rows = ["| step | outcome | what is new | minutes | lab, minutes |",
            "| --- | --- | --- | --- | --- |"]
    rows += [f"| [{s.name}](notes/{s.name}.md) | {s.outcome} | {s.title} | {s.minutes} "
             f"| {lab_minutes(s) or '-'} |" for s in steps]
    return "\n".join(rows)


LESSON = 45  # minutes


def lab_minutes(step):
    return 4 * step.minutes if step.has_lab else 0


def teaching_table(steps):
    rows = ["| step | teaches | builds on | minutes to read and run | lab, minutes | points |",
            "| --- | --- | --- | --- | --- | --- |"]
    for step in steps:
        text = "".join(path.read_text(encoding="utf-8") for path in step.sources())
        needs = sorted(set(re.findall(r'#include "(\d\d)_', text)) - {step.number})
        rows.append(f"| [{step.name}]({step.name}.md) | {step.title} | {' '.join(needs) or '-'} "
                    f"| {step.minutes} | {lab_minutes(step) or '-'} | {step.points} |")
    rows.append(f"| all | | | {sum(step.minutes for step in steps)} "
                f"| {sum(map(lab_minutes, steps))} | {sum(s.points for s in steps)} |")
    return "\n".join(rows)


def plan(lessons):
    rows = ["| lesson | steps | minutes |", "| --- | --- | --- |"]
    for number, steps in enumerate(lessons, 1):
        rows.append(f"| {number} | {', '.join(step.number for step in steps)} | "
                    f"{sum(step.minutes for step in steps)} |")
    return "\n".join(rows)


def one_lesson(steps):
    """The crash and its fix, and two processes if the time is enough."""
    lesson = []
    for number in ("04", "05", "03", "06", "01", "02"):
        step = next(step for step in steps if step.number == number)
        if sum(s.minutes for s in lesson) + step.minutes <= LESSON:
            lesson.append(step)
    return plan([sorted(lesson, key=lambda step: step.number)])


def three_lessons(steps):
    """All steps in order; a lesson ends when the next step would be too much."""
    lessons = [[]]
    for step in steps:
        if lessons[-1] and sum(s.minutes for s in lessons[-1]) + step.minutes > LESSON:
            lessons.append([])
        lessons[-1].append(step)
    return plan(lessons)


def semester(steps):
    rows = ["| week | in class (minutes) | lab (minutes) |", "| --- | --- | --- |"]
    for week, step in enumerate(steps, 1):
        lab = f"`make lab STEP={step.number}` ({lab_minutes(step)})" if step.has_lab else "-"
        rows.append(f"| {week} | read and run {step.name} ({step.minutes}) | {lab} |")
    return "\n".join(rows)


TABLES = {"path": path_table, "open": open_table, "teaching": teaching_table, "one-lesson": one_lesson,
          "three-lessons": three_lessons, "semester": semester}


def defects_table(page):
    """The mutants of the page's step, each with its sentence; None in a handout, which has
    none."""
    folder = ROOT / "tests" / "mutants" / page.stem
    if not folder.is_dir():
        return None
    rows = ["| defect | what happens |", "| --- | --- |"]
    for path in sorted(folder.glob("*.patch")):
        rows.append(f"| `{path.stem}` | {patches.sentence(path)} |")
    return "\n".join(rows)


def around(page):
    """The step before this one, the contents, and the one after it."""
    steps = all_steps()
    here = [step.name for step in steps].index(page.stem)

    def link(step):
        return f"[{step.number} · {step.title}]({step.name}.md)"
    links = [link(steps[here - 1])] if here > 0 else []
    links.append("[Contents](../README.md#the-path)")
    if here + 1 < len(steps):
        links.append(f"next: {link(steps[here + 1])}")
    return " · ".join(links)


def table(reference):
    if reference not in TABLES:
        raise NoteError(f"table: no table {reference!r}")
    return TABLES[reference](all_steps())


def picture(name):
    """A picture, with its own title as the text for who cannot see it."""
    path = ROOT / "notes" / "pictures" / f"{name}.svg"
    if not path.is_file():
        raise NoteError(f"picture: no picture {name!r}")
    title = re.search(r"<title[^>]*>(.*?)</title>", path.read_text(encoding="utf-8"), re.S)
    return f"![{html.unescape(title[1])}](pictures/{name}.svg)"


def results(which):
    """A table of the run that is recorded in step 24."""
    sys.path.insert(0, str(ROOT / "steps" / "24_choosing" / "report"))
    import report
    recorded = json.loads((ROOT / "steps/24_choosing/report/recorded.json").read_text(encoding="utf-8"))
    if which == "pairs":
        lines = report.pair_table(recorded)
    elif which in {item["class"] for item in recorded["items"].values()}:
        lines = report.class_table(recorded, which)
    else:
        raise NoteError(f"results: no table {which!r}")
    return "\n".join(lines).strip()


MAKERS = {"code": code, "transcript": transcript, "table": table, "picture": picture,
          "results": results}


def value(page, name):
    """What a page quotes within a sentence: found by a function of its step."""
    path = ROOT / "steps" / page.stem / "stage" / "values.py"
    values = load(path).VALUES if path.is_file() else {}
    if name not in values:
        raise NoteError(f"value: {page.stem} has no value {name!r}")
    if not (BUILD / "steps").is_dir():
        raise NoteError(f"value: {BUILD}/steps is not built: make build")
    return values[name]()


def rendered(page, text):
    def block(match):
        kind, reference, body = match.groups()
        made = (defects_table(page) if (kind, reference) == ("table", "defects")
                else around(page) if (kind, reference) == ("table", "around")
                else MAKERS[kind](reference))
        return (f"<!-- {kind}: {reference} -->\n{body.strip() if made is None else made}\n"
                "<!-- end -->\n")
    def words(match):
        return f"<!-- value: {match[1]} -->{value(page, match[1])}<!-- end -->"
    return VALUE.sub(words, MARKED.sub(block, text))


def outside_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)


def unmarked_blocks(text):
    """The first lines of C++ and console blocks that no marker precedes."""
    text = re.sub(r"<!-- fragment -->\n+```.*?^```$", "", MARKED.sub("", text),
                  flags=re.S | re.M)
    return [m[2] for m in re.finditer(r"^```(cpp|c\+\+|console)\n(.*)$", text, re.M)]


NUMBER = re.compile(r"(?<![\w.#])\d[\d,.]*\d(?!\w)")
# What has a number in its name: links, languages and processors, steps.
NAMES = re.compile(r"\[[^\]]*\]\([^)]*\)|\[[\w.]+\]/\d+|\bC\+\+\d+|\bx86-64\b|\b\d+-bit\b|"
                   r"\b[Ss]teps?\s\d\d(?:(?:,|\sto|\sand|\sor)\s\d\d)*\b|\b\d\d_\w+|\b(?:STEP=|make )\d\d\b|^# \d\d · ", re.M)


def unshown_numbers(text):
    """The numbers of two digits or more in a note's sentences that none of its blocks
    shows, no run gives, and the note does not declare to be reported."""
    shown = "\n".join(block for _, _, block in MARKED.findall(text))
    known = set(NUMBER.findall(shown)) | {word for words in REPORTED.findall(text)
                                          for word in words.split()}
    prose = re.sub(r"\A---\n.*?\n---\n", "", VALUE.sub("", MARKED.sub("", text)), flags=re.S)
    prose = NAMES.sub("", REPORTED.sub("", outside_code(prose)))
    return sorted(set(NUMBER.findall(prose)) - known)


def stale_reports(text):
    """What a note declares to be reported, and then does not say."""
    prose = REPORTED.sub("", text)
    return [word for words in REPORTED.findall(text) for word in words.split()
            if word not in NUMBER.findall(prose)]


def unknown_mutants(text):
    """Names in a table's last column, "its bugs, as mutants", that no mutant has."""
    there = {path.stem for path in (ROOT / "tests" / "mutants").glob("*/*.patch")}
    for table in re.findall(r"^\|.* its bugs, as mutants \|\n\|.*\n((?:\|.*\n)*)", text, re.M):
        for cell in re.findall(r"\|([^|]*)\|$", table, re.M):
            yield from (name for name in re.findall(r"`([a-z0-9]+_\w+)`", cell)
                        if there and name not in there)


def unexplained(path, text):
    """Terms of a glossary that the note of their step does not use."""
    for term, note in re.findall(r"^\| ([^|]+) \|[^|]+\| \[\d\d\]\((\S+\.md)\) \|$", text, re.M):
        words = r"[\s*]+".join(map(re.escape, term.split()))
        if not re.search(words, (path.parent / note).read_text(encoding="utf-8"), re.I):
            yield f"the term {term!r} is not in {note}"


def broken_links(path, text):
    for target in re.findall(r"\]\(([^)\s]+)\)", outside_code(text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        if not linked.exists():
            yield f"link to {target}: no such file"
        elif anchor and linked.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", outside_code(linked.read_text(encoding="utf-8")), re.M)
            if anchor not in [slug(h) for h in headings]:
                yield f"link to {target}: no such heading"
        elif anchor and anchor not in regions(linked):
            yield f"link to {target}: no such region"


def problems():
    """Everything that is wrong with the pages, one line each."""
    used = set()
    titles = {step.number: step.title for step in all_steps()}
    for path in pages():
        name = path.relative_to(ROOT)
        text = path.read_text(encoding="utf-8")
        starts = len(re.findall(r"<!-- (?:code|transcript|table|picture|results|value):", text))
        whole = len(MARKED.findall(text)) + len(VALUE.findall(text))
        if starts != whole or starts != text.count("<!-- end -->"):
            yield f"{name}: a marker without its end"
        used.update(reference for kind, reference, _ in MARKED.findall(text)
                    if kind == "code")
        used.update(link.lstrip("./") for link in re.findall(r"\]\((\S+\.hpp#\w+)\)", text))
        try:
            new = rendered(path, text)
            if new != text:
                diff = difflib.unified_diff(text.splitlines(), new.splitlines(),
                                            str(name), "the sources", lineterm="", n=1)
                yield f"{name}: not in step; `make notes` writes it\n" + "\n".join(diff)
        except (NoteError, patches.PatchError) as error:
            yield f"{name}: {error}"
        for line in unmarked_blocks(text):
            yield f"{name}: a block without a marker: {line}"
        for number, title in re.findall(r"(?:^# |\[)(\d\d) · ([^\]\n]*)", text, re.M):
            if title != titles.get(number):
                yield f"{name}: step {number} is not called {title!r}"
        if re.match(r"\d\d_", path.name):
            for number in unshown_numbers(text):
                yield f"{name}: no run shows the number {number}"
            if "<!-- table: defects -->" not in text:
                yield f"{name}: has no table of its defects"
            if "<!-- table: around -->" not in text:
                yield f"{name}: does not say what comes next"
        for mutant in unknown_mutants(text):
            yield f"{name}: there is no mutant {mutant}"
        for number in stale_reports(text):
            yield f"{name}: does not say {number}, which it declares to be reported"
        for problem in broken_links(path, text):
            yield f"{name}: {problem}"
        if path.name == "glossary.md":
            yield from (f"{name}: {problem}" for problem in unexplained(path, text))
    for path in sorted((ROOT / "steps").rglob("*.?pp")):
        name = path.relative_to(ROOT)
        if "lab" in name.parts:
            continue
        marks = len(re.findall(r"^\s*// #(?:end)?region ", path.read_text(encoding="utf-8"), re.M))
        if marks != 2 * len(regions(path)):
            yield f"{name}: a region that does not begin or end"
        for region in regions(path):
            if f"{name}#{region}" not in used and str(name) not in used:
                yield f"{name}: no page shows its region {region!r}"


def draw_pictures():
    """Needs the distribution's matplotlib; without it the pictures stay as they are."""
    has = ["/usr/bin/python3", "-c", "import matplotlib"]
    if subprocess.run(has, stderr=subprocess.DEVNULL).returncode != 0:
        print("pictures: not drawn, as there is no python3-matplotlib here")
        return
    subprocess.run(["/usr/bin/python3", str(ROOT / "common" / "tools"), "pictures"], check=True)


def write():
    for step in all_steps():
        subprocess.run([sys.executable, str(ROOT / "common" / "tools"), "transcript",
                        step.name, "--write"], check=True, stdout=subprocess.DEVNULL)
    draw_pictures()
    for path in pages():
        text = path.read_text(encoding="utf-8")
        try:
            new = rendered(path, text)
        except NoteError as error:
            sys.exit(f"{path.relative_to(ROOT)}: {error}")
        if new != text:
            path.write_text(new, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    if not parser.parse_args().check:
        write()
    found = list(problems())
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"notes: {len(pages())} pages, {len(found)} problems")
    return bool(found)
