#!/usr/bin/env bash
# Installs the command, its manual pages and its completions.
#
#   tools/install.sh COMMAND [PREFIX]    into $DESTDIR/PREFIX; the default PREFIX is /usr/local
set -euo pipefail

command=${1:?COMMAND is missing: tools/install.sh target/release/solti-metrics}
prefix=${DESTDIR:-}${2:-/usr/local}

install -D -m 0755 "$command" "$prefix/bin/solti-metrics"
# Only the build machine needs the symbols.
strip "$prefix/bin/solti-metrics" 2>/dev/null || echo "install: strip is not available: the command keeps its symbols" >&2

man=$prefix/share/man/man1
install -d -m 0755 "$man"
rm -f "$man"/solti-metrics{,-*}.1
"$command" man "$man" >/dev/null
chmod 0644 "$man"/solti-metrics{,-*}.1

completions() { # SHELL FILE
  install -d -m 0755 "$(dirname "$prefix/share/$2")"
  "$command" completions "$1" >"$prefix/share/$2"
  chmod 0644 "$prefix/share/$2"
}
completions bash bash-completion/completions/solti-metrics
completions zsh zsh/site-functions/_solti-metrics
completions fish fish/vendor_completions.d/solti-metrics.fish
