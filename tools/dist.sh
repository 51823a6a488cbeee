#!/usr/bin/env bash
# Makes the files of a release: an archive, a Debian package and a bill of materials in the
# format of CycloneDX, with checksums. The same command, components and commit give the same
# files.
#
#   tools/dist.sh COMMAND COMPONENTS OUT
#
# The archive has the command, manual pages, completions, the WIT package as text and as
# one component, example components, the service files of `deploy/`, and licences.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command=${1:?COMMAND is missing} components=${2:?COMPONENTS is missing} out=${3:?OUT is missing}

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$ROOT" log -1 --format=%ct)}

target=$(rustc -vV | sed -n 's/^host: //p')
version=$("$command" --version)
version=${version##* }
name=solti-metrics-$version-$target
stage=$work/$name
(cd "$ROOT" && python3 tools/licences.py "$target") >"$work/licences.txt"

"$ROOT/tools/install.sh" "$command" "$stage"
share=$stage/share/solti-metrics
mkdir -p "$share/wit" "$share/components"
cp "$ROOT"/wit/*.wit "$share/wit/"
"$command" wit --package "$share/wit/solti-metrics.wasm" >/dev/null
for example in "$ROOT"/guest/examples/*.rs; do
  component=$components/$(basename "$example" .rs).wasm
  # Some examples are built only for another target.
  if [ -f "$component" ]; then cp "$component" "$share/components/"; fi
done
cp "$ROOT"/deploy/{serve.toml,solti-metrics.service} "$share/"
cp "$ROOT"/{README.md,CHANGELOG.md,LICENSE} "$stage/"
cp "$work/licences.txt" "$stage/THIRD-PARTY-LICENCES.txt"
chmod -R u=rwX,go=rX "$stage"

rm -f "$out"/solti-metrics* "$out/SHA256SUMS"
tar -C "$work" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner \
  --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" \
  | gzip -9n >"$out/$name.tar.gz"
LICENCES=$work/licences.txt "$ROOT/tools/deb.sh" "$command" "$components" "$out" >/dev/null
(cd "$ROOT" && python3 tools/bill_of_materials.py "$target" "$stage/bin/solti-metrics") >"$out/$name.cdx.json"
(cd "$out" && sha256sum solti-metrics* >SHA256SUMS && cat SHA256SUMS)
