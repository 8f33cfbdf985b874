#!/usr/bin/env python3
"""Flash and stack of what is linked for a Cortex-M, from the machine code.

usage: cortex-sizes.py budget NAME PROGRAM FLASH STACK    a program is within its budget
       cortex-sizes.py table FOLDER...                    flash and stack of each node, for archives in folders
       cortex-sizes.py chain FOLDER NODE                  the deepest calls of a node

Flash is code and constants of a link with --gc-sections, the compiler's runtime included; that of a node is what all
functions that are named after its file in src/capi take together. Stack is the deepest chain of calls that there can
be: the frames that functions make, added along their calls, whatever the data are. A call by pointer may reach all
functions whose address is taken, so programs must be linked with --emit-relocs.
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
    """The instructions of each function as text, literals and functions by their address."""
    functions, literals, addresses, name = {}, {}, {}, None
    for line in run("arm-none-eabi-objdump", "-d", "--no-show-raw-insn", program).splitlines():
        if match := FUNCTION.match(line):
            name = match[2]
            functions[name] = []
            addresses[int(match[1], 16)] = name
        elif (match := INSTRUCTION.match(line)) and name:
            text = f"{match[2]} {match[3]}".replace("\t", " ")
            if word := WORD.match(text):
                literals[int(match[1], 16)] = int(word[1], 16)
            functions[name].append(text)
    return functions, literals, addresses


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


def pointed_at(program, addresses):
    """The functions whose address the program holds: those that may be called by a pointer."""
    found = set()
    for line in run("arm-none-eabi-readelf", "-rW", program).splitlines():
        fields = line.split()
        if len(fields) > 3 and re.match(r"R_ARM_(ABS32|REL32|THM_MOVW)", fields[2]):
            found.add(addresses.get(int(fields[3], 16) & ~1))
    return found - {None}


def deepest(program, prefix=""):
    """The deepest chain of calls that begins in a function of a prefix, and its bytes."""
    functions, literals, addresses = instructions(program)
    frames = {name: frame(code, literals) for name, code in functions.items()}
    pointed = pointed_at(program, addresses)
    bodies = {name for name in pointed if "capi4call" in name}
    calls = {}
    for name, code in functions.items():
        calls[name] = {match[1] for text in code if (match := CALL.match(text))} & set(functions) - {name}
        if any(re.match(r"blx\S* r", text) for text in code):
            # The environment calls what a function of C does, and that may call a part of the core.
            calls[name] |= bodies if "in_default_environment" in name else pointed - bodies
    depths = {}

    def depth(name, path=()):
        if name not in depths:
            below = [depth(callee, (*path, name)) for callee in calls[name] if callee not in (*path, name)]
            size, chain = max(below, default=(0, []))
            depths[name] = frames[name] + size, [(frames[name], name), *chain]
        return depths[name]

    return max(depth(name) for name in functions if name.startswith(prefix))


def flash(program):
    text, data, *_ = run("arm-none-eabi-size", program).splitlines()[1].split()
    return int(text) + int(data)


def budget(name, program, most_flash, most_stack):
    used = [(flash(program), int(most_flash), "flash"), (deepest(program, "hyla_")[0], int(most_stack), "stack")]
    print(f"{name}: " + ", ".join(f"{bytes} of {most} bytes of {what}" for bytes, most, what in used))
    if any(bytes > most for bytes, most, _ in used):
        sys.exit(f"cortex-sizes.py: {program} exceeds its budget")


def nodes():
    """The functions of each file of the C interface: those of abi/hyla.map that begin with its name."""
    files = sorted((file.stem for file in Path("src/capi").glob("*.rs")), key=len, reverse=True)
    found = {}
    for name in re.findall(r"hyla_\w+(?=;)", Path("abi/hyla.map").read_text()):
        node = next((file for file in files if name.startswith(f"hyla_{file}_")), "library")
        found.setdefault(node, []).append(name)
    return {node: names for node, names in sorted(found.items()) if node != "library"}


def link(folder, names):
    program = folder / "sized.elf"
    wanted = [f"-Wl,-u,{name}" for name in names]
    machine = ["-mthumb", "-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"
               ] if "m4f" in folder.name else ["-mthumb", "-mcpu=cortex-m0"]
    run(
        "arm-none-eabi-gcc", *machine, "-nostdlib", "-Wl,--gc-sections,--emit-relocs", "-Wl,--no-warn-rwx-segments",
        "-Wl,-e,start", *wanted, folder / "empty.o", folder / "libhyla.a", "-o", program
    )
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
            cells += [f"{flash(program) - empty[folder]:,}", f"{deepest(program, 'hyla_')[0]:,}"]
        print(f"| {node} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["budget", name, program, most_flash, most_stack]:
            budget(name, program, most_flash, most_stack)
        case ["table", *folders] if folders:
            table(*folders)
        case ["chain", folder, node]:
            for size, name in deepest(link(Path(folder), nodes()[node]), "hyla_")[1]:
                print(f"{size:6} {name}")
        case _:
            sys.exit(__doc__)
