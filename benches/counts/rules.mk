# Instructions a call, counted by callgrind; included by the Makefile, paths are those of the repository.

COUNTS := $(BUILD)/counts
COUNT_HISTORY := benches/history/counts.csv
COUNT_PIXELS ?= 0 1 64 640 65536
# callgrind knows these. AVX-512, where there is such a machine, is counted by single steps, a thousand times slower.
COUNT_CALLGRIND := scalar portable $(if $(filter x86_64%,$(MACHINE)),avx2)
COUNT_TIERS ?= $(COUNT_CALLGRIND) $(shell grep -qs avx512vl /proc/cpuinfo && echo avx512)
COUNT_STEPPED_PIXELS ?= 0 640
COUNT_TARGET = $(or $(TARGET),$(FFI_HOST))
# The last commit that changed what is compiled. What is not yet in a commit comes after one: a plus sign.
COUNTED := src Cargo.toml Cargo.lock
COUNT_COMMIT ?= $(shell git log -1 --format=%h -- $(COUNTED))$(if $(shell git status --porcelain -- $(COUNTED)),+)

# The tiers that are shipped are counted in the library that is shipped; it lacks the scalar tier where there is SIMD.
$(COUNTS)/scalar.o: $(RUST_SOURCES) scripts/own-object.sh
	$(CARGO) rustc $(RUSTC_LIBRARY) --features scalar --target-dir $(COUNTS)/cargo
	scripts/own-object.sh $(COUNTS)/cargo/$(RELEASE)/libhyla.a $@

COUNT_SOURCES := $(wildcard benches/counts/*.c)
COUNT_CC = $(CC) -std=c11 -O2 -ffp-contract=off $(FFI_WARNINGS) -Iinclude
$(COUNTS)/scalar: $(COUNTS)/scalar.o $(COUNT_SOURCES) benches/counts/count.h
	$(COUNT_CC) $(COUNT_SOURCES) $< -lm -o $@

$(COUNTS)/portable $(COUNTS)/avx2 $(COUNTS)/avx512: $(LIB)/libhyla.a $(COUNT_SOURCES) benches/counts/count.h
	@mkdir -p $(COUNTS)
	$(COUNT_CC) $(COUNT_SOURCES) $< -lm -o $@

bench-count: $(COUNT_TIERS:%=$(COUNTS)/%) ## count the instructions of every node, on every tier
	@for tier in $(filter $(COUNT_CALLGRIND),$(COUNT_TIERS)); do \
	    valgrind -q --tool=callgrind --toggle-collect='hyla_*' --combine-dumps=yes \
	        --callgrind-out-file=$(COUNTS)/$$tier.out $(COUNTS)/$$tier $$tier $(COUNT_PIXELS) || exit; \
	done
	@for tier in $(filter-out $(COUNT_CALLGRIND),$(COUNT_TIERS)); do \
	    $(COUNTS)/$$tier $$tier $(COUNT_STEPPED_PIXELS) > $(COUNTS)/$$tier.out || exit; \
	done
	@benches/counts/ledger.py read '$(COUNT_TARGET)' '$(COUNT_COMMIT)' $(COUNTS)/$(firstword $(COUNT_TIERS)) \
	    $(COUNT_TIERS:%=$(COUNTS)/%.out) > $(COUNTS)/counts.csv && echo '$@: written to $(COUNTS)/counts.csv'

# Few sizes tell as much of a change as all of them, in a tenth of the time. AVX-512 is judged where it is asked for, by
# COUNT_TIERS=avx512.
bench-count-check: COUNT_PIXELS = 0 64 640
bench-count-check: COUNT_TIERS = $(COUNT_CALLGRIND)
bench-count-check: bench-count ## no call takes 1 % more instructions than benches/history says
	@benches/counts/ledger.py check $(COUNTS)/counts.csv $(COUNT_HISTORY)

bench-count-save: bench-count ## write down in benches/history what calls take now
	@benches/counts/ledger.py save $(COUNTS)/counts.csv $(COUNT_HISTORY)

bench-trend: ## a page of what calls took over the commits, from benches/history
	@mkdir -p $(COUNTS)
	@benches/counts/trend.py $(COUNT_HISTORY) > $(COUNTS)/trend.html && echo '$@: written to $(COUNTS)/trend.html'

.PHONY: bench-count bench-count-check bench-count-save bench-trend
