# The examples: a monitor, training and merging; included by the Makefile, paths are those of the repository.

demo: $(BUILD)/monitor ## run the monitor on a simulated scene, or on SCENE=path/to/scene.hdr
	$(BUILD)/monitor $(SCENE) --out $(BUILD)/report

$(BUILD)/monitor: examples/monitor.cpp $(wildcard examples/*.h examples/monitor/*.hpp include/*) $(LIB)/libhyla.a
	$(CXX) -std=c++17 -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude $< $(LIB)/libhyla.a -o $@

EXAMPLES := $(BUILD)/examples
EXAMPLE_PROGRAMS := train svdd pca
EXAMPLE_FLAGS := -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror -O2 -Iinclude
# Without this a compiler may fuse a multiplication and an addition where the machine can, and the
# examples would no longer print the same digits everywhere. (gcc does not with -std=c11, clang does.)
EXAMPLE_FLAGS += -ffp-contract=off

examples: $(EXAMPLE_PROGRAMS:%=$(EXAMPLES)/%) ## build the training examples in C

$(EXAMPLES)/%: examples/%.c $(wildcard examples/*.h examples/training/*.h) include/hyla.h $(LIB)/libhyla.a
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE_FLAGS) $< $(LIB)/libhyla.a -lm -o $@

# In C with tiles, in Rust without: the same lines, to the last digit and the last bit.
examples-run: examples ## run the training examples on simulated scenes; C and Rust must print the same
	$(EXAMPLES)/svdd
	$(EXAMPLES)/pca
	@for combination in bce iou; do \
	    $(EXAMPLES)/train $$combination --cosines --tiles 7 > $(EXAMPLES)/$$combination-c.txt; result=$$?; \
	    cat $(EXAMPLES)/$$combination-c.txt; [ $$result = 0 ] || exit 1; \
	    $(CARGO) run --quiet --release --features scalar --example train -- $$combination --cosines \
	        > $(EXAMPLES)/$$combination-rust.txt && \
	    cmp $(EXAMPLES)/$$combination-c.txt $(EXAMPLES)/$$combination-rust.txt || exit 1; \
	    echo "train $$combination: Rust prints the same as C"; \
	done

MERGING_HEADERS := examples/merging/stream.h include/hyla.h

$(EXAMPLES)/threads: examples/threads.cpp $(MERGING_HEADERS) $(LIB)/libhyla.a
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra -Wpedantic -Wconversion -Werror -O2 -pthread -Iinclude $< $(LIB)/libhyla.a -o $@

$(EXAMPLES)/mpi_merge: examples/mpi_merge.c $(MERGING_HEADERS) $(LIB)/libhyla.a
	@mkdir -p $(@D)
	$(MPICC) $(EXAMPLE_FLAGS) $< $(LIB)/libhyla.a -lm -o $@

# Open MPI wants to be told twice that root may run it, as in a container, and that ranks may share a core.
MPICC ?= mpicc
MPIRUN ?= OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe

# Any number of threads and ranks prints the same text, and each program checks its words against one process.
examples-merge: $(EXAMPLES)/threads ## run the merging examples over threads, and over ranks of MPI
	$(EXAMPLES)/threads 1 > $(EXAMPLES)/threads.txt
	@grep -v threads $(EXAMPLES)/threads.txt > $(EXAMPLES)/merged.txt && cat $(EXAMPLES)/merged.txt
	@for threads in 2 4; do \
	    $(EXAMPLES)/threads $$threads > $(EXAMPLES)/threads.txt && tail -n 1 $(EXAMPLES)/threads.txt && \
	    grep -v threads $(EXAMPLES)/threads.txt | cmp - $(EXAMPLES)/merged.txt || exit 1; \
	done
	@if command -v $(MPICC) > /dev/null; then \
	    $(MAKE) --no-print-directory examples-mpi; \
	else \
	    echo 'examples/mpi_merge: skipped: $(MPICC), which is not installed'; [ "$(CI)" != true ]; \
	fi

examples-mpi: $(EXAMPLES)/mpi_merge
	@for ranks in 1 2 4; do \
	    $(MPIRUN) -n $$ranks $(EXAMPLES)/mpi_merge > $(EXAMPLES)/ranks.txt && \
	    echo "$$ranks ranks: $$(tail -n 1 $(EXAMPLES)/ranks.txt)" && \
	    grep -v rank $(EXAMPLES)/ranks.txt | cmp - $(EXAMPLES)/merged.txt || exit 1; \
	done

# A machine may have another python3 before Debian's, which has Debian's numpy.
python-test: lib ## what the Python binding does with wrong arguments, and that it finds the right numbers
	@for python in python3 /usr/bin/python3; do \
	    if $$python -c 'import numpy' 2> /dev/null; then exec $$python examples/python/test_hyla.py; fi; \
	done; \
	echo '$@: skipped: numpy, which is not installed'; [ "$(CI)" != true ]

.PHONY: demo examples examples-run examples-merge examples-mpi python-test
