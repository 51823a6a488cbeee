//! Panics: README.md in this folder says when.

const std = @import("std");

/// The enums of wit/types.wit.
const RunnerType = enum(u32) { subprocess, container, wasm };
const TaskOutcome = enum(u32) { success, failure, canceled, timeout };
const RunnerErrorKind = enum(u32) {
    cgroup_prepare_failed,
    backend_config_failed,
    spawn_failed,
    module_load_failed,
};

const backend = struct {
    extern "solti:metrics/backend@0.1.0" fn @"record-task-started"(RunnerType) void;
};

var records: u32 = 0;

export fn @"wasi:cli/run@0.2.0#run"() u32 {
    backend.@"record-task-started"(.wasm);
    @panic("boom in the middle");
}

export fn @"solti:metrics/backend@0.1.0#record-task-started"(_: RunnerType) void {
    count();
}

export fn @"solti:metrics/backend@0.1.0#record-task-completed"(_: RunnerType, _: TaskOutcome, _: u64) void {
    count();
}

export fn @"solti:metrics/backend@0.1.0#record-runner-error"(_: RunnerType, _: RunnerErrorKind) void {
    count();
}

fn count() void {
    records += 1;
    if (records == 3) std.debug.panic("boom at record {}", .{records});
}
