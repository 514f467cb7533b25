#!/bin/sh
# Installs Debian packages that are missing, and nothing when none is:
#
#   tests/packages.sh PURPOSE PACKAGE...
#
# Prints the list before it asks apt for it. Services that come with a package
# are neither started nor enabled: policy-rc.d forbids the start while packages
# are set up, and what the set-up enabled is disabled again. A service that was
# enabled before stays as it was.
set -u
LC_ALL=C
export LC_ALL

purpose=$1
shift
policy=/usr/sbin/policy-rc.d
policy_saved=/usr/sbin/policy-rc.d.before-paperboy
policy_mark='# Put here by paperboy while it installs packages.'

say() {
    printf '%s\n' "$*" >&2
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_of() {
    for package in "$@"; do
        is_installed "$package" || printf '%s ' "$package"
    done
}

apt() {
    apt-get -o DPkg::Lock::Timeout=900 "$@" </dev/null
}

# The lock of the package lists is not covered by DPkg::Lock::Timeout.
update_lists() {
    tries=0
    until apt -q update; do
        tries=$((tries + 1))
        [ "$tries" -lt 5 ] || return 1
        say "apt-get update did not work; again in 10 seconds"
        sleep 10
    done
}

forbid_starts() {
    if [ -e "$policy" ] && ! grep -qxF "$policy_mark" "$policy"; then
        mv "$policy" "$policy_saved" || return 1
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy" && chmod 755 "$policy"
}

allow_starts() {
    if [ -e "$policy" ] && grep -qxF "$policy_mark" "$policy"; then
        rm -f "$policy"
    fi
    if [ -e "$policy_saved" ]; then
        mv "$policy_saved" "$policy"
    fi
}

# One line for each link that makes a service start: systemd's and those of
# System V init.
enabled_links() {
    find /etc/systemd/system /etc/systemd/user -type l ! -lname /dev/null 2>/dev/null
    find /etc/rc2.d /etc/rc3.d /etc/rc4.d /etc/rc5.d -name 'S*' 2>/dev/null
}

# Services of the system itself, which come when systemd is new on a machine,
# are not servers; taking them away would only hurt.
is_of_the_system() {
    target=$(readlink "$1") || target=$1
    # dpkg knows /lib/systemd/..., also where /lib is a link to /usr/lib.
    owner=$(dpkg-query -S "*/${target##*/}" 2>/dev/null | head -n 1)
    case ${owner%%:*} in
    systemd | systemd-* | dbus | dbus-* | udev | procps | util-linux | e2fsprogs | apt | dpkg | man-db) return 0 ;;
    esac
    return 1
}

disable_link() {
    is_of_the_system "$1" && return 0
    case $1 in
    /etc/systemd/*)
        say "disabled again: ${1##*/}"
        rm -f "$1"
        case $1 in *.wants/* | *.requires/*) rmdir "${1%/*}" 2>/dev/null ;; esac
        ;;
    *)
        service=${1##*/S[0-9][0-9]}
        say "disabled again: $service (${1%/*})"
        mv "$1" "${1%/*}/K01$service"
        ;;
    esac
}

disable_new() {
    enabled_links | sort >"$scratch/after"
    comm -13 "$scratch/before" "$scratch/after" | while IFS= read -r link; do
        disable_link "$link"
    done
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
    fi
}

finish() {
    disable_new
    allow_starts
    rm -rf "$scratch"
}

install_packages() {
    for package in "$@"; do
        if [ "$package" = postfix ]; then
            echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
        fi
    done
    if ! apt -q -s --no-install-recommends install "$@" >/dev/null 2>&1; then
        update_lists || return 1
    fi
    # A list that is older than the mirror names files that are gone.
    apt -q -y --no-install-recommends install "$@" ||
        { update_lists && apt -q -y --no-install-recommends install "$@"; }
}

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    say "This is no Debian: what $purpose needs cannot be looked up or installed here. On Debian 12 it is: $*"
    exit 0
fi

missing=$(missing_of "$@")
[ -n "$missing" ] || exit 0
[ -n "${PAPERBOY_LIST_SAID:-}" ] || say "Debian packages to install for $purpose: ${missing% }"

if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        say "Neither root nor sudo: please have root run: apt-get install --no-install-recommends $missing"
        exit 1
    fi
    # shellcheck disable=SC2086 # a list of words
    exec sudo env PAPERBOY_LIST_SAID=1 sh "$0" "$purpose" $missing
fi

export DEBIAN_FRONTEND=noninteractive
export NEEDRESTART_MODE=l
umask 022
scratch=$(mktemp -d) || exit 1
enabled_links | sort >"$scratch/before"
trap finish EXIT
trap 'exit 1' HUP INT TERM
forbid_starts || exit 1
# shellcheck disable=SC2086 # a list of words
install_packages $missing || {
    say "apt-get could not install what $purpose needs; see above"
    exit 1
}
