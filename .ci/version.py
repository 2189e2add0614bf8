"""Closes the change log as a version, and gives the project that version.

    python .ci/version.py 0.1.0
"""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).parents[1]
# https://semver.org
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")
# Where the version stands: what compiles, and what the template says of itself.
PLACES = {
    "Cargo.toml": re.compile(r'(?<=\[workspace\.package\]\nversion = ")[^"]+'),
    "template.yaml": re.compile(r"(?<=SemanticVersion: ).+"),
}


def main():
    [version] = sys.argv[1:] or [""]
    if not VERSION.fullmatch(version):
        sys.exit(f"error: VERSION={version}: a version has three numbers, such as 0.1.0")
    changelog = PROJECT / "CHANGELOG.md"
    closed = close(changelog.read_text(), version, datetime.now(UTC).date())
    texts = {changelog: closed}
    for name, place in PLACES.items():
        file = PROJECT / name
        texts[file], found = place.subn(version, file.read_text())
        if found != 1:
            sys.exit(f"error: {name} has its version at {found} places")
    for file, text in texts.items():
        file.write_text(text)
    subprocess.run(["cargo", "update", "--workspace", "--offline", "--quiet"], cwd=PROJECT, check=True)
    print(f"{', '.join(file.name for file in texts)} and Cargo.lock have the version {version}: commit them.")


def close(changelog, version, today):
    """What was unreleased is of this version, from today."""
    head, separator, rest = changelog.partition("\n## [Unreleased]\n")
    unreleased = rest.partition("\n## [")[0]
    if f"\n## [{version}]" in changelog:
        sys.exit(f"error: CHANGELOG.md has {version} already: give the next version")
    if not separator or not unreleased.strip():
        sys.exit("error: CHANGELOG.md has nothing that is unreleased")
    return f"{head}{separator}\n## [{version}] - {today}\n{rest}"


if __name__ == "__main__":
    main()
