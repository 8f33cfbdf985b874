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
CORTEX_FLAGS := -std=c11 -Os -Wall -Wextra -Werror -mthumb -ffreestanding -nostdlib -Iinclude -Wl,--gc-sections \
    -Wl,--emit-relocs -Wl,--no-warn-rwx-segments -Wl,-z,noexecstack
CORTEX_SOURCES := $(wildcard examples/embedded/*) include/hyla.h
CORTEX := cortex-m4f cortex-m0

# What loss, confusion and ranking may take: flash of the whole program, runtime and text output included, and the deepest
# stack that any of their calls can need.
CORTEX_FLASH_BUDGET := 24576
CORTEX_STACK_BUDGET := 1024
# What all nodes together may have of machine code.
CORTEX_TEXT_LIMIT := 180224

# $(call cortex-rules,NAME,RUST TARGET,FLAGS,MACHINE)
define cortex-rules
$(BUILD)/$1/libhyla.a: $(RUST_SOURCES)
	$(CORTEX_BUILD) --target $2 --target-dir $(BUILD)/$1/cargo
	cp $(BUILD)/$1/cargo/$2/release/libhyla.a $$@

$(BUILD)/$1/hyla.o: $(BUILD)/$1/libhyla.a scripts/own-object.sh
	STRIP=arm-none-eabi-strip scripts/own-object.sh $$< $$@

$(BUILD)/$1/proof.o: $(RUST_SOURCES) scripts/own-object.sh
	$(CORTEX_BUILD) --target $2 --target-dir $(BUILD)/$1/proof -- --cfg hyla_panic_proof
	STRIP=arm-none-eabi-strip scripts/own-object.sh $(BUILD)/$1/proof/$2/release/libhyla.a $$@

$(BUILD)/$1/monitor.elf: $(CORTEX_SOURCES) $(BUILD)/$1/libhyla.a
	arm-none-eabi-gcc $3 $(CORTEX_FLAGS) -T examples/embedded/cortex_m.ld examples/embedded/monitor.c examples/embedded/cortex_m.c \
	    $(BUILD)/$1/libhyla.a -o $$@

$(BUILD)/$1/monitor-iou.elf: $(CORTEX_SOURCES) $(BUILD)/$1/libhyla.a
	arm-none-eabi-gcc $3 $(CORTEX_FLAGS) -DWITH_IOU -T examples/embedded/cortex_m.ld examples/embedded/monitor.c \
	    examples/embedded/cortex_m.c $(BUILD)/$1/libhyla.a -o $$@

$(BUILD)/$1/empty.o: scripts/cortex-sizes.py
	@mkdir -p $$(@D)
	echo 'void start(void) {}' | arm-none-eabi-gcc $3 $(CORTEX_FLAGS) -xc -c - -o $$@

# The monitor says what it says on the host, and how deep its stack was.
run-$1: $(BUILD)/$1/monitor.elf $(BUILD)/$1/monitor-iou.elf $(BUILD)/embedded-monitor $(BUILD)/embedded-monitor-iou
	@for name in monitor monitor-iou; do \
	    qemu-system-arm -M $4 -display none -monitor none -serial none -chardev stdio,id=text \
	        -semihosting-config enable=on$(COMMA)chardev=text -kernel $(BUILD)/$1/$$$$name.elf < /dev/null > $(BUILD)/$1/said.txt && \
	    $(BUILD)/embedded-$$$$name > $(BUILD)/embedded-$$$$name.txt && \
	    grep -v ^stack $(BUILD)/$1/said.txt | cmp - $(BUILD)/embedded-$$$$name.txt && \
	    echo "$1: $$$$name: the same text as on the host, $$$$(wc -l < $(BUILD)/embedded-$$$$name.txt) lines; $$$$(grep ^stack $(BUILD)/$1/said.txt)" || exit; \
	done

budget-$1: $(BUILD)/$1/monitor.elf
	@scripts/cortex-sizes.py budget $1 $$< $(CORTEX_FLASH_BUDGET) $(CORTEX_STACK_BUDGET)

symbols-$1: $(BUILD)/$1/hyla.o $(BUILD)/$1/proof.o
	@scripts/check-symbols.sh $$^ $(BUILD)/$1/libhyla.a include/hyla.h abi/hyla.map $(CORTEX_TEXT_LIMIT)

.PHONY: run-$1 budget-$1 symbols-$1
endef
COMMA := ,
$(eval $(call cortex-rules,cortex-m4f,thumbv7em-none-eabihf,-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16,mps2-an386))
$(eval $(call cortex-rules,cortex-m0,thumbv6m-none-eabi,-mcpu=cortex-m0,microbit))

$(BUILD)/embedded-monitor $(BUILD)/embedded-monitor-iou: $(CORTEX_SOURCES) $(LIB)/libhyla.a
	$(CC) -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude $(if $(findstring iou,$@),-DWITH_IOU) \
	    examples/embedded/monitor.c examples/embedded/host.c $(LIB)/libhyla.a -o $@

cortex-test: ## Cortex-M4F and Cortex-M0: run the embedded monitor on emulated ones, within its budget; no panic, no foreign symbol
	@for tool in arm-none-eabi-gcc qemu-system-arm; do \
	    command -v $$tool > /dev/null || { echo "$@: skipped: $$tool, which is not installed"; [ "$(CI)" != true ]; exit; }; \
	done; \
	$(MAKE) --no-print-directory $(CORTEX:%=run-%) $(CORTEX:%=budget-%) $(CORTEX:%=symbols-%)

small-test: ## what only microcontrollers compile, by the Rust tests of all nodes on this machine
	RUSTFLAGS='--cfg hyla_small' $(CARGO) test --quiet --release --features capi,scalar --target-dir $(BUILD)/small --lib

cortex-sizes: $(foreach core,$(CORTEX),$(BUILD)/$(core)/libhyla.a $(BUILD)/$(core)/empty.o) ## flash and stack of each node on Cortex-M4F and Cortex-M0
	scripts/cortex-sizes.py table $(CORTEX:%=$(BUILD)/%)

.PHONY: aarch64-test cortex-test small-test cortex-sizes
