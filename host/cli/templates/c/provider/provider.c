// Counts the records that it receives, and exposes the counts.

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "bindings/provider.h"

static uint64_t started, completed, errors;

void exports_solti_metrics_backend_record_task_started(
    exports_solti_metrics_backend_runner_type_t runner) {
  (void)runner;
  started += 1;
}

void exports_solti_metrics_backend_record_task_completed(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_task_outcome_t outcome, uint64_t duration_ms) {
  (void)runner, (void)outcome, (void)duration_ms;
  completed += 1;
}

void exports_solti_metrics_backend_record_runner_error(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_runner_error_kind_t error) {
  (void)runner, (void)error;
  errors += 1;
}

// The bindings free the copy, after the host has read it.
void exports_solti_metrics_exposition_expose(provider_string_t *exposed) {
  char text[512];
  snprintf(text, sizeof text,
           "# TYPE tasks_started counter\n"
           "tasks_started_total %" PRIu64 "\n"
           "# TYPE tasks_completed counter\n"
           "tasks_completed_total %" PRIu64 "\n"
           "# TYPE runner_errors counter\n"
           "runner_errors_total %" PRIu64 "\n"
           "# EOF\n",
           started, completed, errors);
  provider_string_dup(exposed, text);
}
