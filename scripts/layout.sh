#!/bin/sh
# usage: layout.sh HEADER
# Writes a C program that prints the size of every public struct and the place of every field, for a comparison with
# what was promised (abi/layout-*.txt): a change there is a change of the binary interface.
set -eu
header=$1
cat << 'END'
#include <hyla.h>
#include <stdio.h>

#define FIELD(type, field) \
    printf("%lu %lu %s\n", (unsigned long)offsetof(type, field), (unsigned long)sizeof(((type *)0)->field), \
           #type "." #field)

int main(void) {
END
sed 's|//.*||; s| HYLA_INITIALLY(.*);|;|' "$header" | awk '
    match($0, /^typedef struct hyla_[a-z0-9_]+ \{/) { name = $3; fields = ""; inside = 1; next }
    inside && $0 == "} " name ";" {
        printf "    printf(\"%%lu %s\\n\", (unsigned long)sizeof(%s));\n%s", name, name, fields
        inside = 0
        next
    }
    inside && match($0, /[a-z0-9_]+(\[[0-9]+\])?;$/) {
        field = substr($0, RSTART, RLENGTH - 1)
        sub(/\[.*/, "", field)
        fields = fields sprintf("    FIELD(%s, %s);\n", name, field)
    }'
printf '}\n'
