"""When the check for known vulnerabilities may be left out, and that it is seen."""

import tempfile
import unittest
from pathlib import Path

from commands import run

UNREACHABLE = '#!/bin/sh\ncase "$*" in *"fetch db"*) echo "no route to the database" >&2; exit 1 ;; esac\n'
VULNERABLE = '#!/bin/sh\ncase "$*" in *check*) echo "a known vulnerability"; exit 1 ;; esac\n'
CLEAN = "#!/bin/sh\nexit 0\n"


class Advisories(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "stamp").touch()

    def advisories(self, cargo_deny, **variables):
        program = self.folder / "cargo-deny"
        program.write_text(cargo_deny)
        program.chmod(0o755)
        return run(
            "make", "--no-print-directory", "advisories", f"CARGO_DENY={program}", f"STAMP={self.folder}/stamp",
            STEP_TIMES=f"{self.folder}/times", **variables,
        )

    def table(self):
        return run(".ci/step", "--table", STEP_TIMES=f"{self.folder}/times")[1]

    def test_ci_fails_when_the_database_cannot_be_fetched(self):
        for value in ("", "required", "a typing error"):
            code, printed = self.advisories(UNREACHABLE, CI="true", ADVISORIES=value)
            self.assertNotEqual(code, 0, printed)
            self.assertIn("no route to the database", printed)
            self.assertIn("ADVISORIES=optional", printed)

    def test_a_check_that_is_left_out_stands_in_the_table_at_the_end(self):
        for variables in ({"CI": "true", "ADVISORIES": "optional"}, {}):
            code, printed = self.advisories(UNREACHABLE, **variables)
            self.assertEqual(code, 0, printed)
            self.assertIn("known vulnerabilities: LEFT OUT", printed)
            self.assertIn("known vulnerabilities: LEFT OUT", self.table())

    def test_a_vulnerability_is_a_failure_everywhere(self):
        for variables in ({"CI": "true"}, {"ADVISORIES": "optional"}, {}):
            code, printed = self.advisories(VULNERABLE, **variables)
            self.assertNotEqual(code, 0, printed)

    def test_a_check_that_was_made_is_not_said_to_be_left_out(self):
        code, printed = self.advisories(CLEAN, CI="true")
        self.assertEqual(code, 0, printed)
        self.assertNotIn("LEFT OUT", printed + self.table())


if __name__ == "__main__":
    unittest.main()
