#!/usr/bin/env bash
# Makes the packages for a registry, unpacks them into an empty folder, and builds the
# programs of their READMEs from them.
#
#   tools/packages.sh              uses the versions in Cargo.lock. Builds of third-party
#                                  crates come from the target directory, because their
#                                  features are the same. Then installs the command with
#                                  `cargo install`, without optimisation
#   tools/packages.sh newest       uses the newest versions that the packages accept:
#                                  builds the packages with every feature, and tests
#                                  their documentation and examples
#   tools/packages.sh install      runs `cargo install` for the command, in cargo's release
#                                  profile
#
# An installation compiles wasmtime, and so does `newest`, unless the target directory has it
# with the same features and versions.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

main() {
  local how=${1:-locked}
  [[ $how =~ ^(locked|newest|install)$ ]] || fail "unknown argument $how: use newest, install or no argument" 2
  TARGET=$(cargo metadata --no-deps --format-version 1 --offline \
    | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
  mkdir -p "$TARGET"
  # On the same disk as the target directory.
  BUILD=$(mktemp -d "$TARGET/packages.XXXXXX")
  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK" "$BUILD"' EXIT
  pack
  "$how"
}

# Unpacks each package into a folder with its name.
pack() {
  local name
  rm -f "$TARGET"/package/*.crate
  say "packaging"
  cargo package --workspace --exclude solti-metrics-tests --exclude solti-metrics-fuzz --exclude solti-metrics-models --no-verify --locked --allow-dirty --quiet
  mkdir -p "$WORK/packages"
  for crate in "$TARGET"/package/*.crate; do
    tar -xzf "$crate" -C "$WORK/packages"
    name=$(basename "${crate%-*.crate}")
    mv "$WORK/packages/$(basename "$crate" .crate)" "$WORK/packages/$name"
    say "$name: $(find "$WORK/packages/$name" -type f | wc -l) files, $(($(stat -c %s "$crate") / 1024)) KB"
  done
  PACKAGES=$(ls "$WORK/packages")
  python3 tools/packages/locked.py Cargo.lock "$WORK"/packages/*/Cargo.lock
}

# Programs that depend on the packages by version use the unpacked packages.
patches() {
  echo '[patch.crates-io]'
  for name in $PACKAGES; do echo "$name = { path = \"$WORK/packages/$name\" }"; done
}

section() { # FILE HEAD: the section of a manifest, without its head
  awk -v head="$2" '/^\[/ { found = ($0 == head); next } found' "$1"
}

block() { # README LANGUAGE: the first block in it
  awk -v fence="\`\`\`$2" '$0 == "```" && found { exit } found { print } $0 == fence { found = 1 }' "$1"
}

# The program of a README, with its dependencies.
consumer() { # PACKAGE FOLDER
  local readme=$WORK/packages/$1/README.md to=$2/$1-consumer
  mkdir -p "$to/src"
  { printf '[package]\nname = "%s-consumer"\nedition = "2024"\npublish = false\n\n' "$1"
    block "$readme" toml; } >"$to/Cargo.toml"
  block "$readme" rust >"$to/program.rs"
  [ -s "$to/program.rs" ] || fail "the README of $1 shows no program"
  if grep -q '^ *#\[test\]' "$to/program.rs"; then
    # A separate target, so that cargo builds no other test.
    mkdir "$to/tests"
    mv "$to/program.rs" "$to/tests/conforms.rs"
    touch "$to/src/lib.rs"
  elif grep -q '^\(async \)\?fn main' "$to/program.rs"; then
    mv "$to/program.rs" "$to/src/main.rs"
  else
    mv "$to/program.rs" "$to/src/lib.rs"
  fi
}

locked() {
  natively
  guests
  # The command alone selects other features. Without optimisation, these take few minutes.
  CARGO_PROFILE_DEV_DEBUG=false PROFILE=dev install
}

natively() {
  local work=$WORK/native
  mkdir -p "$work"
  cp -r tools/packages/facade "$WORK/packages" "$work/"
  consumer solti-metrics-host "$work"
  consumer solti-metrics-server "$work"
  if [ -d "$WORK/packages/solti-metrics-conformance" ]; then
    consumer solti-metrics-conformance "$work"
  fi
  # A member with the dependencies of the tests, so that all third-party crates have the
  # features of their existing builds.
  { echo '[dependencies]'
    section tests/Cargo.toml '[dependencies]'; } | same_features "$work"
  { printf '[workspace]\nmembers = ["facade", "same-features", "*-consumer", "packages/*"]\nresolver = "3"\n\n'
    requirements
    awk '/^\[/ { found = /^\[profile\.dev/ } found' Cargo.toml
    WORK=$work patches; } >"$work/Cargo.toml"
  pinned "$work"
  linked "$TARGET/debug" "$BUILD/debug"
  say "building programs from the packages"
  cargo_in "$work" build --workspace --locked
  if [ -d "$work/solti-metrics-conformance-consumer/tests" ]; then
    cargo_in "$work" test --workspace --locked --no-run --test conforms
  fi
  say "the facade without any feature"
  cargo_in "$work" build --locked -p facade --bin plain --no-default-features

  "$BUILD/debug/solti-metrics-server-consumer" | grep '^scrape http://127.0.0.1:' \
    || fail "the server's program does not serve"
  COMMAND=$BUILD/debug/solti-metrics
  "$COMMAND" --version
  (cd "$WORK" && "$COMMAND" new --language c --role provider started >/dev/null)
}

# A member with these dependencies, read from standard input.
same_features() { # FOLDER
  mkdir -p "$1/same-features/src"
  touch "$1/same-features/src/lib.rs"
  { printf '[package]\nname = "same-features"\nedition = "2024"\npublish = false\n\n'
    cat; } >"$1/same-features/Cargo.toml"
}

# Dependencies of the members: those of the workspace, with its own packages by version.
requirements() {
  echo '[workspace.dependencies]'
  section Cargo.toml '[workspace.dependencies]' \
    | sed -E 's/^(solti-[a-z-]+) = \{ path = "[^"]*", version = ("[^"]*") \}/\1 = \2/'
}

guests() {
  local work=$WORK/guests rustc target
  rustc=$("$ROOT/tools/wasm-toolchain.sh" 2>/dev/null)
  mkdir -p "$work/middleware/src"
  consumer solti-metrics-guest "$work"
  cp "$WORK/packages/solti-metrics-guest/examples/middleware.rs" "$work/middleware/src/lib.rs"
  { printf '[package]\nname = "middleware"\nedition = "2024"\npublish = false\n\n[lib]\ncrate-type = ["cdylib"]\n\n'
    block "$WORK/packages/solti-metrics-guest/README.md" toml; } >"$work/middleware/Cargo.toml"
  # The same for guests, with the dependencies of the examples.
  awk '/^\[/ { found = /dev-dependencies\]$/ } found' guest/Cargo.toml \
    | sed 's/dev-dependencies\]$/dependencies]/' | same_features "$work"
  { printf '[workspace]\nmembers = ["middleware", "same-features", "*-consumer"]\nresolver = "3"\n\n'
    requirements
    awk '/^\[/ { found = ($0 == "[profile.guest]") } found' Cargo.toml
    PACKAGES='solti-metrics solti-metrics-guest' patches; } >"$work/Cargo.toml"
  pinned "$work"
  for target in wasm32-wasip2 wasm32-unknown-unknown; do
    say "building guests for $target"
    linked "$TARGET/guests/guest" "$BUILD/guest"
    linked "$TARGET/guests/$target/guest" "$BUILD/$target/guest"
    RUSTC=$rustc CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-component-ld \
      cargo_in "$work" build --locked --profile guest --target "$target" -p middleware -p same-features
    "$COMMAND" check "$BUILD/$target/guest/middleware.wasm" | grep '^  role  *middleware$'
  done
  RUSTC=$rustc cargo_in "$work" build --locked --profile guest --target wasm32-wasip2 -p solti-metrics-guest-consumer -p same-features
  say "a guest and the command, both from their packages"
  XDG_CACHE_HOME=$WORK/cache "$COMMAND" run --dir "$ROOT/wit::wit" \
    "$BUILD/wasm32-wasip2/guest/solti-metrics-guest-consumer.wasm" -- wit/types.wit wit/world.wit
}

# Uses the locked versions: cargo adds the programs to the lock file, and must change nothing else.
pinned() { # FOLDER
  cp Cargo.lock "$1/"
  cargo_in "$1" metadata --format-version 1 >/dev/null
  python3 tools/packages/locked.py Cargo.lock "$1/Cargo.lock"
}

newest() {
  local work=$WORK/newest
  mkdir -p "$work"
  cp -r "$WORK/packages" "$work/"
  { printf '[workspace]\nmembers = ["packages/*"]\nresolver = "3"\n\n'
    awk '/^\[/ { found = /^\[profile\.dev/ } found' Cargo.toml
    WORK=$work patches; } >"$work/Cargo.toml"
  cargo_in "$work" update
  python3 tools/packages/newer.py Cargo.lock "$work/Cargo.lock"
  linked "$TARGET/debug" "$BUILD/debug"
  local of=() libraries=() name
  for name in ${ONLY:-$PACKAGES}; do
    of+=(-p "$name")
    if [ -f "$work/packages/$name/src/lib.rs" ]; then libraries+=(-p "$name"); fi
  done
  say "building ${ONLY:-$PACKAGES//$'\n'/ }"
  cargo_in "$work" build --all-features "${of[@]}"
  say "testing their documentation and examples"
  cargo_in "$work" test --all-features "${libraries[@]}" --doc
  cargo_in "$work" test --all-features "${libraries[@]}" --examples
}

install() {
  cp -r "$WORK/packages/solti-metrics-cli" "$WORK/command"
  { echo; patches; } >>"$WORK/command/Cargo.toml"
  pinned "$WORK/command"
  say "installing the command"
  cargo_in "$WORK/command" install --locked --path . --root "$WORK/installed" ${PROFILE:+--profile "$PROFILE"}
  "$WORK/installed/bin/solti-metrics" --version
}

# Builds of third-party crates, linked and not copied.
linked() { # FROM TO
  local part
  [ -d "$1" ] || return 0
  for part in build deps .fingerprint; do
    [ -d "$1/$part" ] || continue
    mkdir -p "$2/$part"
    (cd "$1/$part" && find . -mindepth 1 -maxdepth 1 ! -name '*solti[-_]metrics*' -print0 \
      | xargs -0 -r cp -al -t "$2/$part" --)
  done
}

cargo_in() { # FOLDER ARGS
  local folder=$1
  shift
  (cd "$folder" && CARGO_TARGET_DIR=$BUILD CARGO_INCREMENTAL=0 cargo "$@")
}

say() { echo "packages: $*"; }

fail() { # MESSAGE [CODE]
  echo "packages: $1" >&2
  exit "${2:-1}"
}

main "$@"
