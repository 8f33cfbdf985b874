#!/usr/bin/env python3
"""Breaks the sources in many small ways, one at a time, and counts how many of these mutants the tests catch.

usage: mutants.py [--count N] [--seed S] [--only TEXT] [--list]

cargo-mutants (`cargo install cargo-mutants`, 26.2 or newer) says which mutants there are. Of them a seed chooses a
sample, by a hash of what is changed: a change elsewhere leaves the rest of the sample as it is. --only takes those
whose name has a text, instead of a sample. Each mutant goes through the stages below until one fails; who passes all
has survived. They run in a copy, build/mutants/tree; a run that was interrupted goes on, as long as the sources are the
same.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

FILES = ["src/exact/**", "src/input/**", "src/node/**", "src/loss/**", "src/metric/**", "src/capi/check.rs"]
FOLDER = Path("build/mutants")
TREE = FOLDER / "tree"
# Enough optimisation for tests that walk over millions of values, and no more: most of the time goes into compiling.
# All codegen units are small, so that a change compiles few of them anew.
HYLA = "profile.dev.package.hyla"
CARGO = [
    "cargo", "test", "--quiet", "--features", "capi,scalar", "--config", f"{HYLA}.opt-level=1", "--config",
    f"{HYLA}.debug=0"
]
# PROGRAM is what was built; it ends at the first failure.
STAGES = {
    "build": [*CARGO, "--lib", "--no-run", "--message-format=json"],
    "rust": ["PROGRAM", "-Zunstable-options", "--fail-fast", "--quiet"],
    "c": ["make", "--silent", "mutants-c"],
    "golden": [*CARGO, "--test", "golden"],
}
# How many times as long as without a mutant a stage may take: some mutants never end.
PATIENCE = 4


def run(stage, timeout=None):
    """The exit status of a stage in the copy, `timeout` for one that takes too long."""
    environment = os.environ | {"CARGO_TARGET_DIR": str(FOLDER.absolute() / "target")}
    command = STAGES[stage]
    if command[0] == "PROGRAM":
        command = [(FOLDER / "program.txt").read_text(), *command[1:]]
        # What is not stable is only taken from who says this.
        environment["RUSTC_BOOTSTRAP"] = "1"
    with open(FOLDER / "output.txt", "w") as output:
        process = subprocess.Popen(
            command, cwd=TREE, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return "timeout"
    if stage == "build" and status == 0:
        text = (FOLDER / "output.txt").read_text()
        (FOLDER / "program.txt").write_text(re.findall(r'"executable":"([^"]+)"', text)[-1])
    return status


def listed():
    """All mutants, each with a key that stays the same when other lines move."""
    command = ["cargo", "mutants", "--list", "--json", *(word for file in FILES for word in ("--file", file))]
    mutants = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    seen = Counter()
    for mutant in mutants:
        changed = "\n".join(
            line for line in mutant["diff"].splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
        )
        key = f"{mutant['file']}\n{(mutant.get('function') or {}).get('function_name')}\n{changed}"
        seen[key] += 1
        mutant["key"] = f"{key}\n{seen[key]}"
    return mutants


def sample(mutants, count, seed):
    def order(mutant):
        return hashlib.sha256(f"{seed}\n{mutant['key']}".encode()).hexdigest()
    # In the order of the hashes: a run that was interrupted has tried a sample, too.
    return sorted(mutants, key=order)[:count]


def copy_tree():
    """The files as they are; those that are there already keep their times, so that cargo compiles nothing twice."""
    names = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True,
                           text=True).stdout.strip("\0").split("\0")
    digest = hashlib.sha256()
    for file in sorted(TREE.rglob("*")) if TREE.exists() else []:
        if file.is_file() and str(file.relative_to(TREE)
                                  ) not in names and "build" not in file.relative_to(TREE).parts[:1]:
            file.unlink()
    for name in filter(os.path.exists, names):
        data, copy = Path(name).read_bytes(), TREE / name
        if not (copy.exists() and copy.read_bytes() == data):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, copy)
        if name.startswith(("src/", "tests/", "ffi-tests/", "include/", "Cargo")):
            digest.update(f"{name} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def tried(mutant, limits):
    """Which stage caught the mutant, and how."""
    file = TREE / mutant["file"]
    before = file.read_text()
    subprocess.run(
        ["patch", "--silent", "--no-backup-if-mismatch", str(file)], check=True, text=True, input=mutant["diff"]
    )
    try:
        for stage in STAGES:
            status = run(stage, limits[stage])
            if status != 0:
                return "not compiled" if stage == "build" else f"{stage}: timeout" if status == "timeout" else stage
        return "survived"
    finally:
        file.write_text(before)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()

    mutants = listed()
    if options.only:
        chosen = [mutant for mutant in mutants if options.only in mutant["name"]]
    else:
        chosen = sample(mutants, options.count, options.seed)
    print(f"mutants: {len(chosen)} of {len(mutants)}", flush=True)
    if options.list:
        print("\n".join(mutant["name"] for mutant in chosen))
        return

    state = copy_tree()
    store = FOLDER / "results.json"
    results = json.loads(store.read_text()) if store.exists() else {}
    if results.get("state") != state:
        results = {"state": state, "limits": {}, "found": {}}
    if not results["limits"]:
        for stage in STAGES:
            start = time.monotonic()
            if run(stage) != 0:
                sys.exit(f"mutants: {stage} fails without a mutant:\n{(FOLDER / 'output.txt').read_text()[-2000:]}")
            results["limits"][stage] = 60 + PATIENCE * (time.monotonic() - start)
            print(f"mutants: {stage} without a mutant: {time.monotonic() - start:.0f} s", flush=True)
        # Without a mutant little or nothing is compiled.
        results["limits"]["build"] = max(600, results["limits"]["build"])

    found = results["found"]
    for number, mutant in enumerate(chosen):
        if mutant["key"] not in found:
            start = time.monotonic()
            found[mutant["key"]] = tried(mutant, results["limits"])
            store.write_text(json.dumps(results))
            print(
                f"{number + 1:4} {time.monotonic() - start:5.0f} s  {found[mutant['key']]:14} {mutant['name']}",
                flush=True
            )
    outcomes = Counter(found[mutant["key"]] for mutant in chosen)
    compiled = len(chosen) - outcomes["not compiled"]
    caught = compiled - outcomes["survived"]
    print(
        f"\nmutants: {dict(outcomes)}\nmutants: {caught} of {compiled} caught, {100 * caught / max(1, compiled):.1f} %"
    )
    for mutant in chosen:
        if found[mutant["key"]] == "survived":
            print(f"survived: {mutant['name']}")


if __name__ == "__main__":
    main()
