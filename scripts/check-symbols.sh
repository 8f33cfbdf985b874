#!/bin/sh
# usage: check-symbols.sh OBJECT PROOF SHARED HEADER MAP TEXT_LIMIT
#        check-symbols.sh OBJECT PROOF HEADER        of a microcontroller, which has no shared libraries
# Proves by the symbol tables what the library promises: no panic, no allocation, no unwinding, no
# libc beyond the mem... functions, and exactly the functions of the header.
#
#   OBJECT      the object that is the library
#   PROOF       the same object, whose panic handler calls a function that does not exist
#   SHARED      the shared library
#   HEADER MAP  hyla.h and the version script
#   TEXT_LIMIT  how many bytes of machine code OBJECT may have
#
# readelf and not nm: nm loads plugins, and one that does not understand an object reports no symbols.
set -eu
export LC_ALL=C
[ $# -eq 6 ] || [ $# -eq 3 ] || { sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
object=$1 proof=$2 shared='' header=${4:-$3} map=${5:-} text_limit=${6:-}
[ $# -eq 3 ] || shared=$3
if ! command -v readelf > /dev/null; then
    echo "check-symbols: skipped: readelf, which is not installed"
    [ "${CI:-}" != true ]
    exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0 failed=0

# check TEXT FILE: the file, which lists what is wrong, is empty.
check() {
    checks=$((checks + 1))
    [ -s "$2" ] || return 0
    failed=$((failed + 1))
    echo "check-symbols: failed: $1" >&2
    sed 's/^/    /' "$2" >&2
}

# The named symbols of a file: section, binding, name without its version.
symbols() { readelf -sW "$1" | awk '$1 ~ /^[0-9]+:$/ && $8 != "" { sub(/@.*/, "", $8); print $7, $5, $8 }'; }
# What a file needs from elsewhere.
undefined() { symbols "$1" | awk '$1 == "UND" && $2 != "LOCAL" { print $3 }' | sort -u; }
# Lines of the first file that the second one lacks, and the other way round.
differences() { comm -3 "$1" "$2" | sed 's/^\t/only in the second list: /; t; s/^/only in the first list: /'; }

symbols "$object" > "$work/object"
symbols "$proof" > "$work/proof"
for list in object proof; do
    grep -q 'GLOBAL hyla_version$' "$work/$list" || echo "no symbol hyla_version: is this the library?" > "$work/no-symbols"
done
touch "$work/no-symbols"
check "the symbol tables can be read" "$work/no-symbols"

cmp "$object" "$proof" > "$work/cmp" 2>&1 || true
check "with an impossible panic handler the object is the same, byte by byte" "$work/cmp"
grep -h hyla_panic_path_is_reachable "$work/object" "$work/proof" > "$work/panic" || true
check "no path leads to the panic handler" "$work/panic"
grep -E 'panic|slice_index|len_mismatch|unwrap_failed|expect_failed|begin_unwind|eh_personality|_Unwind_|_R.*4core3fmt|_ZN4core3fmt' \
    "$work/object" > "$work/panicking" || true
check "no symbol of panics, unwinding or their messages" "$work/panicking"
grep -E '__rust_(no_)?alloc|__rust_(de|re)alloc|__r[gd]l_|__rdl_oom|alloc_error| (malloc|calloc|realloc|free|posix_memalign|aligned_alloc)$' \
    "$work/object" > "$work/allocator" || true
check "no symbol of an allocator" "$work/allocator"

# Where there is no float unit its routines are calls of the compiler's runtime, by the names of Arm's ABI and of libgcc; this
# runtime is in the archive.
memory='bcmp|memcmp|memcpy|memmove|memset'
[ -n "$shared" ] && allowed=$memory || allowed="$memory|__aeabi_[a-z0-9]+|__[a-z]+[sd]i[0-9]"
for file in "$object" $shared; do
    undefined "$file" | grep -Evx "$allowed" > "$work/undefined" || true
    check "$file needs nothing but $allowed" "$work/undefined"
done

# A declaration follows a line HYLA_API; its name stands before the first parenthesis.
awk '/^HYLA_API$/ { declares = 1; next }
     declares && match($0, /hyla_[a-z0-9_]+\(/) { print substr($0, RSTART, RLENGTH - 1); declares = 0 }' "$header" |
    sort > "$work/header"
[ -s "$work/header" ] && : > "$work/none" || echo "no function found in $header" > "$work/none"
check "the header declares functions" "$work/none"
awk '$1 != "UND" && $2 != "LOCAL" { print $3 }' "$work/object" | sort > "$work/defined"
differences "$work/header" "$work/defined" > "$work/differences"
check "$object defines the functions of $header" "$work/differences"

# What only a shared library has.
check_shared() {
    sed -n 's/^ *\(hyla_[a-z0-9_]*\);$/\1/p' "$map" | sort > "$work/map"
    differences "$work/header" "$work/map" > "$work/differences"
    check "$map lists the functions of $header" "$work/differences"
    readelf --dyn-syms -W "$shared" | awk '$1 ~ /^[0-9]+:$/ && $4 != "SECTION" && $7 != "UND" && $8 !~ /^HYLA_0$/ { print $8 }' | sort > "$work/exported"
    sed 's/$/@@HYLA_0/' "$work/header" > "$work/versioned"
    differences "$work/versioned" "$work/exported" > "$work/differences"
    check "$shared exports the functions of $header in version HYLA_0" "$work/differences"

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
[ -z "$shared" ] || check_shared

# Sections by flags: code is AX; written at run time is WA, except what is constant once loaded.
size_of() { readelf -SW "$object" | sed 's/^ *\[ *[0-9]*\]//' | awk -v flags="$1" '$7 == flags && $1 !~ /^\.data\.rel\.ro/ { print $5 }' |
    while read -r size; do echo $((0x$size)); done | awk '{ sum += $1 } END { print sum + 0 }'; }
text=$(size_of AX) data=$(size_of WA)
text_limit=${text_limit:-$text}
{ [ "$text" -gt 0 ] && [ "$text" -le "$text_limit" ]; } && : > "$work/size" || echo "$text bytes" > "$work/size"
check "machine code of at most $text_limit bytes" "$work/size"
[ "$data" -le 8 ] && : > "$work/size" || echo "$data bytes" > "$work/size"
check "no state but the tier" "$work/size"

echo "check-symbols: $text bytes of code (limit $text_limit), $data of state, $(wc -l < "$work/header" | tr -d ' ') functions"
echo "check-symbols: $checks checks, $failed failed"
[ "$failed" -eq 0 ]
