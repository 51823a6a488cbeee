//! Counts the words of a text, and records each line as a task. README.md in this
//! folder defines its behavior; other files have it in other languages.
//!
//!     zig build-exe -target wasm32-wasi -O ReleaseSmall -femit-bin=reporter.core.wasm reporter.zig
//!     wasm-tools component embed ../../wit --world imports reporter.core.wasm -o reporter.core.wasm
//!     wasm-tools component new reporter.core.wasm --adapt wasi_snapshot_preview1.command.wasm -o reporter.wasm
//!     solti-metrics run --stdin FILE reporter.wasm
//!
//! Each release of wasmtime contains the adapter.

const std = @import("std");

/// The enums of wit/types.wit. Each case is a number.
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
    extern "solti:metrics/backend@0.1.0" fn @"record-task-completed"(RunnerType, TaskOutcome, u64) void;
    extern "solti:metrics/backend@0.1.0" fn @"record-runner-error"(RunnerType, RunnerErrorKind) void;
};

pub fn main(init: std.process.Init) !u8 {
    const arena = init.arena.allocator();
    const args = try init.minimal.args.toSlice(arena);
    const max_words = maxWords(args[1..]) catch {
        backend.@"record-runner-error"(.wasm, .backend_config_failed);
        try std.Io.File.stderr().writeStreamingAll(init.io, "usage: reporter [MAX-WORDS]\n");
        return 1;
    };
    var buffer: [4096]u8 = undefined;
    var stdin = std.Io.File.stdin().readerStreaming(init.io, &buffer);
    const text = try stdin.interface.allocRemaining(arena, .unlimited);

    var lines: usize, var words: usize, var failed = .{ 0, 0, false };
    var rest: []const u8 = text;
    while (rest.len > 0) {
        const line, rest = std.mem.cutScalar(u8, rest, '\n') orelse .{ rest, "" };
        backend.@"record-task-started"(.wasm);
        const started = std.Io.Timestamp.now(init.io, .awake);
        const outcome: TaskOutcome = if (countWords(line)) |count| outcome: {
            if (count > max_words) break :outcome .canceled;
            lines += 1;
            words += count;
            break :outcome .success;
        } else |_| .failure;
        failed = failed or outcome == .failure;
        const duration = started.untilNow(init.io, .awake).toMilliseconds();
        backend.@"record-task-completed"(.wasm, outcome, @intCast(duration));
    }
    var printed: [64]u8 = undefined;
    const sums = try std.fmt.bufPrint(&printed, "{} {}\n", .{ lines, words });
    try std.Io.File.stdout().writeStreamingAll(init.io, sums);
    return @intFromBool(failed);
}

fn maxWords(args: []const [:0]const u8) !u32 {
    if (args.len == 0) return 1_000;
    if (args.len > 1 or args[0].len > 9) return error.NotOneNumber;
    // Without this check, a sign or underscores would be valid.
    for (args[0]) |c| if (!std.ascii.isDigit(c)) return error.NotOneNumber;
    return std.fmt.parseInt(u32, args[0], 10);
}

fn countWords(line: []const u8) !usize {
    if (!std.unicode.utf8ValidateSlice(line)) return error.NotUtf8;
    var words = std.mem.tokenizeAny(u8, line, &std.ascii.whitespace);
    var count: usize = 0;
    while (words.next()) |_| count += 1;
    return count;
}
