#!/usr/bin/env python3
"""usage: choose.py CONTROL MOST FOLDER

Copies at most MOST inputs of a merge into FOLDER: one after the other the one that reaches most of what none before it
does. CONTROL is the file in which libFuzzer notes what each input reaches (-merge_control_file).
"""

import shutil
import sys
from pathlib import Path


def inputs(control):
    """The inputs that a merge ran, and what each of them reaches."""
    count, _, *lines = control.read_text().splitlines()
    files, notes = lines[:int(count)], lines[int(count):]
    reached = (note.split()[1:] for note in notes if note.startswith("FT "))
    return {Path(files[int(number)]): set(features) for number, *features in reached}


def chosen(left, most):
    """Of inputs that add as much the smallest goes first; what is reached is taken out of all others."""
    for _ in range(most):
        best = max(left, key=lambda file: (len(left[file]), -file.stat().st_size, file.name), default=None)
        if best is None or not left[best]:
            return
        found = left.pop(best)
        for features in left.values():
            features -= found
        yield best


control, most, folder = sys.argv[1:]
for file in chosen(inputs(Path(control)), int(most)):
    shutil.copy(file, folder)
