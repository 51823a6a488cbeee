"""Prints the licences of all crates that are linked into the command.

The licence files of third parties come from cargo's copies of their sources. Each text is
printed once, with the names of its packages.
"""

import collections
import json
import pathlib
import subprocess
import sys

ROOT = "solti-metrics-cli"
NAMES = ("license", "licence", "copying", "notice", "unlicense", "copyright")

metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"]
        + ["--filter-platform", sys.argv[1]],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
)
packages = {it["id"]: it for it in metadata["packages"]}
nodes = {it["id"]: it for it in metadata["resolve"]["nodes"]}


def linked():
    """The command's dependencies, without those that only build or test it."""
    found = set()
    left = [it for it in packages if packages[it]["name"] == ROOT]
    while left:
        package = left.pop()
        if package in found:
            continue
        found.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                left.append(dependency["pkg"])
    # Packages without a source belong to this workspace.
    return [packages[it] for it in found if packages[it]["source"]]


def files(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    named = [it for it in folder.iterdir() if it.name.lower().startswith(NAMES)]
    if package.get("license_file"):
        named.append(folder / package["license_file"])
    return sorted({it.resolve() for it in named if it.is_file() and it.suffix != ".rs"})


texts = collections.defaultdict(set)
without = []
for package in linked():
    name = f"{package['name']} {package['version']}"
    if not package["license"] and not package["license_file"]:
        sys.exit(f"{name}: no licence in the manifest")
    found = files(package)
    for file in found:
        texts[file.read_text(errors="replace").strip()].add(name)
    if not found:
        without.append(f"{name}: {package['license']}")

print("solti-metrics is licensed under Apache-2.0. It contains these packages:\n")
for package in sorted(linked(), key=lambda it: (it["name"], it["version"])):
    print(f"  {package['name']} {package['version']}: {package['license'] or 'see below'}")
if without:
    print("\nThese packages have no licence file; their manifests name the licence:\n")
    print("\n".join(f"  {it}" for it in sorted(without)))
for text, names in sorted(texts.items(), key=lambda it: (sorted(it[1]), it[0])):
    print("\n" + "=" * 80)
    print("\n".join(sorted(names)))
    print("=" * 80 + "\n")
    print(text)
