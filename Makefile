SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help fmt lint test tools start formatting dependencies advisories template clippy docs unit storm release bootstrap deployment

# cargo's target directory, wherever it is; the Python tools stay in ours.
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
STEP   := .ci/step

# A new version here is a new stamp, and the tools are installed again.
stamp = $(1)/installed-$(subst $() ,-,$(subst ==,-,$(2)))

TOOLS := $(CURDIR)/target/tools/aws
PINS  := cargo-lambda==1.9.2 aws-sam-cli==1.170.0 cfn-lint==1.58.0
STAMP := $(call stamp,$(TOOLS),$(PINS))

# An AWS on this machine. It needs other versions of boto than sam does.
EMULATOR       := $(CURDIR)/target/tools/emulator
EMULATOR_PINS  := ministack==1.5.33 aws-sam-translator==1.115.0
EMULATOR_STAMP := $(call stamp,$(EMULATOR),$(EMULATOR_PINS))

DENY         := $(CURDIR)/target/tools/deny
DENY_VERSION := 0.20.2
DENY_STAMP   := $(DENY)/installed-$(DENY_VERSION)
CARGO_DENY   := $(DENY)/bin/cargo-deny --locked --workspace

# Most tests wait for most of their time, because of Slack's rate limit.
export RUST_TEST_THREADS ?= 6

# sam wants a region even where it calls nobody.
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

fmt: ## format the Rust code
	@cargo fmt --all

lint: formatting template clippy docs dependencies advisories ## run all checks that are not tests

test: start lint unit release bootstrap deployment ## run everything that CI runs
	@$(STEP) --table

tools: $(STAMP) ## install sam, cargo-lambda and cfn-lint under target/tools
	@echo "The tools are in $(TOOLS)/bin."

start:
	@$(STEP) --start

formatting:
	@$(STEP) "Formatting" cargo fmt --all --check

dependencies: $(DENY_STAMP)
	@$(STEP) "Dependencies: licences, bans, sources" \
		$(CARGO_DENY) --log-level error check --hide-inclusion-graph licenses bans sources

advisories: $(DENY_STAMP)
	@if GIT_TERMINAL_PROMPT=0 $(CARGO_DENY) --log-level off fetch db &>/dev/null; then \
		$(STEP) "Dependencies: known vulnerabilities" $(CARGO_DENY) check --hide-inclusion-graph advisories; \
	else \
		printf '\n== %s\n' "Dependencies: known vulnerabilities are left out, as the advisory database cannot be fetched."; \
	fi

template: $(STAMP)
	@$(STEP) "Template: cfn-lint" $(TOOLS)/bin/cfn-lint -t template.yaml
	@$(STEP) "Template: sam validate" $(TOOLS)/bin/sam validate --lint
	@$(STEP) "Template: what no linter checks" $(TOOLS)/bin/python -B -m unittest discover -s tests/template

clippy:
	@$(STEP) "Clippy: the function" cargo clippy --locked --no-default-features --bin order-alerts -- -D warnings
	@$(STEP) "Clippy: everything" cargo clippy --locked --workspace --all-targets --all-features -- -D warnings

docs:
	@RUSTDOCFLAGS=-Dwarnings $(STEP) "Documentation" cargo doc --locked --no-deps --workspace --document-private-items

unit:
	@$(STEP) "Tests" cargo test --locked --workspace

storm: ## run the long simulations: large loads, outages, faults (some minutes)
	@$(STEP) "Simulation: the long loads" cargo test --locked --profile storm --test simulation -- --ignored --nocapture --test-threads 2

release:
	@$(STEP) "Release build" cargo build --release --no-default-features --bin order-alerts --locked
	@echo "The function has $$(wc -c <$(TARGET)/release/order-alerts | awk '{ printf "%.1f MB", $$1 / 1e6 }')."

bootstrap:
	@BOOTSTRAP=$(TARGET)/release/order-alerts $(STEP) "Tests of the release build" cargo test --locked --test function
	@BOOTSTRAP=$(TARGET)/release/order-alerts $(STEP) "Simulation of the release build" cargo test --locked --test simulation processes::

deployment: $(STAMP) $(EMULATOR_STAMP) ## build, deploy, connect, use and remove it on an emulated AWS on this machine
	@if [[ $$(uname -s) == Linux ]]; then \
		$(STEP) "Deployment" cargo test --locked --features deployment --test deployment; \
	else \
		printf '\n== %s\n' "Deployment is left out: it runs the function as a process of this machine, so it needs Linux."; \
	fi

# $(1) is where the packages $(2) go, and $(3) what they are.
define install
	@python3 -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "The tools need python3 with its venv module: install the packages python3 and python3-venv."; exit 1; }
	@$(STEP) "Install $(3)" bash -euo pipefail -c ' \
		rm -rf $(1); \
		python3 -m venv $(1); \
		$(1)/bin/pip install --quiet --disable-pip-version-check $(2) \
			|| { echo "Python packages cannot be installed: PyPI must be reachable the first time."; exit 1; }'
	@touch $@
endef

$(STAMP):
	$(call install,$(TOOLS),$(PINS),the tools for the template)

$(EMULATOR_STAMP):
	$(call install,$(EMULATOR),$(EMULATOR_PINS),the AWS emulator)

$(DENY_STAMP):
	@$(STEP) "Install cargo-deny (compiles for some minutes, once)" bash -euo pipefail -c ' \
		rm -rf $(DENY); \
		cargo install --quiet --locked --root $(DENY) --target-dir $(DENY)/build cargo-deny@$(DENY_VERSION); \
		rm -rf $(DENY)/build'
	@touch $@
