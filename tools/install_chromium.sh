#!/bin/sh
# Makes sure that there is a Chromium, which the tests of the dashboard drive: the headless shell,
# which takes half of the processor time, or the whole browser where nothing may be installed.
set -eu
cd "$(dirname "$0")"
command -v chromium-headless-shell >/dev/null 2>&1 ||
    ./apt_install.sh "The tests of the dashboard" chromium-headless-shell fonts-dejavu-core ||
    command -v chromium >/dev/null 2>&1
