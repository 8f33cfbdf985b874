# The C and C++ tests; included by the Makefile, paths are those of the repository.

FFI := $(BUILD)/ffi-tests
FFI_PROGRAMS := $(patsubst ffi-tests/%.c,%,$(wildcard ffi-tests/law*.c)) bits guard environment threads wrapper17 wrapper20 losses
FFI_HEADERS := $(wildcard include/*.h include/*.hpp ffi-tests/*.h)
FFI_WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Werror
FFI_FLAGS := -O2 -g $(FFI_WARNINGS) -Iinclude -Iffi-tests -pthread -DCARGO_VERSION='"$(VERSION)"'

# How many bytes of machine code the library may have; a new kernel is a reason to raise it.
TEXT_LIMIT ?= 524288

ffi-test: ffi-headers $(FFI_PROGRAMS:%=$(FFI)/static/%) $(FFI_PROGRAMS:%=$(FFI)/shared/%) $(BUILD)/proof.o ## test the built library from C and C++
	scripts/run-programs.sh ffi-test $(FFI_PROGRAMS:%=$(FFI)/static/%) $(FFI_PROGRAMS:%=$(FFI)/shared/%) \
	    "scripts/check-symbols.sh $(BUILD)/hyla.o $(BUILD)/proof.o $(LIB)/$(SHARED) include/hyla.h abi/hyla.map $(TEXT_LIMIT)"

# The headers by themselves, in every standard and after careless macros, with clang too where it is. Nothing is made of it.
ffi-headers: ## compile the headers alone, in every standard
	@$(call headers-alone,$(CC),$(CXX)); \
	if command -v clang > /dev/null; then $(call headers-alone,clang,clang++); \
	else echo '$@: skipped: clang, which is not installed'; [ "$(CI)" != true ]; fi

# $(call headers-alone,C COMPILER,C++ COMPILER)
headers-alone = for macros in PLAIN CARELESS; do \
	    for standard in c99 c11 c17; do \
	        $1 -std=$$standard $(FFI_WARNINGS) -Iinclude -D$${macros}_MACROS -fsyntax-only ffi-tests/header.c || exit; \
	    done; \
	    for standard in c++11 c++14 c++17 c++20; do \
	        $2 -std=$$standard $(FFI_WARNINGS) -Wshadow -Iinclude -D$${macros}_MACROS -fsyntax-only ffi-tests/header.cpp || exit; \
	    done; \
	done; \
	echo 'headers: $1: 14 checks, 0 failed'

# valgrind hides AVX-512 from the programs, which say so. It does not know flush-to-zero, and the
# guard pages are a watch of their own, which touches them on purpose.
FFI_VALGRIND_PROGRAMS := $(filter-out environment guard,$(FFI_PROGRAMS))
ffi-valgrind: $(FFI_VALGRIND_PROGRAMS:%=$(FFI)/static/%) ## the same under valgrind
	@if command -v valgrind > /dev/null; then \
	    WRAPPER='valgrind -q --error-exitcode=9 --leak-check=full' \
	        scripts/run-programs.sh $@ $(FFI_VALGRIND_PROGRAMS:%=$(FFI)/static/%); \
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

# The programs find the shared library beside themselves.
FFI_SHARED_FLAGS := -L$(LIB) -lhyla -Wl,-rpath,'$$$$ORIGIN/../../lib'

# $(call ffi-rules,KIND,LIBRARY,FLAGS): how the programs of a kind are compiled and linked.
define ffi-rules
$(FFI)/$1/%: ffi-tests/%.c $(FFI_HEADERS) $2
	@mkdir -p $$(@D)
	$(CC) -std=c11 $(FFI_FLAGS) $$< $3 -lm -o $$@

$(FFI)/$1/%: ffi-tests/%.cpp $(FFI_HEADERS) $2
	@mkdir -p $$(@D)
	$(CXX) -std=c++17 $(FFI_FLAGS) $$< $3 -o $$@

$(FFI)/$1/wrapper%: ffi-tests/wrapper.cpp $(FFI_HEADERS) $2
	@mkdir -p $$(@D)
	$(CXX) -std=c++$$* $(FFI_FLAGS) -fno-exceptions -fno-rtti -DNAME='"wrapper$$*"' $$< $3 -o $$@
endef
$(eval $(call ffi-rules,static,$(LIB)/libhyla.a,$(LIB)/libhyla.a))
$(eval $(call ffi-rules,shared,$(LIB)/$(SHARED),$(FFI_SHARED_FLAGS)))
$(eval $(call ffi-rules,asan,$(BUILD)/asan/libhyla.a,$(FFI_SANITIZE) $(BUILD)/asan/libhyla.a))

.PHONY: ffi-test ffi-headers ffi-valgrind ffi-asan ffi-asan-programs
