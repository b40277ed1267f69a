# make run    a coffee shop with 500 members, and a phone in your browser (no account anywhere)
# make test   everything, on a real PostgreSQL and in a real Chromium; ARGS="tests/core -k segments" for some
# make check  lint, types, import contracts, flows
# make bench  every benchmark; BENCHMARKS=inbound ARGS=--quick for one, quickly
# make docs   docs/flows.md and the JSON Schemas, after a change of the flow language
# make lock   new lock files, after a change of dependencies in pyproject.toml

.DEFAULT_GOAL := run
.PHONY: run test check bench format docs lock
# Hundreds of processes are started: each would compile again what it imports, 3 of the 4 seconds it takes.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
CODE := $(wildcard bot handlers tests benchmarks)
WORKERS ?= 2
BENCHMARKS ?= $(basename $(notdir $(shell grep -l "__main__" benchmarks/*.py)))
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header \
	--no-annotate --quiet --upgrade

run: .venv/.installed-run
	$(BIN)/regulars demo $(ARGS)

test: .venv/.installed-dev
	@scripts/chromium
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/regulars flows check
	$(BIN)/regulars program check

bench: .venv/.installed-dev
	@set -e; for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name $(ARGS); done

format: .venv/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: .venv/.installed-dev
	$(BIN)/python scripts/reference

lock: .venv/.installed-dev
	$(COMPILE) --group build -o requirements.lock
	$(COMPILE) --group build --group dev -c requirements.lock -o requirements-dev.lock

# Nothing is installed again until a lock file or pyproject.toml changes.
.venv/.installed-run: requirements.lock pyproject.toml
	@scripts/install run

.venv/.installed-dev: requirements-dev.lock pyproject.toml
	@scripts/install dev
