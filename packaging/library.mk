# The library: one object, and what is made of it; included by the Makefile, paths are those of the repository.

lib: $(LIB)/libhyla.a $(LIB)/$(SHARED) ## build the static and the shared library in build/lib

# For another machine: its name for rustc, beside CC, CXX, AR, STRIP, and a BUILD of its own (packaging/cross.mk).
TARGET ?=
# -Zbuild-std=core, for a cargo that may, where there is no core for the target yet.
BUILD_STD ?=
RUSTC_LIBRARY := --quiet --release --features capi --crate-type staticlib $(TARGET:%=--target %) $(BUILD_STD)
RELEASE := $(TARGET:%=%/)release

# One object holds the whole library: fat LTO leaves nothing of core but what is used. Its name
# begins with the crate's; anything else in the archive is the compiler's runtime, which every C
# toolchain has.
$(BUILD)/hyla.o: $(RUST_SOURCES) scripts/own-object.sh
	$(CARGO) rustc $(RUSTC_LIBRARY) --target-dir $(BUILD)/cargo
	scripts/own-object.sh $(BUILD)/cargo/$(RELEASE)/libhyla.a $@

$(LIB)/libhyla.a: $(BUILD)/hyla.o
	mkdir -p $(LIB)
	rm -f $@
	$(AR) rcsD $@ $<

$(LIB)/libhyla.so.$(VERSION): $(BUILD)/hyla.o abi/hyla.map
	mkdir -p $(LIB)
	$(CC) -shared -nostartfiles -o $@ -Wl,-soname,libhyla.so.$(ABI) \
	    -Wl,--version-script=abi/hyla.map -Wl,-z,defs,-z,now,-z,relro,-z,noexecstack \
	    -Wl,--build-id $<
	ln -sf $(@F) $(LIB)/libhyla.so.$(ABI)
	ln -sf libhyla.so.$(ABI) $(LIB)/libhyla.so

# The same object with a panic handler that cannot be linked, for `make test-symbols`.
$(BUILD)/proof.o: $(RUST_SOURCES) scripts/own-object.sh
	$(CARGO) rustc $(RUSTC_LIBRARY) --target-dir $(BUILD)/proof -- --cfg hyla_panic_proof
	scripts/own-object.sh $(BUILD)/proof/$(RELEASE)/libhyla.a $@

# Names that say which kernel a function was made of: for the table, not for the library.
$(BUILD)/named.o: $(RUST_SOURCES) scripts/own-object.sh
	$(CARGO) rustc $(RUSTC_LIBRARY) --target-dir $(BUILD)/named -- -C symbol-mangling-version=v0
	scripts/own-object.sh $(BUILD)/named/$(RELEASE)/libhyla.a $@

text-sizes: $(BUILD)/named.o ## machine code by node and tier
	scripts/text-sizes.sh $<

.PHONY: lib text-sizes
