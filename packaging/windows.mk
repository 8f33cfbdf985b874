# Windows on x86-64, built here by MinGW-w64 and run here by Wine; included by the Makefile. WINDOWS_CARGO builds Rust's
# core, too, because no Debian package has it for Windows; where `rustup target add x86_64-pc-windows-gnu` has been done
# it is `cargo`.

WINDOWS_CARGO ?= env RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=core $(CROSS_CARGO)

# std::thread is only in MinGW's C++ with the threads of POSIX.
WINDOWS := $(BUILD)/windows
MINGW := x86_64-w64-mingw32
WINDOWS_CC := $(MINGW)-gcc
WINDOWS_CXX := $(MINGW)-g++-posix
WINDOWS_RUN := $(CURDIR)/scripts/wine.sh
WINDOWS_MAKE := $(MAKE) --no-print-directory TARGET=x86_64-pc-windows-gnu BUILD=$(WINDOWS) CC=$(WINDOWS_CC) \
    CXX=$(WINDOWS_CXX) AR=$(MINGW)-ar STRIP=$(MINGW)-strip OBJDUMP=$(MINGW)-objdump WINDRES=$(MINGW)-windres \
    CARGO='$(WINDOWS_CARGO)'

windows: ## build hyla.dll, its import library and the static library for Windows in build/windows/lib
	$(WINDOWS_MAKE) lib

windows-install: ## install for Windows into PREFIX (and LIBDIR), below DESTDIR
	$(WINDOWS_MAKE) install

windows-dist: ## make build/windows/hyla-VERSION-TARGET.tar.gz of what windows-install installs
	$(WINDOWS_MAKE) dist

windows-test: ## build for Windows, and run the C and C++ tests and programs that use the installed package under Wine
	@$(call need,$(WINDOWS_CC) $(WINDOWS_CXX)); \
	if ! command -v wine64 > /dev/null && ! [ -x /usr/lib/wine/wine64 ]; then \
	    $(WINDOWS_MAKE) ffi-programs || exit; \
	    echo '$@: skipped: wine64, which is not installed: the programs were linked, not run'; [ "$(CI)" != true ]; exit; \
	fi; \
	export WRAPPER='$(WINDOWS_RUN)' WINEPATH='$(abspath $(WINDOWS))/lib' && \
	$(WINDOWS_MAKE) ffi-test && \
	$(WINDOWS_MAKE) abi-layout digest WHERE=Windows && \
	$(WINDOWS_MAKE) package-test

# What follows is made where CC is MinGW's. The exports are those of the version script; memcpy and memset come from the
# C runtime that every Windows has, so that the DLL asks for nothing that a program would have to bring along.
WINDRES ?= windres
$(LIB)/hyla.def: abi/hyla.map
	@mkdir -p $(LIB)
	sed -n -e '1i LIBRARY hyla.dll\nEXPORTS' -e 's/^ *\(hyla_[a-z0-9_]*\);$$/    \1/p' $< > $@

$(BUILD)/version.o: packaging/hyla.rc.in Cargo.toml
	@mkdir -p $(BUILD)
	sed -e 's/@VERSION@/$(VERSION)/' -e 's/@VERSION_WORDS@/$(subst .,$(COMMA),$(VERSION)),0/' $< > $(@:.o=.rc)
	$(WINDRES) $(@:.o=.rc) $@

$(LIB)/hyla.dll: $(BUILD)/hyla.o $(BUILD)/version.o $(LIB)/hyla.def
	$(CC) -shared -nostdlib -o $@ -Wl,--entry=0 -Wl,--no-insert-timestamp -Wl,--out-implib,$(LIB)/libhyla.dll.a $^ \
	    -lgcc -lmsvcrt

.PHONY: windows windows-install windows-dist windows-test
