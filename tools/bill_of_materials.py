"""Prints the bill of materials of the command, as CycloneDX 1.6 in JSON.

    tools/bill_of_materials.py TARGET COMMAND

Lists each crate that is linked into the command, with its version, licence, checksum and
dependencies. The time is that of SOURCE_DATE_EPOCH, so the same sources give the same bill.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import uuid

ROOT = "solti-metrics-cli"
# The build of the command selects the features of these two packages.
PACKAGES = [ROOT, "solti-metrics-guest"]


def cargo(*args):
    done = subprocess.run(["cargo", *args], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def linked(target):
    """The dependencies of each crate that is linked into the command, by name and version."""
    options = [it for name in PACKAGES for it in ("--package", name)]
    tree = cargo(
        *("tree", "--locked", "--edges", "normal,no-proc-macro", "--target", target),
        *("--prefix", "depth", "--format", " {p}", *options),
    )
    # The tree has the dependencies of a crate where the crate is for the first time.
    dependencies, path = {}, []
    for line in tree.splitlines():
        found = re.match(r"(\d+) (\S+) v(\S+)", line)
        if found:
            crate = (found[2], found[3])
            del path[int(found[1]) :]
            dependencies.setdefault(crate, set())
            if path:
                dependencies[path[-1]].add(crate)
            path.append(crate)
    left = [crate for crate in dependencies if crate[0] == ROOT]
    reached = set()
    while left:
        crate = left.pop()
        if crate not in reached:
            reached.add(crate)
            left.extend(dependencies[crate])
    return {crate: dependencies[crate] for crate in reached}


def checksums():
    """The checksum of each crate that comes from a registry."""
    packages = tomllib.loads(pathlib.Path("Cargo.lock").read_text())["package"]
    return {(it["name"], it["version"]): it.get("checksum") for it in packages}


def purl(crate):
    return f"pkg:cargo/{crate[0]}@{crate[1].replace('+', '%2B')}"


def component(crate, package, checksum):
    """A crate, as CycloneDX describes it."""
    if not package["license"]:
        sys.exit(f"{crate[0]} {crate[1]}: no licence in the manifest")
    described = {
        "type": "library",
        "bom-ref": purl(crate),
        "name": crate[0],
        "version": crate[1],
        "scope": "required",
        # Old manifests have `/` for `OR`.
        "licenses": [{"expression": re.sub(r"\s*/\s*", " OR ", package["license"])}],
        "purl": purl(crate),
    }
    if checksum:
        described["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        described["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return described


def bill(target, command):
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--locked"))
    packages = {(it["name"], it["version"]): it for it in metadata["packages"]}
    crates, sums = linked(target), checksums()
    if len(crates) < 100:
        sys.exit(f"found only {len(crates)} crates")
    described = {it: component(it, packages[it], sums[it]) for it in sorted(crates)}
    root = next(it for it in crates if it[0] == ROOT)
    program = described.pop(root) | {"type": "application"}
    del program["scope"]
    content = pathlib.Path(command).read_bytes()
    program["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.UTC)
    made = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": program,
            "properties": [{"name": "target", "value": target}],
        },
        "components": list(described.values()),
        "dependencies": [
            {"ref": purl(it), "dependsOn": sorted(map(purl, crates[it]))} for it in sorted(crates)
        ],
    }
    # The number depends on the content alone.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))
    return made | {"serialNumber": f"urn:uuid:{number}"}


print(json.dumps(bill(*sys.argv[1:]), indent=2))
