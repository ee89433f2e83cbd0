# Everything happens in a virtual environment of its own; PYTHON chooses the interpreter.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: discover test test-long lint types bench results estimators catalog catalog-check exports-check clean

discover: $(READY)
	$(BIN)/rulegen discover examples/delayed_association.toml --resume

test: $(READY)
	$(BIN)/python -m pytest -m "not long"

test-long: $(READY)
	$(BIN)/python -m pytest -m long

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

results: $(READY)
	$(BIN)/python -m benchmarks.results

estimators: $(READY)
	$(BIN)/python docs/estimators.py build/estimators

catalog: $(READY)
	$(BIN)/rulegen catalog build

catalog-check: catalog
	$(BIN)/python .ci/catalog_check.py catalog/catalog.html

# Brian 2 needs an older NumPy, and neither it nor NESTML is needed to run anything else.
exports-check: $(READY) .venv-brian2/.ready .venv-nestml/.ready
	$(BIN)/python tests/exports/cases.py build/exports
	.venv-brian2/bin/python tests/exports/check_brian2.py build/exports
	.venv-nestml/bin/python tests/exports/check_nestml.py build/exports
	$(BIN)/python tests/exports/table.py build/exports docs/exports.md

.venv-%/.ready: tests/exports/%.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

bench: $(READY)
	$(BIN)/python -m benchmarks

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) .venv-* build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
