# Microcontrollers, built here and run under an emulator; included by the Makefile.

# No operating system, no C library, one lane. The whole archive, of which the linker takes what is used: it has the
# compiler's runtime, too. Built for size, core included (Debian's package rust-web-src has its sources).
CORTEX_BUILD := RUSTC_BOOTSTRAP=1 CARGO_PROFILE_RELEASE_OPT_LEVEL=s $(CROSS_CARGO) rustc $(RUSTC_LIBRARY) \
    -Zbuild-std=core
CORTEX_FLAGS := -std=c11 -Os -Wall -Wextra -Werror -mthumb -ffreestanding -nostdlib -Iinclude -Wl,--gc-sections \
    -Wl,--emit-relocs -Wl,--no-warn-rwx-segments -Wl,-z,noexecstack
CORTEX_SOURCES := $(wildcard examples/embedded/*) include/hyla.h
CORTEX := cortex-m4f cortex-m0

# What loss, confusion and ranking may take without conversions: flash of the whole program, runtime and text output
# included, and the deepest stack that any of their calls can need.
CORTEX_FLASH_BUDGET := 24576
CORTEX_STACK_BUDGET := 1024
# The same with conversions.
CORTEX_CONVERSIONS_FLASH_BUDGET := 36864
CORTEX_CONVERSIONS_STACK_BUDGET := 1920
# What all nodes together may have of machine code.
CORTEX_TEXT_LIMIT := 262144

CORTEX_EMULATOR := qemu-system-arm -display none -monitor none -serial none -chardev stdio,id=text \
    -semihosting-config enable=on$(COMMA)chardev=text
# The tests of the C functions, with a C library that prints by semihosting.
CORTEX_PROGRAMS := $(filter law%,$(FFI_PROGRAMS)) digest

# $(call cortex-rules,NAME,RUST TARGET,FLAGS,MACHINE,MORE OF THE MACHINE FOR TESTS,MORE TESTS)
define cortex-rules
$(BUILD)/$1/libhyla.a: $(RUST_SOURCES)
	$(CORTEX_BUILD) --target $2 --target-dir $(BUILD)/$1/cargo
	cp $(BUILD)/$1/cargo/$2/release/libhyla.a $$@

# Without the feature `conversions`: for what is counted in bytes.
$(BUILD)/$1/plain/libhyla.a: $(RUST_SOURCES)
	@mkdir -p $$(@D)
	$(CORTEX_BUILD) --no-default-features --target $2 --target-dir $(BUILD)/$1/cargo-plain
	cp $(BUILD)/$1/cargo-plain/$2/release/libhyla.a $$@

$(BUILD)/$1/hyla.o: $(BUILD)/$1/libhyla.a scripts/own-object.sh
	STRIP=arm-none-eabi-strip scripts/own-object.sh $$< $$@

$(BUILD)/$1/proof.o: $(RUST_SOURCES) scripts/own-object.sh
	$(CORTEX_BUILD) --target $2 --target-dir $(BUILD)/$1/proof -- --cfg hyla_panic_proof
	STRIP=arm-none-eabi-strip scripts/own-object.sh $(BUILD)/$1/proof/$2/release/libhyla.a $$@

$(BUILD)/$1/monitor.elf: $(CORTEX_SOURCES) $(BUILD)/$1/plain/libhyla.a
	arm-none-eabi-gcc $3 $(CORTEX_FLAGS) -T examples/embedded/cortex_m.ld examples/embedded/monitor.c \
	    examples/embedded/cortex_m.c $(BUILD)/$1/plain/libhyla.a -o $$@

$(BUILD)/$1/monitor-conversions.elf: $(CORTEX_SOURCES) $(BUILD)/$1/libhyla.a
	arm-none-eabi-gcc $3 $(CORTEX_FLAGS) -T examples/embedded/cortex_m.ld examples/embedded/monitor.c \
	    examples/embedded/cortex_m.c $(BUILD)/$1/libhyla.a -o $$@

$(BUILD)/$1/monitor-iou.elf: $(CORTEX_SOURCES) $(BUILD)/$1/plain/libhyla.a
	arm-none-eabi-gcc $3 $(CORTEX_FLAGS) -DWITH_IOU -T examples/embedded/cortex_m.ld examples/embedded/monitor.c \
	    examples/embedded/cortex_m.c $(BUILD)/$1/plain/libhyla.a -o $$@

$(BUILD)/$1/empty.o: scripts/cortex-sizes.py
	@mkdir -p $$(@D)
	echo 'void start(void) {}' | arm-none-eabi-gcc $3 $(CORTEX_FLAGS) -xc -c - -o $$@

# The monitor says what it says on the host, and how deep its stack was.
run-$1: $(BUILD)/$1/monitor.elf $(BUILD)/$1/monitor-iou.elf $(BUILD)/embedded-monitor $(BUILD)/embedded-monitor-iou
	@for name in monitor monitor-iou; do \
	    $(CORTEX_EMULATOR) -M $4 -kernel $(BUILD)/$1/$$$$name.elf < /dev/null > $(BUILD)/$1/said.txt && \
	    $(BUILD)/embedded-$$$$name > $(BUILD)/embedded-$$$$name.txt && \
	    grep -v ^stack $(BUILD)/$1/said.txt | cmp - $(BUILD)/embedded-$$$$name.txt && \
	    lines=$$$$(wc -l < $(BUILD)/embedded-$$$$name.txt) stack=$$$$(grep ^stack $(BUILD)/$1/said.txt) && \
	    echo "$1: $$$$name: the same text as on the host, $$$$lines lines; $$$$stack" || exit; \
	done

budget-$1: $(BUILD)/$1/monitor.elf $(BUILD)/$1/monitor-conversions.elf
	@scripts/cortex-sizes.py budget $1 $$< $(CORTEX_FLASH_BUDGET) $(CORTEX_STACK_BUDGET)
	@scripts/cortex-sizes.py budget '$1, with conversions' $(BUILD)/$1/monitor-conversions.elf \
	    $(CORTEX_CONVERSIONS_FLASH_BUDGET) $(CORTEX_CONVERSIONS_STACK_BUDGET)

symbols-$1: $(BUILD)/$1/hyla.o $(BUILD)/$1/proof.o
	@scripts/check-symbols.sh $$^ $(BUILD)/$1/libhyla.a include/hyla.h abi/hyla.map $(CORTEX_TEXT_LIMIT)

# Pointers of 32 bits have a layout of their own.
$(BUILD)/$1/tests/layout.elf: $(BUILD)/layout.c
$(patsubst %,$(BUILD)/$1/tests/%.elf,$(CORTEX_PROGRAMS) $6): $(BUILD)/$1/tests/%.elf: ffi-tests/%.c
$(BUILD)/$1/tests/%.elf: ffi-tests/cortex_m.c ffi-tests/cortex_m.ld $(FFI_HEADERS) $(BUILD)/$1/libhyla.a
	@mkdir -p $$(@D)
	arm-none-eabi-gcc $3 $(DIGEST_FLAGS) -DCARGO_VERSION='"$(VERSION)"' -mthumb --specs=rdimon.specs -Wl,--gc-sections \
	    -Wl,--no-warn-rwx-segments -Wl,-z,noexecstack -T ffi-tests/cortex_m.ld $$(filter %.c,$$^) $$(filter %.a,$$^) \
	    -lm -o $$@

layout-$1: $(BUILD)/$1/tests/layout.elf
	@scripts/check-layout.sh $1 abi/layout-32.txt $(CORTEX_EMULATOR) -M $4 $5 -kernel $$<

ffi-$1: layout-$1 $(patsubst %,$(BUILD)/$1/tests/%.elf,$(CORTEX_PROGRAMS) $6)
	@scripts/check-digest.sh $1 $(BUILD)/$1/digest.txt $(CORTEX_EMULATOR) -M $4 $5 -kernel $(BUILD)/$1/tests/digest.elf
	@WRAPPER='$(CORTEX_EMULATOR) -M $4 $5 -kernel' scripts/run-programs.sh ffi-$1 \
	    $(patsubst %,$(BUILD)/$1/tests/%.elf,$(filter-out digest,$(CORTEX_PROGRAMS)) $6)

.PHONY: run-$1 budget-$1 symbols-$1 layout-$1 ffi-$1
endef
CORTEX_M4F_FLAGS := -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16
$(eval $(call cortex-rules,cortex-m4f,thumbv7em-none-eabihf,$(CORTEX_M4F_FLAGS),mps2-an386,,environment))
# The only emulated board with this core has less memory than tests need; and the core has no floating-point
# environment.
CORTEX_M0_MEMORY := -global nrf51-soc.flash-size=4194304 -global nrf51-soc.sram-size=33554432
$(eval $(call cortex-rules,cortex-m0,thumbv6m-none-eabi,-mcpu=cortex-m0,microbit,$(CORTEX_M0_MEMORY)))

$(BUILD)/embedded-monitor $(BUILD)/embedded-monitor-iou: $(CORTEX_SOURCES) $(LIB)/libhyla.a
	$(CC) -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude $(if $(findstring iou,$@),-DWITH_IOU) \
	    examples/embedded/monitor.c examples/embedded/host.c $(LIB)/libhyla.a -o $@

cortex-test: ## Cortex-M4F and Cortex-M0, emulated: a monitor within its budget, no panic, the digest and the C tests
	@$(call need,arm-none-eabi-gcc qemu-system-arm python3); \
	$(MAKE) --no-print-directory $(CORTEX:%=run-%) $(CORTEX:%=budget-%) $(CORTEX:%=symbols-%) || exit; \
	if echo '#include <stdio.h>' | arm-none-eabi-gcc -E - > /dev/null 2>&1; then \
	    $(MAKE) --no-print-directory $(CORTEX:%=ffi-%); \
	else \
	    echo '$@: C tests and digest skipped: newlib, which is not installed'; [ "$(CI)" != true ]; \
	fi

small-test: ## what only microcontrollers compile, by the Rust tests of all nodes on this machine
	RUSTFLAGS='--cfg hyla_small' $(CARGO) test --quiet --release --features capi,scalar --target-dir $(BUILD)/small --lib

CORTEX_SIZED := $(foreach core,$(CORTEX),$(BUILD)/$(core)/libhyla.a $(BUILD)/$(core)/empty.o)
cortex-sizes: $(CORTEX_SIZED) ## flash and stack of each node on Cortex-M4F and Cortex-M0
	scripts/cortex-sizes.py table $(CORTEX:%=$(BUILD)/%)

.PHONY: cortex-test small-test cortex-sizes
