// Adds records up, and exposes totals through the host. README.md in this folder
// defines its behavior; other files have it in other languages.
//
//   wit-bindgen c provider/wit --world provider --out-dir provider
//   zig cc --target=wasm32-wasi -Os -c -o provider.bindings.o provider/provider.c
//   zig c++ --target=wasm32-wasi -mexec-model=reactor -std=c++23 -fno-exceptions -fno-rtti -Os -s -o provider.core.wasm provider.cpp provider.bindings.o provider/provider_component_type.o
//   wasm-tools component new provider.core.wasm --adapt wasi_snapshot_preview1.reactor.wasm -o provider.wasm
//   solti-metrics run --backend provider.wasm GUEST
//
// Any clang with a C++ library for WASI works, such as the clang of wasi-sdk. Each release
// of wasmtime contains the adapter.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <format>
#include <iterator>
#include <print>
#include <ranges>
#include <string>
#include <string_view>

#include "provider/provider.h"

namespace {

// The labels of wit/types.wit, indexed by the numbers of their cases.
constexpr auto runners = std::to_array<std::string_view>({"subprocess", "container", "wasm"});
constexpr auto outcomes =
    std::to_array<std::string_view>({"success", "failure", "canceled", "timeout"});
constexpr auto errors = std::to_array<std::string_view>(
    {"cgroup_prepare_failed", "backend_config_failed", "spawn_failed", "module_load_failed"});

struct Bucket {
  std::uint64_t most_ms;
  std::string_view le;
};

constexpr auto buckets = std::to_array<Bucket>({
    {10, "0.01"},         {25, "0.025"},        {50, "0.05"},     {100, "0.1"},
    {250, "0.25"},        {500, "0.5"},         {1'000, "1.0"},   {2'500, "2.5"},
    {5'000, "5.0"},       {10'000, "10.0"},     {30'000, "30.0"}, {60'000, "60.0"},
    {300'000, "300.0"},   {1'800'000, "1800.0"}, {3'600'000, "3600.0"},
    {UINT64_MAX, "+Inf"},
});

struct Histogram {
  // Each bucket counts the durations that are in no earlier bucket.
  std::array<std::uint64_t, buckets.size()> counts;
  std::uint64_t count;
  std::uint64_t sum_ms;

  void observe(std::uint64_t duration_ms) {
    const auto bucket = std::ranges::lower_bound(buckets, duration_ms, {}, &Bucket::most_ms);
    counts[static_cast<std::size_t>(bucket - buckets.begin())] += 1;
    count += 1;
    sum_ms += duration_ms;
  }
};

template <typename T, std::size_t others>
using ByRunner = std::array<std::array<T, others>, runners.size()>;

struct Totals {
  std::array<std::uint64_t, runners.size()> started;
  ByRunner<Histogram, outcomes.size()> completed;
  ByRunner<std::uint64_t, errors.size()> failed;
};

// The number of records.
struct Records {
  std::uint64_t started, completed, errors;

  std::uint64_t all() const { return started + completed + errors; }
};

Totals totals;
Records records;
std::uint64_t flushed;

class OpenMetrics {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    print("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }

  void histogram(std::string_view labels, const Histogram &of) {
    std::uint64_t within = 0;
    for (const auto [bucket, count] : std::views::zip(buckets, of.counts)) {
      within += count;
      print("solti_runner_task_duration_seconds_bucket{{le=\"{}\",{}}} {}\n", bucket.le, labels,
            within);
    }
    print("solti_runner_task_duration_seconds_count{{{}}} {}\n", labels, of.count);
    // This is exact, unlike a division of floats.
    print("solti_runner_task_duration_seconds_sum{{{}}} {}.{:03}\n", labels, of.sum_ms / 1'000,
          of.sum_ms % 1'000);
  }

  template <typename... Args>
  void print(std::format_string<Args...> format, Args &&...args) {
    std::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
  }

  std::string text;
};

std::string expose() {
  OpenMetrics to;
  to.family("solti_runner_tasks_started", "counter", "Tasks that started to execute, by runner type.");
  for (const auto [runner, started] : std::views::zip(runners, totals.started)) {
    to.print("solti_runner_tasks_started_total{{runner=\"{}\"}} {}\n", runner, started);
  }
  to.family("solti_runner_tasks_completed", "counter", "Tasks that ended, by runner type and outcome.");
  for (const auto [runner, completed] : std::views::zip(runners, totals.completed)) {
    for (const auto &[outcome, durations] : std::views::zip(outcomes, completed)) {
      to.print("solti_runner_tasks_completed_total{{runner=\"{}\",outcome=\"{}\"}} {}\n", runner,
               outcome, durations.count);
    }
  }
  to.family("solti_runner_task_duration_seconds", "histogram", "Duration of tasks that ended, in seconds, by runner type and outcome.");
  to.print("# UNIT solti_runner_task_duration_seconds seconds\n");
  for (const auto &[runner, completed] : std::views::zip(runners, totals.completed)) {
    for (const auto &[outcome, durations] : std::views::zip(outcomes, completed)) {
      if (durations.count == 0) continue;
      to.histogram(std::format("runner=\"{}\",outcome=\"{}\"", runner, outcome), durations);
    }
  }
  to.family("solti_runner_errors", "counter",
            "Failed steps of setting a task up or tearing it down, by runner type and step.");
  for (const auto &[runner, failed] : std::views::zip(runners, totals.failed)) {
    for (const auto [error, count] : std::views::zip(errors, failed)) {
      to.print("solti_runner_errors_total{{runner=\"{}\",error=\"{}\"}} {}\n", runner, error,
               count);
    }
  }
  to.print("# EOF\n");
  return to.text;
}

}  // namespace

void exports_solti_metrics_backend_record_task_started(
    exports_solti_metrics_backend_runner_type_t runner) {
  totals.started[runner] += 1;
  records.started += 1;
}

void exports_solti_metrics_backend_record_task_completed(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_task_outcome_t outcome, std::uint64_t duration_ms) {
  totals.completed[runner][outcome].observe(duration_ms);
  records.completed += 1;
}

void exports_solti_metrics_backend_record_runner_error(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_runner_error_kind_t error) {
  totals.failed[runner][error] += 1;
  records.errors += 1;
}

// The bindings free the copy, after the host has read it.
void exports_solti_metrics_exposition_expose(provider_string_t *text) {
  const auto exposed = expose();
  provider_string_dup_n(text, exposed.data(), exposed.size());
}

bool exports_solti_metrics_lifecycle_flush(provider_string_t *) {
  if (records.all() > flushed) {
    flushed = records.all();
    std::println("started={} completed={} errors={}", records.started, records.completed,
                 records.errors);
    std::fflush(stdout);
  }
  return true;  // a flush cannot fail
}
