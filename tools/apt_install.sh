#!/bin/sh
# Installs packages of Debian or Ubuntu.  Usage: tools/apt_install.sh WHO-NEEDS-THEM PACKAGE...
set -eu
needed_by=$1
shift
as_root=
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo --non-interactive"
fi
if ! command -v apt-get >/dev/null 2>&1 || ! $as_root true 2>/dev/null; then
    echo "$needed_by: not installed is $*" >&2
    echo "Install it (Debian, Ubuntu: sudo apt-get install $*) and start again." >&2
    exit 1
fi
echo "installing $*"
$as_root apt-get -o Acquire::Retries=3 update -qq
# Nobody may be there to answer questions.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install \
    -yqq --no-install-recommends "$@" </dev/null >/dev/null
