# Every target bootstraps what it needs from a bare python3 (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help install site serve lab test check format oracle lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

# uv comes from the lock like everything else, its hash checked by pip; then uv installs the rest.
$(VENV)/installed: requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^uv==/{p=1} p{print} p&&!/\\$$/{exit}' requirements.txt > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip install --quiet --require-hashes --python $(BIN)/python -r requirements.txt
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python -e .
	@touch $@

install: $(VENV)/installed ## make .venv and install the lock

test: $(VENV)/installed ## run every test
	$(BIN)/python -m pytest -n auto

check: $(VENV)/installed ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/installed ## put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

oracle: $(VENV)/installed ## add PyTorch, the second opinion of some tests (not in the lock)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0

lock: ## renew requirements.txt from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
	  --extra demos --extra book --extra exercises --extra cluster --extra test --extra dev \
	  --extra benchmarks --generate-hashes --no-emit-index-url --no-header --quiet --upgrade \
	  --output-file requirements.txt
