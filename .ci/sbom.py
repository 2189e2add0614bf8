"""The function's software bill of materials, in CycloneDX: https://cyclonedx.org."""

import json
import subprocess
import tomllib
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

# Both of Lambda's processors need the same packages.
TARGET = "aarch64-unknown-linux-gnu"


def of_function(project, version, at):
    """All packages that are linked into the function, and which needs which."""
    metadata = json.loads(subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--locked", "--no-default-features", f"--filter-platform={TARGET}"],
        cwd=project, capture_output=True, text=True, check=True,
    ).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    locked = tomllib.loads((project / "Cargo.lock").read_text())["package"]
    hashes = {(package["name"], package["version"]): package.get("checksum") for package in locked}
    needs = {node["id"]: sorted(needed(node)) for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]

    linked, next_ones = set(), [root]
    while next_ones:
        package = next_ones.pop()
        if package not in linked:
            linked.add(package)
            next_ones += needs[package]
    components = {package: component(packages[package], hashes) for package in sorted(linked)}

    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"order-alerts/{version}"))
    bom.metadata.timestamp = at
    bom.metadata.component = components[root]
    bom.components.update(components[package] for package in linked - {root})
    for package in linked:
        bom.register_dependency(components[package], [components[other] for other in needs[package]])
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def needed(node):
    """What it links: neither what its build scripts need, nor its tests."""
    for dependency in node["deps"]:
        if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
            yield dependency["pkg"]


def component(package, hashes):
    name, version = package["name"], package["version"]
    purl = PackageURL("cargo", name=name, version=version)
    sha256 = hashes[name, version]
    # Older packages write `A/B` for `A OR B`.
    license = (package["license"] or "").replace("/", " OR ")
    return Component(
        type=ComponentType.LIBRARY if package["source"] else ComponentType.APPLICATION,
        name=name, version=version, purl=purl, bom_ref=str(purl), description=package["description"],
        licenses=[LicenseFactory().make_from_string(license)] if license else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else [],
    )
