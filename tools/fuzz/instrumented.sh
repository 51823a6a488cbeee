#!/usr/bin/env bash
# Compiles a crate of this workspace so that libFuzzer sees its coverage. Build scripts are
# programs without libFuzzer.
set -euo pipefail
case " $* " in
  *" --crate-name build_script_build "*) exec "$@" ;;
esac
exec "$@" \
  -C passes=sancov-module \
  -C llvm-args=-sanitizer-coverage-level=4 \
  -C llvm-args=-sanitizer-coverage-trace-compares \
  -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
  -C llvm-args=-sanitizer-coverage-pc-table
