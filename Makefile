SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help fmt lint test tools start formatting forbidden-crates template clippy docs unit release bootstrap

# cargo's target directory, wherever it is; the Python tools stay in ours.
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
TOOLS  := $(CURDIR)/target/tools/aws
STEP   := .ci/step

# A new version here is a new stamp, and the tools are installed again.
PINS  := cargo-lambda==1.9.2 aws-sam-cli==1.170.0 cfn-lint==1.58.0
STAMP := $(TOOLS)/installed-$(subst $() ,-,$(subst ==,-,$(PINS)))

# One TLS stack is in the function: rustls on ring.
FORBIDDEN_CRATES := aws-lc-rs|aws-lc-sys|native-tls|openssl-sys

# sam wants a region even where it calls nobody.
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

fmt: ## format the Rust code
	@cargo fmt --all

lint: formatting forbidden-crates template clippy docs ## check everything that needs no test run

test: start lint unit release bootstrap ## everything that CI checks
	@$(STEP) --table

tools: $(STAMP) ## install sam, cargo-lambda and cfn-lint under target/tools
	@echo "The tools are in $(TOOLS)/bin."

start:
	@$(STEP) --start

formatting:
	@$(STEP) "Formatting" cargo fmt --all --check

forbidden-crates:
	@$(STEP) "No second TLS stack" bash -euo pipefail -c ' \
		crates=$$(cargo tree --locked --workspace --all-features --prefix none --format "{p}"); \
		! grep -E "^($(FORBIDDEN_CRATES)) " <<<"$$crates"'

template: $(STAMP)
	@$(STEP) "Template: cfn-lint" $(TOOLS)/bin/cfn-lint -t template.yaml
	@$(STEP) "Template: sam validate" $(TOOLS)/bin/sam validate --lint
	@$(STEP) "Template: its promises" $(TOOLS)/bin/python -B -m unittest discover -s tests/template

clippy:
	@$(STEP) "Clippy: the function" cargo clippy --locked --no-default-features --bin order-alerts -- -D warnings
	@$(STEP) "Clippy: everything" cargo clippy --locked --workspace --all-targets --all-features -- -D warnings

docs:
	@RUSTDOCFLAGS=-Dwarnings $(STEP) "Documentation" cargo doc --locked --no-deps --workspace --document-private-items

unit:
	@$(STEP) "Tests" cargo test --locked --workspace

release:
	@$(STEP) "Release build" cargo build --release --no-default-features --bin order-alerts --locked
	@echo "The function has $$(wc -c <$(TARGET)/release/order-alerts | awk '{ printf "%.1f MB", $$1 / 1e6 }')."

bootstrap:
	@BOOTSTRAP=$(TARGET)/release/order-alerts $(STEP) "Tests of the release build" cargo test --locked --test bootstrap

$(STAMP):
	@python3 -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "The template checks need python3 with its venv module: install the packages python3 and python3-venv."; exit 1; }
	@$(STEP) "Tools for the template" bash -euo pipefail -c ' \
		python3 -m venv $(TOOLS); \
		$(TOOLS)/bin/pip install --quiet --disable-pip-version-check $(PINS)'
	@touch $@
