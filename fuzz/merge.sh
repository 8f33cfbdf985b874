#!/usr/bin/env bash
# merge.sh BUILD HOST TARGET: the corpus of a target anew, of as few inputs as reach every edge that is reached now.
# (How often an edge is taken tells more, but not in a hundred small files.)
set -euo pipefail
. fuzz/options.sh "$1" "$2"
[ -n "${3:-}" ] || { echo 'make fuzz-merge: which TARGET? See fuzz/README.md.' >&2; exit 2; }
corpus=fuzz/corpus/$3
few=$(mktemp -d)
trap 'rm -rf "$few"' EXIT
mkdir -p "$(found "$3")"
"$programs/$3" -set_cover_merge=1 -use_counters=0 -max_len=1024 "$few" "$corpus" "$(found "$3")" 2>&1 | tail -n 3
rm -f "$corpus"/*
# libFuzzer names inputs by their hash.
cp "$few"/* "$corpus"
echo "$corpus: $(find "$corpus" -type f | wc -l) inputs, $(cat "$corpus"/* | wc -c) bytes"
