#!/bin/sh
# Makes sure that there is a Chromium, which the tests of the dashboard drive: the headless shell,
# which takes half of the processor time, or the whole browser where nothing may be installed.
set -eu
if command -v chromium-headless-shell >/dev/null 2>&1; then
    exit 0
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo --non-interactive"
fi
if ! command -v apt-get >/dev/null 2>&1 || ! $as_root true 2>/dev/null; then
    if command -v chromium >/dev/null 2>&1; then
        exit 0
    fi
    echo "The tests of the dashboard need Chromium, which is not installed." >&2
    echo "Install it (Debian: sudo apt-get install chromium-headless-shell) and start again." >&2
    exit 1
fi
echo "installing chromium-headless-shell"
$as_root apt-get -o Acquire::Retries=3 update -qq
# Nobody may be there to answer questions.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install \
    -yqq --no-install-recommends chromium-headless-shell fonts-dejavu-core </dev/null >/dev/null
