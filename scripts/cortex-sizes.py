#!/usr/bin/env python3
"""Flash and stack of what is linked for a Cortex-M, from the machine code.

usage: cortex-sizes.py budget NAME PROGRAM FLASH STACK    a program is within its budget
       cortex-sizes.py table FOLDER...                    flash and stack of each node, for archives in folders

Flash is code and constants of a link with --gc-sections, the compiler's runtime included; that of a node is what all
functions of its file in src/capi take together. Stack is the deepest chain of calls that there can be: the frames that
functions make, added along their calls, whatever the data are. Calls by pointer are taken to reach the deepest function.
"""

import re
import subprocess
import sys
from pathlib import Path

FUNCTION = re.compile(r"^([0-9a-f]+) <(.+)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
CALL = re.compile(r"^bl?x?(?:\.[nw])?\s+[0-9a-f]+ <([^>+]+)>")
WORD = re.compile(r"^\.word\s+0x([0-9a-f]+)")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def registers(listed):
    """The bytes of a list such as {r4-r6, d8, lr}."""
    size = 0
    for part in listed.strip("{} ").split(","):
        first, _, last = part.strip().partition("-")
        count = int(last[1:]) - int(first[1:]) + 1 if last else 1
        size += count * (8 if first.startswith("d") else 4)
    return size


def instructions(program):
    """The instructions of each function, as text without comments; literals by their address."""
    functions, literals, name = {}, {}, None
    for line in run("arm-none-eabi-objdump", "-d", "--no-show-raw-insn", program).splitlines():
        if match := FUNCTION.match(line):
            name = match[2]
            functions[name] = []
        elif (match := INSTRUCTION.match(line)) and name:
            text = f"{match[2]} {match[3]}".replace("\t", " ")
            if word := WORD.match(text):
                literals[int(match[1], 16)] = int(word[1], 16)
            functions[name].append(text)
    return functions, literals


def frame(code, literals):
    """The bytes that a function takes of the stack."""
    size, loaded = 0, {}
    for text in code:
        operation, _, rest = text.partition(" ")
        operation = operation.split(".")[0]
        if operation in ("push", "vpush"):
            size += registers(rest.partition("{")[2].partition("}")[0])
        elif match := re.match(r"(?:stmdb|vstmdb) sp!, (\{.*?\})", text):
            size += registers(match[1])
        elif match := re.match(r"str\S* \w+, \[sp, #-(\d+)\]!", text):
            size += int(match[1])
        elif match := re.match(r"subw?\S* sp, (?:sp, )?#(\d+)", text):
            size += int(match[1])
        elif match := re.match(r"ldr\S* (\w+), \[pc, #\d+\]\s+@ \(([0-9a-f]+)", text):
            loaded[match[1]] = literals.get(int(match[2], 16), 0)
        elif match := re.match(r"add\S* sp, (r\d+)$", text):
            # A large frame: a negative literal is added, and a positive one at the end.
            size += -(loaded[match[1]] - (1 << 32)) if loaded[match[1]] >> 31 else 0
        elif re.match(r"(?:sub|rsb)\S* sp, (?:sp, )?r", text):
            sys.exit(f"cortex-sizes.py: a frame of unknown size: {text}")
    return size


def deepest(program, prefix=""):
    """The deepest stack of functions whose names begin with a prefix, and of what they call."""
    functions, literals = instructions(program)
    frames = {name: frame(code, literals) for name, code in functions.items()}
    calls, by_pointer = {}, set()
    for name, code in functions.items():
        calls[name] = {match[1] for text in code if (match := CALL.match(text))} & set(functions) - {name}
        if any(re.match(r"blx\S* r", text) for text in code):
            by_pointer.add(name)
    depths = {}

    def depth(name, ends, path=()):
        """The deepest chain of direct calls; with ends, of those that end in one of them."""
        key = (name, bool(ends))
        if key not in depths:
            below = [depth(callee, ends, path + (name,)) for callee in calls[name] if callee not in path]
            below = [bytes for bytes in below if bytes is not None]
            if not ends or name in ends:
                below.append(0)
            depths[key] = frames[name] + max(below) if below else None
        return depths[key]

    begin = [name for name in functions if name.startswith(prefix)]
    direct = max(depth(name, ()) for name in begin)
    to_pointer = [bytes for name in begin if (bytes := depth(name, by_pointer)) is not None]
    anything = max(depth(name, ()) for name in functions if name not in by_pointer and not name.startswith(("monitor", "run", "reset", "say_", "see_")))
    return max([direct] + [bytes + anything for bytes in to_pointer])


def flash(program):
    text, data, *_ = run("arm-none-eabi-size", program).splitlines()[1].split()
    return int(text) + int(data)


def budget(name, program, most_flash, most_stack):
    used = [(flash(program), int(most_flash), "flash"), (deepest(program, "hyla_"), int(most_stack), "stack")]
    print(f"{name}: " + ", ".join(f"{bytes} of {most} bytes of {what}" for bytes, most, what in used))
    if any(bytes > most for bytes, most, _ in used):
        sys.exit(f"cortex-sizes.py: {program} exceeds its budget")


def nodes():
    """The functions of each file of the C interface."""
    found = {}
    for file in sorted(Path("src/capi").rglob("*.rs")):
        names = re.findall(r'extern "C" fn (hyla_\w+)', file.read_text())
        node = file.relative_to("src/capi").with_suffix("").parts[0]
        found.setdefault(node, []).extend(names)
    return {node: names for node, names in found.items() if names and node != "library"}


def link(folder, names):
    program = folder / "sized.elf"
    wanted = [f"-Wl,-u,{name}" for name in names]
    machine = ["-mthumb", "-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"] if "m4f" in folder.name else ["-mthumb", "-mcpu=cortex-m0"]
    run("arm-none-eabi-gcc", *machine, "-nostdlib", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments", "-Wl,-e,start", *wanted,
        folder / "empty.o", folder / "libhyla.a", "-o", program)
    return program


def table(*folders):
    folders = [Path(folder) for folder in folders]
    empty = {folder: flash(link(folder, [])) for folder in folders}
    print("| node | " + " | ".join(f"{folder.name} flash | stack" for folder in folders) + " |")
    print("| --- |" + " ---: | ---: |" * len(folders))
    for node, names in nodes().items():
        cells = []
        for folder in folders:
            program = link(folder, names)
            cells += [f"{flash(program) - empty[folder]:,}", f"{deepest(program, 'hyla_'):,}"]
        print(f"| {node} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["budget", name, program, most_flash, most_stack]:
            budget(name, program, most_flash, most_stack)
        case ["table", *folders] if folders:
            table(*folders)
        case _:
            sys.exit(__doc__)
