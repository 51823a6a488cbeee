"""Parses an exposition on stdin with prometheus_client, and prints it as JSON:
a list [family's type, sample's name, labels, value] for each sample."""

import json
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

PARSERS = {
    "openmetrics": openmetrics_parser.text_string_to_metric_families,
    "prometheus": parser.text_string_to_metric_families,
}

text = sys.stdin.buffer.read().decode()
json.dump(
    [
        [family.type, sample.name, sample.labels, sample.value]
        for family in PARSERS[sys.argv[1]](text)
        for sample in family.samples
    ],
    sys.stdout,
)
