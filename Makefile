# Everything a person does with this tree. `make` alone lists it.
# Each target makes the environment it needs by itself; ARGS="..." is passed on.

PY := .venv/bin/python
ARGS ?=

# Where this is set, every process of a network would compile all that it imports, each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup dev run test check lint format typecheck imports protos protos-check protos-lint protos-stale \
	protos-breaking pytest conformance awkward slow floods soak blindness load scenarios bench wheel lock floors clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with what the network needs to run
	@tools/bootstrap.sh run

dev: ## Make .venv with the linters and test tools as well
	@tools/bootstrap.sh dev

run: setup ## Start a whole network, run its two procedures, report, stop (ARGS="--residents 2000 --seed 7")
	@.venv/bin/warifu demo $(ARGS)

test: lint typecheck imports protos-lint protos-stale pytest ## Everything that must hold: linters, types, import rules, protos, tests

check: test ## The same as test

lint: dev ## Ruff (rules and format) and spelling
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/codespell

format: dev ## Let ruff write the format and the safe fixes
	@.venv/bin/ruff check --fix-only .
	@.venv/bin/ruff format .

typecheck: dev ## Mypy, strict
	@.venv/bin/mypy
	@for folder in bench loadtest; do MYPYPATH=$$folder .venv/bin/mypy $$folder || exit 1; done

imports: dev ## Who may import whom (blindness is an import rule first)
	@.venv/bin/lint-imports --no-logo

protos: dev ## Write the generated code from protos/
	@$(PY) tools/generate_protos.py

protos-check: protos-lint protos-stale ## Lint the protos and compare the generated code

protos-lint: dev ## buf: names, comments and format of the contract
	@.venv/bin/buf lint
	@.venv/bin/buf format --diff --exit-code

protos-stale: dev ## Fail when the generated code is not what the protos say
	@$(PY) tools/generate_protos.py --check

protos-breaking: dev ## buf: would a change break somebody's client? (AGAINST=main)
	@.venv/bin/buf breaking --against '.git#branch=$(or $(AGAINST),main)'

pytest: dev ## The tests alone (ARGS="-k log")
	@tools/tests.sh $(ARGS)

conformance: dev ## Hold both example adapters to every case, and have each planted mistake caught by the case named for it
	@$(PY) -m pytest tests/conformance -m "not awkward" $(ARGS)

awkward: dev ## Hold every honest one to every case by twenty seeds of awkward calls (an hour; ARGS="-k 'ours'")
	@$(PY) -m pytest tests/conformance -m awkward $(ARGS)

slow: dev ## The tests that take long beside what quicker ones show
	@$(PY) -m pytest -m slow $(ARGS)

threats: dev ## Play every dishonest act that docs/threats.md lists, and show what came of each
	@$(PY) tools/play_threats.py $(ARGS)

floods: dev ## Put a hub under each flood that one member can make, and time its honest callers (some ten minutes)
	@$(PY) -m pytest -s -m floods tests/integration/floods $(ARGS)

soak: dev ## Keep a network at work for twenty minutes, and see that no process grows (SOAK_SECONDS=60 for one)
	@$(PY) -m pytest -s -m soak tests/integration/soak $(ARGS)

blindness: dev ## Search everything the hub had for anything personal
	@$(PY) -m pytest tests/integration/blindness $(ARGS)

load: dev ## Drive a fresh network with locust for a minute, tell what was missed (ARGS="--shape saturation")
	@$(PY) loadtest/run.py $(ARGS)

scenarios: dev ## Run every scenario at small size and say what each answered; pictures below runs/scenarios
	@$(PY) tools/run_scenarios.py $(ARGS)

bench: dev ## Measure the network beside a bare mTLS relay
	@$(PY) bench/run.py $(ARGS)

wheel: dev ## Build the wheel into dist/
	@$(PY) -m hatchling build -t wheel

lock: ## Pin again what pyproject.toml asks for (needs uv)
	@tools/lock.sh

floors: ## Run the tests on the oldest releases pyproject.toml allows (needs uv)
	@tools/check_floors.sh $(ARGS)

clean: ## Remove environments, caches and build results; never runs/
	@rm -rf .venv .protogen .node dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find src hub services kit tests tools loadtest bench -name __pycache__ -type d -prune -exec rm -rf {} +
