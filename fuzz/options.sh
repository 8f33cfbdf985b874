# What the scripts of fuzzing have in common: to be sourced, with the folder of builds and the host as rustc names it.
# shellcheck shell=bash

programs=$1/$2/release
# Everything ends within seconds: what takes ten does not end. Inputs are recipes, so that short ones say all.
options=(-timeout=10 -max_len=1024 -len_control=0 -print_final_stats=1)

# Inputs that were found by runs on this machine, which begin with them again.
found() { echo "$PWD/build/fuzz-corpus/$1"; }
# Inputs that make a target fail.
findings() { echo "$PWD/build/fuzz-findings/$1/"; }

# fuzz_for SECONDS TARGET: what is found is added to the inputs of this machine.
fuzz_for() {
    mkdir -p "fuzz/corpus/$2" "$(found "$2")" "$(findings "$2")"
    "$programs/$2" "${options[@]}" -max_total_time="$1" -artifact_prefix="$(findings "$2")" \
        "$(found "$2")" "fuzz/corpus/$2"
}
