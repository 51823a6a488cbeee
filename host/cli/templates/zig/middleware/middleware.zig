//! Changes the runner type `wasm` of each record to `container`, and forwards every
//! record.

const metrics = @import("metrics.zig");
const next = metrics.backend;

export fn @"solti:metrics/backend@0.1.0#record-task-started"(runner: metrics.RunnerType) void {
    next.taskStarted(renamed(runner));
}

export fn @"solti:metrics/backend@0.1.0#record-task-completed"(
    runner: metrics.RunnerType,
    outcome: metrics.TaskOutcome,
    duration_ms: u64,
) void {
    next.taskCompleted(renamed(runner), outcome, duration_ms);
}

export fn @"solti:metrics/backend@0.1.0#record-runner-error"(
    runner: metrics.RunnerType,
    kind: metrics.RunnerErrorKind,
) void {
    next.runnerError(renamed(runner), kind);
}

fn renamed(runner: metrics.RunnerType) metrics.RunnerType {
    return if (runner == .wasm) .container else runner;
}
