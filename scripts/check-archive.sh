# Read by check-symbols.sh: the archive of a microcontroller, which has the compiler's runtime beside the library.

. "$(dirname "$0")/check-elf.sh"

# Routines for floats and wide integers, by the names of Arm's interface and of libgcc.
compilers='__aeabi_[a-z0-9]*\|__[a-z]*[sd]i[0-9]'
version=

# What no member of the archive has.
imported() {
    symbols "$shared" | awk '
        $2 != "LOCAL" { if ($1 == "UND") wanted[$3]; else had[$3] }
        END { for (name in wanted) if (!(name in had)) print name }
    '
}
# What could clash with names of a program: those of the runtime are weak, or mangled.
exported() { symbols "$shared" | awk '$1 != "UND" && $2 == "GLOBAL" && $3 !~ /compiler_builtins/ { print $3 }'; }

check_system() {
    readelf -SW "$object" | grep 'note.GNU-stack.*X' > "$work/stack" || true
    check "no stack is executable" "$work/stack"
}
