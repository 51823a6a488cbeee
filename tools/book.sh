#!/usr/bin/env bash
# Builds the documentation as a site with search: tools/book.sh MDBOOK TARGET
#
# The source of the book is a copy of the pages in the folders of the repository, so that
# links between pages and to sources lead to the same files.
set -euo pipefail

mdbook=$1 target=$2
cd "$(dirname "${BASH_SOURCE[0]}")/.."

copy=$target/book-source
rm -rf "$copy" "$target/book"
mkdir -p "$copy/src"
cp --parents -r -t "$copy/src" \
  ./*.md LICENSE Makefile docs wit alerts dashboards deploy tests/wit guest/README.md guest/examples \
  host/README.md host/{cli,server}/README.md host/conformance/{README.md,vectors,vector.schema.json}
mv "$copy/src/docs/book.toml" "$copy/book.toml"
rm "$copy/src/docs/SUMMARY.md"

# mdBook writes a README.md to index.html, and does not change links to it.
find "$copy/src" -name '*.md' -exec sed -i -E ':a; s|(\]\([^)]*)README\.md|\1index.md|; ta' {} +

# From `docs/`, links of the summary start one folder deeper. The decisions are listed in
# their own index.
sed -E 's|\]\(\.\./|](|; t; s|\]\(([^)])|](docs/\1|' docs/SUMMARY.md | while IFS= read -r line; do
  printf '%s\n' "$line"
  if [[ $line == *'(docs/decisions/README.md)' ]]; then
    sed -nE 's|^- \[(.*)\]\(([^)]*)\)$|  - [\1](docs/decisions/\2)|p' docs/decisions/README.md
  fi
done >"$copy/src/SUMMARY.md"

# A link to a folder leads to a list of its files.
find "$copy/src" -mindepth 1 -type d | while IFS= read -r folder; do
  [ -e "$folder/README.md" ] && continue
  { printf '<!doctype html><meta charset="utf-8"><title>%s</title>\n' "${folder##*/}"
    find "$folder" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort \
      | sed -E 's|\.md$|.html|; s|.*|<p><a href="&">&</a></p>|'; } >"$folder/index.html"
done

# Absolute, because mdBook resolves the path from the folder of the book.
"$mdbook" build --dest-dir "$(realpath -m "$target/book")" "$copy"
printf 'Open %s/book/index.html\n' "$target"
