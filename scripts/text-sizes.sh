#!/bin/sh
# usage: text-sizes.sh [OBJECT]
# Machine code by node and tier, in bytes, of an object whose symbols have Rust's v0 names (`make
# text-sizes` builds one). A function counts for the node that its name says, else for "shared".
set -eu
export LC_ALL=C
readelf -sW "${1:?usage: text-sizes.sh OBJECT}" | awk '$4 == "FUNC" && $7 != "UND" { print $3, $8 }' | c++filt | awk '
    {
        size = $1
        node = "shared"
        if (match($0, /::(node|loss|metric|capi)::[a-z_0-9]+/)) {
            node = substr($0, RSTART, RLENGTH)
            sub(/.*::/, "", node)
            # The function of C, of which the checks are a closure.
        }
        if (node == "environment" && match($0, /hyla_[a-z_]+/)) node = "shared"
        tier = /avx512/ ? "avx512" : /avx2/ ? "avx2" : /[Pp]ortable/ ? "portable" : "all tiers"
        bytes[node, tier] += size
        nodes[node] += size
        total += size
    }
    END {
        printf "%-26s %9s %9s %9s %9s %9s\n", "node", "portable", "avx2", "avx512", "all tiers", "sum"
        for (node in nodes) {
            printf "%-26s %9d %9d %9d %9d %9d\n", node, bytes[node, "portable"], bytes[node, "avx2"],
                bytes[node, "avx512"], bytes[node, "all tiers"], nodes[node] | "sort"
        }
        close("sort")
        printf "%-26s %49d\n", "sum", total
    }'
