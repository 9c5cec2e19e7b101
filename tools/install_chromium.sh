#!/bin/sh
# Makes sure that there is a Chromium, which the tests of the dashboard drive.
set -eu
if command -v chromium >/dev/null 2>&1; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
    echo "chromium is needed for the tests of the dashboard: install the package 'chromium'" >&2
    exit 1
fi
echo "installing chromium"
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
