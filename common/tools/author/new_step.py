"""Writes all parts of a new step, which build and pass: a step to begin with."""

import argparse
import re
import sys

from shared.steps import ROOT, folders

PARTS = {
    "steps/{name}/{lesson}.hpp": """\
// {lesson}.hpp: TODO: the lesson, in a line.
#pragma once

#include "02_malloc_wrapper/foo.hpp"

// #region {lesson}
/// TODO: what it does, with sizes and units, what it throws, and its source.
inline int {lesson}(const Foo& f) {{ return f.bar() + f.baz(); }}
// #endregion {lesson}
""",
    "steps/{name}/lab/{lesson}.hpp": """\
// {lesson}.hpp: TODO: the lesson, in a line.
#pragma once

#include "02_malloc_wrapper/foo.hpp"

/// TODO: what it does, with sizes and units, what it throws, and its source.
inline int {lesson}(const Foo& f) {{
    // TODO: what the student writes.
    static_cast<void>(f);
    return -1;
}}
""",
    "steps/{name}/main.cpp": """\
// {name}: TODO: what it shows.
//
// Run:     build/steps/{name}
// Expect:  TODO: 140.
// Next:    TODO: the next step.
#include <iostream>

#include "{name}/{lesson}.hpp"
#include "common/program.hpp"

namespace {{

void print_sum(const arguments& args) {{
    if (!args.empty()) throw usage_error{{}};
    std::cout << {lesson}(Foo(42, 98)) << std::endl;
}}

}}  // namespace

int main(int argc, char** argv) {{
    return run_program("{name}", "", argc, argv, print_sum);
}}
""",
    "steps/{name}/stage/drive.py": """\
\"\"\"Plays step {number}.\"\"\"


def drive(d):
    d.shell("build/steps/{name}", says="140", outcome=True)
""",
    "steps/{name}/stage/transcript.txt": """\
$ build/steps/{name}
140
""",
    "tests/{name}_test.cpp": """\
// Tests of {name}: TODO: what they prove.
#include "{name}/{lesson}.hpp"
#include "tests/support.hpp"

TEST_SUITE("lab") {{
    TEST_CASE("header: the sum is that of both fields") {{
        CHECK({lesson}(Foo(1, 2)) == 3);
        CHECK({lesson}(Foo(-5, 2)) == -3);
    }}

    TEST_CASE("program: it prints the sum") {{
        const ended result = run({{program_path("{name}")}});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == "140\\n");
        CHECK(result.err == "");
    }}
}}
""",
    "tests/mutants/{name}/one_field_only.patch": """\
TODO: what is wrong, and what comes of it.

--- {name}/{lesson}.hpp
+++ {name}/{lesson}.hpp
@@ -8,3 +8,3 @@
 /// TODO: what it does, with sizes and units, what it throws, and its source.
-inline int {lesson}(const Foo& f) {{ return f.bar() + f.baz(); }}
+inline int {lesson}(const Foo& f) {{ return f.bar(); }}
 // #endregion {lesson}
""",
    "tests/mutants/{name}/difference.patch": """\
TODO: what is wrong, and what comes of it.

--- {name}/{lesson}.hpp
+++ {name}/{lesson}.hpp
@@ -8,3 +8,3 @@
 /// TODO: what it does, with sizes and units, what it throws, and its source.
-inline int {lesson}(const Foo& f) {{ return f.bar() + f.baz(); }}
+inline int {lesson}(const Foo& f) {{ return f.bar() - f.baz(); }}
 // #endregion {lesson}
""",
    "notes/{name}.md": """\
---
title: TODO {lesson}
minutes: 10
outcome: works
points: 0
---

# {number} · TODO {lesson}

TODO: the question that this step answers.

## What you will see

```sh
make {number}
```

<!-- transcript: {name} -->
<!-- end -->

## The idea

TODO: the one idea.

## The lab

`make lab STEP={number}` puts the skeleton into `work/{name}/`, and `make check STEP={number}` says what
is still missing.

<details>
<summary>Hint 1</summary>

TODO: vague.

</details>

<details>
<summary>Hint 2</summary>

TODO: nearly the answer, and not in its words.

</details>

## The code

<!-- code: steps/{name}/{lesson}.hpp#{lesson} -->
<!-- end -->

## Why it happens

TODO.

## The defects

<!-- table: defects -->
<!-- end -->

## In real software

TODO: a cited issue of a real project.

## Questions

<details>
<summary>TODO: a question?</summary>

TODO: its answer.

</details>

## Man pages and sources

TODO.

---

<!-- table: around -->
<!-- end -->
""",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="NN_snake_case")
    name = parser.parse_args().name
    if not re.fullmatch(r"\d\d_[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        print(f"{name!r} is not two digits and words in snake_case, like 25_my_step",
              file=sys.stderr)
        return 2
    taken = [other for other in folders() if other[:2] == name[:2]]
    if taken:
        print(f"there is {taken[0]} already", file=sys.stderr)
        return 1
    lesson = name[3:]
    for path, text in PARTS.items():
        target = ROOT / path.format(name=name, lesson=lesson)
        if target.exists():
            print(f"{target.relative_to(ROOT)} is there already", file=sys.stderr)
            return 1
    for path, text in PARTS.items():
        target = ROOT / path.format(name=name, lesson=lesson)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.format(name=name, number=name[:2], lesson=lesson),
                          encoding="utf-8")
        print(f"wrote {target.relative_to(ROOT)}")
    print("next: make notes, then make test STEP=" + name[:2] +
          f"; what is to be written is marked TODO: git grep --untracked TODO -- '*{name}*'")
    return 0
