# `make demo` and `make test` do all their own set-up, in .venv/; nothing needs to be activated.

SCENE ?= prismatic_tray
SEED ?= 0
OUT ?= runs/demo

SUPPORTED := import sys; sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))
PYTHON ?= $(shell for p in python3.11 python3.10 python3; do \
	$$p -c '$(SUPPORTED)' 2>/dev/null && { command -v $$p; break; }; done)
RUN := .venv/bin/python -m

.PHONY: help setup demo test bench headline clean

help: ## say what each target does
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

setup: ## check the system's libraries, make .venv and install everything into it
ifeq ($(PYTHON),)
	@echo "error: cellpick needs Python 3.10 or 3.11 (PyBullet has wheels for no other);" \
	  "install one or name it: make PYTHON=/path/to/python3.11" >&2; exit 3
endif
	@$(PYTHON) -I src/cellpick/cli/shared_libraries.py
	@$(PYTHON) -I setup/environment.py

demo: setup ## empty the demo tray into its module; SCENE, SEED and OUT may be given
	@$(RUN) cellpick run $(SCENE) --seed $(SEED) --out $(OUT)

# one thread a process: the tests run in parallel, and BLAS would else fight itself over the cores
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: setup ## check format, lint and types, then run all tests
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) pytest -n auto --maxprocesses 4 --dist loadfile

bench: setup ## measure pose core and vision beside their peers, and hold them to the baseline
	@$(RUN) pip install --quiet small_gicp -c constraints.txt
	@$(RUN) benchmarks --gate

headline: setup ## measure the headline table, the suite "standard" (half an hour on two cores)
	@$(RUN) cellpick bench standard --out runs/standard

clean: ## remove the environment and all caches; results in runs/ stay
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find src tests benchmarks setup -name __pycache__ -type d -prune -exec rm -rf {} +
