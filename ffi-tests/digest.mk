# One text for all machines (ffi-tests/digest.c); included by the Makefile. What a machine says is compared with
# ffi-tests/digest.txt.

DIGEST_SOURCES := ffi-tests/digest.c $(FFI_HEADERS)
DIGEST_FLAGS := -std=c11 -O2 $(FFI_WARNINGS) -Iinclude -Iffi-tests
WHERE ?= this machine

$(BUILD)/digest.o: $(DIGEST_SOURCES)
	@mkdir -p $(@D)
	$(CC) $(DIGEST_FLAGS) -c $< -o $@

$(BUILD)/digest$(EXE): $(BUILD)/digest.o $(LIB)/libhyla.a
	$(CC) $^ -lm -o $@

digest: $(BUILD)/digest$(EXE) ## a digest of every node, which must be the same on every machine
	@scripts/check-digest.sh '$(WHERE)' $(BUILD)/digest.txt $(WRAPPER) $(BUILD)/digest$(EXE)

# Every function that computes is in the digest. Those that are not tell sizes, versions and defaults.
DIGEST_LEFT_OUT := hyla_([a-z_]*_(size|init|words)|status_(name|subject)|version.*|abi_version)
digest-complete: $(BUILD)/digest.o
	@readelf -sW $< | sed -n 's/.* UND \(hyla_[a-z0-9_]*\)$$/\1/p' | sort > $(BUILD)/digest-calls.txt; \
	grep -o 'hyla_[a-z0-9_]*' abi/hyla.map | grep -Evx '$(DIGEST_LEFT_OUT)' | sort | \
	    comm -23 - $(BUILD)/digest-calls.txt > $(BUILD)/digest-lacks.txt; \
	if [ -s $(BUILD)/digest-lacks.txt ]; then \
	    echo 'digest: failed: it does not call:'; cat $(BUILD)/digest-lacks.txt; exit 1; \
	fi

# Machines of which nothing else is tested: without SIMD, and the second with the highest byte of a word in front. (IBM
# Z is not that second one: QEMU 7.2 takes the wrong product of two floats as a double, `mdebr`.)
# $(call digest-linux,NAME,RUST TARGET,EMULATOR)
define digest-linux
digest-$1:
	@$$(call need,$1-linux-gnu-gcc $3); \
	$(MAKE) --no-print-directory abi-layout digest WHERE=$1 WRAPPER='$3 -L /usr/$1-linux-gnu' \
	    TARGET=$2 BUILD=$(BUILD)/$1 CC=$1-linux-gnu-gcc AR=$1-linux-gnu-ar STRIP=$1-linux-gnu-strip \
	    CARGO='RUSTC_BOOTSTRAP=1 $(CROSS_CARGO)' BUILD_STD=-Zbuild-std=core
endef
$(eval $(call digest-linux,riscv64,riscv64gc-unknown-linux-gnu,qemu-riscv64-static))
$(eval $(call digest-linux,sparc64,sparc64-unknown-linux-gnu,qemu-sparc64-static))
digest-linux: digest-riscv64 digest-sparc64 ## the digest on emulated 64-bit RISC-V and with the other byte order

# WebAssembly with its SIMD, in node.
WASM_CARGO := RUSTC_BOOTSTRAP=1 RUSTFLAGS='-C target-feature=+simd128' $(CROSS_CARGO)
$(BUILD)/wasm/libhyla.a: $(RUST_SOURCES)
	$(WASM_CARGO) rustc $(RUSTC_LIBRARY) -Zbuild-std=core --target wasm32-unknown-unknown --target-dir $(BUILD)/wasm/cargo
	cp $(BUILD)/wasm/cargo/wasm32-unknown-unknown/release/libhyla.a $@

$(BUILD)/wasm/digest.wasm: $(DIGEST_SOURCES) $(BUILD)/wasm/libhyla.a
	clang --target=wasm32-wasi $(DIGEST_FLAGS) $(filter %.c %.a,$^) -o $@

$(BUILD)/wasm/layout.wasm: $(BUILD)/layout.c
	@mkdir -p $(@D)
	clang --target=wasm32-wasi $(DIGEST_FLAGS) $< -o $@

digest-wasm: ## the digest in WebAssembly
	@if ! command -v node > /dev/null; then \
	    echo '$@: skipped: node, which is not installed'; [ "$(CI)" != true ]; \
	elif ! echo '#include <stdio.h>' | clang --target=wasm32-wasi -E - > /dev/null 2>&1; then \
	    echo '$@: skipped: clang and wasi-libc, which are not installed'; [ "$(CI)" != true ]; \
	else \
	    $(MAKE) --no-print-directory digest-wasm-programs; \
	fi
digest-wasm-programs: $(BUILD)/wasm/layout.wasm $(BUILD)/wasm/digest.wasm
	@scripts/check-layout.sh wasm32 abi/layout-32.txt node --no-warnings ffi-tests/wasm.mjs $(BUILD)/wasm/layout.wasm
	@scripts/check-digest.sh wasm32 $(BUILD)/wasm/digest.txt node --no-warnings ffi-tests/wasm.mjs \
	    $(BUILD)/wasm/digest.wasm

.PHONY: digest digest-complete digest-linux digest-riscv64 digest-sparc64 digest-wasm digest-wasm-programs
