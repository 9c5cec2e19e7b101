#!/bin/sh
# Makes sure that the load generator of `make bench` is there.
set -eu
if command -v wrk >/dev/null; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "make bench needs wrk, which is not installed." >&2
    echo "Install it (Debian, Ubuntu: sudo apt-get install wrk) and start again." >&2
    exit 1
fi
apt-get update --quiet
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends wrk
