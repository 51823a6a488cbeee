#!/usr/bin/env bash
# Builds a Debian package of the command, with its unit, configuration and two example
# components.
#
#   tools/deb.sh COMMAND COMPONENTS OUT    COMPONENTS is a folder with digest.wasm and
#                                          provider.wasm; the package goes into OUT
#
# SOURCE_DATE_EPOCH  latest time of a file, in seconds since 1970; default: now
# DEB_COMPRESSION    value of `dpkg-deb -Z`; default xz
# LICENCES           file with the licences of all dependencies of the command
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command=${1:?COMMAND is missing} components=${2:?COMPONENTS is missing} out=${3:?OUT is missing}

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 0755 "$stage"
umask 022
# The result of xz depends on the number of threads.
export DPKG_DEB_THREADS_MAX=1

DESTDIR=$stage "$ROOT/tools/install.sh" "$command" /usr
gzip -9n "$stage"/usr/share/man/man1/*.1
mkdir -p "$stage/usr/share/zsh"
mv "$stage/usr/share/zsh/site-functions" "$stage/usr/share/zsh/vendor-completions"
install -D -m 0644 "$ROOT/deploy/solti-metrics.service" -t "$stage/usr/lib/systemd/system"
install -D -m 0644 "$components/digest.wasm" "$components/provider.wasm" -t "$stage/usr/share/solti-metrics"
install -D -m 0644 "$ROOT/LICENSE" "$stage/usr/share/doc/solti-metrics/copyright"
if [ -n "${LICENCES:-}" ]; then
  install -m 0644 "$LICENCES" "$stage/usr/share/doc/solti-metrics/third-party-licences.txt"
fi
# The components of the example are not configuration, so they are in /usr/share.
install -d -m 0755 "$stage/etc/solti-metrics"
sed -E 's|^component = "([a-z]+\.wasm)"|component = "/usr/share/solti-metrics/\1"|' \
  "$ROOT/deploy/serve.toml" >"$stage/etc/solti-metrics/serve.toml"

version=$("$command" --version)
version=${version##* }
# The newest version of the C library that the command needs.
libc=$(grep -aoE 'GLIBC_2\.[0-9]+' "$command" | sort -uV | tail -n 1)
# In KiB, and the same on each file system: each file is rounded up, and a folder counts 1.
installed() {
  find "$stage/usr" "$stage/etc" -printf '%y %s\n' \
    | awk '{ size += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print size }'
}
mkdir "$stage/DEBIAN"
cat >"$stage/DEBIAN/control" <<CONTROL
Package: solti-metrics
Version: $version-1
Architecture: $(dpkg --print-architecture)
Maintainer: The solti-metrics authors
Section: admin
Priority: optional
Depends: libc6 (>= ${libc#GLIBC_}), libgcc-s1
Installed-Size: $(installed)
Description: runs WebAssembly components as tasks and serves their metrics
 The command solti-metrics runs WebAssembly components within limits and reports
 their results. The service of the same name runs the components of
 /etc/solti-metrics/serve.toml, and exposes metrics for Prometheus.
CONTROL
echo /etc/solti-metrics/serve.toml >"$stage/DEBIAN/conffiles"
install -m 0755 "$ROOT"/deploy/debian/{postinst,prerm,postrm} -t "$stage/DEBIAN"

mkdir -p "$out"
dpkg-deb --root-owner-group -Z"${DEB_COMPRESSION:-xz}" --build "$stage" "$out" >/dev/null
echo "$out/solti-metrics_$version-1_$(dpkg --print-architecture).deb"
