// Counts the words of a text, and records each line as a task. README.md in this
// folder defines its behavior; other files have it in other languages.
//
//   wit-bindgen c ../../wit --world imports --out-dir reporter
//   zig cc --target=wasm32-wasi -Os -c -o reporter.bindings.o reporter/imports.c
//   zig c++ --target=wasm32-wasi -std=c++23 -fno-exceptions -fno-rtti -Os -s -o reporter.core.wasm reporter.cpp reporter.bindings.o reporter/imports_component_type.o
//   wasm-tools component new reporter.core.wasm --adapt wasi_snapshot_preview1.command.wasm -o reporter.wasm
//   solti-metrics run --stdin FILE reporter.wasm
//
// Any clang with a C++ library for WASI works, such as the clang of wasi-sdk. Each release
// of wasmtime contains the adapter.

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <print>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "reporter/imports.h"

namespace {

constexpr auto runner = SOLTI_METRICS_TYPES_RUNNER_TYPE_WASM;

enum class Outcome : solti_metrics_types_task_outcome_t {
  success = SOLTI_METRICS_TYPES_TASK_OUTCOME_SUCCESS,
  failure = SOLTI_METRICS_TYPES_TASK_OUTCOME_FAILURE,
  canceled = SOLTI_METRICS_TYPES_TASK_OUTCOME_CANCELED,
};

// A task. The constructor records its start.
class Task {
 public:
  Task() { solti_metrics_backend_record_task_started(runner); }

  void finish(Outcome outcome) const {
    using std::chrono::duration_cast, std::chrono::milliseconds;
    const auto ran = duration_cast<milliseconds>(Clock::now() - started);
    solti_metrics_backend_record_task_completed(
        runner, std::to_underlying(outcome), static_cast<std::uint64_t>(ran.count()));
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point started = Clock::now();
};

// Maximum words of a line, if the arguments are valid.
std::optional<std::size_t> max_words(std::span<char *> args) {
  if (args.empty()) return 1'000;
  const std::string_view text = args.front();
  if (args.size() > 1 || text.size() > 9) return {};
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc{} || end != text.end()) return {};
  return number;
}

// The whole text, or nothing if it cannot be read to its end.
std::optional<std::string> read(std::FILE *from) {
  std::string text;
  std::array<char, 4096> piece;
  while (const auto length = std::fread(piece.data(), 1, piece.size(), from)) {
    text.append(piece.data(), length);
  }
  if (std::ferror(from)) return {};
  return text;
}

// Bytes of the UTF-8 character at the start of a text, or 0 if there is no valid
// character.
constexpr std::size_t character(std::string_view text) {
  const auto first = static_cast<std::uint8_t>(text.front());
  // The number of leading ones of the first byte is the number of bytes, or 0 for one byte.
  const auto length = static_cast<std::size_t>(std::countl_one(first));
  if (length == 0) return 1;
  if (length == 1 || length > 4 || length > text.size()) return 0;
  char32_t code = first & (0x7f >> length);
  for (const std::uint8_t byte : text.substr(1, length - 1)) {
    if (std::countl_one(byte) != 1) return 0;
    code = code << 6 | (byte & 0x3f);
  }
  constexpr char32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = 0xd800 <= code && code <= 0xdfff;
  return lowest[length] <= code && code <= 0x10ffff && !surrogate ? length : 0;
}

constexpr bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// Not std::isspace, which depends on the locale.
constexpr bool is_space(char c) { return c == ' ' || ('\t' <= c && c <= '\r'); }

// Returns nothing if the line is not UTF-8.
constexpr std::optional<std::size_t> word_count(std::string_view line) {
  if (!is_utf8(line)) return {};
  const auto alike = [](char a, char b) { return is_space(a) == is_space(b); };
  const auto is_word = [](auto part) { return !is_space(part.front()); };
  return std::ranges::count_if(line | std::views::chunk_by(alike), is_word);
}

static_assert(word_count(" two words\n") == 2);
static_assert(word_count("not UTF-8: \xc0\x80") == std::nullopt);

}  // namespace

int main(int argc, char **argv) {
  const auto most = max_words(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (!most) {
    solti_metrics_backend_record_runner_error(
        runner, SOLTI_METRICS_TYPES_RUNNER_ERROR_KIND_BACKEND_CONFIG_FAILED);
    std::println(stderr, "usage: reporter [MAX-WORDS]");
    return EXIT_FAILURE;
  }
  const auto text = read(stdin);
  if (!text) return EXIT_FAILURE;

  std::size_t lines = 0, words = 0;
  bool failed = false;
  const auto same_line = [](char before, char) { return before != '\n'; };
  for (const auto line : *text | std::views::chunk_by(same_line)) {
    const Task task;
    const auto count = word_count(std::string_view(line));
    if (!count) {
      failed = true;
      task.finish(Outcome::failure);
    } else if (*count > *most) {
      task.finish(Outcome::canceled);
    } else {
      lines += 1;
      words += *count;
      task.finish(Outcome::success);
    }
  }
  std::println("{} {}", lines, words);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
