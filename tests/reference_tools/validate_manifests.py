"""Reads manifests, validates those of Kubernetes with its schemas, and prints all of them
as JSON: a list for each file.

    validate_manifests.py VERSION FILE...
"""

import json
import sys

import kubernetes_validate
import yaml


class Strict(yaml.SafeLoader):
    """A loader that rejects a duplicate key."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def is_core(document):
    """Whether Kubernetes itself defines the kind of the document."""
    group = document["apiVersion"].rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def main(version, files):
    read = {}
    for file in files:
        with open(file, encoding="utf-8") as text:
            read[file] = [document for document in yaml.load_all(text, Strict) if document]
        for document in read[file]:
            if is_core(document):
                kubernetes_validate.validate(document, version, strict=True)
    json.dump(read, sys.stdout)


main(sys.argv[1], sys.argv[2:])
