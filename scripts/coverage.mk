# Which lines and branches the tests run, those of Rust and those of C and C++ together; included by the Makefile.

COVERAGE := $(BUILD)/coverage
# From rustup's component llvm-tools, or from Debian's package rust-web-llvm: not older than rustc's own LLVM.
LLVM_COV = $(firstword $(wildcard $(shell rustc --print target-libdir)/../bin/llvm-cov /usr/lib/rustlib/*/bin/llvm-cov))
LLVM_PROFDATA = $(dir $(LLVM_COV))llvm-profdata
# Lines are the same however well they are optimised; less of that compiles faster.
COVERAGE_CARGO := RUSTC_BOOTSTRAP=1 RUSTC_WORKSPACE_WRAPPER=$(abspath scripts/coverage-rustc.sh) \
    CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0 \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 $(CARGO)
# `bits` compares tiers for minutes and runs no line that others do not.
COVERAGE_PROGRAMS := $(patsubst %,$(FFI)/coverage/%,$(filter-out bits,$(FFI_PROGRAMS)))

coverage: ## lines and branches that the Rust, C and C++ tests run, which may not be fewer than the limits
	@if [ -n '$(LLVM_COV)' ]; then $(MAKE) --no-print-directory coverage-report; \
	else echo '$@: skipped: llvm-cov, which is not installed'; [ "$(CI)" != true ]; fi

coverage-report: $(COVERAGE_PROGRAMS)
	rm -rf $(COVERAGE)/rust $(COVERAGE)/c
	$(COVERAGE_CARGO) test --quiet --no-run --message-format=json --features capi,scalar --lib --target-dir $(COVERAGE)/cargo | \
	    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' > $(COVERAGE)/program.txt
	LLVM_PROFILE_FILE=$(COVERAGE)/rust/%m.profraw $$(cat $(COVERAGE)/program.txt) --quiet
	LLVM_PROFILE_FILE=$(COVERAGE)/c/%p.profraw scripts/run-programs.sh coverage $(COVERAGE_PROGRAMS)
	$(call coverage-lcov,rust,$$(cat $(COVERAGE)/program.txt))
	$(call coverage-lcov,c,$(COVERAGE)/libhyla.a)
	@scripts/coverage.py $(COVERAGE)/rust.lcov $(COVERAGE)/c.lcov

# $(call coverage-lcov,KIND,OBJECT)
coverage-lcov = $(LLVM_PROFDATA) merge -sparse $(COVERAGE)/$1/*.profraw -o $(COVERAGE)/$1.profdata && \
	    $(LLVM_COV) export -format=lcov -instr-profile $(COVERAGE)/$1.profdata $2 > $(COVERAGE)/$1.lcov

$(COVERAGE)/libhyla.a: $(RUST_SOURCES) scripts/coverage-rustc.sh
	$(COVERAGE_CARGO) rustc --quiet --release --features capi,scalar --crate-type staticlib --target-dir $(COVERAGE)/cargo
	cp $(COVERAGE)/cargo/release/libhyla.a $@

# Linked with what writes the counts, and without what core would unwind with.
$(eval $(call ffi-rules,coverage,$(COVERAGE)/libhyla.a,$(COVERAGE)/libhyla.a -Wl$(COMMA)-u$(COMMA)__llvm_profile_runtime \
    -Wl$(COMMA)--defsym=rust_eh_personality=0))

.PHONY: coverage coverage-report
