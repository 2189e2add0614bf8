"""Packs what is published: `dist/`, from which the function is deployed without a toolchain.

    python .ci/dist.py --tool FILE --function arm64=FILE --function x86_64=FILE

The same files in are the same bytes out. Without a tool the folder has none.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import sbom

PROJECT = Path(__file__).parents[1]
# The first is the template's default: it costs less.
ARCHITECTURES = ["arm64", "x86_64"]
# The earliest time that a zip file can have.
EPOCH = (1980, 1, 1, 0, 0, 0)
# The answers that `sam deploy --guided` suggests, and what the template names for the Serverless Application Repository.
COPIED = ["samconfig.toml", "LICENSE", "README.md"]


def main():
    arguments = parsed()
    project = arguments.project
    functions = dict(function.split("=", 1) for function in arguments.function)
    if unknown := functions.keys() - set(ARCHITECTURES):
        sys.exit(f"error: Lambda has no architecture {', '.join(sorted(unknown))}")
    folder = arguments.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    template = (project / "template.yaml").read_text()
    built = [architecture for architecture in ARCHITECTURES if architecture in functions]
    for architecture in built:
        pack(folder / f"order-alerts-{architecture}.zip", functions[architecture])
        name = "template.yaml" if architecture == built[0] else f"template-{architecture}.yaml"
        (folder / name).write_text(packed(template, architecture))
    if arguments.tool:
        tool = folder / f"order-alerts{arguments.tool.suffix}"
        shutil.copy(arguments.tool, tool)
        tool.chmod(0o755)
    for name in COPIED:
        shutil.copy(project / name, folder)
    number = version(project)
    (folder / "CHANGES.md").write_text(section((project / "CHANGELOG.md").read_text(), number))
    (folder / "order-alerts.cdx.json").write_text(sbom.of_function(project, number, built_at(project)))
    sums = checksums(folder)
    (folder / "SHA256SUMS").write_text(sums)
    print(sums, end="")


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", type=Path, default=PROJECT, help="the source of all that is no binary")
    parser.add_argument("--tool", type=Path, help="the local tool's binary")
    parser.add_argument("--function", required=True, action="append", metavar="ARCHITECTURE=FILE",
                        help="the function's binary")
    parser.add_argument("--folder", type=Path, default=PROJECT / "dist", help="where the files go")
    return parser.parse_args()


def version(project):
    return tomllib.loads((project / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def built_at(project):
    """The time of the source: https://reproducible-builds.org/docs/source-date-epoch/."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if not seconds:
        last = ["git", "-C", project, "log", "-1", "--format=%ct"]
        done = subprocess.run(last, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit("error: this is no git checkout, so give the source's time as SOURCE_DATE_EPOCH")
        seconds = done.stdout
    return datetime.fromtimestamp(int(seconds), UTC)


def pack(archive, bootstrap):
    """Lambda runs the file `bootstrap`: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-provided.html."""
    entry = zipfile.ZipInfo("bootstrap", EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    # As on Linux, wherever this runs: a file that all may read and run.
    entry.create_system = 3
    entry.external_attr = 0o100755 << 16
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(entry, Path(bootstrap).read_bytes(), compresslevel=9)


def packed(template, architecture):
    """The template, with a zip file in place of the source."""
    replacements = [
        ("      CodeUri: .\n", f"      CodeUri: order-alerts-{architecture}.zip\n"),
        ("""    Metadata:
      BuildMethod: rust-cargolambda
      BuildProperties:
        Binary: order-alerts
""", ""),
        ("""      The processor that the function is built for and runs on. "arm64" costs less.
      Choose "x86_64" when the machine that builds it cannot build for ARM, and give the same choice to sam build.
    Default: arm64
    AllowedValues: [arm64, x86_64]
    ConstraintDescription: must be arm64 or x86_64.
""", f"""      The processor that the function runs on. This template is for {architecture}.
    Default: {architecture}
    AllowedValues: [{architecture}]
    ConstraintDescription: must be {architecture}, as this template is for it.
"""),
    ]
    for old, new in replacements:
        if template.count(old) != 1:
            sys.exit(f"error: template.yaml does not have once:\n{old}")
        template = template.replace(old, new)
    return template


def section(changelog, version):
    """What the change log says of this version, or of what comes next if the version has no section yet."""
    sections = {}
    for part in changelog.split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        sections[title.split("]")[0].strip("[")] = f"# {title}\n{text.rstrip()}\n"
    return sections.get(version) or sections["Unreleased"]


def checksums(folder):
    """As `sha256sum --check SHA256SUMS` reads them."""
    files = sorted(file for file in folder.iterdir())
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


if __name__ == "__main__":
    main()
