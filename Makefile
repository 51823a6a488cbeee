# Every step that a person or CI runs. Bare `make` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test matrix build oracles languages languages-table lint fmt clippy doc features deny advisories bench bench-check soak bless cargo-component clean package newest install dist wit-package

TARGET := $(or $(CARGO_TARGET_DIR),target)
GUESTS := $(TARGET)/guests/wasm32-wasip2/guest/examples

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: build ## Run a real guest over this repository's own sources, and show its metrics
	@$(TARGET)/debug/solti-metrics run --dir . $(GUESTS)/digest.wasm -- src guest host wit

# cargo nextest runs no documentation tests, so those come on their own.
test: oracles languages ## Run every test
	@if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --workspace --locked && cargo test --workspace --locked --doc; \
	else \
	  cargo test --workspace --locked --no-fail-fast; \
	fi

matrix: languages ## Run every guest with every backend, in all languages; ONLY=python:: for some
	@tools/wasm-toolchain.sh >/dev/null
	cargo test --workspace --locked --test matrix -- $(ONLY)

# With a package named, cargo would choose other features, and build wasmtime anew.
build: ## Build everything; the guests too, with a toolchain that is fetched if need be
	@tools/wasm-toolchain.sh >/dev/null
	cargo build --workspace --locked

oracles: ## Fetch what tests ask: Prometheus, VictoriaMetrics, statsd, libfaketime, and more of PyPI's
	@tools/wasm-toolchain.sh >/dev/null
	@tools/test-oracles.sh $(TARGET)/oracles

languages: ## Build what there is in other languages than Rust; `make language-go` for one toolchain
	@tools/languages.sh

language-%:
	@tools/languages.sh $*

lint: fmt clippy doc features ## All lints, warnings denied

fmt: ## Check the formatting
	cargo fmt --all -- --check

clippy: ## Lint the code
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc: ## Build the documentation
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

features: ## Check each combination of features, and the guest crate for each of its targets
	cargo clippy --locked -p solti-metrics -- -D warnings
	cargo clippy --locked -p solti-metrics --features otlp -- -D warnings
	cargo clippy --locked -p solti-metrics --features statsd -- -D warnings
	cargo clippy --locked -p solti-metrics-host -- -D warnings
	cargo clippy --locked -p solti-metrics-host --features prometheus -- -D warnings
	cargo clippy --locked -p solti-metrics-host --features runner -- -D warnings
	cargo clippy --locked -p solti-metrics-host --features measure -- -D warnings
	cargo clippy --locked -p solti-metrics-host --features provider -- -D warnings
	cargo clippy --locked -p solti-metrics-host --features prometheus,wasi-http -- -D warnings
	cargo clippy --locked -p solti-metrics-host --features compose -- -D warnings

DENY := PATH="$$PATH:$(abspath $(TARGET))/tools/bin" cargo deny

deny: ## Check licences and sources of all dependencies
	@$(DENY) --version >/dev/null 2>&1 \
	  || cargo install cargo-deny --version 0.20.2 --locked --root $(TARGET)/tools
	$(DENY) --workspace check licenses bans sources

advisories: deny ## The same, and known vulnerabilities; their list comes from GitHub
	$(DENY) --workspace check advisories

SUITE := cargo bench --locked -p solti-metrics-tests --bench suite --

# The page is written by a full run; WRITE=1 has a short one write it, too.
bench: ## Measure what everything costs, and rewrite docs/performance.md; ROUNDS=5 for a glance
	$(SUITE) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(WRITE),--write)

bench-check: ## Measure, and fail if a limit does not hold
	$(SUITE) --check

# In the tests' own profile: cargo's own for benches would compile wasmtime once more.
soak: build ## Leave a runner serving for half an hour, load it, and rewrite docs/reliability.md; PARTS="crowd" for one
	cargo bench --workspace --locked --profile dev --bench endurance -- $(or $(PARTS),crowd spinners soak) $(if $(MINUTES),--minutes $(MINUTES)) --write

# Each example is built anew, so that all of them begin with empty caches.
languages-table: ## Measure what each language costs, and rewrite the tables in docs/languages.md
	@tools/wasm-toolchain.sh >/dev/null
	@tools/languages.sh --anew
	cargo bench --locked -p solti-metrics-tests --bench languages_table

bless: oracles ## Rewrite generated documents and expected outputs
	BLESS=1 cargo test --workspace --locked --test contract --test configs --test exposition --test operations --test page --test scale

# Slow, and not part of `make test`: cargo-component takes minutes to install.
cargo-component: ## Build the digest guest with `cargo component build`, and run it
	tools/cargo-component.sh

package: build ## Build and unpack the packages of all crates, and build programs from them
	@tools/packages.sh

# Wasmtime is compiled anew, where it has a newer patch. ONLY="solti-metrics-guest" for one.
newest: build ## Test the packages with the newest versions of dependencies that they accept
	@ONLY="$(ONLY)" tools/packages.sh newest

PREFIX ?= /usr/local
PROFILE ?= release
COMMAND = $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/solti-metrics

# Of the tests' profile the command is there already.
.PHONY: command
command: build
	$(if $(filter dev,$(PROFILE)),,cargo build --locked --profile $(PROFILE) --package solti-metrics-cli)

install: command ## Install command, manual pages and completions; PREFIX=/usr/local, PROFILE=release, DESTDIR
	@tools/install.sh $(COMMAND) $(PREFIX)

dist: command ## Make an archive and a Debian package, with checksums, in target/dist
	@tools/dist.sh $(COMMAND) $(GUESTS) $(TARGET)/dist

wit-package: build ## Write the WIT package as one component, as registries take it
	@$(TARGET)/debug/solti-metrics wit --package $(TARGET)/solti-metrics.wasm

clean: ## Remove what was built; the wasm toolchain stays
	cargo clean
