# A machine needs Python 3.11 and make; everything else comes from the lock files.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

PYTHON ?= python3.11
BIN := .venv/bin
SYNCED := .venv/.synced
NODE := $(or $(LAKEHOUSE_HOME),.lakehouse)/runtimes/node
SOURCES := app.py stacks constructs glue_jobs scripts local tests benchmarks docs examples

##@ Use

.PHONY: demo
demo: $(SYNCED) ## The whole way on this machine, with a demo org: no account, nothing to configure
	@$(BIN)/lakehouse demo $(ARGS)

.PHONY: setup
setup: $(SYNCED) ## Fetch what this machine needs, into .venv and .lakehouse, and start nothing
	@$(BIN)/lakehouse setup

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Develop

.PHONY: test
test: $(SYNCED) ## All that a reviewer would run: linters, types, import contracts, all tests
	@$(MAKE) --jobs=3 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) lint types runtimes
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

# tests/side_by_side.py says which tests share a worker, and with it their servers. One worker
# more than a small machine has cores: each waits for its servers half of the time.
WORKERS ?= 3
SIDE_BY_SIDE = --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: prove
prove: runtimes ## What builds for many minutes: an org of 60 objects, recorded ones with records, thirty days
	@$(BIN)/python -m pytest -m prove $(ARGS)

.PHONY: unit
unit: $(SYNCED) ## The unit tests that start neither the local AWS nor Spark
	@$(BIN)/python -m pytest tests/unit -m "not local_aws" $(SIDE_BY_SIDE) $(ARGS)

.PHONY: lint
lint: $(SYNCED) ## Python and SQL style, and which package may import which
	@$(BIN)/ruff check --quiet $(wildcard $(SOURCES))
	@$(BIN)/ruff format --quiet --check $(wildcard $(SOURCES))
	@$(BIN)/lint-imports --no-cache > .venv/lint-imports.log 2>&1 || { cat .venv/lint-imports.log; exit 1; }
	@$(BIN)/sqlfluff lint --processes 0 --disable-progress-bar dbt_project > .venv/sqlfluff.log 2>&1 \
	  || { cat .venv/sqlfluff.log; exit 1; }

.PHONY: types
types: $(SYNCED) ## Types, by pyright
	@$(BIN)/pyright > .venv/pyright.log 2>&1 || { cat .venv/pyright.log; exit 1; }

.PHONY: format
format: $(SYNCED) ## Format Python and SQL, and mend what can be mended
	@$(BIN)/ruff check --quiet --fix $(wildcard $(SOURCES)) || true
	@$(BIN)/ruff format --quiet $(wildcard $(SOURCES))
	@$(BIN)/sqlfluff fix --quiet dbt_project

.PHONY: synth
synth: runtimes ## Synthesize every stack into cdk.out
	@$(CDK) synth --quiet '**' $(APP)

BASE ?= origin/main
HEAD ?= HEAD
OUTPUT ?= review.md

.PHONY: review
review: runtimes ## What BASE..HEAD does to the environments, as Markdown, into OUTPUT (no account)
	@$(BIN)/lakehouse review "$(BASE)" "$(HEAD)" --output "$(OUTPUT)" $(ARGS)

STACK ?= LakehouseDev
STACKS ?= $(STACK)
CDK = PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/node $(NODE)/node_modules/.bin/cdk
APP = --app "$(CURDIR)/$(BIN)/python app.py" --output cdk.out --no-notices

.PHONY: diff
diff: runtimes ## What a deployment of STACKS would change in the account, into OUTPUT
	@$(CDK) diff $(STACKS) $(APP) --method=template --no-color 2>&1 | tee "$(OUTPUT)"

.PHONY: deploy
deploy: runtimes ## Deploy STACK to the account of the credentials, without questions
	@$(CDK) deploy "$(STACK)" $(APP) --require-approval never --progress events

.PHONY: cdk
cdk: runtimes ## The project's own CDK CLI: make cdk ARGS='bootstrap aws://<account>/<region>'
	@$(CDK) $(ARGS)

ENV ?= dev

.PHONY: gate
gate: $(SYNCED) ## What a cut-over of ENV still lacks; a failure while anything is missing
	@$(BIN)/lakehouse gate --env "$(ENV)" $(ARGS)

.PHONY: snapshots
snapshots: synth ## Write the snapshots of both templates anew, for the commit that changes them
	@$(BIN)/python tests/synth/snapshots.py cdk.out
	@git --no-pager diff --stat -- tests/synth/snapshots

.PHONY: build
build: $(SYNCED) ## The wheel and the source archive, into dist
	@$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist
	@ls dist

.PHONY: reference
reference: $(SYNCED) ## Pages made from the sources: command, constructs, troubleshooting
	@mkdir -p docs/reference
	@$(BIN)/python -m lakehouse_tools.cli.reference > docs/reference/commands.md
	@$(BIN)/python docs/make_constructs_reference.py
	@$(BIN)/python docs/make_troubleshooting.py

.PHONY: bench-demo
bench-demo: $(SYNCED) ## Seconds by phase of the demo, cold and warm, as in docs/benchmarks.md
	@$(BIN)/python benchmarks/demo_phases.py

.PHONY: bench-age
bench-age: $(SYNCED) ## What 2,000 small commits cost the next one, as in docs/benchmarks.md
	@$(BIN)/python benchmarks/extract_age.py $(ARGS)

.PHONY: bench-dbt
bench-dbt: runtimes ## An incremental dbt build by the size of the tables, as in docs/benchmarks.md
	@$(BIN)/python benchmarks/dbt.py $(ARGS)

.PHONY: bench-extract
bench-extract: $(SYNCED) ## The extractor against the limit of the machine, as in docs/benchmarks.md
	@$(BIN)/python benchmarks/extract.py $(ARGS)

.PHONY: bench-synth
bench-synth: runtimes ## `cdk synth LakehouseDev` beside an empty app, as in docs/benchmarks.md
	@$(BIN)/python benchmarks/synth.py $(ARGS)

.PHONY: bench-compare
bench-compare: $(SYNCED) ## The comparison against hashing every column once, as in docs/benchmarks.md
	@$(BIN)/python benchmarks/compare.py $(ARGS)

.PHONY: lock
lock: $(SYNCED) ## Compile the lock files anew, keeping the versions that still fit
	@$(COMPILE) --extra dev pyproject.toml --output-file locks/project.lock \
	  --constraint <(printf 'pyarrow==22.0.0\n')
	@$(COMPILE) $(LOCAL_LOCKS)/glue_base.in --output-file $(LOCAL_LOCKS)/glue_base.lock
	@$(COMPILE) $(LOCAL_LOCKS)/installer.in --output-file $(LOCAL_LOCKS)/installer.lock
	@$(COMPILE) $(LOCKS)/dbt.in --output-file $(LOCKS)/dbt.lock
	@$(COMPILE) $(LOCKS)/comparison.in --output-file $(LOCKS)/comparison.lock \
	  --constraint <(printf 'pyarrow==22.0.0\n')
	@# Programs that benchmarks compare with, each in an environment of its own.
	@for peer in tap-salesforce airbyte-source-salesforce pointblank datacompy; do \
	  $(COMPILE) benchmarks/locks/$$peer.in --output-file benchmarks/locks/$$peer.lock; done
	@# The job's wheels: what Glue 5.1 does not bring, at versions that go with what it does.
	@$(COMPILE) glue_jobs/requirements.txt --output-file $(LOCKS)/glue_wheels.lock \
	  --python-platform x86_64-manylinux_2_28 --constraint $(LOCAL_LOCKS)/glue_base.lock \
	  $$(sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package \1/p' $(LOCAL_LOCKS)/glue_base.lock)

LOCKS := constructs/lakehouse_constructs/locks
LOCAL_LOCKS := local/lakehouse_local/locks
COMPILE = $(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 --no-header --no-annotate

.PHONY: clean
clean: ## Remove what was built; .venv, .lakehouse and their data stay
	@rm -rf dist cdk.out .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@rm -rf dbt_project/target dbt_project/logs dbt_project/dbt_packages
	@find $(wildcard $(SOURCES)) -name __pycache__ -type d -prune -exec rm -rf {} +

# Run times of the local lakehouse, with what only tests need.
.PHONY: runtimes
runtimes: $(SYNCED)
	@$(BIN)/lakehouse setup --dev

# The environment: a fresh venv, uv from the project's lock with its hashes checked, then by
# uv exactly what the lock names. The stamp is written last, so that an interrupted set-up is
# done again.
$(SYNCED): locks/project.lock pyproject.toml
	@command -v $(PYTHON) > /dev/null || [ -x $(BIN)/python ] \
	  || { echo "setup: $(PYTHON) not found: install Python 3.11, or say where it is with PYTHON=…" >&2; exit 1; }
	@[ -x $(BIN)/uv ] || echo "Setting up .venv (about 1.5 GB on disk, 1 to 5 minutes by the network)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@[ -x $(BIN)/uv ] || { $(UV_LOCK) > .venv/uv.lock; $(call quietly,pip,$(BIN)/python -m pip install --require-hashes --no-deps -r .venv/uv.lock); }
	@$(call quietly,uv,$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes locks/project.lock)
	@$(call quietly,install,$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .)
	@touch $@

UV_LOCK = awk '/^uv==/ { take = 1; print; next } take && /^ / { print; next } { take = 0 }' locks/project.lock
# Output goes to a log; a failure is one line, and the tool's own last one.
quietly = $(2) > .venv/$(1).log 2>&1 \
  || { echo "setup: $(1) failed: is there a network? $$(grep -v '^ *$$' .venv/$(1).log | tail -n 1) (all of it: .venv/$(1).log)" >&2; exit 1; }
