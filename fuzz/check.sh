#!/usr/bin/env bash
# check.sh BUILD HOST SECONDS JOBS TARGETS: each target runs its committed corpus and then fuzzes, and says what it did.
# Nothing is kept but findings.
set -euo pipefail
. fuzz/options.sh "$1" "$2"
seconds=$3 jobs=$4
shift 4
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

check() {
    local log=$logs/$1.log status=0
    found() { echo "$logs/$1"; }
    fuzz_for "$seconds" "$1" > "$log" 2>&1 || status=$?
    echo "$status" > "$logs/$1.status"
}
for target; do
    check "$target" &
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
done
wait

failed=0
printf '%-10s %8s %12s %10s %10s\n' target corpus executions edges features
for target; do
    log=$logs/$target.log
    if [ "$(cat "$logs/$target.status")" -ne 0 ]; then
        failed=1
        grep -vE '^(#[0-9]|INFO)|NEW_FUNC' "$log" | tail -n 60
        printf '%-10s FAILED: the input is in build/fuzz-findings/%s\n' "$target" "$target"
        continue
    fi
    corpus=$(find "fuzz/corpus/$target" -type f | wc -l)
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    last=$(grep -E '^#[0-9]+.*DONE' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' <<< "$last")
    features=$(sed -n 's/.* ft: \([0-9]*\).*/\1/p' <<< "$last")
    printf '%-10s %8s %12s %10s %10s\n' "$target" "$corpus" "$executions" "$edges" "$features"
done
exit "$failed"
