#!/bin/sh
# Makes sure that the load generator of `make bench` is there.
set -eu
if command -v wrk >/dev/null 2>&1; then
    exit 0
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo --non-interactive"
fi
if ! command -v apt-get >/dev/null 2>&1 || ! $as_root true 2>/dev/null; then
    echo "make bench needs wrk, which is not installed." >&2
    echo "Install it (Debian, Ubuntu: sudo apt-get install wrk) and start again." >&2
    exit 1
fi
$as_root apt-get -o Acquire::Retries=3 update -qq
# Nobody may be there to answer questions.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install \
    -yqq --no-install-recommends wrk </dev/null >/dev/null
