// Counts the lines of a text on standard input, and records this work as a task.

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bindings/guest.h"

// The task. Put your code here.
static bool work(void) {
  size_t lines = 0;
  int c;
  while ((c = getchar()) != EOF) lines += c == '\n';
  if (ferror(stdin)) {
    perror("standard input");
    return false;
  }
  printf("%zu lines\n", lines);
  return true;
}

static uint64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int main(void) {
  solti_metrics_backend_record_task_started(SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM);
  uint64_t started = milliseconds();
  bool succeeded = work();
  solti_metrics_backend_record_task_completed(
      SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM,
      succeeded ? SOLTI_METRICS_TYPES_TASK_OUTCOME_SUCCESS
                : SOLTI_METRICS_TYPES_TASK_OUTCOME_FAILURE,
      milliseconds() - started);
  return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}
