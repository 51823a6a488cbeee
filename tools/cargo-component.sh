#!/usr/bin/env bash
# Builds the digest guest with `cargo component build`, and runs what comes out.
#
# cargo-component is installed below the target directory if it is not on PATH,
# which takes minutes. It asks rustup for the wasm target unless the toolchain it
# is called with has it already, so one that does is linked under a name.
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
  trap "rustup -q toolchain uninstall solti-metrics-wasm" EXIT # the link alone
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
