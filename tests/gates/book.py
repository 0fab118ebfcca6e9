"""The book in a real browser: order, pages, copying, search, phone width, requests,
accessibility. Needs what `sh common/setup.sh book` installs, for the distribution's Python."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

DISTRIBUTION = "/usr/bin/python3"
try:
    from selenium import webdriver
except ImportError:
    if os.path.exists(DISTRIBUTION) and not os.path.samefile(sys.executable, DISTRIBUTION):
        os.execv(DISTRIBUTION, [DISTRIBUTION, *sys.argv])
    webdriver = None

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT

from author import book
from author import notes
from shared.steps import BUILD, all_steps

AXE = "axe-core@4.10.2"
AGAIN = "run again after: sh common/setup.sh book"


def absent():
    lacking = book.missing() + [name for name in ("chromium", "chromedriver")
                                if not shutil.which(name)]
    return lacking + ([] if webdriver else ["python3-selenium"])


class Book(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if absent():
            print(f"SKIPPED: not installed: {' '.join(absent())}; {AGAIN}")
            raise unittest.SkipTest("not installed")
        assert book.build() == 0, "the book has warnings"
        cls.serving = book.server()
        threading.Thread(target=cls.serving.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.serving.server_close)
        cls.addClassCleanup(cls.serving.shutdown)
        cls.root = f"http://127.0.0.1:{cls.serving.server_port}/"
        profile = tempfile.mkdtemp(prefix="suchfoo-browser-")
        cls.addClassCleanup(shutil.rmtree, profile, ignore_errors=True)
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-quic",
                     "no-first-run", "disable-background-networking", "disable-sync",
                     "disable-component-update", "disable-dev-shm-usage",
                     "window-size=1280,900", f"user-data-dir={profile}"):
            options.add_argument(f"--{word}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        from selenium.webdriver.chrome.service import Service
        cls.browser = webdriver.Chrome(service=Service(shutil.which("chromedriver")),
                                       options=options)
        cls.addClassCleanup(cls.browser.quit)
        cls.browser.set_page_load_timeout(30)

    def open(self, page, width=1280, height=900):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.browser.get(self.root + page)

    def js(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def pages(self):
        return ["index.html", *(f"{step.name}.html" for step in all_steps()),
                *(f"{name}.html" for name in book.MORE)]

    def test_the_navigation_is_in_the_order_of_the_steps(self):
        self.open("index.html")
        links = self.js("return [...document.querySelectorAll('.sidebar-tree a')]"
                        ".map(a => a.getAttribute('href'))")
        wanted = [f"{step.name}.html" for step in all_steps()]
        self.assertEqual(links[:len(wanted)], wanted)
        for before, after in zip(wanted, wanted[1:]):
            self.open(before)
            self.assertEqual(self.js("return document.querySelector('a.next-page')"
                                     ".getAttribute('href')"), after)
            self.open(after)
            self.assertEqual(self.js("return document.querySelector('a.prev-page')"
                                     ".getAttribute('href')"), before)

    def test_each_step_has_its_title_badge_picture_and_both_kinds_of_block(self):
        for step in all_steps():
            self.open(f"{step.name}.html")
            self.assertIn(f"{step.number} ·",
                          self.js("return document.querySelector('h1').innerText"))
            self.assertEqual(self.js("return document.querySelector('.badge').innerText"),
                             step.outcome)
            for block in ("highlight-cpp", "highlight-console"):
                self.assertGreater(self.js(f"return document.querySelectorAll('.{block}').length"),
                                   0, (step.name, block))
            wanted = len(re.findall(r"<!-- picture: ", step.note.read_text(encoding="utf-8")))
            shown = self.js("return [...document.querySelectorAll('article img')]"
                            ".filter(i => i.naturalWidth > 0 && i.alt.length > 40).length")
            self.assertEqual(shown, wanted, step.name)

    def test_steps_01_04_06_07_08_and_24_have_pictures(self):
        with_pictures = {step.number for step in all_steps()
                         if "<!-- picture: " in step.note.read_text(encoding="utf-8")}
        self.assertLessEqual({"01", "04", "06", "07", "08", "24"}, with_pictures)

    def copied(self, kind, number=0):
        """What the copy button of a block puts on the clipboard."""
        self.js("document.querySelectorAll('details').forEach(d => d.open = true)")
        # What the page selects and has copied, seen where the browser would copy it.
        self.js("window.copied = null; document.execCommand = () => {"
                "const e = document.activeElement; window.copied = e.value === undefined ? "
                "String(getSelection()) : e.value.slice(e.selectionStart, e.selectionEnd);"
                "return true; }")
        click = (f"const b = document.querySelectorAll('.{kind} .copybtn')[{number}];"
                 "if (b) b.click()")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.js("return window.copied") is None:
            self.js(click)  # the buttons come a moment after the page
            time.sleep(0.2)
        return self.js("return window.copied")

    def test_a_copied_block_is_its_region(self):
        self.open("05_primed_file.html")
        order = re.findall(r"<!-- code: steps/05_primed_file/(\w+\.hpp)#(\w+) -->",
                           (ROOT / "notes/05_primed_file.md").read_text(encoding="utf-8"))
        self.assertTrue(order)
        for number, (header, name) in enumerate(order):
            region = notes.regions(ROOT / "steps" / "05_primed_file" / header)[name]
            self.assertEqual(self.copied("highlight-cpp", number).rstrip("\n"), region)

    def test_of_a_session_the_commands_are_copied(self):
        self.open("03_missing_file.html")
        copied = self.copied("highlight-console")
        self.assertIn("build/steps/03_missing_file", copied)
        for line in copied.splitlines():
            self.assertFalse(line.startswith(("$ ", ">>> ", "03_missing_file:")), line)

    def test_searching_for_sigbus_leads_to_step_04(self):
        self.open("search.html?q=SIGBUS")
        deadline = time.monotonic() + 20
        found = []
        while time.monotonic() < deadline and not found:
            time.sleep(0.2)
            found = self.js("return [...document.querySelectorAll('#search-results li a')]"
                            ".map(a => a.getAttribute('href').split('?')[0].split('#')[0])")
        self.assertIn("04_empty_file_sigbus.html", found[:3])

    def test_nothing_scrolls_sideways_on_a_phone(self):
        # furo lets the middle of a page scroll and not the page, whose own width does not
        # tell: look at all that ends to the right of the screen, but for what is in a
        # block of the article that scrolls by itself.
        too_wide = """
            const scrolls = e => e.closest('article') && (['auto', 'scroll'].includes(
                getComputedStyle(e).overflowX) || scrolls(e.parentElement));
            return [...document.querySelectorAll('article *')].filter(e =>
                e.getBoundingClientRect().right > 360.5 && !scrolls(e.parentElement))
                .map(e => e.outerHTML.slice(0, 90)).slice(0, 3)"""
        for page in self.pages():
            self.open(page, 360, 740)
            self.js("document.querySelectorAll('details').forEach(d => d.open = true)")
            self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), 360, page)
            self.assertGreater(self.js("return document.querySelectorAll('article *').length"), 9)
            self.assertEqual(self.js(too_wide), [], page)

    def test_what_is_folded_is_printed_and_buttons_are_not(self):
        self.open("04_empty_file_sigbus.html")
        seen = ("return [...document.querySelectorAll('details:not([open])')].filter("
                "e => getComputedStyle(e, '::details-content').contentVisibility == 'visible'"
                ").length")
        folded = self.js("return document.querySelectorAll('details:not([open])').length")
        self.assertGreater(folded, 0)
        self.assertEqual(self.js(seen), 0)
        self.copied("highlight-console")  # waits until there are buttons
        self.js("document.querySelectorAll('details').forEach(d => d.open = false)")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        try:
            self.assertEqual(self.js(seen), folded)
            self.assertEqual(self.js("return [...document.querySelectorAll('.copybtn')].filter("
                                     "e => getComputedStyle(e).display !== 'none').length"), 0)
        finally:
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    def test_no_console_error_and_no_request_to_another_host(self):
        self.browser.get_log("browser"), self.browser.get_log("performance")
        asked = set()
        for page in self.pages():
            self.open(page)
            for entry in self.browser.get_log("performance"):
                message = json.loads(entry["message"])["message"]
                if message["method"] == "Network.requestWillBeSent":
                    asked.add(message["params"]["request"]["url"])
            errors = [entry["message"] for entry in self.browser.get_log("browser")
                      if entry["level"] == "SEVERE" and "favicon.ico" not in entry["message"]]
            self.assertEqual(errors, [], page)
        self.assertGreater(len(asked), len(self.pages()))
        self.assertEqual([url for url in asked if not url.startswith((self.root, "data:"))], [])

    def test_there_is_no_serious_accessibility_fault(self):
        script = BUILD / "npm" / "node_modules" / "axe-core" / "axe.min.js"
        if not script.exists():
            got = subprocess.run(["npm", "install", "--prefix", BUILD / "npm", "--no-save",
                                  "--no-audit", "--no-fund", AXE], capture_output=True,
                                 text=True, timeout=600) if shutil.which("npm") else None
            if not script.exists():
                self.fail(f"no {AXE}: {got.stderr[-300:] if got else 'npm is missing'}")
        faults = {}
        # In dark, three pages with all that the others have: only colours differ.
        some = ["index.html", "04_empty_file_sigbus.html", "09_how_fast.html"]
        for theme, pages in (("light", self.pages()), ("dark", some)):
            for page in pages:
                self.open(page)
                self.js("document.body.dataset.theme = arguments[0];"
                        "document.querySelectorAll('details').forEach(d => d.open = true)", theme)
                self.js(script.read_text(encoding="utf-8"))
                found = self.browser.execute_async_script(
                    "axe.run().then(r => arguments[0](r.violations.filter(v => "
                    "['serious', 'critical'].includes(v.impact)).map(v => "
                    "v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)))))")
                if found:
                    faults[page, theme] = found
        self.assertEqual(faults, {})


if __name__ == "__main__":
    unittest.main()
