"""The list of statements: each has the number and the title that it has in docs/exactness.md."""

STATEMENTS = {}


class Refuted(Exception):
    """A statement with a counterexample."""


def states(number, title):
    """Makes a function the proof of a statement."""

    def register(proof):
        assert number not in STATEMENTS, number
        STATEMENTS[number] = (title, proof)
        return proof

    return register


def check(holds, *counterexample):
    if not holds:
        raise Refuted(" ".join(str(part) for part in counterexample))
