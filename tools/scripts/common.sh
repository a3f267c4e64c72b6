# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the scripts in tools/ and .ci/: one line a step on stderr, packages installed when missing, quiet steps.
# A script sets `program` before it sources this file.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${program:=lampyr}"

say() { printf '%s: %s\n' "$program" "$*" >&2; }
die() { say "$*"; exit "${die_status:-1}"; }

# quietly LOG COMMAND...: the command's output goes to LOG, and its end to stderr only when the command fails.
quietly() {
    local log=$1 status=0
    shift
    mkdir -p "$(dirname "$log")"
    "$@" > "$log" 2>&1 < /dev/null || status=$?
    if [ "$status" != 0 ]; then
        tail -n 40 "$log" >&2
        say "failed (status $status): $*; all of it is in $log"
    fi
    return "$status"
}

# missing_packages NAME...: those that are not installed, one a line. One dpkg-query, no network.
missing_packages() {
    local installed
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2> /dev/null | awk '$1 == "installed" { print $2 }') || true
    printf '%s\n' "$@" | sort -u | grep -vxF -e "${installed:-none}" || true
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"   # never asks
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "$@"
}

# install_groups GROUP...: installs what is missing of the groups of tools/scripts/packages. Fails when it cannot.
install_groups() {
    local wanted missing log
    mapfile -t wanted < <("$top/tools/scripts/packages" "$@")
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    [ "${#missing[@]}" != 0 ] || return 0
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2> /dev/null; then
        say "missing packages, and neither root nor password-free sudo; run: sudo apt-get install ${missing[*]}"
        return 1
    fi
    say "installing ${missing[*]}"
    log=$top/build/logs/apt.log
    mkdir -p "$(dirname "$log")"
    # The index a machine already has may do, or be absent or stale: then fetch a new one, once.
    if ! apt_install "${missing[@]}" > "$log" 2>&1 < /dev/null; then
        say "fetching the package index"
        quietly "$log" as_root apt-get update -q || return 1
        quietly "$log" apt_install "${missing[@]}" || return 1
    fi
}

# ccache, when the machine has it, is used but never asked for.
compiler_launcher() {
    if command -v ccache > /dev/null; then
        echo "-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache"
    fi
}

# sources_newer_than STAMP: true when a file a build depends on, or a folder holding one, changed after STAMP.
# Folders count, so a file that was removed or renamed is seen too.
sources_newer_than() {
    local found
    [ -e "$1" ] || return 0
    found=$(find "$top/CMakeLists.txt" "$top/CMakePresets.json" "$top/third_party" "$top/include" "$top/src" \
        "$top/tools" "${@:2}" -newer "$1" ! -name '*.pyc' ! -name __pycache__ -print -quit 2> /dev/null)
    [ -n "$found" ]
}
