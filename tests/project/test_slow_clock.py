"""Where nothing counts instructions, `make instructions` says what to install, and builds nothing before."""

import shutil
import tempfile
import unittest
from pathlib import Path

from commands import run


class SlowClock(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "bash").symlink_to(shutil.which("bash"))

    def find(self, **variables):
        return run(".ci/slow-clock", PATH=str(self.folder), **variables)

    def test_a_machine_without_valgrind_gets_one_line_that_helps(self):
        code, printed = self.find(SLOW_CLOCK=__file__)
        self.assertNotEqual(code, 0)
        self.assertIn("apt-get install valgrind libfaketime", printed)
        self.assertEqual(printed.count("\n"), 1)

    def test_the_chosen_library_goes_first(self):
        (self.folder / "valgrind").write_text("#!/bin/sh\n")
        (self.folder / "valgrind").chmod(0o755)
        self.assertEqual(self.find(SLOW_CLOCK=__file__), (0, f"{__file__}\n"))


if __name__ == "__main__":
    unittest.main()
