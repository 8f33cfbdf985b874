#!/bin/sh
# usage: wine.sh PROGRAM [ARGUMENT...]
# Runs a program for Windows by Wine: without a display, with a Windows of its own in build/wine (or $WINEPREFIX), and
# with lines that end as they do here. It looks for DLLs in $WINEPATH, too. The exit status is the program's.
set -eu
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
: "${WINEPREFIX:=$(realpath "$(dirname "$0")/..")/build/wine}"
export WINEPREFIX WINEDEBUG=-all WINEDLLOVERRIDES=winedbg.exe=d
unset DISPLAY
if [ ! -f "$WINEPREFIX/system.reg" ]; then
    mkdir -p "$WINEPREFIX"
    "$wine" wineboot --init > /dev/null 2>&1
fi
# What cuts the lines must not hide the status: it takes another way out.
exec 4>&1
status=$({ { { "$wine" "$@" 3>&- 4>&-; } && echo 0 >&3 || echo $? >&3; } | tr -d '\r' >&4; } 3>&1)
exit "$status"
