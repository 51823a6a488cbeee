#!/usr/bin/env bash
# Gets the programs of other projects that the tests compare with:
#
#   DIR/bin/promtool          from this machine's Debian release, or from PATH
#   DIR/bin/prometheus        from this machine's Debian release, or from PATH
#   DIR/bin/victoria-metrics  from Debian forky
#   DIR/python/               for PYTHONPATH: prometheus_client from PyPI, or from Debian
#   DIR/wasmtime-py/          for PYTHONPATH: wasmtime from PyPI
#   DIR/kubernetes/           for PYTHONPATH: kubernetes-validate from PyPI, with its schemas
#   DIR/jsonschema/           for PYTHONPATH: jsonschema from PyPI
#   DIR/oteltest/             for PYTHONPATH: oteltest from PyPI, with the dependencies of its server
#   DIR/statsd/               the statsd server from npm
#   DIR/lib/libfaketimeMT.so.1  from this machine's Debian release
#   DIR/bin/chromium          from PATH
#   DIR/bin/systemd-analyze   from PATH
#   DIR/bin/strace            from PATH
#
#   tools/reference-tools.sh [DIR]    default: target/reference-tools
#
# The script installs nothing on the system, any user can run it, and a second run does no
# work. A program that is not available is not a failure: the reason is in DIR/NAME.missing,
# the tests list skipped tests, and CI accepts no skipped test.
set -euo pipefail

PROMETHEUS_CLIENT=0.26.0
WASMTIME_PY=50.0.1
OTELTEST=(oteltest==0.49.0 grpcio==1.85.3 opentelemetry-proto==1.45.2 protobuf==7.36.2 typing_extensions==4.16.0)
STATSD=0.9.0
KUBERNETES=1.37.0
JSONSCHEMA=(jsonschema==4.26.0 attrs==26.1.0 jsonschema-specifications==2025.9.1 referencing==0.37.0 rpds-py==2026.9.1 typing-extensions==4.16.0)
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DIR=${1:-$TOOLS/../target/reference-tools}
# shellcheck source=SCRIPTDIR/private-apt.sh
. "$TOOLS/private-apt.sh"

main() {
  mkdir -p "$DIR/bin"
  DIR=$(cd "$DIR" && pwd)
  # Children inherit the lock, so processes that outlive a killed run do not disturb the next run.
  exec 9>"$DIR/lock"
  flock 9
  WORK=$DIR/work
  trap 'rm -rf "$WORK"' EXIT
  rm -rf "$WORK" && mkdir "$WORK"
  tool promtool
  tool prometheus
  tool victoria_metrics
  tool prometheus_client
  tool wasmtime_py
  tool oteltest
  tool statsd
  tool faketime
  tool chromium
  tool kubernetes_validate
  tool systemd_analyze
  tool strace
  tool jsonschema
}

tool() { # NAME: runs get_NAME, whose last line is its result or the reason of its failure
  local said
  if said=$("get_$1" 2>&1); then
    rm -f "$DIR/$1.missing"
    echo "$1: ${said##*$'\n'}" >&2
  else
    echo "${said##*$'\n'}" | tee "$DIR/$1.missing" | sed "s/^/$1: missing: /" >&2
  fi
}

get_promtool() { of_prometheus promtool; }
get_prometheus() { of_prometheus prometheus; }

of_prometheus() { # PROGRAM, from Debian's package
  local found
  if runs "$DIR/bin/$1"; then echo "already there"; return; fi
  if found=$(command -v "$1") && runs "$found"; then
    ln -sfn "$found" "$DIR/bin/$1" && echo "from PATH"
    return
  fi
  if ! [ -x "$WORK/usr/bin/$1" ]; then
    from_debian "$(release)" ./usr/bin prometheus || return 1
  fi
  runs "$WORK/usr/bin/$1" || { echo "Debian's $1 does not run here"; return 1; }
  mv -f "$WORK/usr/bin/$1" "$DIR/bin/$1" && echo "from Debian's prometheus"
}

get_victoria_metrics() {
  local suite
  if runs "$DIR/bin/victoria-metrics"; then echo "already there"; return; fi
  # Go programs need little of a system: forky's package runs on earlier releases.
  for suite in forky sid; do
    from_debian "$suite" ./usr/bin/victoria-metrics victoria-metrics || continue
    if runs "$WORK/usr/bin/victoria-metrics"; then
      mv -f "$WORK/usr/bin/victoria-metrics" "$DIR/bin/victoria-metrics" && echo "from Debian $suite"
      return
    fi
    echo "victoria-metrics of Debian $suite does not run here"
  done
  return 1
}

get_faketime() {
  local file=libfaketimeMT.so.1 found
  if fakes "$DIR/lib/$file"; then echo "already there"; return; fi
  from_debian "$(release)" ./usr/lib libfaketime || return 1
  found=("$WORK"/usr/lib/*/faketime/"$file")
  fakes "${found[0]}" || { echo "Debian's $file does not change the time here"; return 1; }
  mkdir -p "$DIR/lib" && mv -f "${found[0]}" "$DIR/lib/$file" && echo "from Debian's libfaketime"
}

get_prometheus_client() {
  local new=$WORK/python how pip debian
  if pinned python "$PROMETHEUS_CLIENT"; then echo "already there"; return; fi
  if pip=$(from_pypi "$new" "prometheus_client==$PROMETHEUS_CLIENT" 2>&1) \
      && imports "$new" prometheus_client.openmetrics.parser; then
    how="$PROMETHEUS_CLIENT from PyPI"
  else
    pip=${pip##*$'\n'} new=$WORK/usr/lib/python3/dist-packages
    if ! debian=$({ from_debian "$(release)" ./usr/lib/python3 python3-prometheus-client python3-decorator \
        && imports "$new" prometheus_client.openmetrics.parser; } 2>&1); then
      echo "pip: $pip; Debian: ${debian##*$'\n'}"
      return 1
    fi
    how="from Debian, because of a pip error: $pip"
  fi
  keep "$new" python "$PROMETHEUS_CLIENT" && echo "$how"
}

get_wasmtime_py() {
  local new=$WORK/wasmtime-py
  if pinned wasmtime-py "$WASMTIME_PY"; then echo "already there"; return; fi
  from_pypi "$new" "wasmtime==$WASMTIME_PY" && imports "$new" wasmtime.component || return 1
  keep "$new" wasmtime-py "$WASMTIME_PY" && echo "$WASMTIME_PY from PyPI"
}

# A browser has too many dependencies for a separate folder.
get_chromium() { on_path chromium; }

# An init system works only on the machine where it is installed.
get_systemd_analyze() { on_path systemd-analyze; }

# It needs libraries of the system.
get_strace() { on_path strace; }

on_path() { # PROGRAM
  local found
  if ! found=$(command -v "$1"); then
    rm -f "$DIR/bin/$1"
    echo "$1 is not on PATH: install it"
    return 1
  fi
  ln -sfn "$found" "$DIR/bin/$1" && echo "from PATH"
}

get_kubernetes_validate() {
  local new=$WORK/kubernetes
  if pinned kubernetes "$KUBERNETES"; then echo "already there"; return; fi
  from_pypi "$new" "kubernetes-validate==$KUBERNETES" attrs==26.1.0 importlib-resources==7.1.0 \
      jsonschema==4.26.0 jsonschema-specifications==2025.9.1 packaging==26.4 pyyaml==6.0.4 \
      referencing==0.37.0 rpds-py==2026.9.1 typing-extensions==4.16.0 \
    && imports "$new" kubernetes_validate || return 1
  # The package has the schemas of ten releases, in 17,000 files; the tests need one.
  find "$new/kubernetes_validate/kubernetes-json-schema" -mindepth 1 -maxdepth 1 \
    ! -name "v$KUBERNETES-local-strict" -exec rm -rf {} +
  keep "$new" kubernetes "$KUBERNETES" && echo "$KUBERNETES from PyPI"
}

get_statsd() {
  local new=$WORK/statsd tool npm
  for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "$tool is not on PATH: install it"; return 1; }
  done
  if pinned statsd "$STATSD"; then echo "already there"; return; fi
  mkdir "$new" || return 1
  # The optional dependencies are for other systems, and need a compiler.
  if ! npm=$(npm install --prefix "$new" --no-save --no-package-lock --omit=optional --ignore-scripts \
      --no-audit --no-fund --fetch-retries 1 --fetch-timeout 20000 "statsd@$STATSD" 2>&1); then
    # npm prints codes first and the path of its log last. The explanation is between them.
    sed -nE 's/^npm (error|ERR!) //p' <<<"$npm" | grep -m 1 ' .* ' || echo "${npm##*$'\n'}"
    return 1
  fi
  node --check "$new/node_modules/statsd/stats.js" || return 1
  keep "$new" statsd "$STATSD" && echo "$STATSD from npm"
}

get_oteltest() {
  local new=$WORK/oteltest
  if pinned oteltest "${OTELTEST[*]}"; then echo "already there"; return; fi
  from_pypi "$new" "${OTELTEST[@]}" && imports "$new" oteltest.sink || return 1
  keep "$new" oteltest "${OTELTEST[*]}" && echo "${OTELTEST[0]#*==} from PyPI"
}

get_jsonschema() {
  local new=$WORK/jsonschema
  if pinned jsonschema "${JSONSCHEMA[*]}"; then echo "already there"; return; fi
  # Python has a TOML parser since 3.11.
  from_pypi "$new" "${JSONSCHEMA[@]}" && imports "$new" jsonschema,tomllib || return 1
  keep "$new" jsonschema "${JSONSCHEMA[*]}" && echo "${JSONSCHEMA[0]#*==} from PyPI"
}

runs() { "$1" --version >/dev/null 2>&1; }
fakes() { [ -e "$1" ] && [ "$(LD_PRELOAD=$1 FAKETIME='2001-02-03 04:05:06' date +%Y)" = 2001 ]; } # LIBRARY
imports() { PYTHONPATH=$1 python3 -c "import $2"; } # FOLDER MODULE
pinned() { [ "$(cat "$DIR/$1/.pin" 2>/dev/null)" = "$2" ]; } # FOLDER VERSION

keep() { # NEW FOLDER VERSION
  echo "$3" >"$1/.pin" && rm -rf "${DIR:?}/$2" && mv "$1" "$DIR/$2"
}

from_pypi() { # FOLDER REQUIREMENT...
  PIP_USER=0 python3 -m pip install -q --disable-pip-version-check --no-input --no-deps \
    --retries 1 --timeout 20 --target "$1" "${@:2}"
}

release() { # prints the Debian release of this machine
  (. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || echo stable
}

from_debian() { # SUITE PATH PACKAGE...: unpacks the files under PATH into WORK
  local apt=$WORK/apt-$1 suite=$1 path=$2 deb; shift 2
  private_apt_open "$apt" "$suite" && private_apt_download "$apt" "$@" || return 1
  for deb in "${@/#/$apt/debs/}"; do
    private_apt_unpack "$deb"_*.deb "$WORK" "$path" || return 1
  done
}

main
