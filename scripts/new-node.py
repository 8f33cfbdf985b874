#!/usr/bin/env python3
"""Begins a new loss or metric as a copy of one that is like it, under the new name.

usage: new-node.py loss|metric NAME LIKE        (make new-loss NAME=spectral_angle LIKE=mse)

What a node has of its own is copied, with every name in it changed, and the lists of modules name it beside the other
one. So it compiles at once, and its tests pass; then each file is made to say what the new node is, from its
documentation on. Where else it must be known `cargo test --test places` tells.
"""

import re
import sys
from pathlib import Path

# The folders that have files of a node, and the lists that name it.
FOLDERS = ["src/{room}", "src/capi", "src/tests", "src/tests/naive", "ffi-tests", "tests/golden", "tests/golden/data"]
LISTS = ["src/{room}/mod.rs", "src/capi/mod.rs", "src/tests/mod.rs", "src/tests/naive/mod.rs", "tests/golden/main.rs"]


def renamed(text, like, name):
    """All names in a text: of modules, functions and constants, and of types."""
    def camel(words):
        return "".join(word.capitalize() for word in words.split("_"))
    for old, new in [(like, name), (like.upper(), name.upper()), (camel(like), camel(name))]:
        text = re.sub(rf"(?<![A-Za-z0-9]){old}(?![A-Za-z0-9])", new, text)
    return text


def copy(folder, like, name):
    """The file and the folder of a node, `law_LIKE.c` among them; what was written."""
    files = [file for file in folder.glob("*") if file.stem in (like, f"law_{like}")]
    for file in files:
        for source in sorted(file.rglob("*")) if file.is_dir() else [file]:
            place = folder / renamed(str(source.relative_to(folder)), like, name)
            if source.is_file():
                place.parent.mkdir(exist_ok=True)
                place.write_text(renamed(source.read_text(), like, name))
                yield place


def listed(file, like, name):
    """The line that names a node is there for the new one, too, in the order of the list."""
    lines = file.read_text().splitlines(keepends=True)
    pattern = re.compile(rf"^(?:pub )?mod {like};$")
    for number, line in enumerate(lines):
        if pattern.match(line):
            place, new = number, renamed(line, like, name)
            while place + 1 < len(lines) and lines[place + 1].strip() and lines[place + 1] < new:
                place += 1
            lines.insert(place + 1, new)
            file.write_text("".join(lines))
            return file


def main():
    if len(sys.argv) != 4 or not re.fullmatch("[a-z][a-z0-9_]*", sys.argv[2]):
        sys.exit(__doc__)
    room, name, like = sys.argv[1:]
    if not Path(f"src/{room}/{like}.rs").exists() or Path(f"src/{room}/{name}.rs").exists():
        sys.exit(f"new-node: src/{room}/{like}.rs must be there, and src/{room}/{name}.rs not yet")
    for folder in FOLDERS:
        for file in copy(Path(folder.format(room=room)), like, name):
            print(f"new: {file}")
    for file in LISTS:
        if listed(Path(file.format(room=room)), like, name):
            print(f"named in: {file.format(room=room)}")
    print("next: make bless, then cargo test --test places")


main()
