# Every step that a person or CI runs. Bare `make` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run check test test-binaries matrix build toolchain oracles languages languages-table lint fmt clippy doc features powerset api msrv loom shell spelling unused deny advisories bench bench-check soak bless cargo-component clean package newest install dist wit-package

TARGET := $(or $(CARGO_TARGET_DIR),target)
GUESTS := $(TARGET)/guests/wasm32-wasip2/guest/examples

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: build ## Run a real guest over this repository's own sources, and show its metrics
	@$(TARGET)/debug/solti-metrics run --dir . $(GUESTS)/digest.wasm -- src guest host wit

# With `starts`, cargo builds the command, which some of the others run.
check: toolchain ## Run what answers fast: unit tests, and all that needs no other language and no long process
	cargo test --workspace --locked --lib --bins --test starts --test tidy --test embedding
	for suite in faults configs; do \
	  cargo test --workspace --locked --test interop -- $$suite::; \
	done

# cargo nextest runs no documentation tests, so those come on their own.
test: toolchain oracles languages ## Run every test
	@if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --workspace --locked && cargo test --workspace --locked --doc; \
	else \
	  cargo test --workspace --locked --no-fail-fast; \
	fi

test-binaries: toolchain ## Compile all tests, and run none
	cargo test --workspace --locked --no-run

matrix: toolchain languages ## Run every guest with every backend, in all languages; ONLY=python:: for some
	cargo test --workspace --locked --test polyglot -- matrix::$(ONLY)

# With a package named, cargo would choose other features, and build wasmtime anew.
build: toolchain ## Build everything; the guests too, with a toolchain that is fetched if need be
	cargo build --workspace --locked

# A build never uses the network for the guests.
toolchain: ## Fetch what builds the guests in Rust: a compiler for WebAssembly, and their dependencies
	@tools/wasm-toolchain.sh >/dev/null
	@cargo fetch --quiet --locked --target wasm32-wasip2 --target wasm32-unknown-unknown

oracles: toolchain ## Fetch what tests ask: Prometheus, VictoriaMetrics, statsd, libfaketime, and more of PyPI's
	@tools/test-oracles.sh $(TARGET)/oracles

languages: ## Build what there is in other languages than Rust; `make language-go` for one toolchain
	@tools/languages.sh

language-%:
	@tools/languages.sh $*

loom: ## Model-check the queue of the exporters: everything that can happen between threads
	RUSTFLAGS='--cfg loom' cargo test --locked -p solti-metrics --features exporter --lib --target-dir $(TARGET)/loom models

lint: fmt clippy doc features shell spelling ## All lints, warnings denied

fmt: ## Check the formatting
	cargo fmt --all -- --check
	cargo fmt --manifest-path tools/api/Cargo.toml -- --check

clippy: toolchain ## Lint the code
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc: toolchain ## Build the documentation
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

HACK := PATH="$$PATH:$(abspath $(TARGET))/tools/bin" cargo hack

# Combinations that Cargo resolves to the same features are checked once.
.PHONY: hack
hack:
	@$(HACK) --version >/dev/null 2>&1 \
	  || cargo install cargo-hack --version 0.6.46 --locked --debug --root $(TARGET)/tools

# The host's `sandbox` is of no use alone; `make powerset` has it.
features: toolchain hack ## Check every combination of the facade's features, each feature of the host alone, and the guest for each target
	$(HACK) clippy --locked -p solti-metrics --feature-powerset --exclude-features default -- -D warnings
	for target in wasm32-wasip2 wasm32-unknown-unknown; do \
	  RUSTC=$$(tools/wasm-toolchain.sh) cargo build --locked -p solti-metrics-guest --profile guest \
	    --target $$target --target-dir $(TARGET)/guests; \
	done
	$(HACK) clippy --locked -p solti-metrics-host --each-feature --exclude-features default,sandbox --exclude-all-features -- -D warnings

# Not part of `make lint`: nine of the combinations choose other features of wasmtime or of
# what it needs, and each checks all of that again.
powerset: toolchain hack ## Check every combination of the host's features
	$(HACK) clippy --locked -p solti-metrics-host --feature-powerset --exclude-features default -- -D warnings

api: toolchain ## Compare the public API of the libraries with tests/api; BLESS=1 rewrites that
	@tools/api.sh

RUST := $(shell sed -n 's/^rust-version = "\(.*\)"$$/\1/p' Cargo.toml)
# rustup fetches that version, where another one is in use.
DECLARED = $(if $(filter $(RUST).%,$(shell rustc --version)),,RUSTUP_TOOLCHAIN=$(RUST).0)

msrv: toolchain ## Build with the Rust that the manifests declare, and check that no dependency needs a newer one
	$(DECLARED) cargo build --workspace --locked
	$(DECLARED) cargo test --workspace --locked --test tidy -- rust_version::

# SC2016: the programs in single quotes are expanded when they run. SC1090: `source` is a
# function there. SC2178 and SC2128: local variables of one name in several functions.
shell: ## Lint the shell scripts, with Debian's shellcheck
	shellcheck --external-sources --exclude SC1090,SC2016,SC2128,SC2178 .ci/run tools/*.sh tools/api/*.sh

TYPOS := $(TARGET)/tools/typos-1.52.0

# A program from PyPI, since to compile it takes minutes.
spelling: ## Check the spelling; tools/typos.toml lists the exceptions
	@[ -x $(TYPOS)/bin/typos ] || PIP_USER=0 python3 -m pip install -q --disable-pip-version-check \
	  --no-input --no-deps --root-user-action ignore --target $(TYPOS) typos==1.52.0
	$(TYPOS)/bin/typos --config tools/typos.toml

# Not part of `make lint`: to compile it takes two minutes.
unused: ## Find dependencies that no code uses
	@[ -x $(TARGET)/tools/bin/cargo-machete ] \
	  || cargo install cargo-machete --version 0.9.2 --locked --root $(TARGET)/tools
	$(TARGET)/tools/bin/cargo-machete --skip-target-dir

DENY := PATH="$$PATH:$(abspath $(TARGET))/tools/bin" cargo deny

# Its own profile takes minutes to compile.
deny: ## Check licences and sources of all dependencies
	@$(DENY) --version >/dev/null 2>&1 \
	  || CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
	    cargo install cargo-deny --version 0.20.2 --locked --root $(TARGET)/tools
	$(DENY) --workspace check licenses bans sources
	$(DENY) --manifest-path tools/api/Cargo.toml --config deny.toml check -A license-not-encountered licenses bans sources

advisories: deny ## The same, and known vulnerabilities; their list comes from GitHub
	$(DENY) --workspace check advisories

SUITE := cargo bench --locked -p solti-metrics-tests --bench suite --

# The page is written by a full run; WRITE=1 has a short one write it, too.
bench: toolchain ## Measure what everything costs, and rewrite docs/performance.md; ROUNDS=5 for a glance
	$(SUITE) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(WRITE),--write)

bench-check: toolchain ## Measure, and fail if a limit does not hold
	$(SUITE) --check

# In the tests' own profile: cargo's own for benches would compile wasmtime once more.
soak: build ## Leave a runner serving for half an hour, load it, and rewrite docs/reliability.md; PARTS="crowd" for one
	cargo bench --workspace --locked --profile dev --bench endurance -- $(or $(PARTS),crowd spinners soak) $(if $(MINUTES),--minutes $(MINUTES)) --write

# Each example is built anew, so that all of them begin with empty caches.
languages-table: toolchain ## Measure what each language costs, and rewrite the tables in docs/languages.md
	@tools/languages.sh --anew
	cargo bench --locked -p solti-metrics-tests --bench languages_table

bless: oracles ## Rewrite generated documents and expected outputs
	BLESS=1 cargo test --workspace --locked --test embedding -- contract::
	for suite in configs exposition operations page scale; do \
	  BLESS=1 cargo test --workspace --locked --test interop -- $$suite::; \
	done
	BLESS=1 tools/api.sh

# Slow, and not part of `make test`: cargo-component takes minutes to install.
cargo-component: toolchain ## Build the digest guest with `cargo component build`, and run it
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
