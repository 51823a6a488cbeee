"""Prints the target directory, or the published libraries, from `cargo metadata`.

A library with a disabled feature is an error, because its documentation would omit a part
of its API.
"""

import json
import sys

metadata = json.load(sys.stdin)
if sys.argv[1] == "target":
    print(metadata["target_directory"])
    sys.exit()

on = {node["id"]: set(node["features"]) for node in metadata["resolve"]["nodes"]}
for package in metadata["packages"]:
    # An empty list of registries is `publish = false`.
    if package["id"] not in metadata["workspace_members"] or package["publish"] == []:
        continue
    if not any("lib" in target["kind"] for target in package["targets"]):
        continue
    off = set(package["features"]) - on[package["id"]]
    if off:
        sys.exit(f"api: no package of the workspace enables the features {', '.join(sorted(off))} of {package['name']}")
    print(package["name"])
