#!/bin/sh
# usage: check-layout.sh WHERE EXPECTED COMMAND...
# Compares the size of every public struct and the place of every field with those that were promised. BLESS=1 writes
# EXPECTED anew instead. The order of the structs is that of the header, and says nothing.
set -eu
export LC_ALL=C
where=$1 expected=$2
shift 2
found=$("$@" < /dev/null)
if [ "${BLESS:-}" = 1 ]; then echo "$found" > "$expected"; fi
if [ "$(echo "$found" | sort)" != "$(sort "$expected")" ]; then
    echo "$found" | diff -u "$expected" -
    exit 1
fi
echo "abi-layout: $where: $(grep -c . "$expected") sizes and places are as promised"
