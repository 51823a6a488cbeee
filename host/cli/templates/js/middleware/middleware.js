// Changes the runner type `wasm` of each record to `container`, and forwards every
// record.

import {
  recordRunnerError,
  recordTaskCompleted,
  recordTaskStarted,
} from "solti:metrics/backend@0.1.0";

export const backend = {
  recordTaskStarted(runner) {
    recordTaskStarted(renamed(runner));
  },

  recordTaskCompleted(runner, outcome, durationMs) {
    recordTaskCompleted(renamed(runner), outcome, exact(durationMs));
  },

  recordRunnerError(runner, error) {
    recordRunnerError(renamed(runner), error);
  },
};

function renamed(runner) {
  return runner === "wasm" ? "container" : runner;
}

/** A u64 is a number: a value above 2^53 arrives rounded or negative. */
function exact(durationMs) {
  const isExact = Number.isSafeInteger(durationMs) && durationMs >= 0;
  return isExact ? durationMs : Number.MAX_SAFE_INTEGER;
}
