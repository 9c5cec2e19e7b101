#!/bin/sh
# Runs a short suite with every Python that this machine has besides the one in .venv: the server,
# functions in each language, and the lock-down of their workers.
set -eu
cd "$(dirname "$0")/.."
tested=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
found=
for version in 3.11 3.12 3.13 3.14; do
    [ "$version" != "$tested" ] || continue
    # pyenv has a python3.12 in PATH that runs only where 3.12 was chosen.
    for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python; do
        "$python" -c 'import ensurepip' 2>/dev/null || continue
        found="$found $version"
        echo "Python $version"
        venv=build/python$version
        .venv/bin/uv venv --quiet --clear --python "$python" "$venv"
        .venv/bin/uv pip install --quiet --python "$venv" --require-hashes --requirement requirements.txt
        .venv/bin/uv pip install --quiet --python "$venv" --group smoke
        .venv/bin/uv pip install --quiet --python "$venv" --no-deps --editable .
        "$venv/bin/python" -m pytest "$@" tests/tools/test_demo.py tests/api/test_invoke.py \
            tests/runtimes/test_languages.py tests/runtimes/test_lua_functions.py \
            tests/runtimes/test_python_functions.py tests/runtimes/test_python_modules.py \
            tests/worker/test_lockdown.py
        break
    done
done
echo "short suite: run with Python${found:- no other than $tested, none was found}"
