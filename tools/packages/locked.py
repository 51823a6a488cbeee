"""Fails if the lock file of a package pins other versions than the lock file of the workspace."""

import sys
import tomllib


def pinned(path):
    with open(path, "rb") as file:
        packages = tomllib.load(file)["package"]
    return {
        (it["name"], it["version"], it["checksum"])
        for it in packages
        if "checksum" in it and not it["name"].startswith("solti-metrics")
    }


ours = pinned(sys.argv[1])
for path in sys.argv[2:]:
    if others := pinned(path) - ours:
        sys.exit(f"{path}: not the tested versions: {sorted(map(str, others))}")
