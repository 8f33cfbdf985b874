#!/bin/sh
# usage: functions.sh HEADER
# The functions that a header declares, sorted: a declaration follows a line HYLA_API, and its name stands before the
# first parenthesis.
export LC_ALL=C
awk '/^HYLA_API$/ { declares = 1; next }
     declares && match($0, /hyla_[a-z0-9_]+\(/) { print substr($0, RSTART, RLENGTH - 1); declares = 0 }' "$1" | sort
