#!/bin/sh
# Installs what suchfoo needs and the machine lacks; says first what that is.
#
#   sh common/setup.sh          to build, tour and test
#   sh common/setup.sh check    and what .ci/run needs besides
set -eu

missing=""
need() { missing="$missing $1"; }
has() { command -v "$1" > /dev/null 2>&1; }

# What is asked for is a use, not a package's name: a compiler from elsewhere is as good.
learner() {
    has g++ || need g++
    has cmake || need cmake
    has make || need make
    has python3 || need python3
    has setpriv || need util-linux
    for folder in /usr/include /usr/local/include; do
        [ -e "$folder/doctest/doctest.h" ] && return
    done
    need doctest-dev
}

check() {
    learner
    has git || need git
    has clang++ || need clang
    has clang-format || need clang-format
    has ip || need iproute2
    has bwrap || need bubblewrap
    has tmux || need tmux
}

case "${1:-learner}" in
    learner | check) "${1:-learner}" ;;
    *)
        echo "usage: setup.sh [check]" >&2
        exit 2
        ;;
esac

if [ -z "$missing" ]; then
    echo "setup: nothing is missing"
    exit 0
fi
if ! has apt-get; then
    echo "setup: no apt-get here; please install what these Debian packages hold:$missing" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    has sudo || { echo "setup: not root, and no sudo; as root: apt-get install$missing" >&2; exit 1; }
    as_root="sudo"
fi
echo "setup: installing$missing"
$as_root apt-get update -q
# shellcheck disable=SC2086  # the words of $missing are the packages
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
