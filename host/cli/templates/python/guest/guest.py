"""Counts the lines of a text on standard input, and records this work as a task."""

import sys
import time

from wit_world import exports
from wit_world.imports import backend
from wit_world.imports.types import RunnerType, TaskOutcome


class Run(exports.Run):
    def run(self) -> None:
        backend.record_task_started(RunnerType.WASM)
        started = time.monotonic_ns()
        outcome = TaskOutcome.FAILURE
        try:
            work()
            outcome = TaskOutcome.SUCCESS
        finally:
            duration_ms = (time.monotonic_ns() - started) // 1_000_000
            backend.record_task_completed(RunnerType.WASM, outcome, duration_ms)


def work() -> None:
    """The task. Put your code here."""
    print(sum(1 for _ in sys.stdin), "lines")
