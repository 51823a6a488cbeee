// Adds records up, and exposes totals through the host. README.md in this folder
// defines its behavior; other files have it in other languages.
//
//   wit-bindgen c provider/wit --world provider --out-dir provider
//   zig cc --target=wasm32-wasi -mexec-model=reactor -Os -s -o provider.core.wasm provider.c provider/provider.c provider/provider_component_type.o
//   wasm-tools component new provider.core.wasm --adapt wasi_snapshot_preview1.reactor.wasm -o provider.wasm
//   solti-metrics run --backend provider.wasm GUEST
//
// Any clang with a C library for WASI works, such as the clang of wasi-sdk. Each release
// of wasmtime contains the adapter.

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "provider/provider.h"

enum { RUNNERS = 3, OUTCOMES = 4, ERRORS = 4, BUCKETS = 16 };

// The labels of wit/types.wit, indexed by the numbers of their cases.
static const char *const runner_labels[RUNNERS] = {"subprocess", "container", "wasm"};
static const char *const outcome_labels[OUTCOMES] = {"success", "failure", "canceled", "timeout"};
static const char *const error_labels[ERRORS] = {
    "cgroup_prepare_failed", "backend_config_failed", "spawn_failed", "module_load_failed"};

static const struct { uint64_t most_ms; const char *le; } buckets[BUCKETS] = {
    {10, "0.01"},    {25, "0.025"},   {50, "0.05"},     {100, "0.1"},
    {250, "0.25"},   {500, "0.5"},    {1000, "1.0"},    {2500, "2.5"},
    {5000, "5.0"},   {10000, "10.0"}, {30000, "30.0"},  {60000, "60.0"},
    {300000, "300.0"}, {1800000, "1800.0"}, {3600000, "3600.0"}, {UINT64_MAX, "+Inf"}};

// A bucket counts the durations that are in no earlier bucket.
typedef struct { uint64_t buckets[BUCKETS], count, sum_ms; } histogram;

static uint64_t started[RUNNERS];
static histogram completed[RUNNERS][OUTCOMES];
static uint64_t errors[RUNNERS][ERRORS];

// The number of records, now and at the last flush.
static struct { uint64_t started, completed, errors, flushed; } records;

void exports_solti_metrics_backend_record_task_started(
    exports_solti_metrics_backend_runner_type_t runner) {
  started[runner] += 1;
  records.started += 1;
}

void exports_solti_metrics_backend_record_task_completed(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_task_outcome_t outcome, uint64_t duration_ms) {
  histogram *durations = &completed[runner][outcome];
  size_t bucket = 0;
  while (duration_ms > buckets[bucket].most_ms) bucket += 1;
  durations->buckets[bucket] += 1;
  durations->count += 1;
  durations->sum_ms += duration_ms;
  records.completed += 1;
}

void exports_solti_metrics_backend_record_runner_error(
    exports_solti_metrics_backend_runner_type_t runner,
    exports_solti_metrics_backend_runner_error_kind_t error) {
  errors[runner][error] += 1;
  records.errors += 1;
}

static void expose_started(FILE *to) {
  fputs("# HELP solti_runner_tasks_started Tasks that started to execute, by runner type.\n"
        "# TYPE solti_runner_tasks_started counter\n", to);
  for (size_t runner = 0; runner < RUNNERS; runner++) {
    fprintf(to, "solti_runner_tasks_started_total{runner=\"%s\"} %" PRIu64 "\n",
            runner_labels[runner], started[runner]);
  }
}

static void expose_completed(FILE *to) {
  fputs("# HELP solti_runner_tasks_completed Tasks that ended, by runner type and outcome.\n"
        "# TYPE solti_runner_tasks_completed counter\n", to);
  for (size_t runner = 0; runner < RUNNERS; runner++) {
    for (size_t outcome = 0; outcome < OUTCOMES; outcome++) {
      fprintf(to,
              "solti_runner_tasks_completed_total{runner=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
              runner_labels[runner], outcome_labels[outcome], completed[runner][outcome].count);
    }
  }
}

static void expose_histogram(FILE *to, const char *runner, const char *outcome,
                             const histogram *durations) {
  uint64_t within = 0;
  for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
    within += durations->buckets[bucket];
    fprintf(to,
            "solti_runner_task_duration_seconds_bucket"
            "{le=\"%s\",runner=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
            buckets[bucket].le, runner, outcome, within);
  }
  fprintf(to,
          "solti_runner_task_duration_seconds_count{runner=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
          runner, outcome, durations->count);
  // This is exact, unlike a division of floats.
  fprintf(to,
          "solti_runner_task_duration_seconds_sum{runner=\"%s\",outcome=\"%s\"} "
          "%" PRIu64 ".%03" PRIu64 "\n",
          runner, outcome, durations->sum_ms / 1000, durations->sum_ms % 1000);
}

static void expose_durations(FILE *to) {
  fputs("# HELP solti_runner_task_duration_seconds Duration of tasks that ended, in seconds, by runner type and outcome.\n"
        "# TYPE solti_runner_task_duration_seconds histogram\n"
        "# UNIT solti_runner_task_duration_seconds seconds\n", to);
  for (size_t runner = 0; runner < RUNNERS; runner++) {
    for (size_t outcome = 0; outcome < OUTCOMES; outcome++) {
      const histogram *durations = &completed[runner][outcome];
      if (durations->count == 0) continue;
      expose_histogram(to, runner_labels[runner], outcome_labels[outcome], durations);
    }
  }
}

static void expose_errors(FILE *to) {
  fputs("# HELP solti_runner_errors Failed steps of setting a task up or tearing it down, by runner type and step.\n"
        "# TYPE solti_runner_errors counter\n", to);
  for (size_t runner = 0; runner < RUNNERS; runner++) {
    for (size_t error = 0; error < ERRORS; error++) {
      fprintf(to, "solti_runner_errors_total{runner=\"%s\",error=\"%s\"} %" PRIu64 "\n",
              runner_labels[runner], error_labels[error], errors[runner][error]);
    }
  }
}

// The bindings free the text, after the host has read it.
void exports_solti_metrics_exposition_expose(provider_string_t *text) {
  char *written = NULL;
  FILE *to = open_memstream(&written, &text->len);
  expose_started(to);
  expose_completed(to);
  expose_durations(to);
  expose_errors(to);
  fputs("# EOF\n", to);
  fclose(to);
  text->ptr = (uint8_t *)written;
}

bool exports_solti_metrics_lifecycle_flush(provider_string_t *error) {
  (void)error;  // a flush cannot fail
  uint64_t all = records.started + records.completed + records.errors;
  if (all > records.flushed) {
    records.flushed = all;
    printf("started=%" PRIu64 " completed=%" PRIu64 " errors=%" PRIu64 "\n",
           records.started, records.completed, records.errors);
    fflush(stdout);
  }
  return true;
}
