"""The pictures in docs/pictures show what the function posts and the page says now."""

import re
import unittest

from pictures import FOLDER, LANGUAGES, PICTURES, described, take
from playwright.sync_api import sync_playwright
from stack import BROWSER, PROJECT

READMES = {"en": "README.md", "ko": "README.ko.md"}
MOST_BYTES = 100_000


class Pictures(unittest.TestCase):
    def test_each_shows_what_is_there_now(self):
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=BROWSER)
            for name in PICTURES:
                for language in LANGUAGES:
                    with self.subTest(name=name, language=language):
                        text, _ = take(browser, name, language)
                        shown = described(FOLDER / f"{name}-{language}.png")
                        self.assertEqual(shown, text, "take the pictures again: make pictures")

    def test_the_cancellation_is_that_of_the_readme_and_of_the_snapshots(self):
        snapshot = PROJECT / "tests/function/webhook/snapshots/function__webhook__samples__woocommerce.snap"
        for language, readme in READMES.items():
            shown = described(FOLDER / f"cancellation-{language}.png")
            [block] = re.findall(r"```text\n(🚫.*?)\n```", (PROJECT / readme).read_text(), re.DOTALL)
            self.assertEqual(shown, block)
            for line in shown.splitlines():
                self.assertIn(line, snapshot.read_text())

    def test_the_alarm_is_that_of_the_snapshots(self):
        folder = PROJECT / "src/message/alarm/snapshots"
        snapshot = (folder / "order_alerts__message__alarm__tests__an_alarm_for_no_orders.snap").read_text()
        for language in LANGUAGES:
            *lines, _ = described(FOLDER / f"alarm-{language}.png").splitlines()
            self.assertGreater(len(lines), 2)
            for line in lines:
                # How long there was no order is a setting.
                self.assertIn(re.sub(r"\d+", "0", line), re.sub(r"\d+", "0", snapshot))

    def test_they_are_small(self):
        for picture in FOLDER.glob("*.png"):
            self.assertLess(picture.stat().st_size, MOST_BYTES, picture.name)

    def test_each_is_embedded_and_there_are_no_others(self):
        names = {f"{name}-{language}.png" for name in PICTURES for language in LANGUAGES}
        self.assertEqual({picture.name for picture in FOLDER.glob("*.png")}, names)
        pages = [PROJECT / "README.md", PROJECT / "README.ko.md", *(PROJECT / "docs").glob("*.md")]
        text = "".join(page.read_text() for page in pages)
        self.assertEqual({name for name in names if f"pictures/{name}" not in text}, set())


if __name__ == "__main__":
    unittest.main()
