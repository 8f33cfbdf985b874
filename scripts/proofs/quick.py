"""Proofs of src/exact/quick.rs: statements 19 to 27."""

from fractions import Fraction

from floats import Format
from solver import bits, prove
from sources import MACHINES, Missing, constant, require, text
from statements import check, states

FILE = "exact/quick.rs"
ROUNDING = Fraction(1, 1 << 24)


def constants(machine=MACHINES[0]):
    names = ["REGISTERS", "MOST", "TOP", "LEAST", "ASIDE", "MOST_TRIALS"]
    return {name: constant(FILE, name, machine) for name in names}


def unit_range():
    """The lowest and the highest q that a state can have."""
    import re

    found = re.search(r"let unit = \(exponent - 48\)\.clamp\((-?\d+), (-?\d+)\);", text(FILE))
    if not found:
        raise Missing(f"src/{FILE} no longer clamps the unit")
    return int(found[1]), int(found[2])


@states(19, "The shifted significand is the term modulo 2^32")
def shifted():
    require(
        FILE,
        "least: zero.constant(power_of_two(self.state.unit + LEAST)),",
        "let above = bits - self.least.to_bits();",
        "let count = above.shr(23);",
        "let significand = bits & term.constant_bits(0x7f_ffff) | term.constant_bits(0x80_0000);",
        "let shifted = significand.shl_each(count);",
        "S::Register::select(term.lt(zero), minus, plus)",
    )
    require(
        "simd/mod.rs", "/// Shifts zeros in from the right, in each lane by its own count; from 32 on nothing is left."
    )
    # A float with the biased exponent of `least`, and count above it, is significand * 2^(q + LEAST - 23 + count).
    check(constant(FILE, "LEAST") == 23, "the lowest bit of a term is not the unit")
    declared = [f"(declare-const {name} (_ BitVec 32))" for name in ("b", "least")]
    declared += [
        "(define-fun count () (_ BitVec 32) (bvlshr (bvsub b least) #x00000017))",
        "(define-fun significand () (_ BitVec 32) (bvor (bvand b #x007fffff) #x00800000))",
        # The whole product, of up to 2^279.
        "(define-fun whole () (_ BitVec 288) (bvshl ((_ zero_extend 256) significand) ((_ zero_extend 256) count)))",
    ]
    normal = ["(= (bvand least #x007fffff) #x00000000)", "(bvuge least #x00800000)", "(bvult least #x7f800000)"]
    held = [*normal, "(bvuge b least)", "(bvult b #x7f800000)"]
    exponent = "(= count (bvsub (bvlshr b #x00000017) (bvlshr least #x00000017)))"
    prove(f"(and {exponent} (bvult count #x000000ff))", declared, held)
    prove("(= (bvshl significand count) ((_ extract 31 0) whole))", declared, held)


@states(20, "Small terms are found, and add nothing to L")
def small():
    require(
        FILE,
        "let is_small = S::Register::gt_bits(above, zero.to_bits() - self.least.to_bits());",
        "self.put_aside(term, is_small, marks);",
    )
    least = constant(FILE, "LEAST")
    lowest, highest = unit_range()
    declared = [f"(declare-const {name} (_ BitVec 32))" for name in ("b", "least")]
    declared += ["(define-fun above () (_ BitVec 32) (bvsub b least))"]
    within = [
        "(= (bvand least #x007fffff) #x00000000)",
        f"(bvuge least {bits((lowest + least + 127) << 23, 32)})",
        f"(bvule least {bits((highest + least + 127) << 23, 32)})",
    ]
    is_size = "(bvult b #x80000000)"
    found = "(= (bvugt above (bvneg least)) (and (bvult #x00000000 b) (bvult b least)))"
    prove(found, declared, [*within, is_size])
    # Zero has nothing to be put aside; without signs -0 comes as it is.
    nothing = "(bvuge (bvlshr above #x00000017) #x00000020)"
    prove(nothing, declared, [*within, "(or (bvult b least) (= b #x80000000))"])
    prove("(not (bvugt above (bvneg least)))", declared, [*within, "(or (= b #x00000000) (= b #x80000000))"])


@states(21, "A rounded sum is near the sum, and never below a part of it")
def rounding(form=Format(precision=4, exponent_bits=4)):
    numbers = [form.decode(code) for code in form.positive_bits()]
    for one in numbers:
        previous = 0
        for other in numbers:
            total = form.add(one, other)
            difference = form.subtract(one, other)
            if isinstance(total, int):
                check(total >= previous and total >= one, one, other)
                previous = total
            for rounded, exact in ((total, one + other), (difference, one - other)):
                if isinstance(rounded, int):
                    error = abs(rounded - exact) << form.precision
                    check(error <= abs(exact) and error <= abs(rounded), one, other, rounded)


def unsigned_error():
    """The most that A of a lane without signs differs from the sum, as a share of A."""
    return (constant(FILE, "REGISTERS") - 1) * ROUNDING


@states(22, "Without signs A is within 31 * 2^-24 of itself, and that of a part is below that of all")
def unsigned():
    require(FILE, "*near = *near + term;", "*near = S::Register::select(marks, *near + term, *near);")
    require(FILE, "(all * scale).lt(zero.constant(MOST))", "let scale = power_of_two(-(quick.state.unit + 32));")
    declared = [f"(declare-const {name} Real)" for name in ("A", "S", "x", "B", "part", "share")]
    u = "(/ 1.0 16777216.0)"
    for terms in range(1, constant(FILE, "REGISTERS")):
        # B is the rounded A + x; A is within terms - 1 roundings of S.
        assumed = ["(>= A 0.0)", "(>= x 0.0)", "(>= B A)", f"(<= (- B A x) (* {u} B))", f"(<= (- (+ A x) B) (* {u} B))"]
        assumed += [f"(<= (- A S) (* {terms - 1}.0 {u} A))", f"(<= (- S A) (* {terms - 1}.0 {u} A))"]
        claim = f"(and (<= (- B (+ S x)) (* {terms}.0 {u} B)) (<= (- (+ S x) B) (* {terms}.0 {u} B)))"
        prove(claim, declared, assumed, logic="QF_LRA")
    # Sums of parts, in a small format: the same terms, some of them left out.
    form = Format(precision=3, exponent_bits=3)
    numbers = [form.decode(code) for code in form.positive_bits()]
    for whole in numbers:
        for part in (number for number in numbers if number <= whole):
            for term in numbers:
                more, less = form.add(whole, term), form.add(part, term)
                if isinstance(more, int):
                    check(part <= more and less <= more, whole, part, term)


def signed_error():
    """The most that A of a lane with signs differs from the sum, and A itself, in units of 2^(q + 32)."""
    values = constants()
    term = Fraction(2) ** (values["TOP"] - 32)
    near, error = Fraction(term), Fraction(0)
    for count in range(2, values["REGISTERS"] + 1):
        error += ROUNDING * (near + term)
        near = count * term + error
    return error, near


@states(23, "With signs A is within 0.26 * 2^(q + 32) of the sum")
def signed():
    require(
        FILE,
        "self.greatest = self.greatest.max(bits);",
        "S::Register::from_bits(self.greatest).lt(zero.constant(top))",
        "let top = power_of_two(quick.state.unit + TOP);",
    )
    error, near = signed_error()
    check(error < Fraction(26, 100), float(error))
    check(near < (1 << 18) + 1, float(near))


def end_of_trial(error, most):
    """H is the integer that A - L is nearest to, for any float A up to a bound whose error is bounded."""
    slack = int(error * (1 << 32)) + 2
    declared = [
        "(declare-const a Float32)",
        "(declare-const l (_ BitVec 32))",
        "(declare-const h (_ BitVec 24))",
        "(declare-const hb (_ BitVec 32))",
        f"(define-fun most () Float32 ((_ to_fp 8 24) RNE {most}.0))",
        "(define-fun more () Float32 ((_ to_fp 8 24) (bvor (bvlshr l #x00000009) #x3f800000)))",
        f"(define-fun to_high () Float32 ((_ to_fp 8 24) RNE {int(constant(FILE, 'TO_HIGH'))}.0))",
        "(define-fun high () Float32 (fp.add RNE (fp.sub RNE a more) to_high))",
        "(define-fun wide () (_ BitVec 56) ((_ fp.to_sbv 56) RTZ (fp.mul RNE a ((_ to_fp 8 24) RNE 4294967296.0))))",
        "(define-fun off () (_ BitVec 56) (bvsub wide (concat h l)))",
    ]
    assumed = [
        "(fp.leq (fp.abs a) most)",
        f"(bvsle off {bits(slack, 56)})",
        f"(bvsge off {bits(-slack, 56)})",
        "(= ((_ to_fp 8 24) hb) high)",
    ]
    zero = bits(0x4B400000, 32)
    prove(f"(= hb (bvadd {zero} ((_ sign_extend 8) h)))", declared, assumed, logic="QF_BVFP")


@states(24, "H is the multiple of 2^32 that L lacks")
def high():
    require(
        FILE,
        "let one_more = S::Register::from_bits(low.shr(9) | zero.constant_bits(0x3f80_0000));",
        "let high = (near * scale - one_more) + TO_HIGH;",
        "const TO_HIGH: f32 = TO_INTEGER + 1.0;",
    )
    check(constant(FILE, "TO_INTEGER") == 3 << 22, "not 1.5 * 2^23, whose bits are 0x4b400000")
    values = constants()
    # What is aside is in A, not in L.
    aside = values["ASIDE"] * Fraction(2) ** (values["LEAST"] - 32)
    end_of_trial(unsigned_error() * Fraction(values["MOST"]) + aside, int(values["MOST"]))
    error, near = signed_error()
    end_of_trial(error + aside, int(near) + 1)


@states(25, "Words have room for MOST_TRIALS")
def trials():
    require(
        FILE,
        "let parts = [low & zero.constant_bits(0xffff), low.shr(16), high.to_bits()];",
        "let units = [(0, self.unit), (0, self.unit + 16), (bias, self.unit + 32)];",
        "let bias = TO_INTEGER.to_bits().wrapping_mul(self.trials);",
        "if quick.state.trials == MOST_TRIALS { quick.flush(); }",
    )
    values = constants()
    # A sum whose size is below REGISTERS * 2^TOP units, or without signs below MOST and its error.
    greatest = max(values["REGISTERS"] << (values["TOP"] - 32), int(values["MOST"]) + 1)
    for most in (greatest, 0xFFFF):
        check(most * values["MOST_TRIALS"] < 1 << 31, values["MOST_TRIALS"], "trials overflow a word")


@states(26, "Units, scales and ends of windows are normal floats")
def units():
    lowest, highest = unit_range()
    values = constants()
    require(FILE, "let state = TrialState { unit: top - TOP, lanes, trials: 0, pause: 0, patience: 1 };")
    require("node/overlap/kernels.rs", "Quick::new(Blocks::new(simd, [all, part]), if signed { 7 } else { 0 })")
    require("loss/mse/kernels.rs", "Quick::new(Blocks::new(simd, [sum]), 1)")
    for top in (0, 1, 7):
        check(lowest <= top - values["TOP"] <= highest, "the first window", top)
    for unit in range(lowest, highest + 1):
        for exponent in (unit + values["LEAST"], -(unit + 32), unit + values["TOP"]):
            check(-126 <= exponent <= 127, "not normal:", unit, exponent)
        # A power of two times a float is exact but below 2^-126, where it is off by less than 2^-149.
        check(0 <= unit + 160 and (unit + 32 + 160) // 32 + 2 < 12, "the digits of the unit", unit)


@states(27, "What is put aside has a place, and no trial has more than REGISTERS registers")
def aside():
    require(
        FILE,
        "if !TRIALS || self.registers_aside > ASIDE || (!inside).any() {",
        "type Aside = [f32; ASIDE * 16];",
        "if quick.registers_aside > ASIDE / 2 { quick.add_aside(); }",
        "registers_aside: self.registers_aside,",
    )
    require("node/overlap/kernels.rs", "let block = if S::SHIFTS_EACH { REGISTERS * lanes } else { BLOCK };")
    require(
        "loss/mse/kernels.rs", "let (most, registers) = if is_quick { (GIVEN, REGISTERS) } else { (BLOCK, BLOCK) };"
    )
    for machine in MACHINES:
        values = constants(machine)
        if machine.trials:
            check(max(machine.lanes) <= 16 and 0 < values["ASIDE"], machine.name)
            # A trial begins with room for at least half of them.
            check(values["ASIDE"] - values["ASIDE"] // 2 > 0, machine.name)
            block = constant("exact/block.rs", "BLOCK", machine)
            check(values["REGISTERS"] * max(machine.lanes) <= block, "a trial is longer than a block")
