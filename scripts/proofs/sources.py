"""What the proofs take from the Rust sources: the values of constants, and the lines that a model is of.

A constant that is missing, or a line that reads otherwise than its model, is an error: the proof would be of something
else.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Missing(Exception):
    """A constant or a line that the sources no longer have."""


def text(file):
    return (ROOT / "src" / file).read_text()


def squeezed(code):
    """Code without comments and white space: how it is broken into lines does not matter."""
    return re.sub(r"\s+", "", re.sub(r"//[^\n]*", "", code)).replace(",)", ")").replace(",}", "}")


def require(file, *fragments):
    """The file says what is modelled, word by word."""
    code = squeezed(text(file))
    for fragment in fragments:
        is_comment = fragment.startswith("//")
        if not (fragment in text(file) if is_comment else squeezed(fragment).rstrip(",") in code):
            raise Missing(f"src/{file} no longer says: {' '.join(fragment.split())}")


class Bits(int):
    """A float of Rust, as its bits."""

    def to_bits(self):
        return int(self)


class Floats:
    """What constants ask of `f32` and `f64`."""

    def __init__(self, mantissa, bias):
        self.mantissa, self.bias = mantissa, bias

    def from_bits(self, bits):
        return Bits(bits)

    def power_of_two(self, exponent):
        return Bits((exponent + self.bias) << self.mantissa)


class Machine:
    """A kind of target: what the constants of the sources depend on."""

    def __init__(self, name, wide_pointers, simd, trials):
        self.name, self.wide_pointers, self.simd, self.trials = name, wide_pointers, simd, trials
        self.is_small = not simd and not wide_pointers

    def on_stack(self, items):
        found = re.search(
            r"fn on_stack\(items: usize\) -> usize \{\s*if IS_SMALL \{\s*items / (\d+)\s*\}"
            r" else if cfg!\(target_pointer_width = \"64\"\) \{\s*items\s*\} else \{\s*items / (\d+)\s*\}",
            text("simd/mod.rs"),
        )
        if not found:
            raise Missing("src/simd/mod.rs no longer has on_stack as it was")
        small, narrow = int(found[1]), int(found[2])
        return items // small if self.is_small else items if self.wide_pointers else items // narrow

    @property
    def lanes(self):
        """How many lanes a register of any tier has here."""
        return [1] if self.is_small else [1, 4, 8, 16]


MACHINES = [
    Machine("64 bits, x86", wide_pointers=True, simd=True, trials=True),
    Machine("64 bits, others", wide_pointers=True, simd=True, trials=False),
    Machine("64 bits, no SIMD", wide_pointers=True, simd=False, trials=False),
    Machine("32 bits, SIMD", wide_pointers=False, simd=True, trials=False),
    Machine("32 bits, small", wide_pointers=False, simd=False, trials=False),
]
WORKSTATION = MACHINES[0]


def constant(file, name, machine=WORKSTATION, **known):
    """The value of a constant; those that it is made of are read from the same file, or known."""
    found = re.search(rf"\bconst {name}: ([^=]+?) =\s*([^;]+);", text(file))
    if not found:
        raise Missing(f"src/{file} no longer has the constant {name}")
    return evaluate(file, found[2], machine, known, found[1])


def evaluate(file, expression, machine, known, kind):
    python = re.sub(r"//[^\n]*", "", expression)
    python = re.sub(r"(?<=[0-9a-f])_(?=[0-9a-fu])", "", python)
    python = re.sub(r"\b(0x[0-9a-f]+|\d+)(?:[iu](?:8|16|32|64|128|size))\b", r"\1", python)
    python = re.sub(r"\bas (?:usize|[iuf]\d+)\b", "", python)
    python = re.sub(r"\bif (.+?) \{ (.+?) \} else \{ (.+?) \}", r"(\2 if \1 else \3)", python)
    python = python.replace("u32::BITS", "32").replace("i32::MAX",
                                                       "0x7fffffff").replace("f64::from_bits", "f32.from_bits")
    python = python.replace("::", ".").replace("!0", "0xffffffff")
    python = re.sub(r"(?<!/)/(?!/)", "//", python)
    names = {"f32": Floats(23, 127), "power_of_two": Floats(23, 127).power_of_two}
    names |= {"on_stack": machine.on_stack, "IS_SMALL": machine.is_small, "TRIALS": machine.trials} | known
    for name in re.findall(r"\b[A-Z][A-Z_]{2,}\b", python):
        if name not in names:
            names[name] = constant(file, name, machine, **known)
    value = eval(python.strip(), {"__builtins__": {}}, names)
    return value & 0xFFFFFFFF if kind.strip() == "u32" else value


def float_of_bits(bits):
    """The value of a finite positive f32, as a fraction."""
    from fractions import Fraction

    biased, fraction = bits >> 23, bits & ((1 << 23) - 1)
    significand = fraction | (1 << 23 if biased else 0)
    return Fraction(significand) * Fraction(2) ** (max(biased, 1) - 150)
