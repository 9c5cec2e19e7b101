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

[ -e /usr/lib/nginx/modules/ngx_http_lua_module.so ] ||
    tools/apt_install.sh "nginx with Lua" nginx libnginx-mod-http-lua ||
    echo "nginx with Lua is left out" >&2
