"""A checkout has the same bytes on every machine: signatures, hashes and snapshots are over exact bytes."""

import shutil
import tempfile
import unittest
from pathlib import Path

from commands import PROJECT, run

NOT_TRACKED = {".git", "target", ".aws-sam", "dist", "__pycache__"}


def files(folder):
    for path in sorted(folder.iterdir()):
        if path.name in NOT_TRACKED:
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


@unittest.skipUnless(shutil.which("git"), "git is not installed")
class Checkout(unittest.TestCase):
    def test_git_for_windows_leaves_the_line_endings_as_they_are(self):
        with tempfile.TemporaryDirectory() as folder:
            origin, copy = Path(folder, "origin"), Path(folder, "copy")
            for path in files(PROJECT):
                target = origin / path.relative_to(PROJECT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
            # Nothing of the developer's own configuration: no signature, no hook.
            author = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false",
                      "-c", "core.hooksPath=/dev/null"]
            windows = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
            for command in (
                ["init", "--quiet", str(origin)],
                ["-C", str(origin), *windows, "add", "--all"],
                ["-C", str(origin), *author, "commit", "--quiet", "--message", "all files"],
                [*windows, "clone", "--quiet", str(origin), str(copy)],
            ):
                code, printed = run("git", *command, folder=folder)
                self.assertEqual(code, 0, printed)
            compared = 0
            for path in files(copy):
                self.assertEqual(path.read_bytes(), (PROJECT / path.relative_to(copy)).read_bytes(), path)
                compared += 1
            self.assertGreater(compared, 100)


if __name__ == "__main__":
    unittest.main()
