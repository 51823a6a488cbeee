//! Counts the records that it receives, and exposes the counts.

const std = @import("std");
const metrics = @import("metrics.zig");

var started: u64 = 0;
var completed: u64 = 0;
var errors: u64 = 0;

export fn @"solti:metrics/backend@0.1.0#record-task-started"(_: metrics.RunnerType) void {
    started += 1;
}

export fn @"solti:metrics/backend@0.1.0#record-task-completed"(
    _: metrics.RunnerType,
    _: metrics.TaskOutcome,
    duration_ms: u64,
) void {
    _ = duration_ms;
    completed += 1;
}

export fn @"solti:metrics/backend@0.1.0#record-runner-error"(_: metrics.RunnerType, _: metrics.RunnerErrorKind) void {
    errors += 1;
}

/// A string in the layout that the host reads.
const String = extern struct { at: [*]const u8, len: usize };

var text: [512]u8 = undefined;
var exposed: String = undefined;

export fn @"solti:metrics/exposition@0.1.0#expose"() *const String {
    const written = std.fmt.bufPrint(&text,
        \\# TYPE tasks_started counter
        \\tasks_started_total {}
        \\# TYPE tasks_completed counter
        \\tasks_completed_total {}
        \\# TYPE runner_errors counter
        \\runner_errors_total {}
        \\# EOF
        \\
    , .{ started, completed, errors }) catch @panic("the text is longer than its buffer");
    exposed = .{ .at = written.ptr, .len = written.len };
    return &exposed;
}
