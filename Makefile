# One word each, the same on a laptop and in CI. A fresh machine needs Python 3.11+ and make; the rest is set up here.
PYTHON ?= python3
BIN := .venv/bin
# What one process has compiled the others read, even where Python is told to write nothing: without it each start costs seconds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test check proof mutants bench score setup clean

run: .venv/.serves                  ## set up and serve on 127.0.0.1:8000 (PORT overrides) with demo accounts and simulators
	$(BIN)/yijianshi demo

test: .venv/.tests check            ## set up, check, and every test at sizes that fit 10 minutes on 2 cores
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

check: .venv/.tests                 ## format, lint, types, imports
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

proof: .venv/.tests                 ## the same tests at the sizes the issues name
	YIJIANSHI_PROOF=1 $(BIN)/python -m pytest -m proof -s -o console_output_style=progress-even-when-capture-no

mutants: .venv/.tests               ## is every condition of every pack held by a case? (REGION=henan for one)
	REGION=$(REGION) $(BIN)/python -m tests.packs.mutants

bench: .venv/.tests                 ## measures; judges nothing
	$(BIN)/python -m tests.benchmarks

score: .venv/.tests                 ## how well people are understood, per class
	$(BIN)/python -m tests.understanding.score

setup: .venv/.serves

.venv/.python: .ci/venv
	.ci/venv $(PYTHON)
	@touch $@

.venv/.serves: .venv/.python requirements.lock pyproject.toml static/package-lock.json static/vendor.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python static/vendor.py
	@touch $@

.venv/.tests: .venv/.serves requirements-dev.lock .ci/chromium
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile -r requirements-dev.lock
	.ci/chromium $(BIN)/python
	@touch $@

clean:
	rm -rf .venv static/vendor static/node_modules
