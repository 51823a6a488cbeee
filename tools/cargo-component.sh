#!/usr/bin/env bash
# Builds the digest guest with `cargo component build`, and runs the component.
#
# If cargo-component is not on PATH, the script installs it into the target directory,
# which takes minutes. cargo-component requests the wasm target from rustup unless its
# toolchain has the target, so the script links such a toolchain under a name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TARGET=$(realpath -m "${CARGO_TARGET_DIR:-target}")
VERSION=0.21.1
export PATH=$TARGET/tools/bin:$PATH

if ! cargo component --version 2>/dev/null | grep -qF "$VERSION"; then
  cargo install cargo-component --version "$VERSION" --locked --root "$TARGET/tools"
fi

rustc=$(tools/wasm-toolchain.sh)
toolchain=${rustc%/bin/rustc}
if [ "$toolchain" = "$(rustc --print sysroot)" ]; then
  cargo=(cargo)
else
  rustup toolchain link solti-metrics-wasm "$toolchain"
  trap "rustup -q toolchain uninstall solti-metrics-wasm" EXIT # removes only the link
  cargo=(cargo +solti-metrics-wasm)
fi

bindings=$(cksum guest/src/bindings.rs)
CARGO_TARGET_DIR=$TARGET/cargo-component "${cargo[@]}" component build --locked \
  --package solti-metrics-guest --example digest --target wasm32-wasip2 --profile guest
[ "$bindings" = "$(cksum guest/src/bindings.rs)" ] || {
  echo "cargo-component has overwritten guest/src/bindings.rs" >&2
  exit 1
}

cargo build --workspace --locked
"$TARGET/debug/solti-metrics" run --dir . \
  "$TARGET/cargo-component/wasm32-wasip2/guest/examples/digest.wasm" -- src
