# hyla: `make help` lists the targets.

CARGO ?= cargo
CC ?= cc
CXX ?= c++
AR ?= ar
BUILD := build
LIB := $(BUILD)/lib
ABI := 0
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# What CC makes programs for: packaging/windows.mk has the rules for files that Windows has instead of those here.
MACHINE := $(shell $(CC) -dumpmachine)
FOR_WINDOWS := $(findstring mingw,$(MACHINE))
EXE := $(FOR_WINDOWS:mingw=.exe)
SHARED := $(if $(FOR_WINDOWS),hyla.dll,libhyla.so.$(VERSION))
COMMA := ,
RUST_SOURCES := Cargo.toml $(shell find src -name '*.rs')

# $(call need,TOOLS): a recipe goes on if they are there; in CI it fails if not.
need = for tool in $1; do \
	    command -v $$tool > /dev/null && continue; \
	    echo "$@: skipped: $$tool, which is not installed"; [ "$(CI)" != true ]; exit; \
	done

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\)[ :].*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

test: test-rust tool-test ffi-test digest digest-complete ## run all tests: Rust, C and C++
	@echo "make test: all passed"

test-rust:
	$(CARGO) test --quiet --features capi,scalar
	$(CARGO) run --quiet --release --features scalar --example sweep -- --step 1009

# What is where. Paths in these files are those of the repository.
include packaging/library.mk        # the static and the shared library
include packaging/rules.mk          # make install, dist, package-test, abi-check
include packaging/cross.mk          # for other machines
include packaging/windows.mk        # for Windows
include examples/rules.mk           # make demo, examples-run, examples-merge, python-test
include ffi-tests/rules.mk          # the C and C++ tests, by themselves and under valgrind and sanitizers
include ffi-tests/digest.mk         # one text for all machines
include ffi-tests/cortex.mk         # microcontrollers
include fuzz/rules.mk               # make fuzz, fuzz-check
include scripts/coverage.mk         # which lines the tests run
include scripts/mutants.mk          # whether the tests notice what is broken
include scripts/proofs/rules.mk     # why sums are exact
include benches/rules.mk            # make bench, bench-save, bench-compare, bench-peers
include benches/counts/rules.mk     # make bench-count, bench-count-check, bench-count-save, bench-trend
include cli/rules.mk                # make tool, tool-demo: the command line program

header: ## write include/hyla.h anew from src/capi
	BLESS=1 $(CARGO) test --quiet --features capi,scalar --test header

# Everything that is made of the sources and committed, after a change that was meant. The review sees the difference.
bless: header ## write the header, the lists of symbols and layouts and the digest anew
	{ echo 'HYLA_$(ABI) {'; echo '    global:'; scripts/functions.sh include/hyla.h | sed 's/.*/        &;/'; \
	    echo '    local:'; echo '        *;'; echo '};'; } > abi/hyla.map
	$(MAKE) --no-print-directory BLESS=1 abi-check digest
	@if command -v arm-none-eabi-gcc qemu-system-arm > /dev/null; then \
	    $(MAKE) --no-print-directory BLESS=1 layout-cortex-m4f; \
	else echo '$@: abi/layout-32.txt was not written: it takes arm-none-eabi-gcc and qemu-system-arm'; fi

new-loss new-metric: new-%: ## begin a node as a copy of one like it: make new-loss NAME=spectral_angle LIKE=mse
	@scripts/new-node.py $* '$(NAME)' '$(LIKE)'

lint: tool-lint ## check formatting, lints and documentation
	$(CARGO) fmt --check
	$(CARGO) clippy --quiet --all-targets --features capi,scalar -- -D warnings
	$(CARGO) clippy --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --no-deps --features capi

clean: ## remove what was built
	rm -rf $(BUILD) target

.PHONY: help test test-rust header bless new-loss new-metric lint clean
