# `make help` lists what there is. Everything runs in .venv, which `make setup` builds from pinned requirements.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3.11
PY := .venv/bin/python
BASE_URL ?=
WORKERS ?= auto
SPREAD = -n $(WORKERS) --dist loadfile --no-loadscope-reorder
export PYTHONPATH := $(CURDIR)
# Tests start hundreds of processes; without kept bytecode each would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/ready  ## virtual environment with the pinned requirements

.venv/ready: requirements.txt requirements-dev.txt
	@p=$$(command -v $(PYTHON) || command -v python3) || { echo "Python 3.11 is missing; see README, section 'What a machine needs'"; exit 1; }; \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$p is older than Python 3.11; set PYTHON=<path of 3.11>"; exit 1; }; \
	$$p -c 'import ensurepip' 2>/dev/null || { echo "the package python3-venv is missing; run: apt-get install python3-venv"; exit 1; }; \
	[ -x $(PY) ] || $$p -m venv .venv
	@echo "installing the pinned requirements into .venv"
	@.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: setup  ## set up, seed, start everything, print the addresses (PORT=… VAR=…)
	@exec $(PY) -m deploy.run

test: setup  ## all tests against real servers of their own, but for the long ones of `make soak`
	$(PY) -m pytest $(SPREAD) -m "not fuzz and not soak"

order: setup  ## run all tests and write anew which files take longest: they start first (tests/support/order.json)
	UPDATE_ORDER=1 $(PY) -m pytest $(SPREAD) -m "not fuzz and not soak"

soak: setup  ## the demonstration, the canary, kills of real processes, the access matrix, stores of earlier releases
	$(PY) -m pytest $(SPREAD) -m soak

check: setup  ## format, lint, types, imports
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports

upgrade: setup  ## bring the store to this release: migrations, indexes (MONGODB_URI=… or VAR=…)
	@$(PY) -m deploy.own_store upgrade

backup: setup  ## write the whole store to a sealed file (FILE=… BACKUP_KEY=…)
	@$(PY) -m deploy.own_store backup "$(FILE)"

restore: setup  ## put a sealed file into an empty store (FILE=… BACKUP_KEY=… VAR=<new folder>)
	@$(PY) -m deploy.own_store restore "$(FILE)"

dump: setup  ## a small store of this release for tests/dumps (NAME=0003-trust)
	@$(PY) -m tests.dumps.make "$(NAME)"

demo: setup  ## play the stories over HTTP against a running service (BASE_URL=…)
	$(PY) -m seed demo $(BASE_URL)

bench: setup  ## benchmarks against their floors (B=name runs one)
	$(PY) -m bench

chaos: setup  ## kill everything while people book; CLUSTER=1 on three nodes, CONTROL=1 must fail
	$(PY) -m bench.chaos

fuzz: setup  ## fuzz every operation by the API's own description (EXAMPLES=… CHAIN_SECONDS=… SEED=…)
	$(PY) -m bench.fuzz

fuzz-small: setup  ## the same in small, as every landing runs it: at least 5,000 requests
	$(PY) -m pytest -q -rP tests/processes/test_fuzz.py -m fuzz

rotation: setup  ## rotate the field keys of N=100000 records while others read and write
	$(PY) -m bench.rotation $(N)

failed: setup  ## what the queues gave up (with the environment of the workers; RETRY=1 tries again)
	$(PY) -m tasks.failed

ledger: setup  ## random operations on the ledger under SIGKILLs, then its books (N=100000 SEED=1)
	@mkdir -p "$(or $(VAR),var)"
	@CLOCK_SHIFT_FILE="$(abspath $(or $(VAR),var))/ledger-shift" $(PY) -m bench.ledger_storm

gates: setup  ## scans at three gates: networks cut, clocks wrong, copies, thieves; then the truth (N=20000 SEED=1)
	@mkdir -p "$(or $(VAR),var)"
	@CLOCK_SHIFT_FILE="$(abspath $(or $(VAR),var))/gates-shift" $(PY) -m bench.gate_storm

ledger-check: setup  ## compute the whole ledger again from its transfers (MONGODB_URI=… or VAR=…)
	@$(PY) -m deploy.own_store ledger

audit: setup  ## check the whole audit log against its published heads (MONGODB_URI=… or VAR=…)
	@AUDIT_HEADS_FILE="$${AUDIT_HEADS_FILE-$(or $(VAR),var)/audit-heads.jsonl}" $(PY) -m deploy.own_store audit

openapi: setup  ## rewrite the committed OpenAPI snapshot
	UPDATE_SNAPSHOTS=1 $(PY) -m pytest -q tests/architecture -k snapshot

matrix: setup  ## rewrite docs/access-matrix.md and the fields that each role gets (tests/matrix/fields.json)
	UPDATE_SNAPSHOTS=1 $(PY) -m pytest -q tests/matrix -k "committed_page or fields_that_are_listed"

roles: setup  ## print role × operation × reach × purpose, and write it to docs/roles.md
	@$(PY) -m seed roles | tee docs/roles.md

slice:  ## show the whole slice of a domain (D=places)
	@ls -d */$(D)* */*/$(D)* 2>/dev/null; ls */$(D)/

.PHONY: help setup run test order soak check matrix upgrade backup restore dump demo bench chaos fuzz fuzz-small rotation failed audit ledger gates ledger-check openapi roles slice
