#!/usr/bin/env bash
# Prints the path of a rustc that builds WebAssembly guests. Downloads a rustc if the
# machine has none:
#
#   RUSTC=$(tools/wasm-toolchain.sh) cargo build --target wasm32-wasip2
#
# With --no-fetch, the script uses only toolchains on this machine, and never the network.
#
# WASM_TOOLCHAIN=auto    the first working toolchain (default): the rustc on
#                        PATH, the toolchain of an earlier run, rustup, debian
# WASM_TOOLCHAIN=rustup  `rustup target add`
# WASM_TOOLCHAIN=debian  Debian's rustc and wasm32 std (195 MB from a Debian mirror), in
#                        a separate folder, for machines where rustup cannot
#                        download. Any user can run it, and it installs nothing on
#                        the system. Needs x86-64 Linux and the linkers of a rustup
#                        toolchain.
# WASM_TOOLCHAIN_DIR     the folder of the toolchain; delete it to download again
set -euo pipefail
exec 3>&1 >&2 # stdout gets only the path

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DIR=${WASM_TOOLCHAIN_DIR:-${XDG_CACHE_HOME:-${HOME:?set it or WASM_TOOLCHAIN_DIR}/.cache}/solti-metrics/wasm-toolchain}
HOST=x86_64-unknown-linux-gnu
TARGETS=(wasm32-unknown-unknown wasm32-wasip1 wasm32-wasip2)
# Programs that Debian lacks. They are links, because they search for libraries in the
# folder of the real file.
RUSTUP_TOOLS=(bin/cargo "lib/rustlib/$HOST/bin/"{rust-lld,wasm-component-ld,gcc-ld/wasm-ld})
# shellcheck source=SCRIPTDIR/private-apt.sh
. "$TOOLS/private-apt.sh"

main() {
  local source=${WASM_TOOLCHAIN:-auto} fetches=true
  case ${1-} in
    --no-fetch) fetches=false ;;
    '') ;;
    *) fail "unknown option $1: the only option is --no-fetch" 2 ;;
  esac
  [[ $source =~ ^(auto|rustup|debian)$ ]] \
    || fail "WASM_TOOLCHAIN=$source is unknown: set auto, rustup or debian" 2
  { mkdir -p "$DIR" && [ -w "$DIR" ]; } \
    || fail "cannot write to $DIR: set WASM_TOOLCHAIN_DIR to a folder of yours"
  DIR=$(cd "$DIR" && pwd)
  cd "$TOOLS/.." # rustup chooses the toolchain by folder
  if [ "$source" != debian ]; then try_path "on PATH" "already there" || true; fi
  if [ "$source" != rustup ]; then try_fetched "already there" || true; fi
  $fetches || fail "no rustc on this machine builds WebAssembly guests: run \`make toolchain\`, which downloads one"
  if [ "$source" != debian ]; then try_rustup || true; fi
  if [ "$source" != rustup ]; then try_debian; fi
  fail "rustup has no std for ${TARGETS[*]}: see above, or set WASM_TOOLCHAIN=debian"
}

# Each try_ function ends the script on success.

try_path() { # SOURCE HOW
  local root id
  root=$(rustc --print sysroot 2>/dev/null) && has_std "$root" || return 1
  # A distribution's rustc can have std and no linker. Probe each rustc once.
  id="$root $("$root/bin/rustc" -V)"
  if [ "$id" != "$(cat "$DIR/probed" 2>/dev/null)" ]; then
    probe "$root" && echo "$id" >"$DIR/probed" || return 1
  fi
  finish "$root" "$@"
}

try_rustup() {
  local limit=()
  # A network that drops packets must not delay the next attempt for long.
  if command -v timeout >/dev/null; then limit=(timeout 180); fi
  say "rustup target add ${TARGETS[*]}"
  RUSTUP_MAX_RETRIES=1 ${limit[@]+"${limit[@]}"} rustup target add "${TARGETS[@]}" </dev/null \
    && try_path rustup "added in $SECONDS s"
}

try_fetched() { # HOW
  local tool
  for tool in "${RUSTUP_TOOLS[@]}"; do [ -x "$DIR/debian/$tool" ] || return 1; done
  finish "$DIR/debian" debian "$1"
}

try_debian() {
  local suite tool rustup new=$DIR/work/debian
  [ "$(uname -sm)" = "Linux x86_64" ] \
    || fail "WASM_TOOLCHAIN=debian needs x86-64 Linux, not $(uname -sm): set WASM_TOOLCHAIN=rustup"
  rustup=$(rustc --print sysroot 2>/dev/null) || fail "no rustc on PATH: install a rustup toolchain"
  for tool in "${RUSTUP_TOOLS[@]}"; do
    [ -x "$rustup/$tool" ] || fail "$rustup/$tool does not exist: put the rustc of a rustup toolchain first on PATH"
  done
  # Children inherit the lock, so processes that outlive a killed run do not disturb the next run.
  exec 9>"$DIR/lock"
  flock -n 9 || { say "waiting for another run"; flock 9; }
  try_fetched "fetched by another run" || true
  trap 'rm -rf "$DIR/work"' EXIT
  rm -rf "$DIR/work" && mkdir "$DIR/work"
  if [ -d "$DIR/debian" ]; then # but the rustup toolchain it links to is gone
    mv "$DIR/debian" "$new" && link_and_probe "$new" "$rustup" \
      && mv "$new" "$DIR/debian" && finish "$DIR/debian" debian "linked again"
  fi
  for suite in forky sid; do
    say "downloading rustc and wasm32 std from Debian $suite (195 MB)"
    fetch "$suite" "$new" && link_and_probe "$new" "$rustup" \
      && mv "$new" "$DIR/debian" && finish "$DIR/debian" debian "fetched in $SECONDS s"
  done
  fail "no toolchain from Debian: see above"
}

fetch() { # SUITE SYSROOT
  local apt=$DIR/work/apt raw=$DIR/work/raw names deb pid pids=()
  rm -rf "$apt" "$raw" "$2" && mkdir -p "$raw" "$2"/{bin,lib,libexec,runtime} || return 1
  private_apt_open "$apt" "$1" || return 1
  names=$(private_apt_closure "$apt" libstd-rust-dev libstd-rust-dev-wasm32) || return 1
  # rustc without its dependencies, which include a C compiler.
  # shellcheck disable=SC2086 # a list
  private_apt_download "$apt" $names rustc || return 1
  # Debian does not require equal versions of these two packages.
  names=$(cd "$apt/debs" && printf '%s\n' rustc_* libstd-rust-dev-wasm32_* | cut -d _ -f 2 | uniq | xargs)
  [[ $names != *' '* ]] || { say "rustc and wasm32 std differ: $names"; return 1; }
  for deb in "$apt"/debs/*.deb; do
    private_apt_unpack "$deb" "$raw" --exclude=./usr/share --exclude='*/gconv' &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || return 1; done
  # The new C library is not in lib/, because rustup and cargo put lib/ on
  # LD_LIBRARY_PATH. Its own loader finds it.
  mv "$raw/usr/lib/rustlib" "$raw"/usr/lib/*/librustc_driver-*.so "$2/lib" \
    && mv "$raw"/usr/lib/*/*.so.* "$2/runtime" && mv "$raw/usr/bin/rustc" "$2/libexec" || return 1
  cat >"$2/bin/rustc" <<'RUSTC'
#!/bin/sh
D=${0%/*}/..
exec "$D/runtime/ld-linux-x86-64.so.2" --library-path "$D/lib:$D/runtime" "$D/libexec/rustc" "$@"
RUSTC
  chmod +x "$2/bin/rustc"
}

link_and_probe() { # SYSROOT RUSTUP-SYSROOT
  local tool
  for tool in "${RUSTUP_TOOLS[@]}"; do
    mkdir -p "$(dirname "$1/$tool")" && ln -sfn "$2/$tool" "$1/$tool" || return 1
  done
  probe "$1"
}

probe() ( # SYSROOT: can it compile and link a library that uses std?
  tmp=$(mktemp -d) || exit 1
  trap 'rm -rf "$tmp"' EXIT
  echo '#[no_mangle] pub extern "C" fn f(n: u32) -> usize { format!("{n}").len() }' >"$tmp/lib.rs"
  for target in "${TARGETS[@]}"; do
    "$1/bin/rustc" --crate-type cdylib --target "$target" --out-dir "$tmp/$target" "$tmp/lib.rs" \
      >"$tmp/log" 2>&1 && continue
    say "$1/bin/rustc cannot build for $target: $(grep -m 1 '^error' "$tmp/log")"
    exit 1
  done
)

has_std() { # SYSROOT
  local target
  for target in "${TARGETS[@]}"; do
    compgen -G "$1/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null || return 1
  done
}

finish() { # SYSROOT SOURCE HOW
  say "$2, $("$1/bin/rustc" -V | cut -d ' ' -f 1,2), $3"
  echo "$1/bin/rustc" >&3
  exit
}

say() { echo "wasm toolchain: $*"; }
fail() { say "error: $1"; exit "${2:-1}"; }

main "$@"
