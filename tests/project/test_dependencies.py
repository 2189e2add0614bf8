"""The function has one TLS stack, on ring: a second one is linked twice and read at every cold start."""

import tomllib
import unittest

from commands import PROJECT, run

OTHERS = ("aws-lc-rs", "rustls@0.21", "native-tls", "openssl-sys")


def users(crate):
    """The exit code of cargo, and what of the function needs this crate."""
    return run("cargo", "tree", "--locked", "--no-default-features", "-e", "normal", "-i", crate)


class Dependencies(unittest.TestCase):
    def test_no_other_tls_stack_is_in_the_function(self):
        self.assertIn("order-alerts", users("ring")[1])
        for crate in OTHERS:
            _, printed = users(crate)
            self.assertNotIn("order-alerts", printed)
            # What no other build needs either is unknown to cargo.
            self.assertRegex(printed, "nothing to print|did not match any packages", crate)

    def test_packages_come_from_one_registry_under_known_licences(self):
        with open(PROJECT / "deny.toml", "rb") as file:
            deny = tomllib.load(file)
        self.assertEqual(deny["sources"], {"unknown-registry": "deny", "unknown-git": "deny"})
        self.assertNotIn("GPL", " ".join(deny["licenses"]["allow"]))
        # What is checked is all that is built, and the check is a part of `make test`.
        self.assertTrue(deny["graph"]["all-features"])
        recipe = run("make", "--no-print-directory", "--dry-run", "dependencies")[1]
        self.assertRegex(recipe, r"cargo-deny .*--workspace .*check .*licenses bans sources")

    def test_unsafe_code_is_forbidden(self):
        with open(PROJECT / "Cargo.toml", "rb") as file:
            workspace = tomllib.load(file)
        self.assertEqual(workspace["workspace"]["lints"]["rust"]["unsafe_code"], "forbid")
        for member in (".", *workspace["workspace"]["members"]):
            with open(PROJECT / member / "Cargo.toml", "rb") as file:
                self.assertEqual(tomllib.load(file)["lints"], {"workspace": True}, member)


if __name__ == "__main__":
    unittest.main()
