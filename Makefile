# longtail: make build, make tune, make test, make report, make export, make docs, make bench
#
#   make build                              demo events
#   make inspect EVENTS='logs/*.csv.gz'     what is in your files; WRITE=shop.yml writes a preset
#   make build EVENTS='logs/*.csv.gz'       your own; csv, JSON or parquet, plain, .gz or .zip
#   make inspect PRODUCTS=p.csv             what is in a product catalogue; WRITE= adds it to the preset
#   make build EVENTS=... DATASET=rees46    a preset of datasets/, or the path of one: shop.yml
#   make build EVENTS=... PRODUCTS=p.csv    with the shop's product catalogue; make stock: what is sold out
#   make build EVENTS=... IMPRESSIONS=i.csv what was shown and clicked: click-through, experiments
#   make tune EVENTS=... WRITE=shop.yml     find better vars on the log's own history; MINUTES=15
#   make build VARS='{window: 3}'           any var of dbt_project.yml
#   make build WAREHOUSE=/data/shop         where the tables go
#   make build TARGET=spark                 by Apache Spark (docs/spark.md); spark_connect: a server
#   make build TARGET=spark STAGING=tasks   and the event files by its executors
#   make build FLAGS=--full-refresh         any options of dbt build, with spaces between
#   make build VERBOSE=1                    dbt's whole log instead of a line per stage

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DBT := $(VENV)/bin/python -m longtail.build.console
DATA ?= data

# User input reaches Python unchanged through the environment: neither make nor a shell interprets
# its quotes, dollar signs and backslashes.
GIVEN := EVENTS PRODUCTS IMPRESSIONS DATASET VARS FLAGS WAREHOUSE DATA TO OUT K WRITE MINUTES
$(foreach name,$(GIVEN),$(eval override $(name) := $$(value $(name))))
export $(GIVEN)
export LONGTAIL_WAREHOUSE := $(or $(WAREHOUSE),$(value LONGTAIL_WAREHOUSE))
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

# An installation's stamp holds the hash of the lock and the Python version it was installed for.
IDENTITY := import hashlib, sys; \
	print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest(), sys.version.split()[0])
is_installed = identity="$$($(BIN)/python -c '$(IDENTITY)' $(1).lock 2>/dev/null)" \
	&& test "$$identity" = "$$(cat $(VENV)/$(1).installed 2>/dev/null)"
note_installed = $(BIN)/python -c '$(IDENTITY)' $(1).lock > $(VENV)/$(1).installed

.DEFAULT_GOAL := help
.PHONY: help installed install checks spark build test-spark stock inspect tune dev test quick lint macros report export docs bench lock clean

help: ## Show the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

installed:
	@$(call is_installed,requirements) || $(MAKE) --no-print-directory install

install:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "longtail needs Python 3.11 or newer; name one: make build PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m longtail.build.warm_up
	@$(call note_installed,requirements)

checks: installed
	@$(call is_installed,requirements-checks) \
		|| { $(BIN)/pip install --quiet --require-hashes --requirement requirements-checks.lock \
			&& $(call note_installed,requirements-checks); }

spark: installed
	@$(call is_installed,requirements-spark) \
		|| { $(BIN)/pip install --quiet --require-hashes --requirement requirements-spark.lock \
			&& $(call note_installed,requirements-spark); }
	@$(BIN)/python -m longtail.spark.set_up $(TARGET)

# DuckDB reads the files before Spark computes, and tests and publishes the tables afterwards.
$(if $(TARGET),$(if $(filter spark spark_connect,$(TARGET)),,$(error TARGET is spark or spark_connect)))
# With STAGING=tasks only files beside the events.
TABLE_FILES := path:models/staging/impressions path:models/staging/content stg_raw_catalogue \
	stg_catalogue rejected_products stg_availability stg_listed_products
$(if $(STAGING),$(if $(filter tasks,$(STAGING)),,$(error STAGING is tasks)))
STAGED := path:models/demo $(if $(filter tasks,$(STAGING)),$(TABLE_FILES),path:models/staging)
# Unit tests judge the SQL, not the shop's data: `make test` runs them.
NO_CODE_TESTS := --exclude-resource-type unit_test
build_by_duckdb = $(DBT) build $(SELECTED) $(NO_CODE_TESTS) $$FLAGS --vars "$$vars"
build_by_spark = $(DBT) run --select $(STAGED) $$FLAGS --vars "$$vars" \
	&& $(DBT) run --target $(TARGET) --exclude $(STAGED) $$FLAGS --vars "$$vars" \
	&& $(DBT) test $(NO_CODE_TESTS) --vars "$$vars"
build_tables = $(if $(and $(TARGET),$(if $(SELECTED),,all)),$(build_by_spark),$(build_by_duckdb))

build: installed $(if $(TARGET),spark) ## Build all tables (EVENTS=, PRODUCTS=, IMPRESSIONS=, DATASET=, VARS=, WAREHOUSE=, FLAGS=, TARGET=)
	@vars="$$($(BIN)/python -m longtail.build.vars --base '$(BASE)')" \
		&& set -f && $(build_tables) \
		&& $(BIN)/python -m longtail.report

stock: SELECTED := --select tag:availability+
stock: build ## Update availability in the final tables, without training (the arguments of build)

inspect: installed ## Show what is in event files or a catalogue (EVENTS=, PRODUCTS=, DATASET=, VARS=; WRITE=shop.yml: the preset)
	@$(BIN)/python -m longtail.inspect

tune: installed ## Find better vars on the log's own history (EVENTS=, PRODUCTS=, DATASET=, VARS=; MINUTES=15, WRITE=shop.yml: the preset)
	@$(BIN)/python -m longtail.tune

dev: BASE := {demo_events: 10000, map_products: 0}
dev: export LONGTAIL_WAREHOUSE := $(or $(WAREHOUSE),target/dev)
# dbt keeps what it parsed for one set of vars: in a folder of its own, 7 s less from the second on.
dev: export DBT_TARGET_PATH := target/dev-dbt
dev: build ## Build 10 thousand demo events without the map, in target/dev

# Three processes on two cores: they wait for Chromium, servers and dbt of their own.
test: checks lint macros ## Check everything
	$(BIN)/python -m pytest --numprocesses 3

test-spark: TARGET := spark
test-spark: export LONGTAIL_TEST_SPARK := 1
test-spark: checks spark ## Check that Spark makes DuckDB's tables
	$(BIN)/python -m pytest tests/python/test_spark.py tests/python/test_spark_staging.py

quick: checks lint ## Check in a minute: style, kernels, unit tests, the oracle on tiny logs
	$(BIN)/python -m pytest --numprocesses 3 -m quick

# All macros but materializations, which sqlfluff cannot load.
write_macros = mkdir -p target/lint && find macros -name '*.sql' ! -name parquet.sql \
	! -name parquet_by_day.sql -exec cat {} + > target/lint/macros.sql

lint: checks ## Check style of Python and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(write_macros)
	$(BIN)/sqlfluff lint --config tests/linting/models.cfg --processes 2 models tests

macros: checks ## Check the SQL that macros write, in the models that use them
	$(write_macros)
	$(BIN)/sqlfluff lint --config tests/linting/macros.cfg --processes 2 models

report: installed ## Write report.html from the published tables
	$(BIN)/python -m longtail.report

export: installed ## Write the lists for other systems (TO=jsonl, csv, parquet, sqlite, postgres, redis; OUT=, K=)
	@set -f && $(BIN)/python -m longtail.export --to "$$TO" --out "$$OUT" --k "$$K" $$FLAGS

docs: installed ## Write docs.html, one static page with the lineage
	$(BIN)/dbt docs generate
	@$(BIN)/python -m longtail.build.docs_page "$$($(BIN)/python -m longtail.build.machine)"

bench: installed ## Measure on public data in DATA= (see benchmarks/)
	$(BIN)/python benchmarks/quality/run.py --data "$$DATA"

RESOLVE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-strip-extras --no-header

lock: ## Resolve requirements*.in into their locks
	$(PYTHON) -m venv $(VENV) && $(BIN)/pip install --quiet uv
	$(BIN)/$(RESOLVE) requirements.in --output-file requirements.lock
	$(BIN)/$(RESOLVE) requirements-checks.in --output-file requirements-checks.lock
	$(BIN)/$(RESOLVE) requirements-spark.in --output-file requirements-spark.lock

clean: ## Remove dbt's target and logs; tables stay
	rm -rf target logs
