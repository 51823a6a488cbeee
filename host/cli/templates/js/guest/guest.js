// Counts the lines of a text on standard input, and records this work as a task.

import { recordTaskCompleted, recordTaskStarted } from "solti:metrics/backend@0.1.0";
import { getStderr } from "wasi:cli/stderr@0.2.0";
import { getStdin } from "wasi:cli/stdin@0.2.0";
import { getStdout } from "wasi:cli/stdout@0.2.0";
import { now } from "wasi:clocks/monotonic-clock@0.2.0";

export const run = {
  run() {
    recordTaskStarted("wasm");
    const started = now();
    let outcome = "success";
    try {
      work();
    } catch (error) {
      outcome = "failure";
      print(getStderr(), `${error}\n${error.stack}`);
    }
    recordTaskCompleted("wasm", outcome, Math.floor((now() - started) / 1e6));
    if (outcome !== "success") throw undefined; // the error of `result`, which has no payload
  },
};

/** The task. Put your code here. */
function work() {
  const lines = read(getStdin()).filter((byte) => byte === 0x0a).length;
  print(getStdout(), `${lines} lines\n`);
}

function read(input) {
  const bytes = [];
  for (;;) {
    try {
      bytes.push(...input.blockingRead(4096));
    } catch (error) {
      if (error.payload?.tag === "closed") return bytes;
      throw error;
    }
  }
}

function print(output, text) {
  output.blockingWriteAndFlush(Uint8Array.from(text, (c) => c.charCodeAt(0)));
}
