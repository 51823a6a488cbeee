#!/usr/bin/env bash
# Compares the public API of the libraries with the listings in tests/api/, and prints
# each difference. BLESS=1 rewrites the listings.
#
# rustdoc writes the API as JSON only if unstable options are allowed, and each version
# in a format of its own: the listings are those of the Rust that Cargo.toml declares.
# All libraries are documented with all their features, as a build of the workspace has
# them, so that no dependency is compiled.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
LISTINGS=tests/api

main() {
  local metadata target libraries name failed=
  check_compiler
  metadata=$(cargo metadata --format-version 1 --locked --filter-platform "$(rustc --print host-tuple)")
  target=$(python3 tools/api/libraries.py target <<<"$metadata")
  libraries=$(python3 tools/api/libraries.py libraries <<<"$metadata")
  # Only rustdoc gets the variable: build scripts that look at it would run again.
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
  # Also a listing whose library is gone.
  diff --recursive --new-file --unified=2 "$LISTINGS" "$FOUND" || failed=1
  [ -z "$failed" ] || fail "the public API is not as listed in $LISTINGS: if that is meant, run \`BLESS=1 make api\` and note the change in CHANGELOG.md"
  echo "api: $(cat "$FOUND"/*.txt | wc -l) items of $(wc -w <<<"$libraries") libraries are as listed in $LISTINGS"
}

check_compiler() {
  local declared
  declared=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
  [[ $(rustc --version) == "rustc $declared".* ]] \
    || fail "$(rustc --version) is in use: the listings need Rust $declared; set RUSTUP_TOOLCHAIN=$declared.0"
}

fail() {
  echo "api: $1" >&2
  exit 1
}

main
