#!/bin/sh
# Installs what `make bench` compares with: workerd, functions-framework, and nginx with Lua.
# Usage: tools/install_peers.sh [FOLDER]; FOLDER is build/peers, where the benchmark looks.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-build/peers}
mkdir -p "$folder"
PATH="$PWD/.venv/bin:$PATH"

echo "workerd, into $folder"
npm install --prefix "$folder" --no-audit --no-fund --silent workerd
echo "functions-framework, into $folder"
.venv/bin/python -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check functions-framework

if [ -e /usr/lib/nginx/modules/ngx_http_lua_module.so ]; then
    exit 0
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo --non-interactive"
fi
if ! command -v apt-get >/dev/null 2>&1 || ! $as_root true 2>/dev/null; then
    echo "nginx with Lua is left out: install nginx and libnginx-mod-http-lua (Debian)." >&2
    exit 0
fi
echo "nginx with Lua, through apt-get"
$as_root apt-get -o Acquire::Retries=3 update -qq
# Nobody may be there to answer questions.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install \
    -yqq --no-install-recommends nginx libnginx-mod-http-lua </dev/null >/dev/null
