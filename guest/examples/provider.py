"""Adds records up, and exposes totals through the host. README.md in this folder
defines its behavior; other files have it in other languages.

    pip install componentize-py
    componentize-py -d provider/wit -w scraped-provider componentize --stub-wasi provider -o provider.wasm
    solti-metrics run --backend provider.wasm GUEST

With `--stub-wasi` it imports nothing from WASI, and needs no grant. Without this option,
Python's standard library imports the network, whether the program uses it or not.
"""

from bisect import bisect_left
from collections.abc import Iterator
from enum import Enum
from itertools import accumulate, product

from wit_world import exports
from wit_world.imports.types import RunnerErrorKind, RunnerType, TaskOutcome

BOUNDS_MS = [
    *(10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000),
    *(300_000, 1_800_000, 3_600_000),
]


class Durations:
    """The number of durations in each bucket, including the bucket above all bounds,
    and their sum, which is exact: Python integers have arbitrary precision."""

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS_MS) + 1)
        self.sum_ms = 0

    def observe(self, duration_ms: int) -> None:
        self.buckets[bisect_left(BOUNDS_MS, duration_ms)] += 1
        self.sum_ms += duration_ms

    def count(self) -> int:
        return sum(self.buckets)


# A number for every possible series, so that memory does not grow.
started = dict.fromkeys(RunnerType, 0)
durations = {labels: Durations() for labels in product(RunnerType, TaskOutcome)}
errors = dict.fromkeys(product(RunnerType, RunnerErrorKind), 0)


class Backend(exports.Backend):
    def record_task_started(self, runner: RunnerType) -> None:
        started[runner] += 1

    def record_task_completed(
        self, runner: RunnerType, outcome: TaskOutcome, duration_ms: int
    ) -> None:
        durations[runner, outcome].observe(duration_ms)

    def record_runner_error(self, runner: RunnerType, error: RunnerErrorKind) -> None:
        errors[runner, error] += 1


class Exposition(exports.Exposition):
    def expose(self) -> str:
        return "\n".join([*lines(), "# EOF", ""])


def lines() -> Iterator[str]:
    name = "solti_runner_tasks_started"
    yield f"# HELP {name} Tasks that started to execute, by runner type."
    yield f"# TYPE {name} counter"
    for runner, count in started.items():
        yield f"{name}_total{{{label(runner=runner)}}} {count}"

    name = "solti_runner_tasks_completed"
    yield f"# HELP {name} Tasks that ended, by runner type and outcome."
    yield f"# TYPE {name} counter"
    for (runner, outcome), each in durations.items():
        labels = label(runner=runner, outcome=outcome)
        yield f"{name}_total{{{labels}}} {each.count()}"

    name = "solti_runner_task_duration_seconds"
    yield f"# HELP {name} Duration of tasks that ended, in seconds, by runner type and outcome."
    yield f"# TYPE {name} histogram"
    yield f"# UNIT {name} seconds"
    for (runner, outcome), each in durations.items():
        if count := each.count():
            labels = label(runner=runner, outcome=outcome)
            yield f"{name}_sum{{{labels}}} {each.sum_ms / 1000}"
            yield f"{name}_count{{{labels}}} {count}"
            bounds = [*(bound / 1000 for bound in BOUNDS_MS), "+Inf"]
            for bound, below in zip(bounds, accumulate(each.buckets)):
                yield f'{name}_bucket{{le="{bound}",{labels}}} {below}'

    name = "solti_runner_errors"
    yield f"# HELP {name} Failed steps of setting a task up or tearing it down, by runner type and step."
    yield f"# TYPE {name} counter"
    for (runner, error), count in errors.items():
        yield f"{name}_total{{{label(runner=runner, error=error)}}} {count}"


def label(**labels: Enum) -> str:
    return ",".join(f'{name}="{case.name.lower()}"' for name, case in labels.items())
