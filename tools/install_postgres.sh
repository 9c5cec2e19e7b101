#!/bin/sh
# Makes sure that there is a PostgreSQL server, which the tests of the store start for themselves.
set -eu
cd "$(dirname "$0")"
command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 ||
    ./apt_install.sh "The tests of the store on PostgreSQL" postgresql
