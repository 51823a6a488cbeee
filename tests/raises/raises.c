// Aborts: README.md in this folder says when.

#include <stdio.h>
#include <stdlib.h>

#include "raises/raises.h"

static unsigned records = 0;

bool exports_wasi_cli_run_run(void) {
  solti_metrics_backend_record_task_started(SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM);
  fputs("boom in the middle\n", stderr);
  abort();
}

static void count(void) {
  records += 1;
  if (records == 3) {
    fprintf(stderr, "boom at record %u\n", records);
    abort();
  }
}

void exports_solti_metrics_backend_record_task_started(
    exports_solti_metrics_backend_runner_type_t runner) {
  (void)runner;
  count();
}

void exports_solti_metrics_backend_record_task_completed(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_task_outcome_t outcome, uint64_t duration_ms) {
  (void)runner, (void)outcome, (void)duration_ms;
  count();
}

void exports_solti_metrics_backend_record_runner_error(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_runner_error_kind_t error) {
  (void)runner, (void)error;
  count();
}
