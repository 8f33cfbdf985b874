# The C and C++ tests; included by the Makefile, paths are those of the repository.

FFI := $(BUILD)/ffi-tests
FFI_PROGRAMS := $(patsubst ffi-tests/%.c,%,$(wildcard ffi-tests/law*.c)) bits guard environment uninitialised \
    guard_planes guard_cubes threads neighbours wrapper17 wrapper20 losses
FFI_HEADERS := $(wildcard include/*.h include/*.hpp ffi-tests/*.h)
FFI_WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Werror
FFI_FLAGS := -O2 -g $(FFI_WARNINGS) -Iinclude -Iffi-tests -pthread -DCARGO_VERSION='"$(VERSION)"'
ifdef FOR_WINDOWS
# MinGW's isnan converts to every size, in branches that are not taken. Its C++ runtime and threads are DLLs otherwise.
FFI_FLAGS += -Wno-float-conversion -static
endif

# How many bytes of machine code the library may have; a new kernel is a reason to raise it.
TEXT_LIMIT ?= 773120

ffi-test: ffi-programs $(BUILD)/proof.o ## test the built library from C and C++
	scripts/run-programs.sh ffi-test $(FFI_PROGRAMS:%=$(FFI)/static/%$(EXE)) $(FFI_PROGRAMS:%=$(FFI)/shared/%$(EXE)) \
	    "scripts/check-symbols.sh $(BUILD)/hyla.o $(BUILD)/proof.o $(LIB)/$(SHARED) \
	    include/hyla.h abi/hyla.map $(TEXT_LIMIT)"

ffi-programs: ffi-headers $(FFI_PROGRAMS:%=$(FFI)/static/%$(EXE)) $(FFI_PROGRAMS:%=$(FFI)/shared/%$(EXE))

# The headers by themselves, in every standard, after careless macros and beside windows.h, with clang too where it is,
# which does not find MinGW's C++ by itself. Nothing is made of it.
FFI_MACROS := PLAIN CARELESS
ifdef FOR_WINDOWS
FFI_MACROS += WINDOWS_BEFORE WINDOWS_AFTER
FFI_CLANG = --target=$(MACHINE) $(addprefix -isystem $(shell $(CXX) -print-file-name=include/c++),/. /$(MACHINE))
endif
ffi-headers: ## compile the headers alone, in every standard
	@$(call headers-alone,$(CC),$(CXX)); \
	if command -v clang > /dev/null; then $(call headers-alone,clang,clang++,$(FFI_CLANG)); \
	else echo '$@: skipped: clang, which is not installed'; [ "$(CI)" != true ]; fi

# $(call headers-alone,C COMPILER,C++ COMPILER,FLAGS)
headers-alone = for macros in $(FFI_MACROS); do \
	    for standard in c99 c11 c17; do \
	        $1 $(filter --target%,$3) -std=$$standard $(FFI_WARNINGS) -Iinclude -D$${macros}_MACROS \
	            -fsyntax-only ffi-tests/header.c || exit; \
	    done; \
	    for standard in c++11 c++14 c++17 c++20; do \
	        $2 $3 -std=$$standard $(FFI_WARNINGS) -Wshadow -Iinclude -D$${macros}_MACROS \
	            -fsyntax-only ffi-tests/header.cpp || exit; \
	    done; \
	done; \
	echo 'headers: $1: $(words $(foreach macros,$(FFI_MACROS),1 2 3 4 5 6 7)) checks, 0 failed'

# valgrind hides AVX-512 from the programs, which say so. It does not know flush-to-zero, and the
# guard pages are a watch of their own, which touches them on purpose.
FFI_VALGRIND_PROGRAMS := $(filter-out environment guard guard_planes guard_cubes,$(FFI_PROGRAMS))
ffi-valgrind: $(FFI_VALGRIND_PROGRAMS:%=$(FFI)/static/%) ## the same under valgrind
	@if command -v valgrind > /dev/null; then \
	    WRAPPER='valgrind -q --error-exitcode=9 --leak-check=full' \
	        scripts/run-programs.sh $@ $(FFI_VALGRIND_PROGRAMS:%=$(FFI)/static/%) \
            'scripts/reads-of-outputs.py $(FFI)/static/uninitialised'; \
	else \
	    echo '$@: skipped: valgrind, which is not installed'; [ "$(CI)" != true ]; \
	fi

# The address sanitizer in the library itself, and in the tests with the one for undefined behaviour.
# The library has the scalar tier here, which is not shipped where there is SIMD.
FFI_SANITIZE := -fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all
ffi-asan: ## the same with the address sanitizer in the library
	@if echo 'int main(void) { return 0; }' | $(CC) $(FFI_SANITIZE) -x c - -o /dev/null 2> /dev/null; then \
	    $(MAKE) --no-print-directory ffi-asan-programs && \
	    scripts/run-programs.sh $@ $(FFI_PROGRAMS:%=$(FFI)/asan/%); \
	else \
	    echo '$@: skipped: the sanitizers of $(CC), which are not installed'; [ "$(CI)" != true ]; \
	fi

ffi-asan-programs: $(FFI_PROGRAMS:%=$(FFI)/asan/%)

# Only nightly compilers take -Z, or stable ones that are told so. The sanitizer needs a target by name.
FFI_HOST = $(shell rustc -vV | sed -n 's/^host: //p')
$(BUILD)/asan/libhyla.a: $(RUST_SOURCES)
	RUSTC_BOOTSTRAP=1 $(CARGO) rustc --quiet --release --features capi,scalar --crate-type staticlib --target $(FFI_HOST) \
	    --target-dir $(BUILD)/asan -- -Zsanitizer=address
	cp $(BUILD)/asan/$(FFI_HOST)/release/libhyla.a $@

# The thread sanitizer in the library and in the programs that have threads, with the runtime that comes with rustc,
# whatever the compiler of C. It sees accesses of up to 16 bytes: all of the tiers scalar and portable, of the others
# what is not a whole vector. It must see the planted overlap, too.
TSAN_RUNTIME = $(firstword $(wildcard $(shell rustc --print target-libdir --target $(FFI_HOST))/librustc-*_rt.tsan.a))
TSAN_PROGRAMS := $(FFI)/tsan/threads $(FFI)/tsan/neighbours
tsan: ## threads that write beside each other, with the thread sanitizer in the library
	@if [ -n '$(TSAN_RUNTIME)' ]; then \
	    $(MAKE) --no-print-directory $(TSAN_PROGRAMS) && \
	    scripts/run-programs.sh $@ $(TSAN_PROGRAMS) && \
	    if $(FFI)/tsan/neighbours overlap > $(BUILD)/tsan/overlap.txt 2>&1; then \
	        echo '$@: failed: two threads wrote the same floats, and the sanitizer saw nothing'; exit 1; \
	    fi && \
	    grep -q 'WARNING: ThreadSanitizer: data race' $(BUILD)/tsan/overlap.txt && echo '$@: it sees the planted race'; \
	else \
	    echo '$@: skipped: the thread sanitizer of rustc, which is not installed'; [ "$(CI)" != true ]; \
	fi

# Core comes as it is, without the sanitizer, which the compiler wants to be told.
$(BUILD)/tsan/libhyla.a: $(RUST_SOURCES)
	RUSTC_BOOTSTRAP=1 RUSTFLAGS='-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer' $(CARGO) rustc --quiet \
	    --release --features capi,scalar --crate-type staticlib --target $(FFI_HOST) --target-dir $(BUILD)/tsan
	cp $(BUILD)/tsan/$(FFI_HOST)/release/libhyla.a $@

# Not linked by -fsanitize, which would take the runtime of the compiler of C.
$(FFI)/tsan/%: ffi-tests/%.cpp $(FFI_HEADERS) $(BUILD)/tsan/libhyla.a
	@mkdir -p $(@D)
	$(CXX) -std=c++17 $(FFI_FLAGS) -fsanitize=thread -c $< -o $@.o
	$(CXX) $@.o $(BUILD)/tsan/libhyla.a -Wl,--whole-archive $(TSAN_RUNTIME) -Wl,--no-whole-archive -pthread -ldl -lm -o $@

# The programs find the shared library beside themselves; those for Windows where scripts/wine.sh is told to look.
ifdef FOR_WINDOWS
FFI_SHARED_FLAGS := -DHYLA_SHARED $(LIB)/libhyla.dll.a
else
FFI_SHARED_FLAGS := -L$(LIB) -lhyla -Wl,-rpath,'$$$$ORIGIN/../../lib'
endif

# $(call ffi-rules,KIND,LIBRARY,FLAGS): how the programs of a kind are compiled and linked.
define ffi-rules
$(FFI)/$1/%$(EXE): ffi-tests/%.c $(FFI_HEADERS) $2
	@mkdir -p $$(@D)
	$(CC) -std=c11 $(FFI_FLAGS) $$< $3 -lm -o $$@

$(FFI)/$1/%$(EXE): ffi-tests/%.cpp $(FFI_HEADERS) $2
	@mkdir -p $$(@D)
	$(CXX) -std=c++17 $(FFI_FLAGS) $$< $3 -o $$@

$(FFI)/$1/wrapper%$(EXE): ffi-tests/wrapper.cpp $(FFI_HEADERS) $2
	@mkdir -p $$(@D)
	$(CXX) -std=c++$$* $(FFI_FLAGS) -fno-exceptions -fno-rtti -DNAME='"wrapper$$*"' $$< $3 -o $$@
endef
$(eval $(call ffi-rules,static,$(LIB)/libhyla.a,$(LIB)/libhyla.a))
$(eval $(call ffi-rules,shared,$(LIB)/$(SHARED),$(FFI_SHARED_FLAGS)))
$(eval $(call ffi-rules,asan,$(BUILD)/asan/libhyla.a,$(FFI_SANITIZE) $(BUILD)/asan/libhyla.a))

.PHONY: ffi-test ffi-programs ffi-headers ffi-valgrind ffi-asan ffi-asan-programs tsan
