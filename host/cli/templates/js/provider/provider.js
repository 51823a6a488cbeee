// Counts the records that it receives, and exposes the counts.

const counts = { tasks_started: 0, tasks_completed: 0, runner_errors: 0 };

export const backend = {
  recordTaskStarted(runner) {
    counts.tasks_started += 1;
  },

  recordTaskCompleted(runner, outcome, durationMs) {
    counts.tasks_completed += 1;
  },

  recordRunnerError(runner, error) {
    counts.runner_errors += 1;
  },
};

export const exposition = {
  expose() {
    const lines = Object.entries(counts).map(
      ([name, count]) => `# TYPE ${name} counter\n${name}_total ${count}\n`,
    );
    return [...lines, "# EOF\n"].join("");
  },
};
