// Throws an error without a handler: README.md in this folder says when.
import { recordTaskStarted } from "solti:metrics/backend@0.1.0";

let records = 0;

export const run = {
  run() {
    recordTaskStarted("wasm");
    // StarlingMonkey turns an error that leaves `run` into the error of its result,
    // which has no text. QuickJS prints the error, and has no console.
    try {
      throw new Error("boom in the middle");
    } catch (error) {
      globalThis.console?.error(error);
      throw error;
    }
  },
};

export const backend = {
  recordTaskStarted: count,
  recordTaskCompleted: count,
  recordRunnerError: count,
};

function count() {
  records += 1;
  if (records === 3) throw new Error(`boom at record ${records}`);
}
