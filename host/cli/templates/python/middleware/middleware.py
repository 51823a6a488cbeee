"""Changes the runner type `wasm` of each record to `container`, and forwards every
record."""

from wit_world import exports
from wit_world.imports import backend as following
from wit_world.imports.types import RunnerErrorKind, RunnerType, TaskOutcome


class Backend(exports.Backend):
    def record_task_started(self, runner: RunnerType) -> None:
        following.record_task_started(renamed(runner))

    def record_task_completed(
        self, runner: RunnerType, outcome: TaskOutcome, duration_ms: int
    ) -> None:
        following.record_task_completed(renamed(runner), outcome, duration_ms)

    def record_runner_error(self, runner: RunnerType, error: RunnerErrorKind) -> None:
        following.record_runner_error(renamed(runner), error)


def renamed(runner: RunnerType) -> RunnerType:
    return RunnerType.CONTAINER if runner == RunnerType.WASM else runner
