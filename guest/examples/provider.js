// Adds records up, and exposes totals through the host. README.md in this folder
// defines its behavior; other files have it in other languages.
//
// With QuickJS, for a component of 1 MB:
//
//   npm install componentize-qjs
//   npx componentize-qjs --sync --opt-size --wit provider/wit --world system-provider \
//     --js provider.js -o provider.wasm
//
// With StarlingMonkey, which has more web APIs, for a component of 12 MB:
//
//   npm install @bytecodealliance/componentize-js@0.19.3
//   npx componentize-js provider.js --wit provider/wit --world-name system-provider \
//     -d http fetch-event random -o provider.wasm
//
// Then run it:
//
//   solti-metrics run --backend provider.wasm GUEST
//
// A host without a ceiling can pass durations above 2^53 ms. They are exact in
// StarlingMonkey, where a u64 is a BigInt. In QuickJS, a u64 is a number: 2^53 + 1 arrives
// as 2^53, 2^53 + 3 as 2^53 + 4, and u64::MAX as -1, which `unsigned` converts to u64::MAX.

import { getStdout } from "wasi:cli/stdout@0.2.0";

const RUNNERS = ["subprocess", "container", "wasm"];
const OUTCOMES = ["success", "failure", "canceled", "timeout"];
const ERRORS = [
  "cgroup-prepare-failed",
  "backend-config-failed",
  "spawn-failed",
  "module-load-failed",
];
const BOUNDS_MS = [
  10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000,
  1_800_000, 3_600_000, Infinity,
];

// A number for every possible series, so that memory does not grow.
const started = table(RUNNERS, () => 0);
const durations = table(RUNNERS, () => table(OUTCOMES, none));
const errors = table(RUNNERS, () => table(ERRORS, () => 0));
let flushed = 0;

export const backend = {
  recordTaskStarted(runner) {
    started[runner] += 1;
  },

  recordTaskCompleted(runner, outcome, durationMs) {
    const seen = durations[runner][outcome];
    const ms = unsigned(durationMs);
    seen.buckets[BOUNDS_MS.findIndex((bound) => ms <= bound)] += 1;
    seen.sumMs += ms;
  },

  recordRunnerError(runner, error) {
    errors[runner][error] += 1;
  },
};

export const lifecycle = {
  flush() {
    const counts = [
      sum(Object.values(started)),
      sum(pairs(durations).map(([, , seen]) => sum(seen.buckets))),
      sum(pairs(errors).map(([, , count]) => count)),
    ];
    if (sum(counts) === flushed) return;
    flushed = sum(counts);
    const [tasksStarted, completed, failed] = counts;
    print(`started=${tasksStarted} completed=${completed} errors=${failed}\n`);
  },
};

export const exposition = {
  expose() {
    return [...lines(), "# EOF", ""].join("\n");
  },
};

function* lines() {
  let name = "solti_runner_tasks_started";
  yield `# HELP ${name} Tasks that started to execute, by runner type.`;
  yield `# TYPE ${name} counter`;
  for (const [runner, count] of Object.entries(started)) {
    yield `${name}_total{${labels({ runner })}} ${count}`;
  }

  name = "solti_runner_tasks_completed";
  yield `# HELP ${name} Tasks that ended, by runner type and outcome.`;
  yield `# TYPE ${name} counter`;
  for (const [runner, outcome, { buckets }] of pairs(durations)) {
    yield `${name}_total{${labels({ runner, outcome })}} ${sum(buckets)}`;
  }

  name = "solti_runner_task_duration_seconds";
  yield `# HELP ${name} Duration of tasks that ended, in seconds, by runner type and outcome.`;
  yield `# TYPE ${name} histogram`;
  yield `# UNIT ${name} seconds`;
  for (const [runner, outcome, { buckets, sumMs }] of pairs(durations)) {
    const count = sum(buckets);
    if (count === 0) continue;
    yield `${name}_sum{${labels({ runner, outcome })}} ${seconds(sumMs)}`;
    yield `${name}_count{${labels({ runner, outcome })}} ${count}`;
    let below = 0;
    for (const [index, bound] of BOUNDS_MS.entries()) {
      below += buckets[index];
      const le = bound === Infinity ? "+Inf" : seconds(bound);
      yield `${name}_bucket{${labels({ le, runner, outcome })}} ${below}`;
    }
  }

  name = "solti_runner_errors";
  yield `# HELP ${name} Failed steps of setting a task up or tearing it down, by runner type and step.`;
  yield `# TYPE ${name} counter`;
  for (const [runner, error, count] of pairs(errors)) {
    yield `${name}_total{${labels({ runner, error })}} ${count}`;
  }
}

/**
 * A u64 is a BigInt in StarlingMonkey, and a number in QuickJS. The number is rounded above
 * 2^53, and a negative number is too small by 2^64.
 */
function unsigned(u64) {
  return BigInt.asUintN(64, BigInt(u64));
}

function table(keys, initial) {
  return Object.fromEntries(keys.map((key) => [key, initial()]));
}

function none() {
  return { buckets: BOUNDS_MS.map(() => 0), sumMs: 0n };
}

/** The entries of a table of tables, with both keys. */
function pairs(tables) {
  return Object.entries(tables).flatMap(([outer, inner]) =>
    Object.entries(inner).map(([key, value]) => [outer, key, value]),
  );
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

function labels(cases) {
  return Object.entries(cases)
    .map(([name, value]) => `${name}="${value.replaceAll("-", "_")}"`)
    .join(",");
}

/** With a fraction, which OpenMetrics requires in the bound of a bucket. */
function seconds(milliseconds) {
  const whole = Number(milliseconds) / 1_000;
  return Number.isInteger(whole) ? whole.toFixed(1) : String(whole);
}

function print(text) {
  getStdout().blockingWriteAndFlush(Uint8Array.from(text, (c) => c.charCodeAt(0)));
}
