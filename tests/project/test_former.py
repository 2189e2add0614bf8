"""The former version is built where the clone has it, and left out visibly where it has not."""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from commands import PROJECT, run

# Nothing of the developer's own configuration: no signature, no hook.
AUTHOR = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false",
          "-c", "core.hooksPath=/dev/null"]


@unittest.skipUnless(shutil.which("git"), "git is not installed")
class Former(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.clone = Path(folder.name)
        shutil.copytree(PROJECT / ".ci", self.clone / ".ci")
        shutil.copy(PROJECT / "Makefile", self.clone)
        (self.clone / "tests/deployment").mkdir(parents=True)
        (self.clone / "stamp").touch()
        for command in (["init", "--quiet"], ["add", "--all"], [*AUTHOR, "commit", "--quiet", "--message", "all files"]):
            code, printed = run("git", *command, folder=self.clone)
            self.assertEqual(code, 0, printed)

    def name(self, version):
        (self.clone / "tests/deployment/former").write_text(version + "\n")

    def test_a_clone_that_has_it_can_build_it(self):
        code, printed = run("git", "tag", "v0.1.0", folder=self.clone)
        self.assertEqual(code, 0, printed)
        self.name("v0.1.0")
        self.assertEqual(run(".ci/former", "--missing", folder=self.clone), (1, ""))

    @unittest.skipUnless(sys.platform == "linux", "elsewhere the function is not deployed")
    def test_without_it_the_update_is_left_out_and_nothing_fails(self):
        missing = "0123456789" * 4
        self.name(missing)
        reason = f"this clone does not have the former version, {missing}"
        self.assertEqual(run(".ci/former", "--missing", folder=self.clone), (0, f"{reason}\n"))
        code, printed = run("make", "--no-print-directory", "former", f"STAMP={self.clone}/stamp", folder=self.clone)
        self.assertEqual((code, printed), (0, f"\n== Update and rollback: LEFT OUT, {reason}.\n"))
        code, table = run(".ci/step", "--table", folder=self.clone)
        self.assertIn("Update and rollback: LEFT OUT", table)


if __name__ == "__main__":
    unittest.main()
