#!/bin/sh
# Installs what suchfoo needs and the machine lacks; says first what that is.
#
#   sh common/setup.sh          to build, tour and test
#   sh common/setup.sh extras   what steps 17, 21 and 23 use besides
#   sh common/setup.sh bench    what `make bench` compares with, and draws with
#   sh common/setup.sh book     what `make book` and its tests need
#   sh common/setup.sh check    what .ci/run needs besides
set -eu

missing=""
need() { missing="$missing $1"; }
# What is done without where the system is known to have no such package.
offered() { [ -n "$(apt-cache show "$1" 2> /dev/null)" ]; }
want() { if offered "$1" || ! offered make; then need "$1"; fi; }
has() { command -v "$1" > /dev/null 2>&1; }

# The name may be a pattern.
has_header() {
    for folder in /usr/include /usr/local/include; do
        # shellcheck disable=SC2086  # the pattern is to match
        for path in $folder/$1; do [ -e "$path" ] && return 0; done
    done
    return 1
}
builds_for_32_bits() { echo '#include <cerrno>' | g++ -m32 -E -x c++ - > /dev/null 2>&1; }
# Distribution packages belong to the distribution's Python.
has_module() { /usr/bin/python3 -c "import $1" > /dev/null 2>&1; }

# Whether version $1 is at least $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# What is here already, and too old: nothing that could be installed would help.
too_old() {
    version=$("$@" 2> /dev/null | sed -n 's/^[^0-9]*\([0-9][0-9.]*\).*/\1/p' | head -n 1)
    [ -n "$version" ] && ! at_least "$version" "$least"
}
refuse_old() {
    for entry in "3.21 cmake --version" "3.10 python3 --version"; do
        # shellcheck disable=SC2086  # the words of the command
        set -- $entry
        least=$1
        shift
        if has "$1" && too_old "$@"; then
            echo "setup: $1 is $version here, and $least is needed: Debian 12, Ubuntu 22.04, or later ones" >&2
            exit 1
        fi
    done
    if has g++ && ! has clang++; then
        version=$(g++ -dumpfullversion)
        if ! at_least "$version" 11; then
            echo "setup: g++ is $version here, and 11 is needed: Debian 12, Ubuntu 22.04, or later ones" >&2
            exit 1
        fi
    fi
}
# What would be installed, and be too old.
refuse_old_packages() {
    case "$missing " in *" cmake "*) ;; *) return 0 ;; esac
    version=$(apt-cache policy cmake 2> /dev/null | sed -n 's/^ *Candidate: *\([0-9.]*\).*/\1/p')
    if [ -n "$version" ] && ! at_least "$version" 3.21; then
        echo "setup: this system has cmake $version, and 3.21 is needed: Debian 12, Ubuntu 22.04, or later ones" >&2
        exit 1
    fi
}

# What is asked for is a use, not a package's name: a compiler from elsewhere is as good.
learner() {
    has g++ || need g++
    has cmake || need cmake
    has make || need make
    has python3 || need python3
    has setpriv || need util-linux
    has_header doctest/doctest.h || need doctest-dev
}

check() {
    bench
    extras
    has git || need git
    has clang++ || need clang
    has clang-format || need clang-format
    has ip || need iproute2
    has mkfs.ext4 || need e2fsprogs
    has mount || need mount
    has bwrap || need bubblewrap
    has tmux || need tmux
    # A class over more machines, as the guide for teachers has it.
    has parallel || need parallel
    has slurmctld || need slurm-wlm
    # What is said of Windows is seen under Wine.
    if [ "$(uname -m)" = x86_64 ]; then
        has x86_64-w64-mingw32-g++-posix || need g++-mingw-w64-x86-64-posix
        has wine64 || [ -e /usr/lib/wine/wine64 ] || want wine64
    fi
    # Step 17 is tried between a 64-bit and a 32-bit process.
    [ "$(uname -m)" != x86_64 ] || builds_for_32_bits || need g++-multilib
}

extras() {
    learner
    has_header boost/interprocess/ipc/message_queue.hpp || need libboost-dev
    has_header hiredis/hiredis.h || need libhiredis-dev
    has redis-server || need redis-server
    has_header pybind11/pybind11.h || need pybind11-dev
    has_header "python3*/Python.h" || need python3-dev
    has_module numpy || need python3-numpy
    has_module IPython || need ipython3
}

bench() {
    learner
    has_header boost/interprocess/ipc/message_queue.hpp || need libboost-dev
    has_header zmq.h || need libzmq3-dev
    has_header "iceoryx/v*/iceoryx_posh/popo/publisher.hpp" || need libiceoryx-posh-dev
    has iox-roudi || need iceoryx
    has_module matplotlib || need python3-matplotlib
}

book() {
    learner
    has_module sphinx || need python3-sphinx
    has_module myst_parser || need python3-myst-parser
    has_module furo || need furo
    has_module sphinx_copybutton || need python3-sphinx-copybutton
    has_module selenium || need python3-selenium
    has chromium || need chromium
    has chromedriver || need chromium-driver
    has npm || need npm
}

case "${1:-learner}" in
    learner | extras | check | bench | book) "${1:-learner}" ;;
    *)
        echo "usage: setup.sh [extras | bench | book | check]" >&2
        exit 2
        ;;
esac

refuse_old
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
    has sudo || { echo "setup: not root, and no sudo; as root: apt-get update && apt-get install$missing" >&2; exit 1; }
    as_root="sudo"
fi
echo "setup: installing$missing"
$as_root apt-get update -q
refuse_old_packages
missing=""
"${1:-learner}"  # once more, now that it is known what the system has
# shellcheck disable=SC2086  # the words of $missing are the packages
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
