# longtail: make build, make test, make report, make docs, make bench
#
#   make build                              demo events
#   make build EVENTS='logs/*.csv.gz'       your own; csv, csv.gz or parquet
#   make build EVENTS=... DATASET=rees46    a preset of datasets/
#   make build VARS='{window: 3}'           any var of dbt_project.yml
#   make build WAREHOUSE=/data/shop         where the tables go
#   make build FLAGS=--full-refresh         any option of dbt build

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WAREHOUSE ?= warehouse
EVENTS ?=
DATASET ?=
VARS ?=
FLAGS ?=
DATA ?= data

export LONGTAIL_WAREHOUSE := $(WAREHOUSE)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: help build test lint report docs bench lock clean

help: ## Show the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "longtail needs Python 3.11 or newer; name one: make build PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m longtail.build.warm_up
	@touch $@

build: $(VENV)/installed ## Build all tables (EVENTS=, DATASET=, VARS=, WAREHOUSE=, FLAGS=)
	@vars="$$($(BIN)/python -m longtail.build.vars --events '$(EVENTS)' --dataset '$(DATASET)' --vars '$(VARS)')" \
		&& $(BIN)/dbt build $(FLAGS) --vars "$$vars" \
		&& $(BIN)/python -m longtail.report --warehouse '$(WAREHOUSE)'

test: $(VENV)/installed lint ## Check everything
	$(BIN)/python -m pytest

lint: $(VENV)/installed ## Check style of Python and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --processes 2 models tests analyses

report: $(VENV)/installed ## Write report.html from the published tables
	$(BIN)/python -m longtail.report --warehouse '$(WAREHOUSE)'

docs: $(VENV)/installed ## Write docs.html, one static page with the lineage
	$(BIN)/dbt docs generate --static
	cp target/static_index.html '$(WAREHOUSE)/docs.html'
	@echo "Wrote $(WAREHOUSE)/docs.html"

bench: $(VENV)/installed ## Measure on public data in DATA= (see benchmarks/)
	$(BIN)/python benchmarks/quality/run.py --data '$(DATA)'

lock: ## Resolve requirements.in into requirements.lock
	$(PYTHON) -m venv $(VENV) && $(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-strip-extras --no-header \
		requirements.in --output-file requirements.lock

clean: ## Remove what dbt leaves behind; tables stay
	rm -rf target logs
