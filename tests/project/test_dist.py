"""What is published: the same bytes for the same source, and all that a user without a toolchain needs."""

import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
import tempfile
import tomllib
import unittest
import zipfile
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from commands import PROJECT, run

# What a build would make. Only its bytes matter here.
BINARY = b"\x7fELF of no machine"
AT = "1767225600"


def pack(project, folder, *functions):
    """Packs this binary as the tool, and as the function for each of these architectures."""
    binary = Path(folder, "binary")
    binary.write_bytes(BINARY)
    dist = Path(folder, "dist")
    options = [f"--function={architecture}={binary}" for architecture in functions]
    script = str(project / ".ci/dist.py")
    code, printed = run(sys.executable, "-B", script, "--folder", str(dist), "--tool", str(binary), *options,
                        folder=folder, SOURCE_DATE_EPOCH=AT)
    return dist, code, printed


class Dist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.dist, code, printed = pack(PROJECT, cls.folder.name, "arm64", "x86_64")
        assert code == 0, printed

    def test_it_has_all_that_a_user_needs(self):
        self.assertEqual(sorted(os.listdir(self.dist)), [
            "CHANGES.md", "LICENSE", "README.md", "SHA256SUMS", "order-alerts", "order-alerts-arm64.zip",
            "order-alerts-x86_64.zip", "order-alerts.cdx.json", "samconfig.toml", "template-x86_64.yaml", "template.yaml",
        ])
        self.assertEqual((self.dist / "order-alerts").read_bytes(), BINARY)
        self.assertTrue(os.access(self.dist / "order-alerts", os.X_OK))

    def test_another_folder_at_another_time_has_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "copy")
            shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", ".git", "dist", ".aws-sam"))
            dist, code, printed = pack(copy, folder, "arm64", "x86_64")
            self.assertEqual(code, 0, printed)
            for file in self.dist.iterdir():
                self.assertEqual(file.read_bytes(), (dist / file.name).read_bytes(), file.name)

    def test_the_sums_are_those_of_all_files(self):
        lines = (self.dist / "SHA256SUMS").read_text().splitlines()
        sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
        files = [file for file in self.dist.iterdir() if file.name != "SHA256SUMS"]
        self.assertEqual(sums, {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files})

    def test_lambda_may_run_what_is_in_a_zip_file(self):
        for architecture in ("arm64", "x86_64"):
            with zipfile.ZipFile(self.dist / f"order-alerts-{architecture}.zip") as packed:
                [entry] = packed.infolist()
                self.assertEqual((entry.filename, entry.external_attr >> 16), ("bootstrap", 0o100755))
                self.assertEqual(packed.read(entry), BINARY)

    def test_each_template_is_for_one_zip_file_and_else_the_projects(self):
        source = (PROJECT / "template.yaml").read_text().splitlines()
        for name, architecture in (("template.yaml", "arm64"), ("template-x86_64.yaml", "x86_64")):
            template = (self.dist / name).read_text()
            self.assertIn(f"CodeUri: order-alerts-{architecture}.zip\n", template)
            self.assertIn(f"Default: {architecture}\n    AllowedValues: [{architecture}]\n", template)
            self.assertNotIn("BuildMethod", template)
            lines = template.splitlines()
            self.assertLessEqual(len([line for line in lines if line not in source]), 5)
            self.assertLessEqual(len([line for line in source if line not in lines]), 10)

    def test_one_architecture_alone_has_the_template(self):
        with tempfile.TemporaryDirectory() as folder:
            dist, code, printed = pack(PROJECT, folder, "x86_64")
            self.assertEqual(code, 0, printed)
            self.assertIn("CodeUri: order-alerts-x86_64.zip\n", (dist / "template.yaml").read_text())
            self.assertEqual([file.name for file in dist.glob("template*")], ["template.yaml"])
            _, code, printed = pack(PROJECT, folder, "riscv64")
            self.assertEqual((code, printed), (1, "error: Lambda has no architecture riscv64\n"))

    def test_the_bill_of_materials_names_what_is_linked(self):
        text = (self.dist / "order-alerts.cdx.json").read_text()
        self.assertIsNone(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text))
        bom = json.loads(text)
        named = {component["name"]: component for component in bom["components"]}
        cargo = tomllib.loads((PROJECT / "Cargo.toml").read_text())
        for name, dependency in cargo["dependencies"].items():
            is_optional = isinstance(dependency, dict) and dependency.get("optional", False)
            self.assertEqual(name in named, not is_optional, name)
        locked = {package["name"] for package in tomllib.loads((PROJECT / "Cargo.lock").read_text())["package"]}
        self.assertLess(named.keys(), locked)
        for name, component in named.items():
            self.assertTrue(component["licenses"], name)
            self.assertRegex(component["hashes"][0]["content"], "^[0-9a-f]{64}$", name)
        self.assertEqual(bom["metadata"]["component"]["version"], cargo["workspace"]["package"]["version"])

    def test_the_changes_are_those_of_the_version(self):
        self.assertRegex((self.dist / "CHANGES.md").read_text(), r"^# \[(Unreleased\]|[0-9.]+\] - )")


@unittest.skipUnless(sys.platform == "linux", "it packs with GNU tar")
class Archives(unittest.TestCase):
    """What the workflow attaches to a release."""

    def test_each_machine_has_the_same_folder_with_its_own_tool(self):
        with tempfile.TemporaryDirectory() as folder:
            built = Path(folder, "built")
            for name in ("function/dist-arm64/order-alerts/bootstrap", "function/dist-x86_64/order-alerts/bootstrap",
                         "tool-linux-x86_64/local", "tool-windows-x86_64/local.exe"):
                (built / name).parent.mkdir(parents=True)
                (built / name).write_text(name)
            published = []
            for time in ("first", "second"):
                target = Path(folder, time)
                code, printed = run(".ci/archives", str(built), str(target), SOURCE_DATE_EPOCH=AT)
                self.assertEqual(code, 0, printed)
                published.append({file.name: file.read_bytes() for file in target.iterdir()})
            self.assertEqual(*published)
            names = ["order-alerts-linux-x86_64.tar.gz", "order-alerts-windows-x86_64.tar.gz"]
            self.assertEqual(sorted(published[0]), ["CHANGES.md", "SHA256SUMS", *names, "order-alerts.cdx.json"])
            sums = published[0]["SHA256SUMS"].decode()
            for name, tool in zip(names, ("order-alerts", "order-alerts.exe")):
                self.assertIn(f"{hashlib.sha256(published[0][name]).hexdigest()}  {name}\n", sums)
                with tarfile.open(target / name) as archive:
                    self.assertIn(f"order-alerts/{tool}", archive.getnames())
                    with zipfile.ZipFile(archive.extractfile("order-alerts/order-alerts-arm64.zip")) as packed:
                        self.assertEqual(packed.read("bootstrap"), b"function/dist-arm64/order-alerts/bootstrap")


class Targets(unittest.TestCase):
    """A machine that cannot compile for a processor of Lambda."""

    def release(self, **variables):
        with tempfile.TemporaryDirectory() as folder:
            for name, code in (("rustc", "echo /nowhere"), ("rustup", "exit 1")):
                Path(folder, name).write_text(f"#!/bin/sh\n{code}\n")
                Path(folder, name).chmod(0o755)
            return run(".ci/release", PATH=f"{folder}:{os.environ['PATH']}", **variables)

    def test_each_that_is_left_out_is_one_line(self):
        code, printed = self.release()
        self.assertEqual(code, 1)
        self.assertEqual([line.partition(":")[0] for line in printed.splitlines()],
                         ["arm64 is left out", "x86_64 is left out"])
        self.assertIn("Rust's standard library for aarch64-unknown-linux-gnu cannot be had", printed)

    def test_ci_makes_no_half_of_a_release(self):
        code, printed = self.release(CI="true")
        self.assertEqual((code, len(printed.splitlines())), (1, 1), printed)
        self.assertIn("arm64 is left out", printed)


class Version(unittest.TestCase):
    """A copy of the project is given a version."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.copy = Path(folder.name)
        names = shutil.ignore_patterns("target", ".git", "dist", ".aws-sam")
        shutil.copytree(PROJECT, self.copy, ignore=names, dirs_exist_ok=True)

    def give(self, version):
        return run(sys.executable, "-B", ".ci/version.py", version, folder=self.copy)

    def read(self, name):
        return (self.copy / name).read_text()

    def test_all_that_names_it_has_it(self):
        before = self.read("CHANGELOG.md")
        code, printed = self.give("7.8.9")
        self.assertEqual(code, 0, printed)
        self.assertEqual(tomllib.loads(self.read("Cargo.toml"))["workspace"]["package"]["version"], "7.8.9")
        packages = tomllib.loads(self.read("Cargo.lock"))["package"]
        own = [package["version"] for package in packages if package["name"].startswith("order-alerts")]
        self.assertEqual(set(own), {"7.8.9"})
        self.assertIn("SemanticVersion: 7.8.9\n", self.read("template.yaml"))
        closed = re.sub(r"\n## \[7\.8\.9\] - \d{4}-\d\d-\d\d\n", "", self.read("CHANGELOG.md"), count=1)
        self.assertEqual(closed, before)
        self.assertIn("## [Unreleased]\n\n## [7.8.9] - ", self.read("CHANGELOG.md"))

        code, printed = self.give("7.8.9")
        self.assertEqual((code, printed), (1, "error: CHANGELOG.md has 7.8.9 already: give the next version\n"))
        code, printed = self.give("7.9.0")
        self.assertEqual((code, printed), (1, "error: CHANGELOG.md has nothing that is unreleased\n"))

    def test_what_is_no_version_changes_nothing(self):
        before = self.read("Cargo.toml")
        for version in ("", "1", "v1.2.3", "01.2.3"):
            code, printed = self.give(version)
            self.assertEqual(code, 1)
            self.assertIn("a version has three numbers, such as 0.1.0", printed)
        self.assertEqual(self.read("Cargo.toml"), before)


if __name__ == "__main__":
    unittest.main()
