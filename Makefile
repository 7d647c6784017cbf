# `make demo` and `make test` do all the set-up: a virtual environment in .venv, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

# Two files of tests at a time, with a thread each for torch: with two each on two cores they wait for one another. This
# one counts the threads of torch, so it has them all.
ALONE := tests/engine/test_own_thread.py

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench examples lock readme methods screenshots clean

help:
	@echo "make demo         install into .venv and run the built-in demo"
	@echo "make test         install what the tests need, run lint and the tests"
	@echo "make lint         ruff, mypy, import rules"
	@echo "make format       rewrite the sources as ruff formats them"
	@echo "make bench        measure first paint, training speed, lateness, memory"
	@echo "make examples     train every example for two steps, on what stands in for its data (part of make test)"
	@echo "make readme       write the table of keys into the README"
	@echo "make methods      try every method on every task, and write the table into docs/methods.md"
	@echo "make screenshots  train a demo and draw the README's picture from it"
	@echo "make lock         write constraints.txt from what .venv has"
	@echo "make clean        remove .venv and all caches"

demo: $(VENV)/.installed-demo
	$(BIN)/finetui demo

test: $(VENV)/.installed-test
	$(MAKE) --no-print-directory lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --ignore $(ALONE)
	$(BIN)/python -m pytest $(ALONE)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-test
	$(BIN)/python -m tests.bench

examples: $(VENV)/.installed-test
	$(BIN)/python -m pytest tests/engine/test_examples.py

readme: $(VENV)/.installed-demo
	$(BIN)/python scripts/readme.py

methods: $(VENV)/.installed-demo
	$(BIN)/python -m scripts.methods_table

screenshots: $(VENV)/.installed-demo
	$(BIN)/python scripts/screenshots.py

lock: $(VENV)/.installed-test
	@head -n 1 constraints.txt > constraints.tmp
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/^\(torch==[0-9.]*\)+.*/\1/' >> constraints.tmp
	mv constraints.tmp constraints.txt

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# The stamps are the files that make compares: nothing is installed twice unless the declarations change.
$(VENV)/.installed-demo: $(VENV)/.torch pyproject.toml constraints.txt
	$(PIP) -e '.[demo]'
	@touch $@

$(VENV)/.installed-test: $(VENV)/.torch pyproject.toml constraints.txt
	$(PIP) -e '.[demo,test,lint]'
	@touch $@ $(VENV)/.installed-demo

# torch comes first and alone: the pinned version decides which build is taken, not what another package asks for.
$(VENV)/.torch: $(VENV)/.made constraints.txt
	$(PIP) torch
	@touch $@

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: finetui needs Python 3.11 or newer" >&2; \
	  echo "  $(PYTHON) is $$($(PYTHON) --version 2>&1)" >&2; \
	  echo "  install one, then: make $(or $(MAKECMDGOALS),demo) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "error: could not make a virtual environment" >&2; \
	  echo "  $(PYTHON) -m venv $(VENV)" >&2; \
	  echo "  on Debian and Ubuntu: install the package python3-venv" >&2; exit 1; }
	@touch $@
