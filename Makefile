# Everything happens in .venv; a machine needs Python 3.11 or newer and make.
# A stamp file says that a group of packages is installed; pyproject.toml makes it stale.

SHELL := bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The server's own packages, each with its version and hashes.
LOCK := requirements.txt
# What the dashboard is checked and built with; node comes from PyPI.
NODE := tools/vendor/node_modules
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
WRK := command -v wrk >/dev/null || tools/apt_install.sh "The benchmarks" wrk
# Without a server its tests are skipped, but not in CI.
WITH_POSTGRES := tools/install_postgres.sh || [ -z "$$PERILUNE_TESTS_NEED_POSTGRES" ]
ARGS ?=
# The tests of a file share servers and browsers, so they stay together, and in their order.
# Many wait for a process or a deadline: three at a time keep two cores busy.
IN_PARALLEL := --numprocesses=3 --dist=loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run test test-api test-pythons demo check lock audit bench bench-growth bench-lists bench-retention cost soak format docs dashboard clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.ready-run ## Install what is needed and start the server with an example function
	@exec $(BIN)/perilune serve --example $(ARGS)

test: $(VENV)/.ready-test ## Install what is needed and run the tests, but not those of `make soak`
	@tools/install_chromium.sh
	@$(WITH_POSTGRES)
	@$(BIN)/python -m pytest $(IN_PARALLEL) $(ARGS)

test-api: $(VENV)/.ready-test ## Send the API some thousand made-up requests, and load it for a minute
	@PERILUNE_API_EXAMPLES=60 PERILUNE_LOAD_SECONDS=60 $(BIN)/python -m pytest tests/api/contract $(ARGS)

test-pythons: $(VENV)/.ready-test $(VENV)/.ready-lock ## Run a short suite with each other Python that is found
	@tools/test_pythons.sh $(ARGS)

demo: $(VENV)/.ready-run ## Start a server, call the example, show its masked record, stop the server
	@$(BIN)/python tools/demo.py

check: $(VENV)/.ready-check $(NODE)/.ready ## Format, lint, types, import rules, sizes, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(WITH_NODE) $(NODE)/.bin/tsc --project tsconfig.json
	$(WITH_NODE) $(NODE)/.bin/tsc --project tests/dashboard/logic
	$(WITH_NODE) node tools/vendor/build.mjs --check
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/python tools/check_size.py src tools
	$(BIN)/python tools/generate_docs.py --check
	$(BIN)/mkdocs build --strict --site-dir site

bench: $(VENV)/.ready-bench ## Measure this machine, beside peers (installs wrk through apt-get when it is missing)
	@$(WRK)
	@$(BIN)/python -m bench.run $(ARGS)

bench-growth: $(VENV)/.ready-bench ## Compare a store of a million executions with an empty one
	@$(WRK)
	@$(BIN)/python -m bench.growth $(ARGS)

bench-lists: $(VENV)/.ready-bench ## Compare lists of a million executions with short ones; time the statistics of a month
	@$(BIN)/python -m bench.lists $(ARGS)
	@$(WRK)
	@$(BIN)/python -m bench.figures

bench-retention: $(VENV)/.ready-bench ## Delete a million expired executions while calls go on
	@$(BIN)/python -m bench.retention $(ARGS)

cost: $(VENV)/.ready-run ## Check how many calls and system calls an execution takes (gets strace through apt-get)
	@command -v strace >/dev/null || tools/apt_install.sh "make cost" strace
	@$(BIN)/python -m bench.cost $(ARGS)

soak: $(VENV)/.ready-test ## Run what takes long or needs a quiet machine: timings, load, pictures, many examples
	@tools/install_chromium.sh
	@$(WITH_POSTGRES)
	@$(BIN)/python -m pytest --hypothesis-profile=soak -m "soak or hypothesis" $(ARGS)

lock: $(VENV)/.ready-lock ## Take the newest versions of the server's packages into requirements.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra javascript --extra postgres \
		--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
		--output-file $(LOCK) pyproject.toml

audit: $(VENV)/.ready-audit ## Look the versions in requirements.txt up among known vulnerabilities
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement $(LOCK)

format: $(VENV)/.ready-check ## Format the code and apply safe fixes
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: $(VENV)/.ready-check ## Write the generated pages and build the documentation into site/
	$(BIN)/python tools/generate_docs.py
	$(BIN)/mkdocs build --strict --site-dir site

dashboard: $(NODE)/.ready ## Build what the server serves of the dashboard out of its sources
	$(WITH_NODE) node tools/vendor/build.mjs

clean: ## Remove .venv, caches and what was built; data/ stays
	rm -rf $(VENV) $(NODE) build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests tools examples bench -name __pycache__ -type d -prune -exec rm -rf {} +

# Dependency groups need pip 25.1, newer than the one Python 3.11 brings.
$(VENV)/.ready-venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Perilune needs Python 3.11 or newer; say which: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade 'pip>=25.1'
	@touch $@

# Says what it loads, since that takes a minute: Deno alone is 40 MB.
$(VENV)/.ready-run: $(VENV)/.ready-venv pyproject.toml $(LOCK)
	@echo "Loading the server's packages; the largest is Deno, which runs JavaScript and TypeScript"
	@$(subst --quiet,--progress-bar=off,$(PIP)) --require-hashes --requirement $(LOCK) \
		| sed -nu 's/^ *\(Downloading\|Using cached\) /  /p'
	$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready-run
	$(PIP) --group test
	@touch $@

$(VENV)/.ready-lock: $(VENV)/.ready-venv pyproject.toml
	$(PIP) --group lock
	@touch $@

$(VENV)/.ready-audit: $(VENV)/.ready-venv pyproject.toml
	$(PIP) --group audit
	@touch $@

$(VENV)/.ready-bench: $(VENV)/.ready-run
	$(PIP) --group bench
	@touch $@

$(VENV)/.ready-check: $(VENV)/.ready-test
	$(PIP) --group check --group docs
	@touch $@

$(NODE)/.ready: $(VENV)/.ready-check tools/vendor/package.json
	$(WITH_NODE) npm install --prefix tools/vendor --ignore-scripts --no-audit --no-fund --no-package-lock --silent
	@touch $@
