"""The Python tools are exactly those that were chosen: every package has its version and its hashes."""

import re
import tempfile
import unittest

from commands import PROJECT, run

FOLDER = PROJECT / ".ci/requirements"
FILES = sorted(FOLDER.glob("*.txt"))
REQUIREMENT = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ]+)( ; [^\\]+?)?(?P<hashes>( --hash=sha256:[0-9a-f]{64})+)")


def requirements(file):
    """The lines of a requirements file, each with its hashes, without comments."""
    lines = [line.partition("#")[0].strip() for line in file.read_text().splitlines()]
    whole = " ".join(f"{line}\n" if line and not line.endswith("\\") else line.rstrip("\\ ") for line in lines)
    return [line for line in map(str.strip, whole.splitlines()) if line]


class Requirements(unittest.TestCase):
    def test_every_package_has_a_version_and_hashes(self):
        self.assertEqual([file.stem for file in FILES], ["emulator", "fuzz", "lock", "page", "peer", "tools"])
        for file in FILES:
            for line in requirements(file):
                # An index, a URL or a version without hashes does not match.
                self.assertRegex(line, f"^{REQUIREMENT.pattern}$", file.name)

    def test_the_chosen_tools_are_among_them(self):
        for file in FILES:
            chosen = [line for line in file.with_suffix(".in").read_text().split("\n") if line[:1].isalpha()]
            # An extra is no package, but more that a package needs.
            chosen = [re.sub(r"\[.*?\]", "", line) for line in chosen]
            locked = [line.split(" ")[0] for line in requirements(file)]
            self.assertTrue(chosen)
            self.assertLessEqual(set(chosen), set(locked), file.name)

    def test_they_are_installed_by_their_hashes_and_from_wheels_alone(self):
        with tempfile.TemporaryDirectory() as nowhere:
            tools = [("TOOLS", "tools", "tools"), ("EMULATOR", "deployment", "emulator"), ("PAGE", "page", "page"),
                     ("PEER", "bench", "peer"), ("FUZZ", "fuzz", "fuzz")]
            for variable, target, name in tools:
                code, printed = run("make", "--dry-run", target, f"{variable}={nowhere}")
                self.assertEqual(code, 0, printed)
                installed = f"--require-hashes --only-binary :all: --no-deps -r .ci/requirements/{name}.txt"
                self.assertIn(installed, printed)


if __name__ == "__main__":
    unittest.main()
