#!/usr/bin/env bash
# Compares the public API of the libraries with the listings in tests/api/, and prints
# each difference. BLESS=1 rewrites the listings.
#
# rustdoc writes the API as JSON only with unstable options, and the format differs between
# versions. Therefore the script requires the Rust version that Cargo.toml declares. It
# documents all libraries with all features, like a build of the workspace, so that cargo
# compiles no dependency.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
LISTINGS=tests/api

main() {
  local metadata target libraries name failed=
  check_compiler
  metadata=$(cargo metadata --format-version 1 --locked --filter-platform "$(rustc --print host-tuple)")
  target=$(python3 tools/api/libraries.py target <<<"$metadata")
  libraries=$(python3 tools/api/libraries.py libraries <<<"$metadata")
  # Only rustdoc gets the variable. Build scripts that read it would run again.
  RUSTDOC=$PWD/tools/api/rustdoc.sh RUSTDOCFLAGS='-Z unstable-options --output-format json' \
    cargo doc --workspace --no-deps --locked --quiet
  cargo build --manifest-path tools/api/Cargo.toml --target-dir "$target/tools/api" --locked --quiet
  FOUND=$(mktemp -d)
  trap 'rm -rf "$FOUND"' EXIT
  for name in $libraries; do
    "$target/tools/api/debug/api" "$target/doc/${name//-/_}.json" >"$FOUND/$name.txt"
  done
  if [ "${BLESS:-}" = 1 ]; then
    mkdir -p "$LISTINGS"
    rm -f "$LISTINGS"/*.txt
    cp "$FOUND"/*.txt "$LISTINGS/"
  fi
  # The comparison includes listings of removed libraries.
  diff --recursive --new-file --unified=2 "$LISTINGS" "$FOUND" || failed=1
  [ -z "$failed" ] || fail "the public API differs from the listings in $LISTINGS: if the change is intended, run \`BLESS=1 make api\` and add the change to CHANGELOG.md"
  echo "api: $(cat "$FOUND"/*.txt | wc -l) items of $(wc -w <<<"$libraries") libraries match the listings in $LISTINGS"
}

check_compiler() {
  local declared
  declared=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
  [[ $(rustc --version) == "rustc $declared".* ]] \
    || fail "$(rustc --version) is in use, and the listings need Rust $declared; set RUSTUP_TOOLCHAIN=$declared.0"
}

fail() {
  echo "api: $1" >&2
  exit 1
}

main
