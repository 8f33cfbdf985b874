# The training examples; included by the Makefile, paths are those of the repository.

EXAMPLES := $(BUILD)/examples
EXAMPLE_PROGRAMS := train svdd pca
EXAMPLE_FLAGS := -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror -O2 -Iinclude
# Without this a compiler may fuse a multiplication and an addition where the machine can, and the
# examples would no longer print the same digits everywhere. (gcc does not with -std=c11, clang does.)
EXAMPLE_FLAGS += -ffp-contract=off

examples: $(EXAMPLE_PROGRAMS:%=$(EXAMPLES)/%) ## build the training examples in C

$(EXAMPLES)/%: examples/%.c $(wildcard examples/training/*.h) include/hyla.h $(LIB)/libhyla.a
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE_FLAGS) $< $(LIB)/libhyla.a -lm -o $@

# In C with tiles, in Rust without: the same lines, to the last digit and the last bit.
examples-run: examples ## run the training examples on simulated scenes; C and Rust must print the same
	$(EXAMPLES)/svdd
	$(EXAMPLES)/pca
	@for combination in bce iou; do \
	    $(EXAMPLES)/train $$combination --cosines --tiles 7 > $(EXAMPLES)/$$combination-c.txt; result=$$?; \
	    cat $(EXAMPLES)/$$combination-c.txt; [ $$result = 0 ] || exit 1; \
	    $(CARGO) run --quiet --release --features scalar --example train -- $$combination --cosines > $(EXAMPLES)/$$combination-rust.txt && \
	    cmp $(EXAMPLES)/$$combination-c.txt $(EXAMPLES)/$$combination-rust.txt || exit 1; \
	    echo "train $$combination: Rust prints the same as C"; \
	done

.PHONY: examples examples-run
