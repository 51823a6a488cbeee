"""Counts the words of a text, and records each line as a task. README.md in this
folder defines its behavior; other files have it in other languages.

    pip install componentize-py
    componentize-py -d reporter/wit -w reporter componentize reporter -o reporter.wasm
    solti-metrics run --stdin FILE reporter.wasm
"""

import re
import sys
import time

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import backend
from wit_world.imports.types import RunnerErrorKind, RunnerType, TaskOutcome


class Run(exports.Run):
    def run(self) -> None:
        try:
            max_words = parse_max_words(sys.argv[1:])
        except ValueError:
            backend.record_runner_error(
                RunnerType.WASM, RunnerErrorKind.BACKEND_CONFIG_FAILED
            )
            print("usage: reporter [MAX-WORDS]", file=sys.stderr)
            raise Err(None)
        if not report(max_words):
            raise Err(None)


def report(max_words: int) -> bool:
    """Records each line as a task, and returns whether all of them succeeded."""
    lines = words = failed = 0
    for line in sys.stdin.buffer:
        backend.record_task_started(RunnerType.WASM)
        started = time.monotonic_ns()
        try:
            count = count_words(line)
        except UnicodeDecodeError:
            outcome = TaskOutcome.FAILURE
            failed += 1
        else:
            if count > max_words:
                outcome = TaskOutcome.CANCELED
            else:
                outcome = TaskOutcome.SUCCESS
                lines += 1
                words += count
        duration_ms = (time.monotonic_ns() - started) // 1_000_000
        backend.record_task_completed(RunnerType.WASM, outcome, duration_ms)
    print(lines, words)
    return not failed


def parse_max_words(arguments: list[str]) -> int:
    if not arguments:
        return 1_000
    # `int` would accept a sign, spaces, underscores and digits of other scripts.
    if len(arguments) > 1 or not re.fullmatch("[0-9]{1,9}", arguments[0]):
        raise ValueError
    return int(arguments[0])


def count_words(line: bytes) -> int:
    line.decode()
    # Strings are split at all Unicode spaces, bytes only at ASCII spaces.
    return len(line.split())
