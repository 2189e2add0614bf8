"""Commands of the project, run as a person or CI would run them."""

import os
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]
# The tests run under `make`. What it passes on to another `make`, and what CI sets, is not for these commands.
INHERITED = ("MAKE", "MFLAGS", "CI", "ADVISORIES", "GIT_")


def run(*command, folder=PROJECT, **variables):
    """The exit code of the command and all that it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(INHERITED)}
    done = subprocess.run(
        command, cwd=folder, env=environment | variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )
    return done.returncode, done.stdout
