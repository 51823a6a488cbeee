#!/usr/bin/env bash
# Rewrites the output that README.md shows, and the pictures of the status page, from real
# runs: tools/screenshots.sh COMMAND GUESTS
#
# It needs `chromium` and `curl`.
set -euo pipefail

command=$1 guests=$2
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command=$(realpath "$command")

work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# The command of `make run`, and its output in the block `console` of the README.
"$command" run --dir . "$guests/digest.wasm" -- wit >"$work/stdout" 2>"$work/stderr"
# A terminal wraps the rules of tables, and no line has trailing spaces.
cat "$work/stdout" "$work/stderr" | sed 's/ *$//' >"$work/output"
awk -v output="$work/output" '
  $0 == "```" { block = 0 }
  !block { print }
  $0 == "```console" { block = 1; while ((getline line < output) > 0) print line }
' README.md >"$work/README.md"
cp "$work/README.md" README.md

# A runner with a task that succeeds, one that fails, and three kinds of backends.
mkdir "$work/out"
for name in digest reporter provider jsonl; do cp "$guests/$name.wasm" "$work/"; done
cp -r wit "$work/wit"
printf 'three short words\nand four more words\nthis line has many more words than the limit of the task permits\n' >"$work/text"
cat >"$work/serve.toml" <<'CONFIG'
[server]
listen = "127.0.0.1:0"

[log]
format = "json"

[tasks.digest]
component = "digest.wasm"
args = ["wit"]
dirs = ["wit"]
schedule = "interval"
interval = "200ms"

[tasks.words]
component = "reporter.wasm"
args = ["8"]
stdin = "text"
schedule = "interval"
interval = "300ms"

[tasks.report]
component = "reporter.wasm"
args = ["few"]
schedule = "restart"

[backends.totals]
component = "provider.wasm"

[backends.lines]
component = "jsonl.wasm"
grants = ["dir=out::/out:rw"]
CONFIG
(cd "$work" && exec "$command" serve serve.toml >/dev/null 2>log) &
server=$!

# Waits for a line, at most 30 seconds.
until_line() { # PATTERN COMMAND...
  local pattern=$1 left=300
  shift
  until "$@" 2>/dev/null | grep -q "$pattern"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    [ $((left -= 1)) -gt 0 ] || { echo "no line $pattern" >&2; exit 1; }
    sleep 0.1
  done
}
until_line '"address"' cat "$work/log"
address=$(sed -nE 's/.*"address":"([^"]*)".*/\1/p' "$work/log" | head -n 1)
until_line 'task_runs_total{task="digest",outcome="success"} [4-9][0-9]' \
  curl -s "http://$address/metrics"

# Blink's preferred colour scheme: 0 is dark, 1 is light.
for scheme in 0:status-dark 1:status; do
  # With a time budget, Chromium waits for the numbers of the page.
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
    --user-data-dir="$work/profile" --blink-settings="preferredColorScheme=${scheme%%:*}" \
    --window-size=1100,590 --virtual-time-budget=3000 \
    --screenshot="$work/${scheme#*:}.png" "http://$address/" >/dev/null 2>&1
  cp "$work/${scheme#*:}.png" docs/images/
done
