# Everything happens in a virtual environment of its own; PYTHON chooses the interpreter.
PYTHON ?= python3
VENV ?= .venv
# The newest Python that is there, for `make wheel-check`.
NEWEST ?= python3.13
BIN := $(VENV)/bin
# Tests run in so many processes, the tests of a file in one.
TESTERS ?= 2
# Where exported rules are run.
EXPORTS ?= build/exports
READY := $(VENV)/.ready

.PHONY: discover test test-long lint types bench bench-gpu card-check selection together verification search literature generalist results analyses experiments estimators reproductions tasks neurogym rooms publish index catalog catalog-check font docs looks notebooks exports-check random-rules wheel-check clean

discover: $(READY)
	$(BIN)/rulegen discover examples/delayed_association.toml --resume

test: $(READY)
	$(BIN)/python -m pytest -m "not long" -n $(TESTERS) --dist loadfile

test-long: $(READY)
	$(BIN)/python -m pytest -m long

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

# What the folders import from each other, counted and drawn.
rooms: $(READY)
	$(BIN)/python docs/rooms.py --to docs/rooms.png

reproductions: $(READY)
	$(BIN)/python -m benchmarks.reproductions

tasks: $(READY)
	$(BIN)/python -m benchmarks.tasks

# Neurogym needs an older NumPy: its environments become files there, which are read here.
neurogym: $(READY) .venv-neurogym/.ready
	.venv-neurogym/bin/python benchmarks/neurogym_sample.py build/neurogym
	$(BIN)/python -m benchmarks.neurogym_compare build/neurogym docs/neurogym.md

.venv-neurogym/.ready: constraints-neurogym.txt
	$(PYTHON) -m venv .venv-neurogym
	.venv-neurogym/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint $< neurogym
	touch $@

selection: $(READY)
	$(BIN)/python -m benchmarks.coverage
	$(BIN)/python -m benchmarks.selection

together: $(READY)
	$(BIN)/python -m benchmarks.joint

verification: $(READY)
	$(BIN)/python -m benchmarks.verification

results: $(READY)
	$(BIN)/python -m benchmarks.results

analyses: $(READY)
	$(BIN)/python docs/analyses.py build/analyses

experiments: $(READY)
	$(BIN)/python docs/experiments.py build/experiments

estimators: $(VENV)/.evosax
	$(BIN)/python docs/estimators.py build/estimators

search: $(READY)
	$(BIN)/rulegen search examples/local_search.toml --resume

generalist: $(READY)
	$(BIN)/python docs/generalist.py build/generalist

literature: $(READY)
	$(BIN)/python docs/literature.py build/literature

# Every example on its seeds, and what the first seed of each found as a part of the catalog.
publish: results search
	$(BIN)/rulegen catalog add --replace runs/delayed_association-1 runs/delayed_nonmatch-1 runs/measurable_signals-1 \
		runs/local_search-1
	$(BIN)/rulegen catalog build

# What the rules of the literature are called by, so that `rulegen check` need not read them.
index: $(READY)
	$(BIN)/python -m rulegen.catalog.likeness.known

catalog: $(READY)
	$(BIN)/rulegen catalog build

catalog-check: catalog build/axe.min.js
	$(BIN)/python .ci/catalog_check.py catalog/catalog.html build/axe.min.js

# What looks for pages that some people cannot use; without npm the check has its own script alone.
build/axe.min.js:
	mkdir -p build
	cd build && npm pack --silent axe-core@4.14.1 && tar xzf axe-core-4.14.1.tgz package/axe.min.js \
		&& mv package/axe.min.js axe.min.js || echo "no npm, so no axe-core"

# The part of a mathematical font that pages carry; the whole is in Debian's fonts-texgyre-math.
font: $(READY)
	$(BIN)/python docs/mathfont.py \
		/usr/share/texmf/fonts/opentype/public/tex-gyre-math/texgyrepagella-math.otf

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "build/site/index.html"

# Pictures of all that people see, and whether any of it is empty, cut or unreadable.
looks: docs build/axe.min.js
	$(BIN)/python .ci/looks.py build/looks build/axe.min.js

# With RULEGEN_FAST=1 they run on fewer lives, and their outputs are not kept; NAMES chooses some.
notebooks: $(VENV)/.notebooks
	$(BIN)/python -m notebooks $(NAMES)

$(VENV)/.docs $(VENV)/.notebooks $(VENV)/.evosax: $(VENV)/.%: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[$*]'
	touch $@

# Brian 2 needs an older NumPy, and neither it nor NEST is needed to run anything else. Models of
# NEST are compiled, for which it wants a C++ compiler, CMake, GSL, Boost and Libtool.
exports-check: $(READY) .venv-brian2/.ready .venv-nestml/.ready
	$(BIN)/python tests/exports/cases.py $(EXPORTS)
	$(BIN)/python tests/exports/nest_cases.py $(EXPORTS)
	.venv-brian2/bin/python tests/exports/check_brian2.py $(EXPORTS)
	.venv-brian2/bin/python tests/exports/check_standalone.py $(EXPORTS)
	.venv-nestml/bin/python tests/exports/check_nestml.py $(EXPORTS)
	.venv-nestml/bin/python tests/exports/check_nest.py $(EXPORTS)
	$(BIN)/python tests/exports/table.py $(EXPORTS) docs/exports.md

# Random rules through everything: an hour or two; goes on where it was stopped.
random-rules: $(READY)
	EXPORTED_RULES=2150 CYTHON_RULES=105 NEST_RULES=54 $(MAKE) exports-check EXPORTS=build/random-rules/exports
	PYTHONPATH=tests:tests/exports $(BIN)/python docs/many_rules.py build/random-rules

.venv-%/.ready: tests/exports/%.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Lives on the device that JAX finds; four minutes at most.
bench-gpu: $(READY)
	$(BIN)/python -m benchmarks.gpu build/bench-gpu.json

# What would run on a card, compiled for one without having it: with the pinned set, and the newest.
card-check:
	.ci/card $(PYTHON) --constraint constraints.txt -- page
	.ci/card $(NEWEST)

bench: $(VENV)/.evosax
	$(BIN)/python -m benchmarks

# The suite from a wheel in empty environments: the pinned set, and the newest releases of all.
wheel-check:
	.ci/wheel $(PYTHON) --constraint constraints.txt
	.ci/wheel $(NEWEST)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) .venv-* build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
