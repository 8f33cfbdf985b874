#!/usr/bin/env python3
"""How many lines and branches of each folder of src the tests run, and whether that is enough.

usage: coverage.py REPORT...      (in lcov's format; what any of them ran was run)

Lines count once, however many kernels they are compiled into. Those that no test runs are listed for the folders that
have a limit. Tests themselves are not counted.
"""

import sys
from collections import defaultdict
from pathlib import Path

SOURCES = Path("src").absolute()
# How many per cent of its lines must run.
LIMITS = {"capi": 100.0, "input": 99.0} | dict.fromkeys(["exact", "loss", "math", "metric", "node"], 99.5)


def read(reports):
    """How often each line ran, and each side of each branch, by file."""
    lines, branches = defaultdict(lambda: defaultdict(int)), defaultdict(lambda: defaultdict(int))
    for report in reports:
        with open(report) as text:
            for entry in text:
                kind, _, rest = entry.rstrip().partition(":")
                match kind:
                    case "SF":
                        place = Path(rest)
                        file = str(place.relative_to(SOURCES)) if place.is_relative_to(SOURCES) else None
                        file = None if file and file.startswith("tests/") else file
                    case "DA" if file:
                        line, count = rest.split(",")[:2]
                        lines[file][int(line)] += int(count)
                    case "BRDA" if file:
                        *side, count = rest.split(",")
                        branches[file][tuple(map(int, side))] += 0 if count == "-" else int(count)
    return lines, branches


def without_panics(file, counts):
    """All but the panic handler, of which `make test` proves that nothing reaches it."""
    inside, kept = False, {}
    for line, text in enumerate((SOURCES / file).read_text().splitlines(), 1):
        inside = inside or text == "#[panic_handler]"
        if line in counts and not inside:
            kept[line] = counts[line]
        inside = inside and text != "}"
    return kept


def folder(file):
    """The module at the top that a file belongs to."""
    return file.split("/")[0].removesuffix(".rs")


def missed(counts):
    """Lines that did not run, as 3-5, 9."""
    found = []
    for line in sorted(counts):
        if counts[line] == 0 and found and line == found[-1][1] + 1:
            found[-1][1] = line
        elif counts[line] == 0:
            found.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def share(part, whole):
    """Per cent, never rounded up to what it is not."""
    return f"{part:6} of {whole:6}" + (f"{part * 10000 // whole / 100:8.2f} %" if whole else "")


def main(reports):
    lines, branches = read(reports)
    lines = {file: without_panics(file, counts) for file, counts in lines.items()}
    failed = []
    print(f"{'src/':10}{'lines that ran':>27}   {'sides of branches':>27}")
    for name in sorted({folder(file) for file in lines} | set(LIMITS)):
        files = [file for file in sorted(lines) if folder(file) == name]
        every = [count for file in files for count in lines[file].values()]
        sides = [count for file in files for count in branches[file].values()]
        ran, limit = sum(map(bool, every)), LIMITS.get(name)
        print(f"{name:10}{share(ran, len(every)):27}   {share(sum(map(bool, sides)), len(sides))}")
        if limit is not None:
            for file in files:
                if text := missed(lines[file]):
                    print(f"    src/{file}: {text}")
            if not every or 100 * ran < limit * len(every):
                failed.append(f"{name}: below {limit} %")
    if failed:
        sys.exit(f"coverage: failed: {', '.join(failed)}")
    print("coverage: all limits are kept")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
