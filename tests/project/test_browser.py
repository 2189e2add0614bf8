"""Where no browser is, `make page` says how to install one, and installs nothing else before."""

import shutil
import tempfile
import unittest
from pathlib import Path

from commands import run


class Browser(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "bash").symlink_to(shutil.which("bash"))

    def find(self, **variables):
        return run(".ci/browser", PATH=str(self.folder), **{"BROWSER": "", **variables})

    @unittest.skipIf(Path("/Applications/Google Chrome.app").exists(), "this Mac has a browser")
    def test_a_machine_without_one_gets_one_line_that_helps(self):
        code, printed = self.find()
        self.assertNotEqual(code, 0)
        self.assertIn("apt-get install chromium", printed)
        self.assertEqual(printed.count("\n"), 1)

    def test_the_chosen_browser_goes_first(self):
        for name in ("mine", "chromium"):
            (self.folder / name).write_text("#!/bin/sh\n")
            (self.folder / name).chmod(0o755)
        self.assertEqual(self.find(), (0, f"{self.folder}/chromium\n"))
        self.assertEqual(self.find(BROWSER="mine"), (0, f"{self.folder}/mine\n"))


if __name__ == "__main__":
    unittest.main()
