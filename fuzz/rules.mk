# Fuzzing; included by the Makefile, paths are those of the repository. fuzz/README.md says what is fuzzed.

FUZZ := $(BUILD)/fuzz
FUZZ_TARGETS := pixels cubes matrices rankings hostile streams gradients
# How long, and how many at once.
SECONDS ?= 60
FUZZ_JOBS ?= 2

# What cargo-fuzz asks of rustc, but for `trace-compares`: the kernels compare floats all the time, and half of the time
# went there. Only nightly compilers take -Z, or stable ones that are told so; the sanitizer needs a target by name.
FUZZ_FLAGS := --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-stack-depth -Zsanitizer=address
FUZZ_CARGO = RUSTC_BOOTSTRAP=1 RUSTFLAGS='$(FUZZ_FLAGS)' $(CARGO)

# Cargo knows what is to be built anew.
fuzz-build: ## build the fuzz targets
	$(FUZZ_CARGO) build --quiet --locked --release --manifest-path fuzz/Cargo.toml --target $(FFI_HOST) \
	    --target-dir $(FUZZ)

fuzz: fuzz-build ## fuzz one target: make fuzz TARGET=pixels SECONDS=600
	fuzz/run.sh $(FUZZ) $(FFI_HOST) $(SECONDS) $(TARGET)

fuzz-check: fuzz-build ## replay the corpus of each fuzz target, then fuzz it for 20 seconds
	fuzz/check.sh $(FUZZ) $(FFI_HOST) 20 $(FUZZ_JOBS) $(FUZZ_TARGETS)

# Few inputs that reach what those of the corpus and of `make fuzz` reach.
fuzz-merge: fuzz-build ## write the corpus of one fuzz target anew: make fuzz-merge TARGET=pixels
	fuzz/merge.sh $(FUZZ) $(FFI_HOST) $(TARGET)

fuzz-lint: ## check formatting and lints of the fuzz targets
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --quiet --locked --manifest-path fuzz/Cargo.toml --target-dir $(FUZZ)/lint -- -D warnings

.PHONY: fuzz fuzz-build fuzz-check fuzz-merge fuzz-lint
