// Says of everything that ran in a `wasm` runner that it ran in a `container`, and passes
// every record on.

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
    recordTaskCompleted(renamed(runner), outcome, durationMs);
  },

  recordRunnerError(runner, error) {
    recordRunnerError(renamed(runner), error);
  },
};

function renamed(runner) {
  return runner === "wasm" ? "container" : runner;
}
