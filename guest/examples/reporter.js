// Counts the words of a text, and records each line as a task. README.md in this
// folder defines its behavior; other files have it in other languages.
//
// With QuickJS, for a component of 1 MB:
//
//   npm install componentize-qjs
//   npx componentize-qjs --sync --opt-size --wit reporter/wit --world system-reporter \
//     --js reporter.js -o reporter.wasm
//
// Without --sync, the component needs component-model async.
//
// With StarlingMonkey, which has more web APIs, for a component of 12 MB:
//
//   npm install @bytecodealliance/componentize-js@0.19.3
//   npx componentize-js reporter.js --wit reporter/wit --world-name system-reporter \
//     -d http fetch-event random -o reporter.wasm
//
// Then run it:
//
//   solti-metrics run --stdin FILE reporter.wasm

import {
  recordRunnerError,
  recordTaskCompleted,
  recordTaskStarted,
} from "solti:metrics/backend@0.1.0";
import { getArguments } from "wasi:cli/environment@0.2.0";
import { getStderr } from "wasi:cli/stderr@0.2.0";
import { getStdin } from "wasi:cli/stdin@0.2.0";
import { getStdout } from "wasi:cli/stdout@0.2.0";
import { now } from "wasi:clocks/monotonic-clock@0.2.0";

export const run = {
  run() {
    const maxWords = parseMaxWords(getArguments().slice(1));
    if (maxWords === undefined) {
      recordRunnerError("wasm", "backend-config-failed");
      print(getStderr(), "usage: reporter [MAX-WORDS]\n");
      throw undefined; // the error of `result`, which has no payload
    }
    let lines = 0, words = 0, failed = 0;
    for (const line of linesOf(readToEnd(getStdin()))) {
      recordTaskStarted("wasm");
      const started = now();
      const count = countWords(line);
      let outcome = "success";
      if (count === undefined) {
        outcome = "failure";
        failed += 1;
      } else if (count > maxWords) {
        outcome = "canceled";
      } else {
        lines += 1;
        words += count;
      }
      recordTaskCompleted("wasm", outcome, milliseconds(now() - started));
    }
    print(getStdout(), `${lines} ${words}\n`);
    if (failed) throw undefined;
  },
};

function parseMaxWords(args) {
  if (args.length === 0) return 1_000;
  if (args.length === 1 && /^[0-9]{1,9}$/.test(args[0])) return Number(args[0]);
}

/** Returns nothing if the line is not UTF-8. */
function countWords(line) {
  // QuickJS has no TextDecoder. This function rejects the same input in both engines.
  const escaped = Array.from(line, (byte) => `%${byte.toString(16).padStart(2, "0")}`);
  try {
    const words = decodeURIComponent(escaped.join("")).split(/[ \t-\r]+/);
    return words.filter((word) => word !== "").length;
  } catch {
    return undefined;
  }
}

function* linesOf(text) {
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf(0x0a, start);
    const end = feed === -1 ? text.length : feed;
    yield text.subarray(start, end);
    start = end + 1;
  }
}

function readToEnd(input) {
  const chunks = [];
  for (;;) {
    try {
      chunks.push(input.blockingRead(65_536));
    } catch (error) {
      // StarlingMonkey wraps the error of the interface.
      if ((error.payload ?? error).tag !== "closed") throw error;
      return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    }
  }
}

// A u64 is a BigInt in StarlingMonkey, and a number in QuickJS.
function milliseconds(nanoseconds) {
  return typeof nanoseconds === "bigint"
    ? nanoseconds / 1_000_000n
    : Math.floor(nanoseconds / 1e6);
}

function print(output, text) {
  output.blockingWriteAndFlush(Uint8Array.from(text, (c) => c.charCodeAt(0)));
}
