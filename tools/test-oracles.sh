#!/usr/bin/env bash
# Gets what the tests hold our output against, made by others:
#
#   DIR/bin/promtool   Debian's, of this machine's release, or the one on PATH
#   DIR/python/        for PYTHONPATH: prometheus_client from PyPI, else Debian's
#
#   tools/test-oracles.sh [DIR]    target/oracles unless given
#
# Nothing is installed, any user may run it, a second run is free. An oracle that
# cannot be had is no failure here: the reason goes into DIR/NAME.missing, the
# tests list what they skip, and CI accepts no skip.
set -euo pipefail

PROMETHEUS_CLIENT=0.26.0
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DIR=${1:-$TOOLS/../target/oracles}
# shellcheck source=SCRIPTDIR/private-apt.sh
. "$TOOLS/private-apt.sh"

main() {
  mkdir -p "$DIR/bin"
  DIR=$(cd "$DIR" && pwd)
  # Children inherit the lock: what outlives a killed run cannot meddle with the next.
  exec 9>"$DIR/lock"
  flock 9
  WORK=$DIR/work
  trap 'rm -rf "$WORK"' EXIT
  rm -rf "$WORK" && mkdir "$WORK"
  oracle promtool
  oracle prometheus_client
}

oracle() { # NAME: runs get_NAME, which ends by saying what it did or why it could not
  local said
  if said=$("get_$1" 2>&1); then
    rm -f "$DIR/$1.missing"
    echo "$1: ${said##*$'\n'}" >&2
  else
    echo "${said##*$'\n'}" | tee "$DIR/$1.missing" | sed "s/^/$1: missing: /" >&2
  fi
}

get_promtool() {
  local found
  if runs "$DIR/bin/promtool"; then echo "already there"; return; fi
  if found=$(command -v promtool) && runs "$found"; then
    ln -sfn "$found" "$DIR/bin/promtool" && echo "the one on PATH"
    return
  fi
  from_debian ./usr/bin/promtool prometheus || return 1
  runs "$WORK/usr/bin/promtool" || { echo "Debian's promtool does not run here"; return 1; }
  mv -f "$WORK/usr/bin/promtool" "$DIR/bin/promtool" && echo "from Debian's prometheus"
}

get_prometheus_client() {
  local new=$WORK/python how pip debian
  if [ "$(cat "$DIR/python/.pin" 2>/dev/null)" = "$PROMETHEUS_CLIENT" ]; then
    echo "already there"
    return
  fi
  if pip=$(PIP_USER=0 python3 -m pip install -q --no-input --no-deps --retries 1 --timeout 20 \
      --target "$new" "prometheus_client==$PROMETHEUS_CLIENT" 2>&1) && imports "$new"; then
    how="$PROMETHEUS_CLIENT from PyPI"
  else
    pip=${pip##*$'\n'} new=$WORK/usr/lib/python3/dist-packages
    if ! debian=$({ from_debian ./usr/lib/python3 python3-prometheus-client python3-decorator \
        && imports "$new"; } 2>&1); then
      echo "pip: $pip; Debian: ${debian##*$'\n'}"
      return 1
    fi
    how="from Debian, since pip says: $pip"
  fi
  echo "$PROMETHEUS_CLIENT" >"$new/.pin"
  rm -rf "$DIR/python" && mv "$new" "$DIR/python" && echo "$how"
}

runs() { "$1" --version >/dev/null 2>&1; }
imports() { PYTHONPATH=$1 python3 -c 'import prometheus_client.openmetrics.parser'; }

from_debian() { # PATH PACKAGE...: unpacks what is under PATH into WORK
  local path=$1 suite deb; shift
  suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || suite=stable
  private_apt_open "$WORK/apt" "$suite" && private_apt_download "$WORK/apt" "$@" || return 1
  for deb in "${@/#/$WORK/apt/debs/}"; do
    private_apt_unpack "$deb"_*.deb "$WORK" "$path" || return 1
  done
}

main
