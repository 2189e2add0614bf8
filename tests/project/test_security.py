"""SECURITY.md names tests that there are."""

import re
import unittest

from commands import PROJECT

PAGE = (PROJECT / "SECURITY.md").read_text()
NAME = re.compile(r"`([^`]+)`")


def rows():
    """The attempts of all tables, with the files and names of their tests."""
    for line in PAGE.splitlines():
        cells = line.strip("|").split(" | ")
        if line.startswith("|") and len(cells) == 3 and not cells[0].strip().startswith(("attempt", "-")):
            yield cells[0].strip(), cells[2]


class Security(unittest.TestCase):
    def test_each_attempt_has_a_test_that_there_is(self):
        count = 0
        for attempt, cell in rows():
            file, tests = None, 0
            for name in NAME.findall(cell):
                if "/" in name:
                    file = (PROJECT / name).read_text()
                    continue
                self.assertTrue(re.search(rf"\b(fn|def) {name}\(", file), f"{attempt}: {name}")
                tests += 1
            self.assertGreater(tests, 0, attempt)
            count += 1
        self.assertGreater(count, 20)


if __name__ == "__main__":
    unittest.main()
