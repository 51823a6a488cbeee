//! Counts the lines of a text on standard input, and records this work as a task.

const std = @import("std");
const metrics = @import("metrics.zig");

pub fn main(init: std.process.Init) !void {
    metrics.backend.taskStarted(.wasm);
    const started = std.Io.Timestamp.now(init.io, .awake);
    const result = work(init);
    const outcome: metrics.TaskOutcome = if (result) |_| .success else |_| .failure;
    const duration_ms = started.untilNow(init.io, .awake).toMilliseconds();
    metrics.backend.taskCompleted(.wasm, outcome, @intCast(duration_ms));
    return result;
}

/// The task. Put your code here.
fn work(init: std.process.Init) !void {
    var buffer: [4096]u8 = undefined;
    var stdin = std.Io.File.stdin().readerStreaming(init.io, &buffer);
    const text = try stdin.interface.allocRemaining(init.arena.allocator(), .unlimited);
    const lines = std.mem.countScalar(u8, text, '\n');

    var line: [32]u8 = undefined;
    const said = try std.fmt.bufPrint(&line, "{} lines\n", .{lines});
    try std.Io.File.stdout().writeStreamingAll(init.io, said);
}
