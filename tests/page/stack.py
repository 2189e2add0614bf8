"""A local stack, and a browser that shows its page."""

import json
import os
import re
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError, expect, sync_playwright

PROJECT = Path(__file__).parents[2]
# The binary of `cargo run`, or another program that serves the same page and API.
STACK = os.environ.get("STACK", str(PROJECT / "target/debug/local"))
# `make page` finds it.
BROWSER = os.environ["BROWSER"]

# What the function itself waits for: a digest's window, and an order that Slack did not take.
SHORTLY = 10_000
AFTER_AN_OUTAGE = 120_000
expect.set_options(timeout=SHORTLY)

# The standard against which axe checks. https://www.w3.org/TR/WCAG22/
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# The numbers of the page's sum line, by name.
NUMBERS = """() => Object.fromEntries([...document.querySelectorAll("#sum [data-number]")]
    .map((one) => [one.dataset.number, Number(one.textContent)]))"""


class Stack:
    """A process of the local stack on a free port, with the settings of its environment."""

    def __init__(self, **settings):
        self.log = tempfile.TemporaryFile("w+")
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.process = subprocess.Popen(
            [STACK], cwd=PROJECT, env=environment | {"DIGEST_SECONDS": "2"} | settings, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.log, text=True,
        )
        listens = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", listens)
        if not found:
            self.stop()
            raise AssertionError(f"the local stack did not start: {listens!r}")
        self.address = found[0]
        # What it prints must not fill the pipe.
        self.reader = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)
        self.process.stdout.close()

    def stop(self):
        self.process.kill()
        self.process.wait()
        if hasattr(self, "reader"):
            self.reader.wait()
        self.log.close()

    def state(self):
        with urllib.request.urlopen(f"{self.address}/local/state") as answer:
            return json.load(answer)

    def post(self, path, content=None):
        body = json.dumps(content or {}).encode()
        request = urllib.request.Request(f"{self.address}{path}", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


class PageTest(unittest.TestCase):
    """A test with a stack and a browser. It fails if the page logs an error."""

    # Of the browser's window. A test class may have another one.
    CONTEXT = {"locale": "en-GB", "timezone_id": "Europe/London", "viewport": {"width": 1280, "height": 900}}

    @classmethod
    def setUpClass(cls):
        driver = sync_playwright().start()
        cls.addClassCleanup(driver.stop)
        cls.browser = driver.chromium.launch(executable_path=BROWSER)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)
        self.page = self.open()

    def open(self, **context):
        """The page in a new window, connected to the stack."""
        window = self.browser.new_context(**self.CONTEXT | context)
        self.addCleanup(window.close)
        page = window.new_page()
        self.errors = []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.stack.address)
        # The stack sends itself one sample when it starts.
        expect(page.locator("#log article")).to_have_count(1)
        return page

    def tearDown(self):
        self.assertEqual(self.errors, [])

    def forgive(self, *parts):
        """Forgets errors that the test has caused: the browser itself logs each request that fails."""
        self.errors = [error for error in self.errors if not any(part in error for part in parts)]

    def articles(self):
        return self.page.locator("#log article")

    def send(self, sample):
        self.page.click(f'[data-sample="{sample}"]')

    def number(self, name):
        return self.page.locator(f'#sum [data-number="{name}"]')

    def numbers(self):
        """The sum line's numbers."""
        return self.page.evaluate(NUMBERS)

    def expect_all_shown(self, timeout=AFTER_AN_OUTAGE):
        """In one look at the sum line: nothing waits, and each order that was accepted was shown or left out."""
        are_all = "(numbers) => numbers.waiting === 0 && numbers.accepted === numbers.shown + numbers.left_out"
        try:
            self.page.wait_for_function(f"() => ({are_all})(({NUMBERS})())", timeout=timeout)
        except TimeoutError as late:
            raise AssertionError(f"not all are shown: {self.numbers()}") from late

    def try_own(self, body, platform="generic", headers=""):
        self.page.select_option("#platform", platform)
        self.page.fill("#headers", headers)
        self.page.fill("#body", body if isinstance(body, str) else json.dumps(body))
        self.page.click("#form [type=submit]")

    def violations(self):
        """What axe finds, one line each."""
        found = Axe().run(self.page, options=AXE).response
        self.assertGreater(len(found["passes"]), 20)
        nodes = [(rule["id"], node) for rule in found["violations"] for node in rule["nodes"]]
        return [f"{rule}: {node['html'][:200]} ({node['failureSummary']})" for rule, node in nodes]
