#!/usr/bin/env python3
"""The ledger of instructions: what calls take, beside what they took.

usage: ledger.py read TARGET COMMIT PROGRAM OUTPUT...   counts of callgrind's files, named TIER.out, as CSV
       ledger.py check COUNTS HISTORY                   fails if a call takes over 1 % more than its row in the history
       ledger.py save COUNTS HISTORY                    renews the rows in the history that differ

A row is a call on a tier: its instructions for so many pixels, a column each. It belongs to a target and to a version
of rustc, and the last one of them in the history is what counts. Under a version that the history has no rows of, the
differences to another version are shown, not judged.
"""

import csv
import re
import subprocess
import sys
from pathlib import Path

LABELS = ["commit", "rustc", "target", "tier", "call"]
LIMIT = 1.01


def compiler(program):
    """The version of rustc that made the library in a program, as the compiler left it there."""
    text = subprocess.run(["readelf", "-p", ".comment", program], check=True, capture_output=True, text=True).stdout
    return re.search(r"rustc version (.*)", text)[1].strip()


def counts_of(output):
    """The instructions of each call in a file of callgrind, by pixels."""
    calls, title = {}, None
    for line in Path(output).read_text().splitlines():
        if match := re.fullmatch(r"desc: Trigger: Client Request: (\d+) (.*)", line):
            pixels, title = match.groups()
        elif (match := re.fullmatch(r"totals: (\d+)", line)) and title:
            calls.setdefault(title, {})[pixels] = match[1]
            title = None
    return calls


def read(target, commit, program, *outputs):
    rows, rustc = [], compiler(program)
    for output in outputs:
        for call, counts in counts_of(output).items():
            labels = [commit, rustc, target, Path(output).stem, call]
            rows.append(dict(zip(LABELS, labels, strict=True)) | counts)
    write(sys.stdout, rows)


def write(file, rows):
    pixels = {name for row in rows for name in row if name not in LABELS}
    table = csv.DictWriter(file, LABELS + sorted(pixels, key=int), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)


def load(path):
    if not Path(path).exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def key(row):
    return row["rustc"], row["target"], row["tier"], row["call"]


def counts_in(row):
    return {int(name): int(count) for name, count in row.items() if name not in LABELS and count}


def differences(row, old):
    """What both have and is not the same: the quotient, and a line that says so."""
    before = counts_in(old)
    for pixels, after in counts_in(row).items():
        if pixels in before and after != before[pixels]:
            quotient = after / before[pixels]
            change = f"{before[pixels]} -> {after} ({100 * quotient - 100:+.2f} %)"
            yield quotient, f"    {row['tier']:8} {row['call']}, {pixels} pixels: {change}"


def show(title, lines):
    if lines:
        print(title, *lines, sep="\n")


def check(counts, history):
    counts, history = load(counts), load(history)
    if not counts:
        sys.exit("bench-count-check: failed: nothing was counted")
    rustc, target = counts[0]["rustc"], counts[0]["target"]
    versions = [row["rustc"] for row in history if row["target"] == target]
    judged = rustc in versions
    if not versions:
        print(f"bench-count-check: the history has no rows for {target}")
        return
    last = {key(row): row for row in history}
    other = rustc if judged else versions[-1]
    slower, faster, missing = [], [], []
    for row in counts:
        old = last.get(key(row | {"rustc": other}))
        if old is None:
            missing.append(f"    {row['tier']:8} {row['call']}")
            continue
        for quotient, line in differences(row, old):
            if quotient > LIMIT or quotient < 1 / LIMIT:
                (slower if quotient > 1 else faster).append(line)
    show("More instructions than in the history:", slower)
    show("Fewer instructions than in the history, which `make bench-count-save` writes down:", faster)
    show("Not in the history:", missing)
    if not judged:
        print(f"bench-count-check: not judged: the history is of rustc {other}, this is {rustc}")
    elif slower or missing:
        sys.exit("bench-count-check: failed: if that is meant, `make bench-count-save` renews the rows")
    else:
        print(f"bench-count-check: {len(counts)} rows, none above the history by more than 1 %")


def save(counts, history):
    counts, rows = load(counts), load(history)
    # What was written down for the same commit is replaced.
    written = {(row["commit"], *key(row)) for row in counts}
    rows = [row for row in rows if (row["commit"], *key(row)) not in written]
    last = {key(row): row for row in rows}
    for row in counts:
        if counts_in(last.get(key(row), {})).keys() - counts_in(row):
            sys.exit(f"bench-count-save: failed: {row['call']} was counted for fewer sizes than the history has")
    renewed = [row for row in counts if counts_in(row) != counts_in(last.get(key(row), {}))]
    Path(history).parent.mkdir(exist_ok=True)
    with open(history, "w", newline="") as file:
        write(file, rows + renewed)
    print(f"bench-count-save: {len(renewed)} of {len(counts)} rows are new in {history}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["read", target, commit, program, *outputs] if outputs:
            read(target, commit, program, *outputs)
        case ["check", counts, history]:
            check(counts, history)
        case ["save", counts, history]:
            save(counts, history)
        case _:
            sys.exit(__doc__)
