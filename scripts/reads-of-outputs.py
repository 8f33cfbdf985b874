#!/usr/bin/env python3
"""usage: reads-of-outputs.py PROGRAM

Runs `PROGRAM trace` (ffi-tests/uninitialised.c) under valgrind's lackey, which prints every load and store, and fails
if anything is loaded from an output or a workspace that was not stored there before. Memcheck does not find that where
the load comes to nothing: a copy of what is uninitialised is no error to it.
"""

import subprocess
import sys


def main():
    command = ["valgrind", "--tool=lackey", "--trace-mem=yes", sys.argv[1], "trace"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    room = marks = counts = length = start = 0
    empty, loads, early, forgotten = bytearray(), 0, 0, 0
    for line in process.stderr:
        kind = line[:3]
        if kind not in (" L ", " S ", " M "):
            if line.startswith("forgotten: "):
                words = line.split()
                room, marks, counts = (int(word, 16) for word in words[1:4])
                length = int(words[4])
                empty = bytearray(length)
            continue
        address, _, size = line[3:].partition(",")
        address, size = int(address, 16), int(size)
        if kind == " S ":
            if 0 <= address - marks < length:
                start = address - marks
            elif 0 <= address - counts < length:
                count = address - counts
                empty[start : start + count] = b"\1" * count
                forgotten += 1
        at = address - room
        if -size < at < length:
            low, high = max(at, 0), min(at + size, length)
            if kind != " S ":
                loads += 1
                early += any(empty[low:high])
            if kind != " L ":
                empty[low:high] = bytes(high - low)
    said = process.stdout.read()
    if process.wait() != 0 or forgotten == 0 or loads == 0:
        sys.exit(f"reads-of-outputs: nothing was watched ({forgotten} outputs, {loads} loads): {said}")
    print(f"reads-of-outputs: {forgotten} checks, {early} failed; {loads} loads")
    sys.exit(1 if early else 0)


main()
