"""Renders the notes as a book, build/book, with the distribution's Sphinx, MyST and furo.

    book            build it; warnings are errors
    book --serve    and serve it on loopback, until Ctrl-C
"""

import argparse
import functools
import http.server
import re
import shutil
import subprocess
import sys
from pathlib import Path

from shared.steps import BUILD, ROOT, all_steps

SOURCE, BOOK = BUILD / "book-source", BUILD / "book"
PYTHON = "/usr/bin/python3"
NEEDS = {"sphinx": "python3-sphinx", "myst_parser": "python3-myst-parser", "furo": "furo",
         "sphinx_copybutton": "python3-sphinx-copybutton"}
MORE = ["errors", "glossary", "snippets", "teaching", "other_systems", "contributing"]


def missing():
    """The packages that the book needs and that are not here."""
    return [package for module, package in NEEDS.items()
            if subprocess.run([PYTHON, "-c", f"import {module}"],
                              capture_output=True).returncode != 0]


def badges(step):
    kind = step.outcome.split()[0]
    return (f'<p><span class="badge {kind}">{step.outcome}</span>'
            f"{step.minutes} minutes</p>\n")


def links(text, folder):
    """The text with its links, as seen from `folder`, leading into the book, or to a copy
    of the file."""
    def to_book(match):
        name, anchor = match[1], match[2] or ""
        source = (folder / name).resolve()
        if source == ROOT / "README.md":
            return f"](index.md{anchor})"
        if source.parent == ROOT / "notes" and source.suffix == ".md":
            return f"]({source.name}{anchor})"
        if not source.is_file() or source.suffix == ".svg":
            return match[0]
        copy = SOURCE / "files" / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
        return f"](files/{source.relative_to(ROOT)})"
    return re.sub(r"\]\(([^)#:\s]+)(#[^)\s]*)?\)", to_book, text)


def page(path, step=None):
    """A note as a page: its front matter as badges, its links into the book."""
    text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8"), flags=re.S)
    text = links(text, path.parent)
    if step:
        text = re.sub(r"^(# .*\n)", rf"\1\n{badges(step)}\n", text, count=1, flags=re.M)
    return text


def index(steps):
    """The README, and the order of the pages."""
    tree = "\n".join([*(step.name for step in steps), *MORE])
    return f"{page(ROOT / 'README.md')}\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n"


def prepare():
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(ROOT / "notes" / "book", SOURCE)
    shutil.copytree(ROOT / "notes" / "pictures", SOURCE / "pictures")
    steps = all_steps()
    for step in steps:
        (SOURCE / f"{step.name}.md").write_text(page(step.note, step), encoding="utf-8")
    for name in MORE:
        (SOURCE / f"{name}.md").write_text(page(ROOT / "notes" / f"{name}.md"),
                                           encoding="utf-8")
    (SOURCE / "index.md").write_text(index(steps), encoding="utf-8")


def mend():
    """What Debian's furo expects of a web server that is set up as Debian's, and what
    a keyboard needs to scroll a wide block."""
    static = BOOK / "_static"
    shared = Path("/usr/share/javascript/normalize.css/normalize.css")
    if shared.exists():
        shutil.copy(shared, static / "styles" / "normalize.css")
    replace(static / "styles" / "furo.css", r'@import [^;]*normalize\.css[^;]*;',
            '@import "normalize.css";' if shared.exists() else "")
    # furo.js imports a script that is no module: it is loaded before it instead.
    if replace(static / "scripts" / "furo.js", r'^import .*"\./gumshoe-patched\.js";', ""):
        for page in BOOK.glob("*.html"):
            replace(page, r'<script (?:type="module" )?src="(_static/scripts/)(furo\.js[^"]*)">',
                    r'<script src="\1gumshoe-patched.js"></script>\n    <script src="\1\2">')
    for page in BOOK.glob("*.html"):
        replace(page, "<pre>", '<pre tabindex="0">')
        replace(page, '<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')


def replace(path, pattern, new):
    """Returns how often."""
    text, times = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.M)
    path.write_text(text, encoding="utf-8")
    return times


def build():
    prepare()
    shutil.rmtree(BOOK, ignore_errors=True)
    status = subprocess.run([PYTHON, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html",
                             "-d", BUILD / "book-cache", SOURCE, BOOK]).returncode
    if status == 0:
        mend()
    return status


def server(port=0):
    """Serves the book on loopback; port 0: any that is free."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    handler = functools.partial(Quiet, directory=BOOK)
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)


def main():
    parser = argparse.ArgumentParser(description="Renders the notes as a book.")
    parser.add_argument("--serve", action="store_true")
    serve = parser.parse_args().serve
    if absent := missing():
        print(f"book: not installed: {' '.join(absent)}; sh common/setup.sh book",
              file=sys.stderr)
        return 1
    if build() != 0:
        return 1
    print(f"book: {BOOK / 'index.html'}")
    if serve:
        with server() as serving:
            print(f"serving http://127.0.0.1:{serving.server_port}/ until Ctrl-C", flush=True)
            try:
                serving.serve_forever()
            except KeyboardInterrupt:
                print()
    return 0
