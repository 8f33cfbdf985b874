# Read by check-symbols.sh: ELF, by readelf and not nm: nm loads plugins, and one that does not understand an object
# reports no symbols.

# What a compiler's own runtime has, and every C compiler brings along.
compilers=none
# What an exported name ends with.
version=@@HYLA_0

# The named symbols of a file: section, binding, name without its version.
symbols() { readelf -sW "$1" | awk '$1 ~ /^[0-9]+:$/ && $8 != "" { sub(/@.*/, "", $8); print $7, $5, $8 }'; }

imported() { undefined "$shared"; }
exported() {
    readelf --dyn-syms -W "$shared" |
        awk '$1 ~ /^[0-9]+:$/ && $4 != "SECTION" && $7 != "UND" && $8 !~ /^HYLA_0$/ { print $8 }'
}

# Bytes of code, or of state, in the object. Sections by flags: code is AX; written at run time is WA, except what is
# constant once loaded.
size_of() {
    [ "$1" = code ] && flags=AX || flags=WA
    readelf -SW "$object" | sed 's/^ *\[ *[0-9]*\]//' |
        awk -v flags="$flags" '$7 == flags && $1 !~ /^\.data\.rel\.ro/ { print $5 }' |
        while read -r size; do echo $((0x$size)); done | awk '{ sum += $1 } END { print sum + 0 }'
}

check_system() {
    abi=$(sed -n 's/^#define HYLA_ABI_VERSION //p' "$header")
    readelf -dW "$shared" > "$work/dynamic"
    sed -n 's/.*(SONAME).*\[\(.*\)\]$/\1/p' "$work/dynamic" > "$work/soname"
    echo "libhyla.so.$abi" | cmp - "$work/soname" > "$work/cmp" 2>&1 || true
    check "the soname ends with HYLA_ABI_VERSION" "$work/cmp"
    grep TEXTREL "$work/dynamic" > "$work/relocations" || true
    check "no relocations in code" "$work/relocations"
    sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' "$work/dynamic" | grep -v '^libc\.so' > "$work/needed" || true
    check "$shared needs no library but libc" "$work/needed"
    readelf -lW "$shared" > "$work/segments"
    {
        grep -q 'GNU_STACK' "$work/segments" || echo "no GNU_STACK"
        awk '/GNU_STACK/ && $(NF - 1) != "RW" || /^ *LOAD/ && /RWE|WE / { print }' "$work/segments"
        readelf -SW "$object" | grep 'note.GNU-stack.*X' || true
    } > "$work/stack"
    check "no stack and no other memory is writable and executable" "$work/stack"
}
