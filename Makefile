# Every step that a person or CI runs. Bare `make` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run check test test-binaries matrix build toolchain reference-tools languages languages-table lint fmt clippy doc features powerset api msrv loom shell spelling unused deny advisories bench bench-check soak fuzz bless cargo-component clean package newest install dist wit-package book screenshots

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
# Keeps this machine's path of the dependencies out of what is built, as tests/build.rs does.
SOURCES := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src=registry
GUESTS := $(TARGET_DIR)/guests/wasm32-wasip2/guest/examples

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: first-build ## Run a guest over this repository's folder `wit`, and show its metrics
	@$(TARGET_DIR)/debug/solti-metrics run --dir . $(GUESTS)/digest.wasm -- wit

# With `starts`, cargo builds the command, which some of the other tests run.
check: toolchain ## Run the fast tests: unit tests, and suites without other languages and long processes
	cargo test --workspace --locked --lib --bins --test starts --test tidy --test embedding
	for suite in faults configs; do \
	  cargo test --workspace --locked --test interop -- $$suite::; \
	done

# Downloads take time and a compilation takes processors, so both run at the same time.
.PHONY: test-parts
test-parts: toolchain
	@$(MAKE) --no-print-directory reference-tools languages & downloads=$$!; \
	  trap 'kill $$downloads 2>/dev/null || true' EXIT; \
	  $(MAKE) --no-print-directory test-binaries; wait $$downloads; trap - EXIT

# Many tests wait for other processes, so the tests have more threads than processors.
test: export RUST_TEST_THREADS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)))

# cargo nextest does not run documentation tests, so cargo test runs them.
test: test-parts ## Run every test
	@if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --workspace --locked && cargo test --workspace --locked --doc; \
	else \
	  cargo test --workspace --locked --no-fail-fast; \
	fi

test-binaries: toolchain ## Compile all tests, and run none
	cargo test --workspace --locked --no-run

matrix: toolchain languages ## Run every reporter with every provider, in all languages; ONLY=python:: selects some
	cargo test --workspace --locked --test polyglot -- matrix::$(ONLY)

# These two packages together select the features of the whole workspace for wasmtime and
# its dependencies, so that nothing of these is compiled again afterwards:
# tests/tests/tidy/first_build.rs.
FIRST := --package solti-metrics-cli --package solti-metrics-guest
.PHONY: first-build
first-build: toolchain
	cargo build --locked $(FIRST)
	RUSTFLAGS='$(SOURCES)' RUSTC=$$(tools/wasm-toolchain.sh) cargo build --locked \
	  --package solti-metrics-guest --profile guest --target wasm32-wasip2 \
	  --target-dir $(TARGET_DIR)/guests --example digest

# With other packages, cargo would select other features and build wasmtime again.
build: toolchain ## Build everything, including the Rust guests
	cargo build --workspace --locked

# A build of guests never uses the network.
toolchain: ## Download the toolchain of the Rust guests, and their dependencies
	@tools/wasm-toolchain.sh >/dev/null
	@cargo fetch --quiet --locked --target wasm32-wasip2 --target wasm32-unknown-unknown
	@cargo fetch --quiet --locked --manifest-path fuzz/modules/Cargo.toml

reference-tools: toolchain ## Download the programs that tests compare with: Prometheus, VictoriaMetrics, statsd and others
	@tools/reference-tools.sh $(TARGET_DIR)/reference-tools

languages: ## Build the examples in languages other than Rust; `make language-go` for one toolchain
	@tools/languages.sh

language-%:
	@tools/languages.sh $*

loom: ## Check the models of the protocols between threads, over all interleavings
	RUSTFLAGS='--cfg loom' cargo test --locked --target-dir $(TARGET_DIR)/loom --features solti-metrics/exporter,solti-metrics/prometheus \
	  -p solti-metrics -p solti-metrics-models --lib --test models models

lint: fmt clippy doc features shell spelling ## All lints, warnings denied

fmt: ## Check the formatting
	cargo fmt --all -- --check
	cargo fmt --manifest-path tools/api/Cargo.toml -- --check
	cargo fmt --manifest-path fuzz/modules/Cargo.toml -- --check

clippy: toolchain ## Lint the code
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc: toolchain ## Build the documentation
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

HACK := PATH="$$PATH:$(abspath $(TARGET_DIR))/tools/bin" cargo hack

# Combinations that Cargo resolves to the same features are checked once.
.PHONY: hack
hack:
	@$(HACK) --version >/dev/null 2>&1 \
	  || cargo install cargo-hack --version 0.6.46 --locked --debug --root $(TARGET_DIR)/tools

# The host's `sandbox` and `execution` are parts of other features, and of no use alone.
features: toolchain hack ## Check every combination of the facade's features, each feature of the host alone, and the guest for each target
	$(HACK) clippy --locked -p solti-metrics --feature-powerset --exclude-features default -- -D warnings
	for target in wasm32-wasip2 wasm32-unknown-unknown; do \
	  RUSTC=$$(tools/wasm-toolchain.sh) cargo build --locked -p solti-metrics-guest --profile guest \
	    --target $$target --target-dir $(TARGET_DIR)/guests; \
	done
	$(HACK) clippy --locked -p solti-metrics-host --each-feature --exclude-features default,sandbox,execution --exclude-all-features -- -D warnings

# Not part of `make lint`: nine of the combinations choose other features of wasmtime or of
# what it needs, and each checks all of that again.
powerset: toolchain hack ## Check every combination of the host's features
	$(HACK) clippy --locked -p solti-metrics-host --feature-powerset --exclude-features default,sandbox,execution -- -D warnings

api: toolchain ## Compare the public API of the libraries with tests/api; BLESS=1 rewrites that
	@tools/api.sh

RUST := $(shell sed -n 's/^rust-version = "\(.*\)"$$/\1/p' Cargo.toml)
# rustup fetches that version, where another one is in use.
DECLARED = $(if $(filter $(RUST).%,$(shell rustc --version)),,RUSTUP_TOOLCHAIN=$(RUST).0)

msrv: toolchain ## Build with the Rust that the manifests declare, and check that no dependency needs a newer one
	$(DECLARED) cargo build --workspace --locked
	$(DECLARED) cargo test --workspace --locked --test tidy -- rust_version::

# SC2016: programs in single quotes are expanded when they run. SC1090: `source` is a
# function in the script. SC2178 and SC2128: functions have local variables of equal names.
shell: ## Lint the shell scripts, with Debian's shellcheck
	shellcheck --external-sources --exclude SC1090,SC2016,SC2128,SC2178 .ci/run tools/*.sh tools/api/*.sh tools/fuzz/*.sh

TYPOS := $(TARGET_DIR)/tools/typos-1.52.0

# The program comes from PyPI, because its compilation takes minutes.
spelling: ## Check the spelling; tools/typos.toml lists the exceptions
	@[ -x $(TYPOS)/bin/typos ] || PIP_USER=0 python3 -m pip install -q --disable-pip-version-check \
	  --no-input --no-deps --root-user-action ignore --target $(TYPOS) typos==1.52.0
	$(TYPOS)/bin/typos --config tools/typos.toml

# Not part of `make lint`: the compilation of cargo-machete takes two minutes.
unused: ## Find dependencies that no code uses
	@[ -x $(TARGET_DIR)/tools/bin/cargo-machete ] \
	  || cargo install cargo-machete --version 0.9.2 --locked --root $(TARGET_DIR)/tools
	$(TARGET_DIR)/tools/bin/cargo-machete --skip-target-dir

DENY := PATH="$$PATH:$(abspath $(TARGET_DIR))/tools/bin" cargo deny

# Its own profile takes minutes to compile.
deny: ## Check licences and sources of all dependencies
	@$(DENY) --version >/dev/null 2>&1 \
	  || CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
	    cargo install cargo-deny --version 0.20.2 --locked --root $(TARGET_DIR)/tools
	$(DENY) --workspace check licenses bans sources
	$(DENY) --manifest-path tools/api/Cargo.toml --config deny.toml check -A license-not-encountered licenses bans sources
	$(DENY) --manifest-path fuzz/modules/Cargo.toml --config deny.toml check -A license-not-encountered licenses bans sources

advisories: deny ## Check licences, sources and known vulnerabilities; downloads the list from GitHub
	$(DENY) --workspace check advisories

# With -p, cargo would select other features and build wasmtime again.
SUITE := cargo bench --workspace --locked --bench suite --

# A full run writes the page; with WRITE=1, a short run writes it too.
bench: toolchain language-python ## Measure all costs, and rewrite docs/performance.md; ROUNDS=5 for a short run
	$(SUITE) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(WRITE),--write)

bench-check: toolchain language-python ## Measure, and fail if a limit does not hold
	$(SUITE) --check

# In the profile of the tests: cargo's bench profile would compile wasmtime again.
soak: build ## Run a server for an hour under load, in random scenarios and with kills, and rewrite docs/reliability.md; PARTS="crowd" for one part
	cargo bench --workspace --locked --profile dev --bench endurance -- $(or $(PARTS),crowd spinners soak campaign crashes) $(if $(MINUTES),--minutes $(MINUTES)) --write

# The same targets as in the test `fuzz`, which runs each for ten seconds without coverage.
fuzz: toolchain ## Fuzz one target under libFuzzer; TARGET=records, TIME=10m
	@tools/fuzz.sh "$(TARGET)" "$(or $(TIME),10m)" $(TARGET_DIR)

# Builds each example again, so that all of them start with empty caches.
languages-table: toolchain ## Measure the costs of each language, and rewrite the tables in docs/guests/languages.md
	@tools/languages.sh --rebuild
	cargo bench --workspace --locked --bench languages_table

bless: reference-tools ## Rewrite generated documents and expected outputs
	BLESS=1 cargo test --workspace --locked --lib -- glue:: shim::
	BLESS=1 cargo test --workspace --locked --test embedding -- contract::
	for suite in configs exposition operations page reference scale; do \
	  BLESS=1 cargo test --workspace --locked --test interop -- $$suite::; \
	done
	BLESS=1 tools/api.sh

MDBOOK := $(TARGET_DIR)/tools/mdbook-0.5.4

book: ## Build the documentation as a site with search, in target/book
	@[ -x $(MDBOOK)/bin/mdbook ] || cargo install mdbook --version 0.5.4 --locked \
	  --no-default-features --features search --root $(MDBOOK)
	@tools/book.sh $(abspath $(MDBOOK)/bin/mdbook) $(TARGET_DIR)

screenshots: build ## Rewrite the output that README.md shows and the pictures of the status page, from real runs
	@tools/screenshots.sh $(TARGET_DIR)/debug/solti-metrics $(GUESTS)

# Slow, and not part of `make test`: the installation of cargo-component takes minutes.
cargo-component: toolchain ## Build the digest guest with `cargo component build`, and run it
	tools/cargo-component.sh

package: build ## Build and unpack the packages of all crates, and build programs from them
	@tools/packages.sh

# Compiles wasmtime again if a newer patch exists. ONLY="solti-metrics-guest" selects one package.
newest: build ## Test the packages with the newest accepted versions of dependencies
	@ONLY="$(ONLY)" tools/packages.sh newest

PREFIX ?= /usr/local
PROFILE ?= release
COMMAND = $(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/solti-metrics

# The build of the tests already contains the command.
.PHONY: command
command: build
	$(if $(filter dev,$(PROFILE)),,cargo build --locked --profile $(PROFILE) $(FIRST))

install: command ## Install command, manual pages and completions; PREFIX=/usr/local, PROFILE=release, DESTDIR
	@tools/install.sh $(COMMAND) $(PREFIX)

# Without paths of this machine, two builds in two folders are equal. The flags are others
# than those of `make bench`, so the dependencies are compiled for the archive alone.
REPRODUCIBLE := $(SOURCES) --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(abspath $(TARGET_DIR))=target

dist: build ## Make an archive, a Debian package and a bill of materials, with checksums, in target/dist
	$(if $(filter dev,$(PROFILE)),,RUSTFLAGS='$(REPRODUCIBLE)' cargo build --locked --profile $(PROFILE) $(FIRST))
	@tools/dist.sh $(COMMAND) $(GUESTS) $(TARGET_DIR)/dist

wit-package: build ## Write the WIT package as one component, for registries
	@$(TARGET_DIR)/debug/solti-metrics wit --package $(TARGET_DIR)/solti-metrics.wasm

clean: ## Remove all build outputs; the wasm toolchain stays
	cargo clean
