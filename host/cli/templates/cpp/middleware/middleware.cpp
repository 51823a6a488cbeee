// Changes the runner type `wasm` of each record to `container`, and forwards every
// record.

#include <cstdint>

#include "bindings/middleware.h"

using RunnerType = solti_metrics_types_runner_type_t;

static constexpr RunnerType renamed(RunnerType runner) {
  return runner == SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM
             ? SOLTI_METRICS_TYPES_RUNNER_TYPE_CONTAINER
             : runner;
}

void exports_solti_metrics_backend_record_task_started(
    exports_solti_metrics_backend_runner_type_t runner) {
  solti_metrics_backend_record_task_started(renamed(runner));
}

void exports_solti_metrics_backend_record_task_completed(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_task_outcome_t outcome, std::uint64_t duration_ms) {
  solti_metrics_backend_record_task_completed(renamed(runner), outcome, duration_ms);
}

void exports_solti_metrics_backend_record_runner_error(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_runner_error_kind_t error) {
  solti_metrics_backend_record_runner_error(renamed(runner), error);
}
