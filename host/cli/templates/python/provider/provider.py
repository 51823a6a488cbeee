"""Counts the records that it receives, and exposes the counts."""

from collections import Counter

from wit_world import exports
from wit_world.imports.types import RunnerErrorKind, RunnerType, TaskOutcome

counts = Counter(tasks_started=0, tasks_completed=0, runner_errors=0)


class Backend(exports.Backend):
    def record_task_started(self, runner: RunnerType) -> None:
        counts["tasks_started"] += 1

    def record_task_completed(
        self, runner: RunnerType, outcome: TaskOutcome, duration_ms: int
    ) -> None:
        counts["tasks_completed"] += 1

    def record_runner_error(self, runner: RunnerType, error: RunnerErrorKind) -> None:
        counts["runner_errors"] += 1


class Exposition(exports.Exposition):
    def expose(self) -> str:
        lines = [f"# TYPE {name} counter\n{name}_total {n}\n" for name, n in counts.items()]
        return "".join([*lines, "# EOF\n"])
