// Counts the words of a text, and records each line as a task. README.md in this
// folder defines its behavior; other files have it in other languages.
//
//   wit-bindgen c ../../wit --world imports --out-dir reporter
//   zig cc --target=wasm32-wasi -Os -s -o reporter.core.wasm reporter.c reporter/imports.c reporter/imports_component_type.o
//   wasm-tools component new reporter.core.wasm --adapt wasi_snapshot_preview1.command.wasm -o reporter.wasm
//   solti-metrics run --stdin FILE reporter.wasm
//
// Any clang with a C library for WASI works, such as the clang of wasi-sdk. Each release
// of wasmtime contains the adapter.

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reporter/imports.h"

#define NOT_UTF8 SIZE_MAX

// Maximum words of a line, if the arguments are valid.
static bool parse_max_words(int argc, char **argv, size_t *max_words) {
  if (argc < 2) {
    *max_words = 1000;
    return true;
  }
  size_t length = strlen(argv[1]);
  // Unlike strtoul, this accepts no spaces and no sign.
  bool number = 0 < length && length <= 9 && strspn(argv[1], "0123456789") == length;
  if (argc > 2 || !number) return false;
  *max_words = strtoul(argv[1], NULL, 10);
  return true;
}

// Bytes of the UTF-8 character at this address, or 0 if there is no valid character.
static size_t character(const unsigned char *at, const unsigned char *end) {
  // For each length: the bits of the first byte that encode it, their value, and the
  // lowest code point of that length.
  static const struct { uint8_t mask, mark; uint32_t lowest; } lengths[] = {
      {0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
  for (size_t length = 1; length <= 4; length++) {
    uint8_t mask = lengths[length - 1].mask;
    if ((*at & mask) != lengths[length - 1].mark) continue;
    if ((size_t)(end - at) < length) return 0;
    uint32_t code = *at & (uint8_t)~mask;
    for (size_t i = 1; i < length; i++) {
      if ((at[i] & 0xc0) != 0x80) return 0;
      code = code << 6 | (at[i] & 0x3f);
    }
    bool surrogate = 0xd800 <= code && code <= 0xdfff;
    return code >= lengths[length - 1].lowest && code <= 0x10ffff && !surrogate ? length : 0;
  }
  return 0;
}

static size_t count_words(const unsigned char *at, const unsigned char *end) {
  size_t words = 0;
  bool in_word = false;
  while (at < end) {
    size_t length = character(at, end);
    if (length == 0) return NOT_UTF8;
    // Not isspace, which depends on the locale.
    bool space = *at == ' ' || ('\t' <= *at && *at <= '\r');
    words += !space && !in_word;
    in_word = !space;
    at += length;
  }
  return words;
}

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv) {
  size_t max_words;
  if (!parse_max_words(argc, argv, &max_words)) {
    solti_metrics_backend_record_runner_error(
        SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM,
        SOLTI_METRICS_TYPES_RUNNER_ERROR_KIND_BACKEND_CONFIG_FAILED);
    fputs("usage: reporter [MAX-WORDS]\n", stderr);
    return EXIT_FAILURE;
  }
  size_t lines = 0, words = 0;
  bool failed = false;
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  while ((length = getline(&line, &capacity, stdin)) > 0) {
    solti_metrics_backend_record_task_started(SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM);
    uint64_t started = nanoseconds();
    const unsigned char *bytes = (const unsigned char *)line;
    size_t count = count_words(bytes, bytes + length);
    solti_metrics_types_task_outcome_t outcome = SOLTI_METRICS_TYPES_TASK_OUTCOME_SUCCESS;
    if (count == NOT_UTF8) {
      outcome = SOLTI_METRICS_TYPES_TASK_OUTCOME_FAILURE;
      failed = true;
    } else if (count > max_words) {
      outcome = SOLTI_METRICS_TYPES_TASK_OUTCOME_CANCELED;
    } else {
      lines += 1;
      words += count;
    }
    solti_metrics_backend_record_task_completed(
        SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM, outcome, (nanoseconds() - started) / 1000000);
  }
  free(line);
  if (ferror(stdin)) return EXIT_FAILURE;
  printf("%zu %zu\n", lines, words);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
