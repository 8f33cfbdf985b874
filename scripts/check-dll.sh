# Read by check-symbols.sh: objects, DLLs and import libraries of Windows.

# What a compiler's own runtime has, and every C compiler brings along: it touches the pages of a stack in order.
compilers=___chkstk_ms
# What an exported name ends with.
version=

# The named symbols of a file: section, binding, name.
symbols() {
    "$reader" -t "$1" | sed -n 's/^\[ *[0-9]*\](sec *\(-\{0,1\}[0-9]*\)).*(scl *\([0-9]*\)).* \([^ ]*\)$/\1 \2 \3/p' |
        awk '{ print $1 == 0 ? "UND" : $1, $2 == 2 ? "GLOBAL" : $2 == 105 ? "WEAK" : "LOCAL", $3 }'
}

imported() {
    awk '
        /DLL Name: / { inside = 1; next }
        NF == 0 { inside = 0 }
        inside && $2 ~ /^[0-9]+$/ { print $3 }
    ' "$work/headers"
}
exported() {
    awk '
        /^\[Ordinal\/Name Pointer\] Table/ { inside = 1; next }
        NF == 0 { inside = 0 }
        inside { print $NF }
    ' "$work/headers"
}
"$reader" -p "$shared" > "$work/headers"

# Bytes of code, or of state, in the object.
size_of() {
    [ "$1" = code ] && sections='.text' || sections='[.](data|bss|tls)'
    "$reader" -h "$object" | awk -v sections="^$sections" '$1 ~ /^[0-9]+$/ && $2 ~ sections { print $3 }' |
        while read -r size; do echo $((0x$size)); done | awk '{ sum += $1 } END { print sum + 0 }'
}

check_system() {
    sed -n 's/.*DLL Name: //p' "$work/headers" | grep -v '^msvcrt\.dll$' > "$work/needed" || true
    check "$shared needs no library but the C runtime that every Windows has" "$work/needed"
    sed -n 's/^    *\(hyla_[a-z0-9_]*\)$/\1/p' "${shared%.dll}.def" | sort > "$work/def"
    differences "$work/header" "$work/def" > "$work/differences"
    check "${shared%.dll}.def lists the functions of $header" "$work/differences"
    library=$(dirname "$shared")/libhyla.dll.a
    symbols "$library" | sed -n 's/^[0-9]* GLOBAL __imp_//p' | sort > "$work/import"
    differences "$work/header" "$work/import" > "$work/differences"
    check "$library has the functions of $header" "$work/differences"
    for property in HIGH_ENTROPY_VA DYNAMIC_BASE NX_COMPAT; do
        grep -q "$property" "$work/headers" || echo "no $property"
    done > "$work/stack"
    "$reader" -h "$shared" | awk '
        $2 ~ /^[.]/ { name = $2 }
        /CODE/ && !/READONLY/ { print name " is code that can be written" }
    ' >> "$work/stack"
    check "$shared may lie anywhere, and no memory is writable and executable" "$work/stack"
}
