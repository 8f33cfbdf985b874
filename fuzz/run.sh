#!/usr/bin/env bash
# run.sh BUILD HOST SECONDS TARGET: fuzzes one target.
set -euo pipefail
. fuzz/options.sh "$1" "$2"
[ -n "${4:-}" ] || { echo 'make fuzz: which TARGET? See fuzz/README.md.' >&2; exit 2; }
fuzz_for "$3" "$4"
