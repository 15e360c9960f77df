# Everything here works on a fresh clone with Python 3.10+ and a network; all that it needs goes into .venv/ in the clone.
# On Windows: run it from Git Bash.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash

# The first interpreter that is new enough; override it with `make test PYTHON=python3.12`.
CANDIDATES := python3 python3.13 python3.12 python3.11 python3.10 python3.14 python
PYTHON ?= $(shell for python in $(CANDIDATES); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo "$$python" && break; done)

BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
RUN := $(BIN)/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet

DEMO := sample_projects/parking_api

.PHONY: help demo test lint format lock bench screenshots clean

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name what; do \
		printf '  make %-11s %s\n' "$$name" "$$what"; done

# The audit of a drifted environment has findings, so its exit code is 1; anything else is a failure of the demo.
demo: .venv/main.stamp ## build a drifted environment and audit it against its lock and the live index
	@$(RUN) sample_projects/build_environment.py parking_api
	@echo
	@$(BIN)/steadypin audit $(DEMO) --python $(DEMO)/.venv || test $$? -eq 1
	@printf '\nTry next:\n'
	@printf '  %s\n' '$(BIN)/steadypin explain locked-not-installed' \
		'$(BIN)/steadypin audit $(DEMO) --format markdown' \
		'$(BIN)/steadypin show $(DEMO)/requirements.txt'

test: .venv/test.stamp ## run the whole test suite
	@$(RUN) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder $(TESTS)

lint: .venv/test.stamp ## ruff and mypy
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

format: .venv/test.stamp ## let ruff rewrite the sources
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

bench: .venv/test.stamp ## measure steadypin beside its peers (bench/README.md)
	@$(RUN) -m bench $(BENCH)

screenshots: .venv/test.stamp ## take the pictures of the documentation anew (needs Chromium)
	@$(RUN) -m docs.screenshots.take

# `make lock` changes only what pyproject.toml forces; `make lock UPGRADE=--upgrade` takes what is newest.
COMPILE = $(RUN) -m uv pip compile --no-config --quiet --universal --python-version 3.10 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE) pyproject.toml --extra uv --group build

lock: .venv/test.stamp ## write requirements/*.txt anew from pyproject.toml
	$(COMPILE) -o requirements/main.txt
	$(COMPILE) --group test --group lint -c requirements/main.txt -o requirements/test.txt

clean: ## remove what was made here
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist sample_projects/*/.venv
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp for each lock: touched after its last line has run, older than the lock when the lock changes.
.venv/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "steadypin needs Python 3.10 or newer; say which with PYTHON=..." >&2; exit 2; }
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 2; }

.venv/%.stamp: requirements/%.txt pyproject.toml .venv/pyvenv.cfg
	@echo "installing $<"
	@$(PIP) install --require-hashes --requirement $<
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
