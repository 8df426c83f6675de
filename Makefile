# Three commands first: `make demo`, `make serve` and `make test`. Everything lives in .venv; nothing outside this folder changes.

# The newest Python that really runs and can make an environment; version shims may exist and fail.
ifndef PYTHON
PYTHON := $(shell for name in python3.13 python3.12 python3.11 python3; do \
  if $$name -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; \
  then echo $$name; break; fi; done)
endif

BIN := .venv/bin
OUT := out/demo
WORKSPACE := out/workspace
PORT := 8642
RUN := $(BIN)/python -m
# Enough to run kinechain; and what tests, checks and documentation need besides.
INSTALLED := .venv/installed
TOOLS := .venv/tools
BUILT_FROM := pyproject.toml CMakeLists.txt $(wildcard src/kernels/*)

.DEFAULT_GOAL := help
.PHONY: help install demo serve test check format labels bench docs lock clean

help:  ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 16

install: $(INSTALLED) $(TOOLS)  ## make .venv with every tool, and kinechain in it

demo: $(INSTALLED)  ## assess the example person; writes out/demo/report.html
	$(BIN)/kinechain demo --out $(OUT)

serve: $(INSTALLED)  ## open the example clinic in a browser; its data lie in out/workspace
	@$(BIN)/kinechain serve --demo --open --data $(WORKSPACE) --port $(PORT)

test: $(INSTALLED) $(TOOLS)  ## run every test
	$(RUN) pytest

check: $(INSTALLED) $(TOOLS)  ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(RUN) mypy
	$(BIN)/lint-imports --config pyproject.toml

format: $(TOOLS)  ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

labels: $(INSTALLED)  ## gather the marker sets in labels/*.toml into the index that is read
	$(BIN)/python -c "from kinechain.recording.profiles import compile_index; print(compile_index(), end='')" \
	  > src/kinechain/recording/labels/index.json

bench: $(INSTALLED) $(TOOLS)  ## measure speed and memory
	$(BIN)/python benchmarks/cold_start.py
	$(BIN)/python benchmarks/ik_speed.py
	$(RUN) pytest benchmarks/bench_stages.py --benchmark-columns=min,median,max,rounds

docs: $(INSTALLED) $(TOOLS)  ## build the documentation in docs/_build/html
	$(RUN) sphinx -W --keep-going -q -b html docs docs/_build/html

lock:  ## renew the lock files (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  pyproject.toml --extra build -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  pyproject.toml --extra build --extra dev -o requirements-dev.lock

clean:  ## remove the environment and everything built
	rm -rf .venv build out docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/dependencies: requirements.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 with 'venv' was found." \
	  "On Debian and Ubuntu: apt install python3-venv. Or name one: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@echo "Installing into .venv; on the first time that takes a minute or two."
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

# After the rest: two at once would be in each other's way.
$(TOOLS): requirements-dev.lock | $(INSTALLED)
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(INSTALLED): .venv/dependencies $(BUILT_FROM)
	$(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
