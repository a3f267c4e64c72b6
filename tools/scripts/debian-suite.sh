# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tools/pythons: packages of any Debian suite unpacked into a private root. Needs no root rights. The host's
# apt state is never written: own configuration (the host's apt.conf.d with its hooks is not read), own lists, own empty
# dpkg status, so apt computes the whole closure down to libc6. Signatures are checked as always.
# Expects `pythons` (the folder everything lives in) and the functions of common.sh.

# The first Debian archive in this machine's apt configuration that is not the security archive.
debian_mirror() {
    local mirror codename
    mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2> /dev/null |
        awk '$1 == "Debian" { print $2; exit }') || true
    if [ -z "$mirror" ]; then   # no index fetched yet: the configured archive that has this release
        codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
        mirror=$(apt-get update --print-uris 2> /dev/null |
            sed -n "s|^'\\([^']*\\)/dists/${codename:-stable}/InRelease'.*|\\1|p" | grep -v security | head -n 1) || true
    fi
    [ -n "$mirror" ] && echo "${mirror%/}"
}

suite_root() { echo "$pythons/$1"; }

# suite_apt SUITE COMMAND...: apt's tools with the suite's private configuration.
suite_apt() { APT_CONFIG=$pythons/apt/$1/apt.conf "${@:2}"; }

# Writes the suite's configuration and fetches its index unless that is younger than a day.
suite_prepare() {
    local suite=$1 apt=$pythons/apt/$1 mirror keyring signed=""
    mirror=$(debian_mirror) || { say "no Debian archive in this machine's apt configuration"; return 1; }
    mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,etc} "$(suite_root "$suite")"
    for keyring in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
        if [ -e "$keyring" ]; then signed="[signed-by=$keyring] "; fi
    done
    printf 'deb %s%s %s main\ndeb-src %s%s %s main\n' "$signed" "$mirror" "$suite" "$signed" "$mirror" "$suite" \
        > "$apt/etc/sources.list"
    : > "$apt/state/status"
    {
        cat << CONF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$apt/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Install-Recommends "0";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::PDiffs "0";
Acquire::GzipIndexes "1";
Acquire::Retries "2";
CONF
        # Proxies, and what this machine says about expired Release files, hold here too.
        for option in Acquire::http Acquire::https Acquire::Check-Valid-Until Acquire::Check-Date Acquire::ForceIPv4; do
            apt-config dump "$option"
        done
    } > "$apt/apt.conf"
    if [ -z "$(find "$apt/state/fetched" -mtime -1 2> /dev/null)" ]; then
        say "fetching the package index of $suite"
        quietly "$apt/update.log" suite_apt "$suite" apt-get update -q --error-on=any || return 1
        touch "$apt/state/fetched"
    fi
}

suite_has() { suite_apt "$1" apt-cache show --no-all-versions "$2" > /dev/null 2>&1; }

# suite_unpack SUITE PACKAGE...: the packages and all they depend on, unpacked into the suite's root.
suite_unpack() {
    local suite=$1 apt=$pythons/apt/$1 root deb
    root=$(suite_root "$suite")
    say "downloading ${*:2} of $suite with what they depend on"
    quietly "$apt/download.log" suite_apt "$suite" apt-get install -y -q --download-only "${@:2}" || return 1
    say "unpacking into $root"
    # Shared folders first: unpacked into a merged-/usr root, packages from before the merge land in the same places.
    mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
    for link in bin sbin lib lib64; do
        [ -e "$root/$link" ] || ln -s "usr/$link" "$root/$link"
    done
    for deb in "$apt"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" |
            tar -x -C "$root" --keep-directory-symlink --no-same-owner --exclude='./usr/share/doc/*' || return 1
    done
    rm -f "$apt"/cache/archives/*.deb
}

# suite_unpack_only SUITE PACKAGE: one package without what it depends on.
suite_unpack_only() {
    local suite=$1 apt=$pythons/apt/$1 root
    root=$(suite_root "$suite")
    say "downloading $2 of $suite"
    (cd "$apt/cache" && rm -f ./*.deb && quietly "$apt/download.log" suite_apt "$suite" apt-get download -q "$2") || return 1
    dpkg-deb --fsys-tarfile "$apt"/cache/"$2"_*.deb | tar -x -C "$root" --keep-directory-symlink --no-same-owner || return 1
    rm -f "$apt"/cache/*.deb
}

# suite_make_runnable SUITE PROGRAM: PROGRAM (a path below the root) is given the root's own dynamic loader and libraries,
# so it runs outside the root and /proc/PID/exe is the program itself. An RPATH, not a RUNPATH: it must also hold for what
# extension modules ask for (_ssl and its libcrypto).
suite_make_runnable() {
    local root loader patched
    root=$(suite_root "$1") patched=$(suite_root "$1")/$2
    patchelf_prepare || return 1
    loader=$(suite_loader "$1") || { say "no dynamic loader in $root"; return 1; }
    cp "$patched" "$patched.new"
    suite_exec bookworm usr/bin/patchelf --set-interpreter "$loader" --force-rpath \
        --set-rpath "$(suite_libraries "$1")" "$patched.new" || return 1
    mv "$patched.new" "$patched"
}

# bookworm's patchelf (0.14), whatever this machine has: 0.18, in the suites after it, writes overlapping segments into
# programs that are not position independent, as Debian's interpreters are not, and they die when started.
patchelf_prepare() {
    [ ! -x "$(suite_root bookworm)/usr/bin/patchelf" ] || return 0
    suite_prepare bookworm && suite_unpack bookworm patchelf
}

suite_loader() {
    local loader
    for loader in "$(suite_root "$1")"/usr/lib64/ld-linux*.so.* "$(suite_root "$1")"/usr/lib/ld-linux*.so.*; do
        if [ -L "$loader" ] || [ -e "$loader" ]; then
            resolve_in_root "$(suite_root "$1")" "$loader"
            return
        fi
    done
    return 1
}

# The library folders of a root, joined by colons.
suite_libraries() {
    local folder all=
    for folder in "$(suite_root "$1")"/usr/lib/*-linux-gnu*; do
        all+=${all:+:}$folder
    done
    echo "$all"
}

# suite_exec SUITE PROGRAM ARGS...: runs an unpacked program as it is, by the root's own loader.
suite_exec() {
    "$(suite_loader "$1")" --library-path "$(suite_libraries "$1")" "$(suite_root "$1")/$2" "${@:3}"
}

# Follows a link as if ROOT were /: links of old packages are absolute.
resolve_in_root() {
    local root=$1 path=$2 link
    while [ -L "$path" ]; do
        link=$(readlink "$path")
        case $link in
            /*) path=$root$link ;;
            *) path=$(dirname "$path")/$link ;;
        esac
    done
    realpath "$path"
}
