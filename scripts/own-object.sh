#!/bin/sh
# usage: own-object.sh ARCHIVE OBJECT
# Takes the one object that is the crate's own out of a static library that cargo made. Its debug information is
# dropped, unless KEEP_DEBUG is set.
set -eu
archive=$(realpath "$1")
object=$(realpath -m "$2")
members=$(ar t "$archive" | grep '^hyla[-.]' || true)
if [ "$(printf '%s\n' "$members" | grep -c .)" -ne 1 ]; then
    echo "own-object.sh: $1 has not exactly one object of hyla: '$members'" >&2
    exit 1
fi
mkdir -p "$(dirname "$object")"
(cd "$(dirname "$object")" && ar p "$archive" "$members" > "$object.part")
[ -n "${KEEP_DEBUG:-}" ] || "${STRIP:-strip}" --strip-debug "$object.part"
mv "$object.part" "$object"
