"""Proofs of src/exact/levels.rs, window.rs and block.rs: statements 1 to 14."""

from fractions import Fraction

from floats import INFINITY, Format
from solver import bits, prove
from sources import MACHINES, constant, evaluate, float_of_bits, require, text
from statements import check, states
from windows import Block, of_sources, scaled

# Enough binades for windows of two levels and of many.
SMALL = Format(precision=6, exponent_bits=5)


@states(1, "A float is a significand times a power of two")
def unpacked():
    require(
        "exact/window.rs",
        "const HIDDEN_BIT: u32 = 1 << 23;",
        "let biased = bits >> 23 & 0xff;",
        "let fraction = (bits & (HIDDEN_BIT - 1)) as i32;",
        "let significand = if biased == 0 { fraction } else { fraction | HIDDEN_BIT as i32 };",
        "exponent: biased.max(1) as i32 - 150,",
    )
    # For one exponent both sides are linear in the fraction: two values of it tell.
    for biased in range(255):
        for fraction in (0, (1 << 23) - 1):
            significand, exponent = fraction | (biased > 0) << 23, max(biased, 1) - 150
            value = Fraction(significand) * Fraction(2) ** exponent
            # The definition of IEEE 754.
            normal = (1 + Fraction(fraction, 1 << 23)) * Fraction(2) ** (biased - 127)
            subnormal = Fraction(fraction, 1 << 23) * Fraction(2) ** -126
            check(value == (normal if biased else subnormal), biased, fraction)
            check(significand < 1 << 24 and -149 <= exponent <= 104, biased, fraction)


# What the solver knows of a level of unit 1: M, x, x + M and its bits, what that took, and what it left.
LEVEL = [
    "(declare-const x Float32)",
    "(declare-const tb (_ BitVec 32))",
    f"(define-fun mb () (_ BitVec 32) {bits(0x4B000000 | 1 << 21, 32)})",
    "(define-fun m () Float32 ((_ to_fp 8 24) mb))",
    "(define-fun t () Float32 (fp.add RNE x m))",
    "(define-fun taken () Float32 (fp.sub RNE t m))",
    "(define-fun rest () Float32 (fp.sub RNE x taken))",
    "(define-fun deviation () (_ BitVec 32) (bvsub tb mb))",
]


def float_of(exponent):
    """A power of two for the solver."""
    return f"((_ to_fp 8 24) {bits((exponent + 127) << 23, 32)})"


def literal(float_bits):
    """A float for a solver of floats alone."""
    digits = f"{float_bits:032b}"
    return f"(fp #b{digits[0]} #b{digits[1:9]} #b{digits[9:]})"


@states(2, "A level counts in units and leaves an exact rest")
def splitting():
    level_bits = of_sources().level_bits
    require("exact/levels.rs", "let shifted = rest + *magic;", "let taken = shifted - *magic;", "rest = rest - taken;")
    require("exact/levels.rs", "let shifted = float + magic;", "(float - (shifted - magic)).to_floats(floats);")
    most = 1 << (level_bits - 1)
    # A float of at most 2^(LEVEL_BITS - 1) units comes to lie that close to M, ...
    lowest, highest = (f"((_ to_fp 8 24) RNE {5 * (1 << 21) + sign * most}.0)" for sign in (-1, 1))
    is_near = f"(and (fp.leq {lowest} t) (fp.leq t {highest}))"
    prove(is_near, LEVEL, [f"(fp.leq (fp.abs x) {float_of(level_bits - 1)})"], logic="QF_BVFP")
    # ... where bits count units, ...
    near = [f"(bvsle deviation {bits(most, 32)})", f"(bvsge deviation {bits(-most, 32)})"]
    counted = "(fp.eq ((_ to_fp 8 24) RNE deviation) (fp.sub RNE ((_ to_fp 8 24) tb) m))"
    prove(counted, LEVEL, near, logic="QF_BVFP")
    # ... and so does a float that is half a unit larger at most. Of all these taken and rest are the float however
    # their sum is rounded: so it is exact.
    prove(f"(fp.leq (fp.abs x) ((_ to_fp 8 24) RNE {most}.5))", LEVEL, [is_near], logic="QF_BVFP")
    half, most_and_half = literal(126 << 23), literal((level_bits + 126) << 23 | 1 << (23 - level_bits))
    level = [
        line if " m () " not in line else f"(define-fun m () Float32 {literal(0x4B000000 | 1 << 21)})" for line in LEVEL
    ]
    level = [line for line in level if "BitVec" not in line]
    exact = "(and (fp.eq (fp.add RTP rest taken) x) (fp.eq (fp.add RTN rest taken) x))"
    prove(
        f"(and (fp.leq (fp.abs rest) {half}) {exact})", level, [f"(fp.leq (fp.abs x) {most_and_half})"], logic="QF_FP"
    )


@states(3, "The first level notices every float that it does not hold")
def outside():
    level_bits = of_sources().level_bits
    require("exact/window.rs", "pub const OUTSIDE: u32 = !0 << LEVEL_BITS;")
    require(
        "exact/levels.rs",
        "self.outside = self.outside | (shifted.to_bits() ^ magic.to_bits());",
        "let outside = self.outside & zero.constant_bits(Window::OUTSIDE);",
    )
    mask, most = constant("exact/window.rs", "OUTSIDE"), 1 << (level_bits - 1)
    unnoticed = f"(= (bvand (bvxor tb mb) {bits(mask, 32)}) {bits(0, 32)})"
    finite = "(not (or (fp.isNaN x) (fp.isInfinite x)))"
    near = f"(and (bvslt deviation {bits(most, 32)}) (bvsge deviation {bits(-most, 32)}))"
    prove(f"(and {finite} {near})", LEVEL, ["(= ((_ to_fp 8 24) tb) t)", unnoticed], logic="QF_BVFP")


def windows_of(form, rules):
    for levels in range(2, rules.most_levels + 1):
        lowest_top = rules.lowest_unit + rules.level_bits * levels - 1
        for top in range(min(lowest_top, rules.highest_top), rules.highest_top + 1):
            yield top, levels


@states(4, "A block that is taken was added exactly")
def taken_is_exact(form=SMALL):
    rules = scaled(form, of_sources())
    require(
        "exact/levels.rs",
        "self.left = self.left | (rest.to_bits() ^ taken.to_bits());",
        "let left = self.left & zero.constant_bits(0x7fff_ffff);",
        "if level + 1 == self.levels {",
    )
    most = 1 << (rules.level_bits - 1)
    for top, levels in windows_of(form, rules):
        block = Block(form, rules, top, levels)
        for bits in form.all_bits():
            number = form.decode(bits)
            deviations, is_taken = block.add(number)
            if is_taken:
                check(isinstance(number, int), "a block with", number, "was taken")
                total = sum(part << (unit - form.lowest) for part, unit in zip(deviations, block.units))
                check(total == number, number, "became", total, "in the window", top, levels)
                check(all(abs(part) <= most for part in deviations), number, deviations, most)


def extremes(rules, exponent):
    """The bits of the floats of a binade at which a window may change: its ends, and what is rounded up."""
    first = rules.bits_of_power(exponent)
    last = first + (1 << (rules.precision - 1))
    return {first, first + 1, *range(last - rules.rounded - 1, last)}


@states(5, "A new window holds the block that it was made for")
def around(form=SMALL):
    rules = of_sources()
    # All exponents, at full width: the first level is not rounded up to its end, the last one is fine enough.
    exponents = range(rules.lowest, rules.highest_top + 1)
    for of_greatest in exponents:
        if of_greatest < rules.lowest + rules.precision - 1:
            candidates = {1 << (of_greatest - rules.lowest), (2 << (of_greatest - rules.lowest)) - 1}
        else:
            candidates = extremes(rules, of_greatest)
        for greatest in candidates:
            if greatest >= rules.limit:
                continue
            size = float_of_bits(greatest)
            for biased in range((greatest >> (rules.precision - 1)) + 1):
                smallest = max(biased << (rules.precision - 1), 1)
                top, levels = rules.around(smallest, greatest)
                end = Fraction(2) ** top - Fraction(2) ** (rules.unit(top, 0) - 1)
                check(2 <= levels <= rules.most_levels, size, levels)
                check(size < end, float(size), "is beyond the window", top, levels)
                check(rules.unit(top, levels - 1) <= rules.exponent(smallest), smallest, top, levels)
                check(rules.holds(top, levels, smallest, greatest), smallest, greatest, top, levels)
    # Every pair of floats of a small format: the pass takes what lies between them.
    rules = scaled(form, rules)
    held = {}
    numbers = range(1, rules.limit)
    for greatest in numbers:
        for smallest in {max(biased << form.fraction_bits, 1)
                         for biased in range((greatest >> form.fraction_bits) + 1)}:
            held.setdefault(rules.around(smallest, greatest), set()).add((smallest, greatest))
    held.setdefault(rules.around(None, 0), set())
    for (top, levels), pairs in held.items():
        block = Block(form, rules, top, levels)
        passes = [all(block.add(sign * form.decode(bits))[1] for sign in (1, -1)) for bits in range(rules.limit)]
        check(passes[0], "zero is not held by", top, levels)
        refused = [bits for bits in range(rules.limit) if not passes[bits]]
        for smallest, greatest in pairs:
            between = [bits for bits in refused if smallest <= bits <= greatest]
            check(not between, "the window", top, levels, "does not hold", between[:1], "for", smallest, greatest)


@states(6, "What peeling takes for held is held")
def holds(form=SMALL):
    rules = scaled(form, of_sources())
    most = 1 << (rules.level_bits - 1)
    for top, levels in windows_of(form, rules):
        block = Block(form, rules, top, levels)
        for bits in range(rules.limit):
            if not rules.holds(top, levels, bits or None, bits):
                continue
            for number in (form.decode(bits), -form.decode(bits)):
                # No flags are read here: the deviations are right nevertheless.
                deviations, _ = block.add(number)
                total = sum(part << (unit - form.lowest) for part, unit in zip(deviations, block.units))
                check(total == number and all(abs(part) <= most for part in deviations), number, top, levels)


@states(7, "A lane has room for MOST_ADDITIONS, and the bias comes off")
def lanes():
    rules = of_sources()
    most = constant("exact/block.rs", "MOST_ADDITIONS")
    require(
        "exact/block.rs",
        "if to.state.additions + additions > MOST_ADDITIONS { to.flush();",
        "let bias = self.window.magic(level).to_bits().wrapping_mul(self.additions);",
    )
    require("exact/mod.rs", "total += i64::from(word.wrapping_sub(bias) as i32);")
    total = most << (rules.level_bits - 1)
    check(total < 1 << 31, most, "additions overflow a lane")
    # (n M + d) - n M, modulo 2^32, read as signed, is d.
    prove(
        "(= (bvsub (bvadd (bvmul n m) ((_ extract 31 0) d)) (bvmul n m)) ((_ extract 31 0) d))",
        ["(declare-const n (_ BitVec 32))", "(declare-const m (_ BitVec 32))", "(declare-const d (_ BitVec 64))"],
    )
    prove(
        "(= ((_ sign_extend 32) ((_ extract 31 0) d)) d)",
        ["(declare-const d (_ BitVec 64))"],
        [f"(bvsle d {bits(total, 64)})", f"(bvsge d {bits(-total, 64)})"],
    )


@states(8, "No block is longer than a lane has room for")
def blocks():
    require(
        "exact/block.rs",
        "let has_room = given.len() / S::Register::LANES <= MOST_ADDITIONS as usize;",
        "for (given, marks) in given.chunks(BLOCK).zip(marks.chunks(BLOCK)) {",
        "let additions = (given.unwrap_or(floats).len() / S::Register::LANES) as u32;",
    )
    require("exact/levels.rs", "let bias = magic.to_bits().wrapping_mul(floats.len() as u32);")
    for machine in MACHINES:
        most = constant("exact/block.rs", "MOST_ADDITIONS", machine)
        block = constant("exact/block.rs", "BLOCK", machine)
        buffer = evaluate("simd/buffer.rs", buffer_size(), machine, {}, "usize")
        check(buffer <= block, machine.name, "a buffer is longer than a block")
        for lanes in machine.lanes:
            check(block % lanes == 0 and block // lanes <= most, machine.name, block, lanes, most)


def buffer_size():
    return text("simd/buffer.rs").split("const LENGTH: usize = super::")[1].split(";")[0]


@states(9, "Every M is a normal float, and every unit is that of a digit")
def magics():
    rules = of_sources()
    for levels in range(2, rules.most_levels + 1):
        lowest_top = min(rules.lowest_unit + rules.level_bits * levels - 1, rules.highest_top)
        for top in range(lowest_top, rules.highest_top + 1):
            for level in range(levels):
                unit = rules.unit(top, level)
                check(-126 <= 23 + unit <= 127, "M is not normal:", top, level)
                check(unit >= -149, top, level)
    # M and all that the first level makes of it stay below 2^(24 + unit).
    check(24 + rules.unit(rules.highest_top, 0) <= 128, "the first level may overflow")


@states(10, "What is above all windows is known, and leaves a block that a window holds")
def limit():
    rules = of_sources()
    require(
        "exact/block.rs",
        "if greatest < LIMIT { self.flush(sums, words); self.window = Window::around(smallest, greatest); } "
        "else { take_out(sums, floats, marks); }",
        "let huge = floats.iter().filter(|float| float.abs() >= LIMIT);",
        "*float = if float.abs() < LIMIT { *float } else { 0.0 };",
    )
    check(0 < rules.limit < 255 << 23, "the limit is not a finite float")
    # The greatest float below it is not rounded up to 2^HIGHEST_TOP by the first level of the highest window.
    top, levels = rules.around(1, rules.limit - 1)
    check(top <= rules.highest_top and levels == rules.most_levels, top, levels)
    end = Fraction(2) ** top - Fraction(2) ** (rules.unit(top, 0) - 1)
    check(float_of_bits(rules.limit - 1) < end, "the limit is too high")


@states(11, "The usual window is what its documentation says")
def usual():
    rules = of_sources()
    require("exact/window.rs", "pub const USUAL: Self = Self { top: 3, levels: 2 };")
    block = [rules.unit(3, level) for level in range(2)]
    check(block[-1] == -40, block)
    check(rules.holds(3, 2, rules.bits_of_power(-17), rules.bits_of_power(3) - 1), "2^-17 to 8")
    check(not rules.holds(3, 2, rules.bits_of_power(-17) - 1, rules.bits_of_power(3) - 1), "below 2^-17")


@states(12, "Words are kept for as many levels as there is room for")
def kept():
    require(
        "exact/block.rs",
        "let has_words = self.additions != 0 && self.window.levels <= KEPT_LEVELS;",
        "if window.levels > KEPT_LEVELS && window.holds(bounds.smallest, bounds.greatest) {",
        "2 => registers.add_levels::<2, SUMS>(2, &mut to.words),",
        "KEPT_LEVELS => registers.add_levels::<KEPT_LEVELS, SUMS>(KEPT_LEVELS, &mut to.words)",
        "levels @ 2..=KEPT_LEVELS if IS_SMALL => {",
        "_ => false,",
    )
    for machine in MACHINES:
        names = ["KEPT_LEVELS", "MOST_LANES", "WORDS"]
        kept_levels, most_lanes, words = (constant("exact/words.rs", name, machine) for name in names)
        check(max(machine.lanes) <= most_lanes and kept_levels * most_lanes <= words, machine.name)
        # With fast code for 2 levels and for KEPT_LEVELS, no number of levels lies between.
        check(kept_levels == 3, "a window of", kept_levels - 1, "levels has no code")


@states(13, "What is not marked adds nothing to a part")
def parts():
    require(
        "exact/levels.rs",
        "Some(marks) if sum == 1 => V::select(marks, shifted, magic),",
        "*words = *words + counted(sum, marks, shifted, *magic).to_bits();",
    )
    # M itself deviates from M by 0: the count of additions is that of the whole.
    prove("(= (bvsub (bvadd w m) (bvmul (bvadd n #x00000001) m)) (bvsub w (bvmul n m)))",
          [f"(declare-const {name} (_ BitVec 32))" for name in "wmn"])


@states(14, "The bounds of a block are those of its floats")
def bounds(form=Format(precision=5, exponent_bits=4)):
    require(
        "exact/bounds.rs",
        "self.smallest = V::from_bits(size - term.constant_bits(1)).min(self.smallest);",
        "self.greatest = size.max(self.greatest);",
        "let smallest = smallest.into_iter().fold(u32::MAX - 1, u32::min) + 1;",
        "const NO_TERMS: [[f32; MOST_LANES]; 2] = [[f32::INFINITY; MOST_LANES], [0.0; MOST_LANES]];",
    )
    require("simd/mod.rs", "/// `self < other ? self : other`: `other` where one of the two is NaN.")
    infinity = form.encode((INFINITY, 1))
    mask = (1 << (form.exponent_bits + form.precision)) - 1

    def less(one, other):
        """The order of floats that are not negative, or NaNs with any sign: false with one."""
        return one <= infinity and other <= infinity and one < other

    sizes = range(mask // 2 + 1)
    for first in sizes:
        for second in (first, 0, 1, first ^ 1, infinity, infinity - 1, infinity + 1, mask // 2):
            smallest, greatest = infinity, 0
            for size in (first, second):
                candidate = (size - 1) & mask
                smallest = candidate if less(candidate, smallest) else smallest
                greatest = max(greatest, size)
            smallest += 1
            finite = [size for size in (first, second) if 0 < size < infinity]
            check(greatest == max(first, second), first, second)
            if finite:
                check(smallest == min(finite), first, second, smallest)
            else:
                # Infinity, or the NaN behind it: there is no finite float but 0.
                check(smallest >= infinity, first, second, smallest)
