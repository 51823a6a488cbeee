// Counts the lines of a text on standard input, and records this work as a task.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <print>

#include "bindings/guest.h"

// The task. Put your code here.
static bool work() {
  std::size_t lines = 0;
  for (int c; (c = std::getchar()) != EOF;) lines += c == '\n';
  if (std::ferror(stdin)) {
    std::perror("standard input");
    return false;
  }
  std::println("{} lines", lines);
  return true;
}

int main() {
  using std::chrono::steady_clock, std::chrono::duration_cast, std::chrono::milliseconds;

  solti_metrics_backend_record_task_started(SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM);
  const auto started = steady_clock::now();
  const bool succeeded = work();
  const auto ran = duration_cast<milliseconds>(steady_clock::now() - started);
  solti_metrics_backend_record_task_completed(
      SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM,
      succeeded ? SOLTI_METRICS_TYPES_TASK_OUTCOME_SUCCESS
                : SOLTI_METRICS_TYPES_TASK_OUTCOME_FAILURE,
      static_cast<std::uint64_t>(ran.count()));
  return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}
