# Which lines and branches the tests run, those of Rust and those of C and C++ together; included by the Makefile.

COVERAGE := $(BUILD)/coverage
# From rustup's component llvm-tools, or from Debian's package rust-web-llvm: not older than rustc's own LLVM.
LLVM_COV = $(firstword $(wildcard $(shell rustc --print target-libdir)/../bin/llvm-cov /usr/lib/rustlib/*/bin/llvm-cov))
LLVM_PROFDATA = $(dir $(LLVM_COV))llvm-profdata
# Lines are the same however well they are optimised; less of that compiles faster.
COVERAGE_CARGO := LLVM_PROFILE_FILE=/dev/null RUSTC_BOOTSTRAP=1 \
    RUSTC_WORKSPACE_WRAPPER=$(abspath scripts/coverage-rustc.sh) \
    CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0 \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 $(CARGO)
# What only microcontrollers compile is in a library of its own.
COVERAGE_KINDS := c small
# `bits` compares tiers for minutes, `guard` calls what others call, and microcontrollers here have no environment of
# their own.
COVERAGE_PROGRAMS_c := $(filter-out bits guard,$(FFI_PROGRAMS))
COVERAGE_PROGRAMS_small := $(filter-out environment,$(COVERAGE_PROGRAMS_c))
# $(call coverage-programs,KIND)
coverage-programs = $(COVERAGE_PROGRAMS_$1:%=$(FFI)/coverage-$1/%)

coverage: ## lines and branches that the Rust, C and C++ tests run, which may not be fewer than the limits
	@if [ -n '$(LLVM_COV)' ]; then $(MAKE) --no-print-directory coverage-report; \
	else echo '$@: skipped: llvm-cov, which is not installed'; [ "$(CI)" != true ]; fi

coverage-report: $(foreach kind,$(COVERAGE_KINDS),$(call coverage-programs,$(kind)))
	rm -rf $(COVERAGE)/counts
	$(COVERAGE_CARGO) test --quiet --no-run --message-format=json --features capi,scalar --lib \
	    --target-dir $(COVERAGE)/cargo | \
	    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' > $(COVERAGE)/program.txt
	LLVM_PROFILE_FILE=$(COVERAGE)/counts/rust/%m.profraw $$(cat $(COVERAGE)/program.txt) --quiet
	@$(foreach kind,$(COVERAGE_KINDS),LLVM_PROFILE_FILE=$(COVERAGE)/counts/$(kind)/%p.profraw \
	    scripts/run-programs.sh coverage-$(kind) $(call coverage-programs,$(kind)) && ):
	@$(call coverage-lcov,rust,$$(cat $(COVERAGE)/program.txt))
	@$(foreach kind,$(COVERAGE_KINDS),\
	    $(call coverage-lcov,$(kind),$(addprefix -object ,$(call coverage-programs,$(kind)))) && ):
	@scripts/coverage.py $(patsubst %,$(COVERAGE)/%.lcov,rust $(COVERAGE_KINDS))

# $(call coverage-lcov,KIND,OBJECTS)
coverage-lcov = $(LLVM_PROFDATA) merge -sparse $(COVERAGE)/counts/$1/*.profraw -o $(COVERAGE)/$1.profdata && \
    $(LLVM_COV) export -format=lcov -instr-profile $(COVERAGE)/$1.profdata $2 > $(COVERAGE)/$1.lcov

# $(call coverage-rules,KIND,FLAGS OF RUSTC,FLAGS OF C): linked with what writes the counts, and without what core would
# unwind with.
define coverage-rules
$(COVERAGE)/$1/libhyla.a: $(RUST_SOURCES) scripts/coverage-rustc.sh
	@mkdir -p $$(@D)
	$(COVERAGE_CARGO) rustc --quiet --release --features capi,scalar --crate-type staticlib \
	    --target-dir $(COVERAGE)/cargo -- $2
	cp $(COVERAGE)/cargo/release/libhyla.a $$@

$(call ffi-rules,coverage-$1,$(COVERAGE)/$1/libhyla.a,$3 $(COVERAGE)/$1/libhyla.a \
    -Wl$(COMMA)-u$(COMMA)__llvm_profile_runtime -Wl$(COMMA)--defsym=rust_eh_personality=0)
endef
$(eval $(call coverage-rules,c,))
$(eval $(call coverage-rules,small,--cfg hyla_small,-DHYLA_SMALL))

.PHONY: coverage coverage-report
