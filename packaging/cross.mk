# Other machines, built here and run under an emulator; included by the Makefile. Debian's toolchain has what rustup
# would fetch: CROSS_CARGO is that cargo, or `cargo` where `rustup target add` has been done.

CROSS_CARGO ?= env PATH="/usr/bin:$(PATH)" cargo

# 64-bit Arm with NEON. All parts of the C library must be of one version: Debian may have it twice, as the cross
# compiler's and as the other architecture's.
AARCH64 := aarch64-linux-gnu
AARCH64_RUN := qemu-aarch64-static -L /usr/$(AARCH64) -E LD_LIBRARY_PATH=/usr/$(AARCH64)/lib
AARCH64_MAKE := $(MAKE) --no-print-directory TARGET=aarch64-unknown-linux-gnu BUILD=$(BUILD)/aarch64 CC=$(AARCH64)-gcc \
    CXX=$(AARCH64)-g++ AR=$(AARCH64)-ar STRIP=$(AARCH64)-strip CARGO='$(CROSS_CARGO)'
aarch64-test: ## build for 64-bit Arm, and run the C, C++ and golden tests under an emulator
	@$(call need,$(AARCH64)-gcc $(AARCH64)-g++ qemu-aarch64-static); \
	WRAPPER='$(AARCH64_RUN)' $(AARCH64_MAKE) ffi-test abi-layout digest WHERE=aarch64 && \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=$(AARCH64)-gcc \
	    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='$(AARCH64_RUN)' \
	    $(CROSS_CARGO) test --quiet --target aarch64-unknown-linux-gnu --target-dir $(BUILD)/aarch64/cargo-test \
	    --features capi,scalar --test golden

.PHONY: aarch64-test
