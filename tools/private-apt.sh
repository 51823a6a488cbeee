# shellcheck shell=bash
# A private apt. Source this file to download packages of any Debian suite as any user,
# without a change to the installed packages.
#
#   private_apt_open ROOT SUITE              makes ROOT and reads the index of SUITE
#   private_apt_closure ROOT NAME...         prints each NAME and all its dependencies
#   private_apt_download ROOT NAME...        downloads each NAME into ROOT/debs
#   private_apt_unpack DEB DIR [TAR-ARG...]  unpacks files, without running a script
#
# apt checks signatures and hashes with Debian's keyring. The default mirror is the mirror
# of this machine; DEBIAN_MIRROR=URI sets another mirror. A function that fails prints the
# reason in one line to stderr and returns 1.

private_apt_open() { # ROOT SUITE
  local root tool mirrors mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  for tool in apt-get dpkg dpkg-deb tar; do
    command -v "$tool" >/dev/null || { echo "$tool is not on PATH: install it" >&2; return 1; }
  done
  [ -r "$keyring" ] || {
    echo "$keyring does not exist: install debian-archive-keyring" >&2
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
  # apt reads this file after the settings of the machine. It keeps their proxy, and
  # clears their update hooks (which can empty the system's cache) and their pins.
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
  # Other projects also publish under ".../debian"; the keyring identifies Debian.
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
    # apt knows its sources after `apt-get update`. Before that, read the files: lines
    # ("deb URI suite") or stanzas ("URIs: URI").
    # shellcheck disable=SC2016 # for apt to expand
    apt-get indextargets --format '$(REPO_URI)' \
      'Identifier: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null \
      | grep -E '^(deb|URIs:)[[:space:]]' | tr '[:blank:]' '\n' | grep -E '^[a-z+]+:/.*/debian/*$' || true
  } | sed 's#/*$##' | awk '!seen[$0]++'
}
