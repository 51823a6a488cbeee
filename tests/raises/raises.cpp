// Terminates: README.md in this folder says when. A C++ library for WASI may have no
// exceptions. An exception without a handler would end in the same way.

#include <cstdio>
#include <exception>
#include <print>

#include "raises/raises.h"

namespace {

template <typename... Args>
[[noreturn]] void raise(std::format_string<Args...> message, Args &&...args) {
  std::println(stderr, message, std::forward<Args>(args)...);
  std::terminate();
}

void count() {
  static int records = 0;
  records += 1;
  if (records == 3) raise("boom at record {}", records);
}

}  // namespace

bool exports_wasi_cli_run_run() {
  solti_metrics_backend_record_task_started(SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM);
  raise("boom in the middle");
}

void exports_solti_metrics_backend_record_task_started(
    exports_solti_metrics_backend_runner_type_t) {
  count();
}

void exports_solti_metrics_backend_record_task_completed(
    exports_solti_metrics_backend_runner_type_t, exports_solti_metrics_backend_task_outcome_t,
    uint64_t) {
  count();
}

void exports_solti_metrics_backend_record_runner_error(
    exports_solti_metrics_backend_runner_type_t,
    exports_solti_metrics_backend_runner_error_kind_t) {
  count();
}
