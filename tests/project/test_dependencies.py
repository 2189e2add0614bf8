"""The function has one TLS stack, on ring: a second one is linked twice and read at every cold start."""

import unittest

from commands import run

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


if __name__ == "__main__":
    unittest.main()
