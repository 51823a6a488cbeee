//! The interfaces of `wit/deps/solti-metrics`, in Zig.

/// The enums of types.wit. Each case is a number.
pub const RunnerType = enum(u32) { subprocess, container, wasm };
pub const TaskOutcome = enum(u32) { success, failure, canceled, timeout };
pub const RunnerErrorKind = enum(u32) {
    cgroup_prepare_failed,
    backend_config_failed,
    spawn_failed,
    module_load_failed,
};

/// The imported functions of backend.wit.
pub const backend = struct {
    pub const taskStarted = imports.@"record-task-started";
    pub const taskCompleted = imports.@"record-task-completed";
    pub const runnerError = imports.@"record-runner-error";

    const imports = struct {
        extern "solti:metrics/backend@0.1.0" fn @"record-task-started"(RunnerType) void;
        extern "solti:metrics/backend@0.1.0" fn @"record-task-completed"(RunnerType, TaskOutcome, u64) void;
        extern "solti:metrics/backend@0.1.0" fn @"record-runner-error"(RunnerType, RunnerErrorKind) void;
    };
};
