"""Claims that z3 proves: the text of the claim goes to the program, and the answer must be that there is no
counterexample."""

import shutil
import subprocess


class Unproved(Exception):
    """A claim with a counterexample, or one that the solver gave up."""


# Far more than any claim takes, for a machine that is busy.
SECONDS = 600


def ask(script):
    if not shutil.which("z3"):
        raise Unproved("z3 is not installed")
    command = ["z3", "-in", "-smt2", f"-T:{SECONDS}"]
    done = subprocess.run(command, input="\n".join(script), capture_output=True, text=True, check=False)
    return done.stdout.strip()


def prove(claim, declarations, assumed=(), logic="QF_BV"):
    """The claim holds wherever what is assumed does, and there is such a case."""
    script = [f"(set-logic {logic})", *declarations, *(f"(assert {assumption})" for assumption in assumed)]
    # Two runs: the solver is far slower where it is to go on from one question to the next.
    if assumed and (answer := ask([*script, "(check-sat)"])) != "sat":
        raise Unproved(f"what is assumed never happens: {answer}")
    if (answer := ask([*script, f"(assert (not {claim}))", "(check-sat)"])) != "unsat":
        raise Unproved(f"{answer}: {claim}")


def bits(value, width):
    """A number as a bit vector."""
    return f"(_ bv{value % (1 << width)} {width})"
