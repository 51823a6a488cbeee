#!/usr/bin/env bash
# Runs a fuzz target under libFuzzer, which searches for inputs that reach new code.
#
#   tools/fuzz.sh NAME TIME FOLDER
#
# NAME is a file in fuzz/src/targets, TIME is a number with s, m or h, and FOLDER is the target
# directory. Only the crates of this workspace report coverage: their dependencies are those of
# the other builds. The corpus stays in FOLDER/fuzz/NAME/corpus for the next run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "tools/fuzz.sh: $1" >&2
  exit 2
}

name=$1 time=$2 folder=$3
names=$(sed -n 's/^    \([a-z_]*\),$/\1/p' fuzz/src/targets.rs | paste -sd ' ')
[[ " $names " == *" $name "* ]] || fail "unknown target \"$name\"; set TARGET to one of: $names"
[[ $time =~ ^([0-9]+)([smh])$ ]] || fail "invalid time \"$time\"; write a number and s, m or h, for example 10m"
case ${BASH_REMATCH[2]} in
  s) seconds=${BASH_REMATCH[1]} ;;
  m) seconds=$((BASH_REMATCH[1] * 60)) ;;
  h) seconds=$((BASH_REMATCH[1] * 3600)) ;;
esac

work=$(realpath -m "$folder/fuzz/$name")
mkdir -p "$work/corpus"
FUZZ_CORPUS="$work/seeds" cargo test --workspace --locked --quiet --test fuzz -- --exact "$name"
RUSTC_WORKSPACE_WRAPPER=$PWD/tools/fuzz/instrumented.sh \
  cargo build --workspace --locked --bin guided --features solti-metrics-fuzz/coverage
echo "corpus: $work/corpus; findings: $work/"
FUZZ_TARGET=$name exec "$folder/debug/guided" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=4096 \
  -max_len=20480 -artifact_prefix="$work/" -print_final_stats=1 "$work/corpus" "$work/seeds"
