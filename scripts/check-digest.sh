#!/bin/sh
# usage: check-digest.sh WHERE OUT COMMAND...
# Runs ffi-tests/digest.c somewhere and compares what it says with ffi-tests/digest.txt: the same bits on every machine.
# OUT keeps what was said. BLESS=1 writes digest.txt anew instead, which says that results were meant to change.
set -eu
expected=$(dirname "$0")/../ffi-tests/digest.txt
where=$1 out=$2
shift 2
status=0
"$@" < /dev/null > "$out" || status=$?
grep -v '^digest: ' "$out" > "$out.text" || true
if [ "${BLESS:-}" = 1 ]; then
    cp "$out.text" "$expected"
    echo "digest: $where: written to ffi-tests/digest.txt"
elif cmp -s "$out.text" "$expected"; then
    echo "digest: $where: the same $(wc -l < "$expected") lines, $(tail -n 1 "$expected" | sed 's/  */ /g')"
else
    echo "digest: $where: failed: the text differs" >&2
    diff "$expected" "$out.text" >&2 || true
    status=1
fi
sed -n "s|^digest: |digest: $where: |p" "$out"
[ "$status" = 0 ]
