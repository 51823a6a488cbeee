// Counts the records that it receives, and exposes the counts.

#include <cstdint>
#include <format>

#include "bindings/provider.h"

static std::uint64_t started, completed, errors;

void exports_solti_metrics_backend_record_task_started(
    exports_solti_metrics_backend_runner_type_t) {
  started += 1;
}

void exports_solti_metrics_backend_record_task_completed(
    exports_solti_metrics_backend_runner_type_t, exports_solti_metrics_backend_task_outcome_t,
    std::uint64_t /* duration_ms */) {
  completed += 1;
}

void exports_solti_metrics_backend_record_runner_error(
    exports_solti_metrics_backend_runner_type_t,
    exports_solti_metrics_backend_runner_error_kind_t) {
  errors += 1;
}

// The bindings free the copy, after the host has read it.
void exports_solti_metrics_exposition_expose(provider_string_t *exposed) {
  const auto text = std::format(
      "# TYPE tasks_started counter\n"
      "tasks_started_total {}\n"
      "# TYPE tasks_completed counter\n"
      "tasks_completed_total {}\n"
      "# TYPE runner_errors counter\n"
      "runner_errors_total {}\n"
      "# EOF\n",
      started, completed, errors);
  provider_string_dup_n(exposed, text.data(), text.size());
}
