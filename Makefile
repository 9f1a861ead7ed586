# make run: open mqviz. make test: the whole check (about 5 minutes). make check: the fast part of it (1 minute).
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
KAFKA_FREE := not kafka and not slow
# More processes than cores: many tests wait for a timer.
AT_ONCE := --dist loadgroup -n 4

.PHONY: run test check soak mutants format bench clean

run: $(VENV)/.run
	@$(PY) -m mqviz

test: $(VENV)/.dev lint
	$(PY) -m pytest $(AT_ONCE)

check: $(VENV)/.dev lint
	$(PY) -m pytest $(AT_ONCE) -m "$(KAFKA_FREE)"

.PHONY: lint
lint: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

# Random worlds with random faults: make soak SEEDS=1000, or SECONDS=600; FIRST=1000 begins elsewhere. Failures are in .soak/.
soak: $(VENV)/.dev
	$(PY) -m tests.soak --seeds $(or $(SEEDS),100) --first $(or $(FIRST),0) --seconds $(or $(SECONDS),0)

# Wrong behaviours, planted one at a time: the tests of its rule must catch each (a few minutes).
mutants: $(VENV)/.dev
	$(PY) -m tests.mutants

format: $(VENV)/.dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(VENV)/.dev
	$(PY) -m benchmarks

clean:
	rm -rf $(VENV)

$(VENV)/.run: pyproject.toml
	$(call install,.[kafka])

$(VENV)/.dev: pyproject.toml
	$(call install,.[kafka$(comma)dev])

comma := ,

define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "mqviz needs Python 3.11 or newer and found $$($(PYTHON) --version 2>&1 || echo none); try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	echo "mqviz needs Python's venv module; on Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 2; }
@echo "installing mqviz into $(VENV) (once, about a minute) …"
@$(PYTHON) -m venv $(VENV)
@$(PY) -m pip install --quiet --disable-pip-version-check -e '$(1)'
@touch $@
endef
