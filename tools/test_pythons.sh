#!/bin/sh
# Runs a short suite with every Python that this machine has besides the one in .venv: the server,
# functions in each language, and the lock-down of their workers.
set -eu
cd "$(dirname "$0")/.."

try() {
    venv=build/python$1
    .venv/bin/uv venv --quiet --clear --python "$2" "$venv"
    .venv/bin/uv pip install --quiet --python "$venv" --require-hashes --requirement requirements.txt
    .venv/bin/uv pip install --quiet --python "$venv" --group smoke
    .venv/bin/uv pip install --quiet --python "$venv" --no-deps --editable .
    shift 2
    "$venv/bin/python" -m pytest "$@" tests/tools/test_demo.py tests/api/test_invoke.py \
        tests/runtimes/test_languages.py tests/runtimes/test_lua_functions.py \
        tests/runtimes/test_python_functions.py tests/runtimes/test_python_modules.py \
        tests/worker/test_lockdown.py
}

mkdir -p build
tested=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
started=
for version in 3.11 3.12 3.13 3.14; do
    [ "$version" != "$tested" ] || continue
    # pyenv has a python3.12 in PATH that runs only where 3.12 was chosen.
    for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python; do
        "$python" -c 'import ensurepip' 2>/dev/null || continue
        try "$version" "$python" "$@" >"build/python$version.log" 2>&1 &
        started="$started $version:$!"
        break
    done
done
failed=
for one in $started; do
    wait "${one#*:}" || failed="$failed ${one%:*}"
    echo "Python ${one%:*}"
    cat "build/python${one%:*}.log"
done
[ -n "$started" ] || echo "no Python but $tested was found, so there is no other to try"
[ -z "$failed" ] || { echo "failed with Python$failed" >&2; exit 1; }
