# Installing and distributing; included by the Makefile, paths are those of the repository.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR := $(PREFIX)/include
PACKAGING := $(BUILD)/packaging
PACKAGE_FILES := $(PACKAGING)/hyla.pc $(PACKAGING)/hylaConfig.cmake $(PACKAGING)/hylaConfigVersion.cmake
INSTALL ?= install
POINTER_BYTES := 8

# Written anew each time: PREFIX and LIBDIR may be others than before.
$(PACKAGING)/%: packaging/%.in FORCE
	@mkdir -p $(@D)
	@sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@ABI@|$(ABI)|g' -e 's|@POINTER_BYTES@|$(POINTER_BYTES)|g' \
	    -e "s|@PREFIX_FROM_PC@|$$(realpath -m --relative-to='$(LIBDIR)/pkgconfig' '$(PREFIX)')|g" \
	    -e "s|@PREFIX_FROM_CMAKE@|$$(realpath -m --relative-to='$(LIBDIR)/cmake/hyla' '$(PREFIX)')|g" $< > $@

# Windows finds DLLs where it finds programs; its linkers want a library of imports, or make one of the list of exports.
ifdef FOR_WINDOWS
SHARED_FILES = '$(DESTDIR)$(PREFIX)/bin/hyla.dll' '$(DESTDIR)$(LIBDIR)/libhyla.dll.a' '$(DESTDIR)$(LIBDIR)/hyla.def'
define install-shared
$(INSTALL) -d '$(DESTDIR)$(PREFIX)/bin'
$(INSTALL) -m 755 $(LIB)/hyla.dll '$(DESTDIR)$(PREFIX)/bin'
$(INSTALL) -m 644 $(LIB)/libhyla.dll.a $(LIB)/hyla.def '$(DESTDIR)$(LIBDIR)'
endef
else
SHARED_FILES = '$(DESTDIR)$(LIBDIR)/$(SHARED)' '$(DESTDIR)$(LIBDIR)/libhyla.so.$(ABI)' '$(DESTDIR)$(LIBDIR)/libhyla.so'
define install-shared
$(INSTALL) -m 755 $(LIB)/$(SHARED) '$(DESTDIR)$(LIBDIR)'
ln -sf $(SHARED) '$(DESTDIR)$(LIBDIR)/libhyla.so.$(ABI)'
ln -sf libhyla.so.$(ABI) '$(DESTDIR)$(LIBDIR)/libhyla.so'
endef
endif

install: lib $(PACKAGE_FILES) ## install into PREFIX (and LIBDIR), below DESTDIR
	$(INSTALL) -d '$(DESTDIR)$(INCLUDEDIR)' '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(LIBDIR)/cmake/hyla' \
	    '$(DESTDIR)$(PREFIX)/share/licenses/hyla'
	$(INSTALL) -m 644 include/hyla.h include/hyla.hpp '$(DESTDIR)$(INCLUDEDIR)'
	$(INSTALL) -m 644 $(LIB)/libhyla.a '$(DESTDIR)$(LIBDIR)'
	$(install-shared)
	$(INSTALL) -m 644 $(PACKAGING)/hyla.pc '$(DESTDIR)$(LIBDIR)/pkgconfig'
	$(INSTALL) -m 644 $(PACKAGING)/hylaConfig.cmake $(PACKAGING)/hylaConfigVersion.cmake '$(DESTDIR)$(LIBDIR)/cmake/hyla'
	$(INSTALL) -m 644 LICENSE-MIT LICENSE-APACHE '$(DESTDIR)$(PREFIX)/share/licenses/hyla'

uninstall: ## remove what `make install` with the same PREFIX, LIBDIR and DESTDIR wrote
	rm -f '$(DESTDIR)$(INCLUDEDIR)/hyla.h' '$(DESTDIR)$(INCLUDEDIR)/hyla.hpp' '$(DESTDIR)$(LIBDIR)/libhyla.a' \
	    $(SHARED_FILES) '$(DESTDIR)$(LIBDIR)/pkgconfig/hyla.pc'
	rm -rf '$(DESTDIR)$(LIBDIR)/cmake/hyla' '$(DESTDIR)$(PREFIX)/share/licenses/hyla'

# What is installed, as an archive that has the same bytes whoever makes it, and whenever.
DIST := hyla-$(VERSION)-$(MACHINE)
dist: ## make build/hyla-VERSION-TARGET.tar.gz of what is installed, reproducibly
	rm -rf $(BUILD)/dist
	$(MAKE) --no-print-directory install DESTDIR=$(abspath $(BUILD))/dist PREFIX=/$(DIST) LIBDIR=/$(DIST)/lib > /dev/null
	tar -C $(BUILD)/dist --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r-w --mtime=@0 --format=ustar \
	    -cf - $(DIST) | gzip -9n > $(BUILD)/$(DIST).tar.gz
	@cd $(BUILD) && sha256sum $(DIST).tar.gz

# A second build, of a copy elsewhere, has the same bytes.
dist-check: dist
	rm -rf $(BUILD)/dist-again
	mkdir -p $(BUILD)/dist-again
	git ls-files -z | xargs -0 cp --parents -t $(BUILD)/dist-again
	$(MAKE) --no-print-directory -C $(BUILD)/dist-again dist > /dev/null
	cmp $(BUILD)/$(DIST).tar.gz $(BUILD)/dist-again/$(BUILD)/$(DIST).tar.gz
	@echo 'dist-check: two builds have the same bytes'

package-test: lib ## use what is installed as others do: pkg-config, CMake, Meson, cc, cargo
	packaging/test-consumers.sh $(abspath $(BUILD))/package-test

# The binary interface: where every field lies, on machines with 64-bit pointers; and a dump of every function and type
# that abidiff compares (functions may be added, nothing else may change).
$(BUILD)/layout.c: scripts/layout.sh include/hyla.h
	@mkdir -p $(@D)
	scripts/layout.sh include/hyla.h > $@

$(BUILD)/layout$(EXE): $(BUILD)/layout.c
	$(CC) -std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude $< -o $@

abi-layout: $(BUILD)/layout$(EXE) ## compare the layout of all structs with abi/layout-64.txt (BLESS=1 writes it)
	@scripts/check-layout.sh '$(WHERE)' abi/layout-64.txt $(WRAPPER) $(BUILD)/layout$(EXE)

$(BUILD)/debug/$(SHARED): $(RUST_SOURCES) abi/hyla.map
	@mkdir -p $(@D)
	CARGO_PROFILE_RELEASE_DEBUG=2 $(CARGO) rustc $(RUSTC_LIBRARY) --target-dir $(BUILD)/debug/cargo
	KEEP_DEBUG=1 scripts/own-object.sh $(BUILD)/debug/cargo/$(RELEASE)/libhyla.a $(BUILD)/debug/hyla.o
	$(CC) -shared -nostartfiles -o $@ -Wl,-soname,libhyla.so.$(ABI) -Wl,--version-script=abi/hyla.map -Wl,-z,defs \
	    $(BUILD)/debug/hyla.o

ABIDW := abidw --no-show-locs --no-corpus-path --no-comp-dir-path --headers-dir include --drop-private-types
abi-check: abi-layout $(BUILD)/debug/$(SHARED) ## compare the interface with abi/hyla-0.abi (BLESS=1 writes it)
	@if ! command -v abidiff > /dev/null; then \
	    echo 'abi-check: skipped: abidiff, which is not installed'; [ "$(CI)" != true ]; \
	else \
	    if [ -n "$(BLESS)" ]; then \
	        $(ABIDW) $(BUILD)/debug/$(SHARED) | sed "s|path='/[^']*/registry/src/[^/']*/|path='|" \
	            > abi/hyla-$(ABI).abi || exit; \
	    fi; \
	    abidiff --no-added-syms abi/hyla-$(ABI).abi $(BUILD)/debug/$(SHARED) && echo 'abi-check: nothing but additions'; \
	fi

FORCE:
.PHONY: install uninstall dist dist-check package-test abi-layout abi-check FORCE
