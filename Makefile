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
	    command -v $$tool > /dev/null || { echo "$@: skipped: $$tool, which is not installed"; [ "$(CI)" != true ]; exit; }; \
	done

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

lib: $(LIB)/libhyla.a $(LIB)/$(SHARED) ## build the static and the shared library in build/lib

# For another machine: its name for rustc, beside CC, CXX, AR, STRIP, and a BUILD of its own (packaging/cross.mk).
TARGET ?=
# -Zbuild-std=core, for a cargo that may, where there is no core for the target yet.
BUILD_STD ?=
RUSTC_LIBRARY := --quiet --release --features capi --crate-type staticlib $(TARGET:%=--target %) $(BUILD_STD)
RELEASE := $(TARGET:%=%/)release

# One object holds the whole library: fat LTO leaves nothing of core but what is used. Its name
# begins with the crate's; anything else in the archive is the compiler's runtime, which every C
# toolchain has.
$(BUILD)/hyla.o: $(RUST_SOURCES) scripts/own-object.sh
	$(CARGO) rustc $(RUSTC_LIBRARY) --target-dir $(BUILD)/cargo
	scripts/own-object.sh $(BUILD)/cargo/$(RELEASE)/libhyla.a $@

$(LIB)/libhyla.a: $(BUILD)/hyla.o
	mkdir -p $(LIB)
	rm -f $@
	$(AR) rcsD $@ $<

$(LIB)/libhyla.so.$(VERSION): $(BUILD)/hyla.o abi/hyla.map
	mkdir -p $(LIB)
	$(CC) -shared -nostartfiles -o $@ -Wl,-soname,libhyla.so.$(ABI) \
	    -Wl,--version-script=abi/hyla.map -Wl,-z,defs,-z,now,-z,relro,-z,noexecstack \
	    -Wl,--build-id $<
	ln -sf $(@F) $(LIB)/libhyla.so.$(ABI)
	ln -sf libhyla.so.$(ABI) $(LIB)/libhyla.so

# The same object with a panic handler that cannot be linked, for `make test-symbols`.
$(BUILD)/proof.o: $(RUST_SOURCES) scripts/own-object.sh
	$(CARGO) rustc $(RUSTC_LIBRARY) --target-dir $(BUILD)/proof -- --cfg hyla_panic_proof
	scripts/own-object.sh $(BUILD)/proof/$(RELEASE)/libhyla.a $@

# Names that say which kernel a function was made of: for the table, not for the library.
$(BUILD)/named.o: $(RUST_SOURCES) scripts/own-object.sh
	$(CARGO) rustc $(RUSTC_LIBRARY) --target-dir $(BUILD)/named -- -C symbol-mangling-version=v0
	scripts/own-object.sh $(BUILD)/named/$(RELEASE)/libhyla.a $@

text-sizes: $(BUILD)/named.o ## machine code by node and tier
	scripts/text-sizes.sh $<

demo: $(BUILD)/monitor ## run the monitor on a simulated scene, or on SCENE=path/to/scene.hdr
	$(BUILD)/monitor $(SCENE) --out $(BUILD)/report

$(BUILD)/monitor: examples/monitor.cpp $(wildcard examples/monitor/*.hpp) include/hyla.h $(LIB)/libhyla.a
	$(CXX) -std=c++17 -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude $< $(LIB)/libhyla.a -o $@

test: test-rust ffi-test digest digest-complete ## run all tests: Rust, C and C++
	@echo "make test: all passed"

test-rust:
	$(CARGO) test --quiet --features capi,scalar
	$(CARGO) run --quiet --release --features scalar --example sweep -- --step 1009

include ffi-tests/rules.mk

include examples/rules.mk

include scripts/coverage.mk

include scripts/mutants.mk

include packaging/rules.mk

include packaging/cross.mk

include packaging/windows.mk

include packaging/digest.mk

include packaging/cortex.mk

include scripts/rules.mk

include fuzz/rules.mk

# The C compiler of the comparison is gcc: its vector math library is what a user would get.
PEER_FLAGS := -O3 -ffast-math -Wall -Wextra

bench: ## run the criterion benches
	$(CARGO) bench --features scalar --bench nodes

bench-peers: $(BUILD)/peers $(BUILD)/peers-losses $(BUILD)/peers-ranking ## time hyla against plain C loops and Eigen, side by side
	$(BUILD)/peers
	$(BUILD)/peers-losses
	$(BUILD)/peers-ranking

PEER_HEADERS := $(wildcard benches/peers/*.h benches/peers/*.hpp) include/hyla.h
PEER_CXX := g++ -std=c++17 -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude

$(BUILD)/loops-%.o: benches/peers/loops.c $(PEER_HEADERS)
	@mkdir -p $(BUILD)
	gcc $(PEER_FLAGS) $(PEER_MACHINE_$*) -DBUILD_NAME=$* -c $< -o $@
PEER_MACHINE_native := -march=native
PEER_MACHINE_avx2 := -mavx2 -mfma

$(BUILD)/loss_loops.o: benches/peers/loss_loops.c $(PEER_HEADERS)
	@mkdir -p $(BUILD)
	gcc $(PEER_FLAGS) -march=native -c $< -o $@

# gcc 12 warns of its own intrinsics inside Eigen, so this file is compiled without warnings.
EIGEN ?= /usr/include/eigen3
$(BUILD)/eigen.o: benches/peers/eigen.cpp $(PEER_HEADERS)
	@mkdir -p $(BUILD)
	g++ -std=c++17 -O3 -ffast-math -march=native -w -isystem $(EIGEN) -c $< -o $@

$(BUILD)/peers: benches/peers/peers.cpp $(BUILD)/loops-native.o $(BUILD)/loops-avx2.o $(PEER_HEADERS) $(LIB)/libhyla.a
	$(PEER_CXX) $(filter-out %.h %.hpp,$^) -lm -o $@

$(BUILD)/peers-losses: benches/peers/losses.cpp $(BUILD)/loss_loops.o $(BUILD)/eigen.o $(BUILD)/loops-native.o $(PEER_HEADERS) $(LIB)/libhyla.a
	$(PEER_CXX) $(filter-out %.h %.hpp,$^) -lm -o $@

$(BUILD)/peers-ranking: benches/peers/ranking.cpp $(PEER_HEADERS) $(LIB)/libhyla.a
	$(PEER_CXX) $(filter-out %.h %.hpp,$^) -lm -o $@

header: ## write include/hyla.h anew from src/capi
	BLESS=1 $(CARGO) test --quiet --features capi,scalar --test header

lint: ## check formatting, lints and documentation
	$(CARGO) fmt --check
	$(CARGO) clippy --quiet --all-targets --features capi,scalar -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --no-deps --features capi

clean: ## remove what was built
	rm -rf $(BUILD) target

.PHONY: help lib text-sizes demo test test-rust bench bench-peers header lint clean
