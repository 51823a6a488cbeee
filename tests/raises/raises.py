"""Raises an exception without a handler: README.md in this folder says when.

    componentize-py -d raises/wit -w raises componentize raises -o raises.wasm
"""

from wit_world import exports
from wit_world.imports import backend
from wit_world.imports.types import RunnerErrorKind, RunnerType, TaskOutcome

records = 0


class Run(exports.Run):
    def run(self) -> None:
        backend.record_task_started(RunnerType.WASM)
        raise RuntimeError("boom in the middle")


class Backend(exports.Backend):
    def record_task_started(self, runner: RunnerType) -> None:
        count()

    def record_task_completed(
        self, runner: RunnerType, outcome: TaskOutcome, duration_ms: int
    ) -> None:
        count()

    def record_runner_error(self, runner: RunnerType, error: RunnerErrorKind) -> None:
        count()


def count() -> None:
    global records
    records += 1
    if records == 3:
        raise RuntimeError(f"boom at record {records}")
