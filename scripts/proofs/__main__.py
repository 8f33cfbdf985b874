"""Proves the statements of docs/exactness.md, which are those on which src/exact rests.

usage: python3 scripts/proofs [NUMBER...]
"""

import os
import re
import sys

import digits  # noqa: F401
import levels  # noqa: F401
import quick  # noqa: F401
import rest  # noqa: F401
import rows  # noqa: F401
from sources import ROOT
from statements import STATEMENTS

DOCUMENT = ROOT / "docs" / "exactness.md"


def seconds():
    """The time of this program and of the solvers that it ran."""
    return sum(os.times()[:4])


def stated():
    """The statements of the document: their numbers and titles."""
    return [(int(number), title) for number, title in re.findall(r"^### (\d+)\. (.+)$", DOCUMENT.read_text(), re.M)]


def main(numbers):
    proofs = [(number, title) for number, (title, _) in sorted(STATEMENTS.items())]
    if stated() != proofs:
        print("docs/exactness.md and the proofs differ:", *sorted(set(stated()) ^ set(proofs)), sep="\n  ")
        return ["the list"]
    failed = []
    for number, (title, proof) in sorted(STATEMENTS.items()):
        if numbers and number not in numbers:
            continue
        start = seconds()
        try:
            proof()
            said = "proved"
        except Exception as error:  # noqa: BLE001: whatever went wrong, it is not proved, and the others are tried
            said = f"failed: {type(error).__name__}: {error}"
            failed.append(number)
        print(f"{number:3}. {title}: {said} ({seconds() - start:.1f} s)", flush=True)
    print(f"proofs: {len(proofs)} statements, " + (f"failed: {failed}" if failed else "none failed"))
    return failed


if __name__ == "__main__":
    sys.exit(1 if main({int(number) for number in sys.argv[1:]}) else 0)
