#!/bin/sh
# usage: check-layout.sh WHERE EXPECTED COMMAND...
# Compares the size of every public struct and the place of every field with those that were promised. BLESS=1 writes
# EXPECTED anew instead.
set -eu
where=$1 expected=$2
shift 2
found=$("$@" < /dev/null)
if [ "${BLESS:-}" = 1 ]; then echo "$found" > "$expected"; fi
echo "$found" | diff -u "$expected" -
echo "abi-layout: $where: $(grep -c . "$expected") sizes and places are as promised"
