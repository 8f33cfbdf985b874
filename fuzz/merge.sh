#!/usr/bin/env bash
# merge.sh BUILD HOST TARGET: the corpus of a target anew, of as few inputs as reach every edge that is reached now; of
# more than a hundred those that reach most. (How often an edge is taken tells more, but not in a hundred small files.)
set -euo pipefail
. fuzz/options.sh "$1" "$2"
target=${3:-}
[ -n "$target" ] || { echo 'make fuzz-merge: which TARGET? See fuzz/README.md.' >&2; exit 2; }
corpus=fuzz/corpus/$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(found "$target")" "$corpus" "$work"/{few,again,kept}

merge() { "$programs/$target" -set_cover_merge=1 -use_counters=0 -max_len=1024 "$@" 2>&1 | tail -n 1; }
merge "$work/few" "$corpus" "$(found "$target")"
# Once more, for what each of the few reaches.
merge -merge_control_file="$work/control" "$work/again" "$work/few"
fuzz/choose.py "$work/control" 100 "$work/kept"
# libFuzzer names inputs by their hash. Findings are named by what went wrong, too, and stay.
find "$corpus" -type f ! -name '*-*' -delete
cp "$work/kept"/* "$corpus"
echo "$corpus: $(find "$corpus" -type f | wc -l) inputs, $(cat "$corpus"/* | wc -c) bytes"
