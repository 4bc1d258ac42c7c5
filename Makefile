# Everything runs in .venv, made from hash-pinned requirements; PYTHON is any Python from 3.11 on.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo dev test lint generated bench kafka chaos lock clean

demo: $(VENV)/.run
	$(BIN)/callcost demo

# The environment alone: the command callcost, and what makes and checks dashboards and rules.
dev: $(VENV)/.dev

test: $(VENV)/.dev
	CI="$(CI)" $(BIN)/python tests/needs.py
	$(MAKE) lint
	$(BIN)/pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What is made from Python and committed: dashboards, rules, the cluster's copy of them, docs/metrics.md.
generated: $(VENV)/.dev
	$(BIN)/python -m grafana
	$(BIN)/python -m deploy.rules
	$(BIN)/python -m deploy.kubernetes
	UPDATE_GOLDEN=1 $(BIN)/pytest tests/surface/test_metrics_page.py

bench: $(VENV)/.dev
	$(BIN)/python -m bench

# A broker on 127.0.0.1:9092, for trying things; needs Java 17 and Maven. Its data stays in .kafka/broker.
kafka: $(VENV)/.dev
	$(BIN)/python -m tests.kafka.broker

chaos: $(VENV)/.dev
	$(BIN)/python -m tests.kafka.chaos

$(VENV)/.run: requirements/run.txt pyproject.toml
	$(call environment,run)

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	$(call environment,dev)

# The build backend is pinned like everything else, so nothing is fetched unpinned to build the package.
define environment
	$(PYTHON) -c 'import sys; sys.exit("callcost needs Python 3.11 or later; this is " + sys.version if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(1).txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
endef

# After a change of the dependencies in pyproject.toml; needs uv.
lock:
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet --output-file requirements/run.txt
	uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet --output-file requirements/dev.txt

clean:
	rm -rf $(VENV) .kafka .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
