# Needs only Python 3.11 or newer (with venv) and make. `make help` lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CODE   := cds_rules service tests $(wildcard bench)
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCK   := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
          --no-strip-extras --no-emit-index-url --no-emit-find-links --python-version 3.11

# One worker a processor; a file stays on one of them. The laws run without coverage, which doubles their time.
PARALLEL := --numprocesses=auto --dist=loadfile
# Names of some tests hold sets: the workers must name them alike.
test: export PYTHONHASHSEED := 0

# What is installed follows the lock files: a stamp older than its lock is made anew.
RUNTIME := $(VENV)/.runtime
DEV     := $(VENV)/.dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format types imports rulebook-check rulebook docs bench screenshots mutate fuzz sbom audit wheel lock upgrade clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1@/p' $(MAKEFILE_LIST) | awk -F@ '{printf "  make %-15s %s\n", $$1, $$2}'

# exec: a signal to make reaches the demonstration itself, not a shell that forgets it.
demo: $(RUNTIME) ## set up, start the service with a demonstration EHR, print one patient's cards: PORT=8081
	PYTHONPATH="$(CURDIR)" exec $(BIN)/python -m service.cli demo $(if $(PORT),--port $(PORT))

test: lint types imports rulebook-check ## set up, then every check and every test
	$(BIN)/pytest $(PARALLEL) tests/laws
	$(BIN)/pytest $(PARALLEL) --ignore=tests/laws --cov --cov-report=term

lint: $(DEV) ## style and layout of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(DEV) ## lay the code out and mend what can be mended by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(DEV) ## mypy, strict
	$(BIN)/mypy $(CODE)

imports: $(DEV) ## the import contracts
	$(BIN)/lint-imports

rulebook-check: $(DEV) ## is the committed rule book what the rules say?
	$(BIN)/relapse-cds rulebook --check

rulebook: $(DEV) ## write the rule book anew
	$(BIN)/relapse-cds rulebook

docs: $(DEV) ## write docs/settings.md and docs/api.md anew
	$(BIN)/python -m tests.docs.generated

bench: $(DEV) ## measure the service
	$(BIN)/python -m bench
	$(BIN)/python -m bench.trials

screenshots: $(DEV) ## pictures of the pages, with chromium
	$(BIN)/python -m tests.browser.screenshots

mutate: $(DEV) ## change the clinical model and see which tests notice, in a copy: ONLY="schemes dates" SAMPLE=50
	nice $(BIN)/python -m tests.mutate $(if $(SAMPLE),--sample $(SAMPLE)) $(ONLY)

fuzz: $(DEV) ## 10,000 spoiled calls and 20,000 requests made from the OpenAPI document
	$(BIN)/python -m tests.fuzz

sbom: $(DEV) ## dist/sbom.json: the bill of materials of what is installed, CycloneDX
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible -o dist/sbom.json

audit: $(DEV) ## are weaknesses known in the locked packages? Needs the internet; one that cannot be looked up fails
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.txt

wheel: $(DEV) ## dist/*.whl
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

lock: $(DEV) ## follow pyproject.toml in the lock files, moving as few versions as possible
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt
	$(LOCK) --group build --constraint requirements-dev.txt --output-file requirements-build.txt

upgrade: ## the same, moving every version to the newest
	$(MAKE) lock LOCK="$(LOCK) --upgrade"

clean: ## remove what was built or installed here
	rm -rf $(VENV) dist build htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "relapse-cds needs Python 3.11 or newer, and '$(PYTHON)' is not: $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv"; \
	  exit 1; } >&2
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt | $(VENV)/pyvenv.cfg
	$(PIP) --require-hashes -r requirements.txt
	@touch $@

# Without build isolation, so that nothing is fetched past the lock: hatchling is in it.
$(DEV): requirements-dev.txt pyproject.toml | $(VENV)/pyvenv.cfg
	$(PIP) --require-hashes -r requirements-dev.txt
	$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@
