//! Adds records up, and exposes totals through the host. README.md in this folder
//! defines its behavior; other files have it in other languages.
//!
//!     zig build-exe -target wasm32-wasi -fno-entry -rdynamic -O ReleaseSmall -femit-bin=provider.core.wasm provider.zig
//!     wasm-tools component embed provider/wit --world provider provider.core.wasm -o provider.core.wasm
//!     wasm-tools component new provider.core.wasm --adapt wasi_snapshot_preview1.reactor.wasm -o provider.wasm
//!     solti-metrics run --backend provider.wasm GUEST
//!
//! Each release of wasmtime contains the adapter.

const std = @import("std");

/// The enums of wit/types.wit. Each case is a number, and its name is the label.
const RunnerType = enum(u32) { subprocess, container, wasm };
const TaskOutcome = enum(u32) { success, failure, canceled, timeout };
const RunnerErrorKind = enum(u32) {
    cgroup_prepare_failed,
    backend_config_failed,
    spawn_failed,
    module_load_failed,
};

/// A duration is in the first bucket whose bound it does not exceed, or in the last bucket.
const Bound = struct { most_ms: u64, le: []const u8 };
const bounds = [_]Bound{
    .{ .most_ms = 10, .le = "0.01" },
    .{ .most_ms = 25, .le = "0.025" },
    .{ .most_ms = 50, .le = "0.05" },
    .{ .most_ms = 100, .le = "0.1" },
    .{ .most_ms = 250, .le = "0.25" },
    .{ .most_ms = 500, .le = "0.5" },
    .{ .most_ms = 1_000, .le = "1.0" },
    .{ .most_ms = 2_500, .le = "2.5" },
    .{ .most_ms = 5_000, .le = "5.0" },
    .{ .most_ms = 10_000, .le = "10.0" },
    .{ .most_ms = 30_000, .le = "30.0" },
    .{ .most_ms = 60_000, .le = "60.0" },
    .{ .most_ms = 300_000, .le = "300.0" },
    .{ .most_ms = 1_800_000, .le = "1800.0" },
    .{ .most_ms = 3_600_000, .le = "3600.0" },
};

const Histogram = struct {
    buckets: [bounds.len + 1]u64 = @splat(0),
    count: u64 = 0,
    sum_ms: u64 = 0,
};

var started: std.EnumArray(RunnerType, u64) = .initFill(0);
var completed: std.EnumArray(RunnerType, std.EnumArray(TaskOutcome, Histogram)) =
    .initFill(.initFill(.{}));
var errors: std.EnumArray(RunnerType, std.EnumArray(RunnerErrorKind, u64)) =
    .initFill(.initFill(0));

/// The number of records, now and at the last flush.
var records: struct { started: u64 = 0, completed: u64 = 0, errors: u64 = 0, flushed: u64 = 0 } = .{};

export fn @"solti:metrics/backend@0.1.0#record-task-started"(runner: RunnerType) void {
    started.getPtr(runner).* += 1;
    records.started += 1;
}

export fn @"solti:metrics/backend@0.1.0#record-task-completed"(
    runner: RunnerType,
    outcome: TaskOutcome,
    duration_ms: u64,
) void {
    const durations = completed.getPtr(runner).getPtr(outcome);
    const bucket = for (bounds, 0..) |bound, bucket| {
        if (duration_ms <= bound.most_ms) break bucket;
    } else bounds.len;
    durations.buckets[bucket] += 1;
    durations.count += 1;
    durations.sum_ms +|= duration_ms;
    records.completed += 1;
}

export fn @"solti:metrics/backend@0.1.0#record-runner-error"(
    runner: RunnerType,
    kind: RunnerErrorKind,
) void {
    errors.getPtr(runner).getPtr(kind).* += 1;
    records.errors += 1;
}

/// A string in the layout that the host reads.
const String = extern struct { at: [*]const u8, len: usize };

/// Twice the size of all series with numbers of twenty digits.
var text: [64 << 10]u8 = undefined;
var exposed: String = undefined;

export fn @"solti:metrics/exposition@0.1.0#expose"() *const String {
    var writer: std.Io.Writer = .fixed(&text);
    expose(&writer) catch @panic("the text is longer than it can be");
    exposed = .{ .at = &text, .len = writer.end };
    return &exposed;
}

fn expose(to: *std.Io.Writer) !void {
    try metric(to, "tasks_started", "counter", "Tasks that started to execute, by runner type.");
    for (std.enums.values(RunnerType)) |runner| {
        try to.print("solti_runner_tasks_started_total{{runner=\"{t}\"}} {}\n", .{
            runner, started.get(runner),
        });
    }
    try metric(to, "tasks_completed", "counter", "Tasks that ended, by runner type and outcome.");
    for (std.enums.values(RunnerType)) |runner| {
        for (std.enums.values(TaskOutcome)) |outcome| {
            try to.print(
                "solti_runner_tasks_completed_total{{runner=\"{t}\",outcome=\"{t}\"}} {}\n",
                .{ runner, outcome, completed.get(runner).get(outcome).count },
            );
        }
    }
    try metric(to, "task_duration_seconds", "histogram", "Duration of tasks that ended, in seconds, by runner type and outcome.");
    try to.writeAll("# UNIT solti_runner_task_duration_seconds seconds\n");
    for (std.enums.values(RunnerType)) |runner| {
        for (std.enums.values(TaskOutcome)) |outcome| {
            try exposeDurations(to, runner, outcome);
        }
    }
    try metric(to, "errors", "counter", "Failed steps of setting a task up or tearing it down, by runner type and step.");
    for (std.enums.values(RunnerType)) |runner| {
        for (std.enums.values(RunnerErrorKind)) |kind| {
            try to.print("solti_runner_errors_total{{runner=\"{t}\",error=\"{t}\"}} {}\n", .{
                runner, kind, errors.get(runner).get(kind),
            });
        }
    }
    try to.writeAll("# EOF\n");
}

fn metric(to: *std.Io.Writer, name: []const u8, kind: []const u8, help: []const u8) !void {
    try to.print("# HELP solti_runner_{s} {s}\n# TYPE solti_runner_{s} {s}\n", .{
        name, help, name, kind,
    });
}

fn exposeDurations(to: *std.Io.Writer, runner: RunnerType, outcome: TaskOutcome) !void {
    const name = "solti_runner_task_duration_seconds";
    const durations = completed.getPtr(runner).getPtr(outcome);
    if (durations.count == 0) return;
    var within: u64 = 0;
    for (bounds, durations.buckets[0..bounds.len]) |bound, more| {
        within += more;
        try to.print(name ++ "_bucket{{le=\"{s}\",runner=\"{t}\",outcome=\"{t}\"}} {}\n", .{
            bound.le, runner, outcome, within,
        });
    }
    try to.print(name ++ "_bucket{{le=\"+Inf\",runner=\"{t}\",outcome=\"{t}\"}} {}\n", .{
        runner, outcome, durations.count,
    });
    try to.print(name ++ "_count{{runner=\"{t}\",outcome=\"{t}\"}} {}\n", .{
        runner, outcome, durations.count,
    });
    // This is exact, unlike a division of floats.
    try to.print(name ++ "_sum{{runner=\"{t}\",outcome=\"{t}\"}} {}.{d:0>3}\n", .{
        runner, outcome, durations.sum_ms / 1_000, durations.sum_ms % 1_000,
    });
}

/// A result without an error.
const Flushed = extern struct { is_error: bool = false, text: String = undefined };
const flushed: Flushed = .{};

export fn @"solti:metrics/lifecycle@0.1.0#flush"() *const Flushed {
    const all = records.started + records.completed + records.errors;
    if (all > records.flushed) {
        records.flushed = all;
        print("started={} completed={} errors={}\n", .{
            records.started, records.completed, records.errors,
        });
    }
    return &flushed;
}

/// The only WASI call of this component: the rest of `std.Io` would be most of its size.
fn print(comptime format: []const u8, args: anytype) void {
    var buffer: [128]u8 = undefined;
    const line = std.fmt.bufPrint(&buffer, format, args) catch unreachable;
    var written: usize = undefined;
    _ = std.os.wasi.fd_write(1, &.{.{ .base = line.ptr, .len = line.len }}, 1, &written);
}
