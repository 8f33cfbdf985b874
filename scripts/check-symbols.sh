#!/bin/sh
# usage: check-symbols.sh OBJECT PROOF SHARED HEADER MAP TEXT_LIMIT
# Proves by the symbol tables what the library promises: no panic, no allocation, no unwinding, no
# libc beyond the mem... functions, and exactly the functions of the header.
#
#   OBJECT      the object that is the library
#   PROOF       the same object, whose panic handler calls a function that does not exist
#   SHARED      the shared library, the DLL, or the archive of a microcontroller, which has no such thing
#   HEADER MAP  hyla.h and the version script
#   TEXT_LIMIT  how many bytes of machine code OBJECT may have
#
# How files of a system are read, and what only they promise, is in check-elf.sh, check-dll.sh and check-archive.sh.
set -eu
export LC_ALL=C
[ $# -eq 6 ] || { sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
object=$1 proof=$2 shared=$3 header=$4 map=$5 text_limit=$6
case $shared in
    *.dll) system=dll reader=${OBJDUMP:-objdump} ;;
    *.a) system=archive reader=readelf ;;
    *) system=elf reader=readelf ;;
esac
if ! command -v "$reader" > /dev/null; then
    echo "check-symbols: skipped: $reader, which is not installed"
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

. "$(dirname "$0")/check-$system.sh"

# What a file needs from elsewhere.
undefined() { symbols "$1" | awk '$1 == "UND" && $2 != "LOCAL" { print $3 }' | sort -u; }
# Lines of the first file that the second one lacks, and the other way round.
differences() { comm -3 "$1" "$2" | sed 's/^\t/only in the second list: /; t; s/^/only in the first list: /'; }

symbols "$object" > "$work/object"
symbols "$proof" > "$work/proof"
for list in object proof; do
    grep -q 'GLOBAL hyla_version$' "$work/$list" ||
        echo "no symbol hyla_version: is this the library?" > "$work/no-symbols"
done
touch "$work/no-symbols"
check "the symbol tables can be read" "$work/no-symbols"

cmp "$object" "$proof" > "$work/cmp" 2>&1 || true
check "with an impossible panic handler the object is the same, byte by byte" "$work/cmp"
grep -h hyla_panic_path_is_reachable "$work/object" "$work/proof" > "$work/panic" || true
check "no path leads to the panic handler" "$work/panic"
panics='panic|slice_index|len_mismatch|unwrap_failed|expect_failed|begin_unwind|eh_personality|_Unwind_'
grep -E "$panics|_R.*4core3fmt|_ZN4core3fmt" "$work/object" > "$work/panicking" || true
check "no symbol of panics, unwinding or their messages" "$work/panicking"
allocators='__rust_(no_)?alloc|__rust_(de|re)alloc|__r[gd]l_|__rdl_oom|alloc_error'
grep -E "$allocators| (malloc|calloc|realloc|free|posix_memalign|aligned_alloc)\$" "$work/object" \
    > "$work/allocator" || true
check "no symbol of an allocator" "$work/allocator"

printf '%s\n' bcmp memcmp memcpy memmove memset > "$work/allowed"
undefined "$object" | grep -vx "$compilers" | comm -23 - "$work/allowed" > "$work/undefined" || true
check "$object needs nothing but bcmp, memcmp, memcpy, memmove and memset" "$work/undefined"
imported | sort -u | comm -23 - "$work/allowed" > "$work/undefined"
check "$shared needs nothing but bcmp, memcmp, memcpy, memmove and memset" "$work/undefined"

"$(dirname "$0")/functions.sh" "$header" > "$work/header"
[ -s "$work/header" ] && : > "$work/none" || echo "no function found in $header" > "$work/none"
check "the header declares functions" "$work/none"
sed -n 's/^ *\(hyla_[a-z0-9_]*\);$/\1/p' "$map" | sort > "$work/map"
differences "$work/header" "$work/map" > "$work/differences"
check "$map lists the functions of $header" "$work/differences"
awk '$1 != "UND" && $2 != "LOCAL" { print $3 }' "$work/object" | sort > "$work/defined"
differences "$work/header" "$work/defined" > "$work/differences"
check "$object defines the functions of $header" "$work/differences"
exported | sort > "$work/exported"
sed "s/\$/$version/" "$work/header" > "$work/versioned"
differences "$work/versioned" "$work/exported" > "$work/differences"
check "$shared exports the functions of $header${version:+ as }$version" "$work/differences"

check_system

text=$(size_of code) data=$(size_of state)
{ [ "$text" -gt 0 ] && [ "$text" -le "$text_limit" ]; } && : > "$work/size" || echo "$text bytes" > "$work/size"
check "machine code of at most $text_limit bytes" "$work/size"
[ "$data" -le 8 ] && : > "$work/size" || echo "$data bytes" > "$work/size"
check "no state but the tier" "$work/size"

functions=$(wc -l < "$work/header" | tr -d ' ')
echo "check-symbols: $text bytes of code (limit $text_limit), $data of state, $functions functions"
echo "check-symbols: $checks checks, $failed failed"
[ "$failed" -eq 0 ]
