# Other machines, built here and run under an emulator; included by the Makefile. Debian's toolchain has what rustup would
# fetch: CROSS_CARGO is that cargo, or `cargo` where `rustup target add` has been done.

CROSS_CARGO ?= env PATH="/usr/bin:$(PATH)" cargo

# 64-bit Arm with NEON. All parts of the C library must be of one version: Debian may have it twice, as the cross
# compiler's and as the other architecture's.
AARCH64 := aarch64-linux-gnu
AARCH64_RUN := qemu-aarch64-static -L /usr/$(AARCH64) -E LD_LIBRARY_PATH=/usr/$(AARCH64)/lib
AARCH64_MAKE := $(MAKE) --no-print-directory TARGET=aarch64-unknown-linux-gnu BUILD=$(BUILD)/aarch64 CC=$(AARCH64)-gcc \
    CXX=$(AARCH64)-g++ AR=$(AARCH64)-ar STRIP=$(AARCH64)-strip CARGO='$(CROSS_CARGO)'
aarch64-test: ## build for 64-bit Arm, and run the C, C++ and golden tests under an emulator
	@for tool in $(AARCH64)-gcc $(AARCH64)-g++ qemu-aarch64-static; do \
	    command -v $$tool > /dev/null || { echo "$@: skipped: $$tool, which is not installed"; [ "$(CI)" != true ]; exit; }; \
	done; \
	WRAPPER='$(AARCH64_RUN)' $(AARCH64_MAKE) ffi-test abi-layout digest WHERE=aarch64 && \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=$(AARCH64)-gcc CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='$(AARCH64_RUN)' \
	    $(CROSS_CARGO) test --quiet --target aarch64-unknown-linux-gnu --target-dir $(BUILD)/aarch64/cargo-test --features capi,scalar --test golden

# Microcontrollers: no operating system, no C library, one lane. The whole archive, of which the linker takes what is used:
# it has the compiler's runtime, too. Built for size, core included (Debian's package rust-web-src has its sources).
CORTEX_BUILD := RUSTC_BOOTSTRAP=1 CARGO_PROFILE_RELEASE_OPT_LEVEL=s $(CROSS_CARGO) rustc $(RUSTC_LIBRARY) -Zbuild-std=core
CORTEX_FLAGS := -std=c11 -O2 -Wall -Wextra -Werror -mthumb -ffreestanding -nostdlib -Iinclude -Wl,--gc-sections \
    -Wl,--no-warn-rwx-segments -Wl,-z,noexecstack -Wl,--print-memory-usage
CORTEX_SOURCES := $(wildcard examples/embedded/*) include/hyla.h

# $(call cortex-rules,NAME,RUST TARGET,FLAGS)
define cortex-rules
$(BUILD)/$1/libhyla.a: $(RUST_SOURCES)
	$(CORTEX_BUILD) --target $2 --target-dir $(BUILD)/$1/cargo
	cp $(BUILD)/$1/cargo/$2/release/libhyla.a $$@

$(BUILD)/$1/monitor.elf: $(CORTEX_SOURCES) $(BUILD)/$1/libhyla.a
	arm-none-eabi-gcc $3 $(CORTEX_FLAGS) -T examples/embedded/cortex_m.ld examples/embedded/monitor.c examples/embedded/cortex_m.c \
	    $(BUILD)/$1/libhyla.a -o $$@
endef
$(eval $(call cortex-rules,cortex-m4f,thumbv7em-none-eabihf,-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16))
$(eval $(call cortex-rules,cortex-m0,thumbv6m-none-eabi,-mcpu=cortex-m0))

$(BUILD)/embedded-monitor: $(CORTEX_SOURCES) $(LIB)/libhyla.a
	$(CC) -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude examples/embedded/monitor.c examples/embedded/host.c $(LIB)/libhyla.a -o $@

# $(call cortex-run,NAME,MACHINE): the monitor says what it says on the host, and how deep its stack was.
cortex-run = qemu-system-arm -M $2 -display none -monitor none -serial none -chardev stdio,id=text \
    -semihosting-config enable=on$(COMMA)chardev=text -kernel $(BUILD)/$1/monitor.elf < /dev/null > $(BUILD)/$1/said.txt && \
    grep -v ^stack $(BUILD)/$1/said.txt | cmp - $(BUILD)/embedded-monitor.txt && \
    echo "$1: the same text as on the host, $$(wc -l < $(BUILD)/embedded-monitor.txt) lines; $$(grep ^stack $(BUILD)/$1/said.txt)"
COMMA := ,

cortex-test: ## run the embedded monitor on emulated microcontrollers: Cortex-M4F, and Cortex-M0 without a float unit
	@for tool in arm-none-eabi-gcc qemu-system-arm; do \
	    command -v $$tool > /dev/null || { echo "$@: skipped: $$tool, which is not installed"; [ "$(CI)" != true ]; exit; }; \
	done; \
	$(MAKE) --no-print-directory cortex-programs
cortex-programs: $(BUILD)/embedded-monitor $(BUILD)/cortex-m4f/monitor.elf $(BUILD)/cortex-m0/monitor.elf
	$(BUILD)/embedded-monitor > $(BUILD)/embedded-monitor.txt
	@$(call cortex-run,cortex-m4f,mps2-an386)
	@$(call cortex-run,cortex-m0,microbit)

.PHONY: aarch64-test cortex-test cortex-programs
