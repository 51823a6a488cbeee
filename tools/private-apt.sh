# shellcheck shell=bash
# A private apt, to be sourced: fetches packages of any Debian suite as any user,
# without touching what the system has installed.
#
#   private_apt_open ROOT SUITE              make ROOT and read the suite's index
#   private_apt_closure ROOT NAME...         print NAMEs and all that they depend on
#   private_apt_download ROOT NAME...        fetch just these into ROOT/debs
#   private_apt_unpack DEB DIR [TAR-ARG...]  unpack files, without running a script
#
# apt checks signatures and hashes against Debian's own keyring, as always. The
# mirror is the one that this machine uses; DEBIAN_MIRROR=URI names another.
# A function that fails says why in one line on stderr and returns 1.

private_apt_open() { # ROOT SUITE
  local root tool mirrors mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  for tool in apt-get dpkg dpkg-deb tar; do
    command -v "$tool" >/dev/null || { echo "$tool is not on PATH: install it" >&2; return 1; }
  done
  [ -r "$keyring" ] || {
    echo "$keyring is not there: install debian-archive-keyring" >&2
    return 1
  }
  mirrors=$(private_apt_mirrors)
  [ -n "$mirrors" ] || {
    echo "this machine's apt sources name no Debian mirror: set DEBIAN_MIRROR to the URI of one" >&2
    return 1
  }
  mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/debs" || return 1
  root=$(cd "$1" && pwd) || return 1
  : >"$root/status"
  # Read after the machine's own settings: its proxy stays, its update hooks
  # (which may empty the system's cache) and its pins do not.
  cat >"$root/apt.conf" <<CONF
Dir::State "$root";
Dir::State::status "$root/status";
Dir::Cache "$root/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Etc::SourceList "$root/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
#clear APT::Update;
APT::Update::Error-Mode "any";
APT::Default-Release "";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
CONF
  # Others publish under ".../debian" too; the keyring tells which one is Debian.
  for mirror in $mirrors; do
    echo "deb [arch=$(dpkg --print-architecture) signed-by=$keyring] $mirror $2 main" \
      >"$root/sources.list"
    private_apt "$root" update >/dev/null 2>"$root/why" && return
  done
  echo "cannot read $2 from $mirror: $(cat "$root/why") (DEBIAN_MIRROR sets another)" >&2
  return 1
}

private_apt_closure() { # ROOT NAME...
  local plan
  plan=$(private_apt "$1" --simulate install "${@:2}") || return 1
  awk '$1 == "Inst" { print $2 }' <<<"$plan"
}

private_apt_download() { # ROOT NAME...
  (cd "$1/debs" && private_apt "$1" download "${@:2}" >/dev/null)
}

private_apt_unpack() { # DEB DIR [TAR-ARG...]
  (set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" "${@:3}")
}

private_apt() { # ROOT APT-GET-ARG...
  apt-get -q -c "$1/apt.conf" "${@:2}" 2>"$1/log" && return
  sed -n 's/^[EW]: //p' "$1/log" | sed -n 1p >&2
  return 1
}

private_apt_mirrors() { # prints candidates, the surest first
  {
    if [ -n "${DEBIAN_MIRROR:-}" ]; then echo "${DEBIAN_MIRROR%/}"; return; fi
    # apt knows what its sources are once `apt-get update` ran; before that,
    # read the files: lines ("deb URI suite") or stanzas ("URIs: URI").
    # shellcheck disable=SC2016 # for apt to expand
    apt-get indextargets --format '$(REPO_URI)' \
      'Identifier: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null \
      | grep -E '^(deb|URIs:)[[:space:]]' | tr '[:blank:]' '\n' | grep -E '^[a-z+]+:/.*/debian/*$' || true
  } | sed 's#/*$##' | awk '!seen[$0]++'
}
