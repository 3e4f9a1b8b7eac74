# Palisade. The two commands: `make run` and `make test`.

# One target directory for every checkout, outside of it, so that a second clone and CI build nothing twice.
CARGO_TARGET_DIR ?= $(HOME)/.cache/palisade/target
export CARGO_TARGET_DIR

BIN := $(CARGO_TARGET_DIR)/debug
PLUGINS := $(CARGO_TARGET_DIR)/plugins

# Components that users install, and those that only tests do.
PRODUCT := shodan whois servicenow windows dns ldap mobileiron intune panos virustotal geoip splunk smtp http-api \
    suspicious-outbound-connections reconnaissance unauthorized-mobile-access
FIXTURES := bench-guest hostile-connector hostile-playbook hostile-wasi-connector hostile-wasi-playbook actuator script

# What is fuzzed: a plugin's file, and what leads to it.
FUZZ := package sources

# Plugins in JavaScript, by their directories: the examples of its SDK, and a playbook for tests.
JS := $(patsubst %/,%,$(dir $(wildcard sdk/js/examples/*/package.json tests/js/*/package.json)))
# They are built from copies, with npm's directory beside them, so that nothing of npm's gets into the checkout.
JS_BUILD := $(CARGO_TARGET_DIR)/js
JS_SOURCES := $(shell find $(JS) sdk/js/src sdk/js/wit host/cli/src/commands/plugin/build host/package/src -type f -not -path '*/node_modules/*')
COMPONENTIZE_QJS := componentize-qjs@0.4.5
# Plugins in Python, by their directories: the examples of its SDK, and a playbook for tests.
PYTHON := $(patsubst %/,%,$(dir $(wildcard sdk/python/examples/*/pyproject.toml tests/python/*/pyproject.toml)))
# Their compiler takes ten seconds for each, so they are built again only when something of theirs has changed.
PYTHON_SOURCES := $(shell find $(PYTHON) sdk/python/palisade_sdk wit host/cli/src/commands/plugin/build host/package/src -type f -not -name '*.pyc' -not -path '*/dist/*')
COMPONENTIZE_PY := componentize-py==0.25.1
VENV := $(CARGO_TARGET_DIR)/python

.NOTPARALLEL:
.PHONY: run test bench torture fuzz docs keep build plugins rust examples check unit target tools help

help: ## Lists the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

run: build rust ## Builds everything, then shows one alert on its way into a ticket, and keeps serving.
	@sh tests/lab/demo.sh "$(BIN)" "$(PLUGINS)"

test: check build plugins examples unit ## Formatting, lints and every test.

# The SDK of this checkout, where npm would put it.
JS_SDK = mkdir -p "$(JS_BUILD)/node_modules/@palisade" && ln -sfn "$(CURDIR)/sdk/js" "$(JS_BUILD)/node_modules/@palisade/sdk"
# A copy of a plugin in JavaScript, beside the SDK.
define js_copy
	@$(JS_SDK)
	@rm -rf "$(JS_BUILD)/$(notdir $(1))" && mkdir -p "$(JS_BUILD)/$(notdir $(1))"
	@cp -r $(1)/package.json $(1)/src "$(JS_BUILD)/$(notdir $(1))"
endef

bench: target $(VENV)/wheels/$(COMPONENTIZE_PY) $(JS_BUILD)/npm/$(COMPONENTIZE_QJS) ## Measures the host against plain Rust, in one run, optimized.
	cargo build --release -p palisade -p palisade-lab -p palisade-bench
	"$(CARGO_TARGET_DIR)/release/palisade" plugin build --no-revision $(foreach p,$(PRODUCT) bench-guest actuator script,-p $(p)) --out "$(CARGO_TARGET_DIR)/plugins"
	VIRTUAL_ENV="$(VENV)" "$(CARGO_TARGET_DIR)/release/palisade" plugin build --no-revision sdk/python/examples/abuseipdb --out "$(PLUGINS)"
	$(call js_copy,sdk/js/examples/urlscan)
	"$(CARGO_TARGET_DIR)/release/palisade" plugin build --no-revision "$(JS_BUILD)/urlscan" --out "$(PLUGINS)"
	"$(CARGO_TARGET_DIR)/release/palisade-bench"

torture: build rust tools ## Kills the host hundreds of times and counts what it lost or did twice; ARGS="--seed 7".
	@PALISADE_BIN="$(BIN)/palisade" PALISADE_PLUGINS="$(PLUGINS)" "$(BIN)/palisade-torture" $(ARGS)

fuzz: ## Alters whatever is read before a signature is checked; FUZZ=sources ARGS="-max_total_time=3600".
	@cargo fuzz --version >/dev/null 2>&1 \
	|| { echo "Install the fuzzer first: cargo install cargo-fuzz --locked"; exit 1; }
	mkdir -p $(foreach t,$(FUZZ),tests/fuzz/corpus/$(t))
	@for t in $(FUZZ); do \
	    RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz --target-dir "$(CARGO_TARGET_DIR)/fuzz" --sanitizer none \
	        $$t tests/fuzz/corpus/$$t tests/fuzz/seeds/$$t -- -max_total_time=300 -max_len=65536 $(ARGS) || exit 1; \
	done

docs: build rust ## Writes the pages of connectors and playbooks, from what they say of themselves.
	rm -rf docs/connectors docs/playbooks
	"$(BIN)/palisade" plugin docs $(foreach p,$(PRODUCT),"$(PLUGINS)/$(p).wasm") --out docs

# The version of the contract, as its WIT says.
CONTRACT = $(shell sed -n 's/^package palisade:plugin@\(.*\);/\1/p' wit/types.wit)

keep: rust ## Keeps the contract in wit/ as released, with components of it that later hosts must run.
	@test ! -e wit/released/$(CONTRACT) || { echo "Version $(CONTRACT) of the contract is kept already; a change needs a new version."; exit 1; }
	mkdir -p wit/released/$(CONTRACT) tests/compatibility/$(CONTRACT)
	cp wit/*.wit wit/released/$(CONTRACT)/
	cp "$(PLUGINS)/actuator.wasm" tests/compatibility/$(CONTRACT)/connector.wasm
	cp "$(PLUGINS)/script.wasm" tests/compatibility/$(CONTRACT)/playbook.wasm
	sha256sum wit/released/*/*.wit tests/compatibility/*/*.wasm > tests/compatibility/SHA256SUMS

build: ## Builds the host and the lab.
	cargo build --workspace --bins

plugins: rust $(foreach p,$(PYTHON) $(JS),$(PLUGINS)/$(notdir $(p)).wasm) ## Builds every component with the command that authors use.

# Without the commit: tests compile a component once, whatever commit it was built from.
rust: build target ## Builds the components that are written in Rust: all that users install.
	"$(BIN)/palisade" plugin build --no-revision $(foreach p,$(PRODUCT) $(FIXTURES),-p $(p)) --out "$(PLUGINS)"

examples: target ## Builds the examples of the Rust SDK as components.
	cargo build -p palisade-sdk --examples --target wasm32-unknown-unknown --quiet

define js_plugin
$(PLUGINS)/$(notdir $(1)).wasm: $(JS_SOURCES) | build $(JS_BUILD)/npm/$(COMPONENTIZE_QJS)
	$(call js_copy,$(1))
	"$(BIN)/palisade" plugin build --no-revision "$(JS_BUILD)/$(notdir $(1))" --out "$(PLUGINS)"
endef
$(foreach p,$(JS),$(eval $(call js_plugin,$(p))))

# The compiler of JavaScript's components. npm's cache is kept: tests install from it, so all of it must come through it.
$(JS_BUILD)/npm/$(COMPONENTIZE_QJS):
	@rm -rf "$(JS_BUILD)/node_modules" && mkdir -p "$(JS_BUILD)/npm" && cd "$(JS_BUILD)" && npm install --cache "$(JS_BUILD)/npm" --no-save --no-package-lock --no-audit --no-fund --silent $(COMPONENTIZE_QJS) && touch "$@" \
	|| { echo; echo "Plugins in JavaScript need Node.js 20 or newer with npm, and npm's registry."; exit 1; }

define python_plugin
$(PLUGINS)/$(notdir $(1)).wasm: $(PYTHON_SOURCES) | build $(VENV)/wheels/$(COMPONENTIZE_PY)
	VIRTUAL_ENV="$(VENV)" "$(BIN)/palisade" plugin build --no-revision $(1) --out "$(PLUGINS)"
endef
$(foreach p,$(PYTHON),$(eval $(call python_plugin,$(p))))

# The compiler of Python's components, in a virtual environment of its own. Tests install from the wheels: it, and what
# builds the SDK's.
$(VENV)/wheels/$(COMPONENTIZE_PY):
	@python3 -m venv "$(VENV)" && "$(VENV)/bin/pip" download --quiet --dest "$(VENV)/wheels" $(COMPONENTIZE_PY) 'setuptools>=77' \
	&& "$(VENV)/bin/pip" install --quiet --no-index --find-links "$(VENV)/wheels" $(COMPONENTIZE_PY) && touch "$@" \
	|| { echo; echo "Plugins in Python need Python 3.10 or newer with its module venv (python3-venv in Debian), and PyPI."; exit 1; }

# The fuzz targets without the fuzzer's runtime, which is C++: whether they compile shows without it.
check: ## Formatting and lints.
	cargo fmt --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	CUSTOM_LIBFUZZER_PATH=/dev/null cargo clippy --manifest-path tests/fuzz/Cargo.toml --quiet -- -D warnings

unit: tools ## Runs the tests; the components must have been built.
	@if cargo nextest --version >/dev/null 2>&1; then \
	    cargo nextest run --workspace; \
	else \
	    echo "cargo-nextest is not installed; using cargo test (slower: cargo install cargo-nextest --locked)"; \
	    cargo test --workspace --lib --bins --tests; \
	fi
	cargo test --doc -p palisade-sdk --quiet
	cd sdk/js && npm test --silent
	@$(JS_SDK)
	@for p in $(filter sdk/js/examples/%,$(JS)); do d="$(JS_BUILD)/$$(basename $$p)"; rm -rf "$$d/test" && cp -r $$p/test "$$d/" && (cd "$$d" && node --test --test-reporter=dot) || exit 1; done
	cd sdk/python && python3 -m unittest discover --quiet -s tests -t .
	@for p in $(filter sdk/python/examples/%,$(PYTHON)); do (cd $$p && PYTHONPATH="$(CURDIR)/sdk/python" python3 -m unittest --quiet) || exit 1; done

# Components are built for a target that Rust does not bring along.
target:
	@rustc --print target-libdir --target wasm32-unknown-unknown | xargs test -d \
	|| rustup target add wasm32-unknown-unknown \
	|| { echo; \
	     echo "Components need Rust's standard library for wasm32-unknown-unknown, and rustup could not add it."; \
	     echo "docs/building-plugins.md says how to build without rustup."; exit 1; }

# Tests read the system calls of the store and answer some of them, set the clock of a host, ask a real directory, a real
# resolver, a real mail server and a real registry, and sign with the tool whose format signatures have.
TOOLS := strace faketime slapd dnsmasq-base python3-aiosmtpd docker-registry minisign

tools: export DEBIAN_FRONTEND := noninteractive
tools:
	@{ command -v strace && command -v faketime && test -x /usr/sbin/slapd && test -x /usr/sbin/dnsmasq \
	&& test -x /usr/bin/docker-registry && command -v minisign \
	&& /usr/bin/python3 -c 'import aiosmtpd'; } >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && { apt-get install -y -q $(TOOLS) || { apt-get update -q && apt-get install -y -q $(TOOLS); }; }; } \
	|| { echo "Install what tests need, for example with apt-get install $(TOOLS)"; exit 1; }
