"""Prints the packages whose versions differ between two lock files."""

import sys
import tomllib


def versions(path):
    with open(path, "rb") as file:
        return {(it["name"], it["version"]) for it in tomllib.load(file)["package"]}


ours, theirs = map(versions, sys.argv[1:])
for name, version in sorted(theirs - ours):
    before = ", ".join(old for it, old in sorted(ours - theirs) if it == name)
    print(f"{name} {before or '-'} -> {version}")
