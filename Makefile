# ldap-token-bridge: `make help` lists what there is to do.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
# The tests start the program hundreds of times: compiled modules are kept, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
PYTEST_ARGS ?=
BENCH_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest
# They wait a lot, so three processes keep two cores busy; a file's tests share its servers, so they stay together.
IN_PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder
EXAMPLES := quick
# A machine that does other things may keep a real server waiting for too long: what fails is run once more, by itself,
# and must pass then. The first failure stays in the output.
BY_ITSELF := --last-failed --last-failed-no-failures none
# One file says what is installed: `env` is content with what `env-dev` has installed, which is more.
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: help env env-dev demo test-deps test test-all test-deploy bench lint lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: $(RUN_STAMP) ## .venv with the bridge and what it needs at run time, by the lock file

env-dev: $(DEV_STAMP) ## .venv with what tests and checks need as well

demo: env ## everything on loopback, with nothing but Python: logins, tokens, commands to try
	@$(BIN)/ldap-token-bridge demo

test-deps: ## what the tests run against: OpenLDAP, Samba, a registry, clients (root or sudo)
	@tests/install-packages
	@$(PYTHON) -m tests.support.helm_and_kubectl

lint: env-dev ## style, types and the floors of the house
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: env-dev test-deps lint ## the checks, and the tests against real servers
	$(PYTEST) $(IN_PARALLEL) --hypothesis-profile=$(EXAMPLES) -m "not slow" $(PYTEST_ARGS) \
	  || { [ $$? -eq 1 ] && $(PYTEST) $(BY_ITSELF) -m "not slow" $(PYTEST_ARGS); }

test-all: EXAMPLES := thorough
test-all: test ## the same with all examples of the properties, and then the slow tests
	$(PYTEST) -m slow $(PYTEST_ARGS) \
	  || { status=$$?; [ $$status -eq 5 ] || { [ $$status -eq 1 ] && $(PYTEST) $(BY_ITSELF) -m slow $(PYTEST_ARGS); }; }  # 5: none chosen

test-deploy: env-dev test-deps ## what deploy/ holds: the image, the Pod, Compose, the chart, the unit (root; a part of test-all)
	$(PYTEST) tests/deploy $(PYTEST_ARGS)

bench: env-dev test-deps ## how fast it is on this machine, beside yardsticks: docs/performance.md
	@$(BIN)/python -m tests.bench $(BENCH_ARGS)

lock: env-dev ## the lock files anew, with the newest versions that pyproject.toml allows
	tests/lock-requirements $(BIN)/python

clean: ## away with .venv, caches and builds
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | head -n 1)." >&2; \
	  echo "Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is not complete. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_STAMP): requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(RUN_STAMP)
