"""Prints what prometheus_client reads from an exposition on stdin, as JSON:
one [family's type, sample's name, labels, value] for each sample."""

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
