#!/bin/sh
# usage: run-programs.sh NAME PROGRAM...
# Runs test programs, each through $WRAPPER if that is set (scripts by themselves), and ends with a summary. A program
# says "name: N checks, M failed" and what it skipped; one that dies before it does so has failed as well.
set -eu
name=$1
shift
output=$(mktemp)
trap 'rm -f "$output"' EXIT
programs=0 checks=0 failed=0 skipped=0
for program in "$@"; do
    status=0
    wrapper=${WRAPPER:-}
    case $program in scripts/*) wrapper= ;; esac
    # Unquoted: a wrapper has options, and so may a program.
    $wrapper $program > "$output" 2>&1 || status=$?
    kind=$(basename "$(dirname "${program%% *}")")
    sed "s|^|$kind/|" "$output"
    programs=$((programs + 1))
    skipped=$((skipped + $(grep -c ': skipped: ' "$output" || true)))
    grep -Eq ': [0-9]+ checks, |: skipped: ' "$output" || status="$status, and nothing was said"
    checks=$((checks + $(sed -n 's/^[a-z0-9_-]*: \([0-9]*\) checks, .*/\1/p' "$output" | tail -n 1 | grep . || echo 0)))
    if [ "$status" != 0 ]; then
        failed=$((failed + 1))
        echo "$kind/$(basename "${program%% *}"): exit status $status"
    fi
done
echo "$name: $programs programs, $checks checks, $failed programs failed, $skipped skipped"
[ "$failed" -eq 0 ]
