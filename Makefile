# Needs GNU make and Python 3.11 or newer (another one: make PYTHON=python3.12 report).
PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
# Where bytecode is not kept every command compiles pandas again: 2 s of a second's import.
unexport PYTHONDONTWRITEBYTECODE
# -qq: errors only. The lock is complete, so pip resolves nothing; bytecode is compiled afterwards, on every core.
PIP := $(BIN)/python -m pip install --disable-pip-version-check -qq --no-deps --no-compile
NOTEBOOKS = $(wildcard notebooks/*.ipynb)
STRIP := $(BIN)/nbstripout --keep-id --extra-keys "metadata.papermill cell.metadata.papermill"

.DEFAULT_GOAL := help
.PHONY: help report lab test test-slow test-all check format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# A changed lock rebuilds .venv; a changed pyproject.toml only installs the package again.
.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "workbench needs Python 3.11 or newer, and '$(PYTHON)' is not: install one, then name it: make PYTHON=python3.12 report" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make a virtual environment: install its venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
ifneq ($(wildcard .venv/.ready),)
	@echo "requirements.lock or pyproject.toml has changed: bringing .venv up to date…"
else
	@echo "Setting up .venv from requirements.lock (once, 1 to 2 minutes, 0.7 GB)…"
endif
	@$(if $(filter requirements.lock,$?),$(PYTHON) -m venv --clear .venv && $(PIP) --require-hashes -r requirements.lock)
	@$(PIP) --no-build-isolation -e .
	@$(if $(filter requirements.lock,$?),$(BIN)/python -W ignore -m compileall -qq -j 0 -x '/tests?/' .venv/lib || true)
	@touch $@

report: .venv/.ready ## run every notebook on the real cluster ohio-metals and say where the report lies
	@$(BIN)/workbench run ohio-metals
	@echo "Report: outputs/ohio-metals/report.html (one file, opens in any browser without a network)"

lab: .venv/.ready ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab notebooks

test: .venv/.ready ## the fast tests, some minutes
	@$(BIN)/python -m pytest -m "not slow" -n auto

test-slow: .venv/.ready ## the slow tests: whole runs, batches, large ledgers
	@$(BIN)/python -m pytest -m slow -n auto || [ $$? -eq 5 ]  # 5: none is marked slow

test-all: .venv/.ready ## every test
	@$(BIN)/python -m pytest -n auto

check: .venv/.ready ## lint, format, notebooks without outputs, layers
	@$(BIN)/ruff check src tests notebooks
	@$(BIN)/ruff format --check src tests notebooks
	@$(if $(NOTEBOOKS),$(STRIP) --verify $(NOTEBOOKS))
	@$(BIN)/lint-imports --no-logo

format: .venv/.ready ## put in order what check would complain about, where a tool can
	@$(BIN)/ruff check --fix src tests notebooks
	@$(BIN)/ruff format src tests notebooks
	@$(if $(NOTEBOOKS),$(STRIP) $(NOTEBOOKS))

lock: ## requirements.lock and the pins of environment.yml again (newest versions: make lock UPGRADE=--upgrade)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: install it, or name it: make UV=path/to/uv lock" >&2; exit 1; }
	@$(UV) pip compile --quiet --universal --fork-strategy fewest --generate-hashes --python-version 3.11 --extra dev \
	  --custom-compile-command "make lock" $(UPGRADE) pyproject.toml -o requirements.lock
	@awk 'NR == FNR { if (split($$1, pin, "==") == 2) version[pin[1]] = pin[2]; next } \
	  { split($$2, pin, "=="); if ($$1 == "-" && pin[1] in version) sub(/==.*/, "==" version[pin[1]]) } 1' \
	  requirements.lock environment.yml > environment.tmp && mv environment.tmp environment.yml

clean: ## remove .venv and caches; outputs/ stays
	@rm -rf .venv build .ruff_cache .pytest_cache .import_linter_cache .hypothesis src/*.egg-info
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
