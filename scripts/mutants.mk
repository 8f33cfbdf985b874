# Whether the tests notice when the sources are broken; included by the Makefile. For hours, and by hand.

MUTANTS ?= --count 300 --seed 1
mutants: ## break the sources in 300 ways and count how many the tests catch (MUTANTS= has options of mutants.py)
	@$(call need,cargo-mutants python3 patch); scripts/mutants.py $(MUTANTS)

# The C and C++ tests of one mutant: what is compiled fast, and only programs that are short. Core is linked as it is,
# without what it would unwind with.
$(BUILD)/mutant/libhyla.a: $(RUST_SOURCES)
	@mkdir -p $(@D)
	CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=64 \
	    $(CARGO) rustc --quiet --release --features capi,scalar --crate-type staticlib --target-dir $(BUILD)/mutant/cargo
	cp $(BUILD)/mutant/cargo/release/libhyla.a $@

$(eval $(call ffi-rules,mutant,$(BUILD)/mutant/libhyla.a,$(BUILD)/mutant/libhyla.a \
    -Wl$(COMMA)--defsym=rust_eh_personality=0))

MUTANT_PROGRAMS := $(patsubst %,$(FFI)/mutant/%,$(filter law% losses wrapper17,$(FFI_PROGRAMS)))
mutants-c: $(MUTANT_PROGRAMS)
	scripts/run-programs.sh $@ $(MUTANT_PROGRAMS)

.PHONY: mutants mutants-c
