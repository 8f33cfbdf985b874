"""Proofs of src/exact/digits.rs and mod.rs: statements 28 to 38."""

from fractions import Fraction
from itertools import product

import quick
import windows
from floats import to_even
from solver import bits, prove
from sources import MACHINES, constant, require
from statements import check, states

FILE = "exact/digits.rs"
# Digits, exponent of the lowest bit, and power of the floats.
SUMS = [(12, -160, 1), (20, -320, 2)]


def sums():
    require("exact/mod.rs", *(f"= Exact<{count}, {lowest}, {power}>;" for count, lowest, power in SUMS))
    check(constant(FILE, "DIGIT_BITS") == 32 and constant(FILE, "DIGIT_MASK") == 0xFFFFFFFF, "digits are not of 32 bits")
    return SUMS


@states(28, "A term of 96 bits is added exactly, and no digit grows by 2^32")
def add():
    sums()
    require(
        FILE,
        "let shift = bit % DIGIT_BITS;",
        "digits.iter_mut().skip((bit / DIGIT_BITS) as usize);",
        "for part in [value as u32, (value >> DIGIT_BITS) as u32, (value >> (2 * DIGIT_BITS)) as u32] {",
        "let shifted = u64::from(part) << shift | carry;",
        "*digit = digit.wrapping_add(shifted as i64 & DIGIT_MASK);",
        "carry = shifted >> DIGIT_BITS;",
        "let highest = (value >> (3 * DIGIT_BITS)) as i64;",
        "*digit = digit.wrapping_add(highest << shift | carry as i64);",
    )
    for shift in range(32):
        by, low = bits(shift, 64), "((_ zero_extend 32) ((_ extract 31 0) %s))"
        declared = ["(declare-const v (_ BitVec 128))"]
        carry = bits(0, 64)
        for index in range(3):
            part = f"((_ zero_extend 32) ((_ extract {32 * index + 31} {32 * index}) v))"
            declared.append(f"(define-fun s{index} () (_ BitVec 64) (bvor (bvshl {part} {by}) {carry}))")
            declared.append(f"(define-fun d{index} () (_ BitVec 64) {low % f's{index}'})")
            carry = f"(bvlshr s{index} {bits(32, 64)})"
        highest = "((_ extract 63 0) (bvashr v %s))" % bits(96, 128)
        declared.append(f"(define-fun d3 () (_ BitVec 64) (bvor (bvshl {highest} {by}) {carry}))")
        wide = [f"(bvshl ((_ sign_extend 128) d{index}) {bits(32 * index, 192)})" for index in range(4)]
        total = f"(bvadd (bvadd {wide[0]} {wide[1]}) (bvadd {wide[2]} {wide[3]}))"
        exact = f"(= {total} (bvshl ((_ sign_extend 64) v) {bits(shift, 192)}))"
        grows = f"(and (bvslt d3 {bits(1 << 32, 64)}) (bvsgt d3 {bits(-(1 << 32), 64)}))"
        most = [f"(bvslt v {bits(1 << 96, 128)})", f"(bvsge v {bits(-(1 << 96), 128)})"]
        prove(f"(and {exact} {grows})", declared, most)


@states(29, "Every term lies within the digits")
def places():
    rules = windows.of_sources()
    require("exact/mod.rs", "digits::add(&mut self.digits, (exponent - LOWEST).unsigned_abs(), value);")
    require("exact/mod.rs", "self.add_scaled(term, exponent * POWER);", "self.add_scaled(i128::from(integer), 0);")
    # Exponents of what is added: one float, an integer, levels, trials; of rows see statement 16.
    first = [rules.unit(rules.highest_top, 0), 104, 0, quick.unit_range()[1] + 32]
    for count, lowest, power in sums():
        exponents = [-149 * power, 104 * power] if power == 2 else [-149, *first]
        for exponent in exponents:
            check(exponent >= lowest, "below the digits:", exponent)
            # The fourth digit, which has the sign, is one of them.
            check((exponent - lowest) // 32 + 3 <= count - 1, "above the digits:", exponent)
    lanes = max(max(machine.lanes) for machine in MACHINES)
    check(lanes << 31 < 1 << 96 and ((1 << 24) - 1) ** 2 < 1 << 96, "a term is longer than 96 bits")


@states(30, "Digits have room between two flushes, however long a call is")
def growth():
    require(
        "exact/block.rs",
        "sum.add_words(words, bias, self.window.unit(level)); } sum.normalize(); }",
        "if to.state.additions + additions > MOST_ADDITIONS { to.flush();",
        "pub fn finish(&mut self) { self.flush(); }",
    )
    require(quick.FILE, "sum.add_words(words, bias, unit); } sum.normalize(); }")
    rules = windows.of_sources()
    most = constant("exact/block.rs", "MOST_ADDITIONS")
    for machine in MACHINES:
        block, kept = (constant("exact/block.rs", name, machine) for name in ("BLOCK", "KEPT_LEVELS"))
        values = quick.constants(machine)
        # Blocks between two flushes, each with all its terms taken out, all levels peeled, and the words flushed.
        of_blocks = most * (block + rules.most_levels) + kept
        # Trials between two flushes, each with all places aside full.
        of_trials = values["MOST_TRIALS"] * values["ASIDE"] * 16 + 3
        check(of_blocks + of_trials <= 1 << 30, machine.name, of_blocks, of_trials)
    check((1 << 30) * (1 << 32) + (1 << 32) < 1 << 63, "2^30 additions overflow a digit")


@states(31, "Carries are exact for any digits, and only the highest can overflow")
def carries():
    require(
        FILE,
        "let low = (*digit & DIGIT_MASK) + (more & DIGIT_MASK) + carry;",
        "carry = (*digit >> DIGIT_BITS) + (more >> DIGIT_BITS) + (low >> DIGIT_BITS);",
        "*digit = low & DIGIT_MASK;",
        "*highest = highest.wrapping_add(next()).wrapping_add(carry);",
        "merge(digits, &[]);",
    )
    mask, by = bits(0xFFFFFFFF, 64), bits(32, 64)
    declared = [f"(declare-const {name} (_ BitVec 64))" for name in ("digit", "more", "carry")]
    declared += [
        f"(define-fun low () (_ BitVec 64) (bvadd (bvadd (bvand digit {mask}) (bvand more {mask})) carry))",
        f"(define-fun next () (_ BitVec 64) (bvadd (bvadd (bvashr digit {by}) (bvashr more {by})) (bvashr low {by})))",
        f"(define-fun kept () (_ BitVec 64) (bvand low {mask}))",
    ]
    within = "(and (bvsle {0} %s) (bvsge {0} %s))" % (bits((1 << 32) + 2, 64), bits(-(1 << 32) - 2, 64))
    wide = {name: f"((_ sign_extend 64) {name})" for name in ("digit", "more", "carry", "kept", "next")}
    before = f"(bvadd (bvadd {wide['digit']} {wide['more']}) {wide['carry']})"
    exact = f"(= {before} (bvadd {wide['kept']} (bvshl {wide['next']} {bits(32, 128)})))"
    # Nothing wraps: the carry stays as small as it is assumed to be, and the value is kept to the last bit.
    prove(f"(and {exact} {within.format('next')} (bvult kept {bits(1 << 32, 64)}))", declared, [within.format("carry")])


def canonical(digits, width):
    """The model of carries, with digits of `width` bits."""
    result, carry = [], 0
    for digit in digits[:-1]:
        low = (digit & ((1 << width) - 1)) + carry
        carry = (digit >> width) + (low >> width)
        result.append(low & ((1 << width) - 1))
    return [*result, digits[-1] + carry]


@states(32, "Equal sums have equal words")
def unique(width=2):
    words = {}
    for digits in product(range(-8, 8), range(-8, 8), range(-8, 8)):
        number = sum(digit << (width * place) for place, digit in enumerate(digits))
        made = canonical(digits, width)
        check(sum(digit << (width * place) for place, digit in enumerate(made)) == number, digits)
        check(words.setdefault(number, made) == made, digits, made)


@states(33, "There is room for 2^63 terms and for 2^31 states")
def room():
    for count, lowest, power in sums():
        # What 2^63 terms below 2^(128 power) have above the lower digits; a negative sum has at least -1 there.
        highest = max(Fraction(2) ** (63 + 128 * power - lowest - 32 * (count - 1)), 1)
        check(highest <= 1 << 31, "the highest digit is longer than 32 bits")
        for digit in (highest, (1 << 32) - 1):
            check((1 << 31) * digit < 1 << 63, "2^31 states overflow", count, digit)


@states(34, "A sum is added so many times exactly, below 2^31")
def times():
    require("exact/mod.rs", "scaled.normalize();", "*word = word.wrapping_mul(times);")
    check(((1 << 31) - 1) * ((1 << 32) - 1) < 1 << 63, "a product overflows a digit")
    # Ties of a selection are counted by 32 bits, and so many pixels are refused.
    require("select.rs", "if scores.scores.len() > MOST { return Err(Error::TooLarge); }")
    require("metric/topk_mean.rs", "sum.merge_times(&tied, i64::from(ties - ties_below));")
    check(constant("select.rs", "MOST") < 1 << 31, "so many ties overflow")


@states(35, "Absolute values are exact for any digits")
def absolute(width=2, places=4):
    require(
        FILE,
        "let low = (digit & DIGIT_MASK) + carry;",
        "carry = (digit >> DIGIT_BITS) + (low >> DIGIT_BITS);",
        "*place = low as u32;",
        "let negative = carry < 0;",
        "(*place, carry) = (!*place).overflowing_add(carry.into());",
    )
    check(constant(FILE, "MOST_DIGITS") > max(count for count, *_ in sums()), "no place for the upper half of the highest digit")
    mask = (1 << width) - 1
    for digits in product(range(-8, 8), range(-8, 8), range(-8, 8)):
        number = sum(digit << (width * place) for place, digit in enumerate(digits))
        carry, magnitude = 0, []
        for digit in (*digits, *[0] * (places - len(digits))):
            low = (digit & mask) + carry
            carry = (digit >> width) + (low >> width)
            magnitude.append(low & mask)
        if carry < 0:
            more = 1
            for place, digit in enumerate(magnitude):
                total = (~digit & mask) + more
                magnitude[place], more = total & mask, total >> width
        check((carry < 0) == (number < 0), digits)
        check(sum(digit << (width * place) for place, digit in enumerate(magnitude)) == abs(number), digits)


@states(36, "The quotient has all its bits after STEPS steps, for any digits and any divisor")
def steps():
    require(
        FILE,
        "for _ in 0..STEPS {",
        "let mut position = (highest as i32 + 1) * DIGIT_BITS as i32;",
        "remainder = remainder << 1 | u64::from(bit(&magnitude, position));",
        "if quotient >= ENOUGH { break; }",
        "if remainder >= divisor { remainder -= divisor; quotient |= 1; }",
    )
    enough, made = constant(FILE, "ENOUGH"), constant(FILE, "STEPS")
    # The number is at least 2^(k - 1) where k bits of its highest digit are left; k steps reach it. From there 62 steps
    # reach any divisor below 2^63, which makes the first bit, and the others follow.
    needed = 31 + 1 + 62 + (enough.bit_length() - 1)
    check(needed <= made, needed, "steps are needed, of", made)
    check(enough.bit_length() + 1 <= 64, "the quotient overflows")
    # A remainder is below the divisor, so twice that and 1 has 64 bits.
    check(2 * ((1 << 63) - 2) + 1 < 1 << 64, "the remainder overflows")


def model_quotient(number, divisor, width, places, precision, made):
    """The model of the quotient: the integer that is converted, and its exponent."""
    highest = max(place for place in range(places) if number >> (width * place) & ((1 << width) - 1))
    position, quotient, remainder = (highest + 1) * width, 0, 0
    for _ in range(made):
        position -= 1
        remainder = remainder << 1 | (number >> position & 1 if position >= 0 else 0)
        quotient <<= 1
        if remainder >= divisor:
            remainder, quotient = remainder - divisor, quotient | 1
        if quotient >= 1 << (precision + 1):
            break
    left_over = remainder != 0 or number & ((1 << max(position, 0)) - 1) != 0
    return quotient | left_over, position


@states(37, "The quotient is rounded once")
def once(width=3, places=3, precision=3, divisor_bits=4):
    require(FILE, "let left_over = remainder != 0 || (0..position).any(|below| bit(&magnitude, below) == 1);")
    require(FILE, "let rounded = (quotient | u64::from(left_over)) as f64 * power_of_two(lowest + position);")
    enough = constant(FILE, "ENOUGH")
    check(enough == 1 << 54, "the quotient has not two bits more than a double")
    # All numbers and divisors of a small format, with as many steps as statement 36 counts.
    made = width + divisor_bits + precision + 2
    for number in range(1, 1 << (width * places)):
        for divisor in range(1, 1 << divisor_bits):
            quotient, position = model_quotient(number, divisor, width, places, precision, made)
            check(1 << (precision + 1) <= quotient < 1 << (precision + 2), number, divisor, quotient)
            converted = to_even(quotient, 2) * 4 * Fraction(2) ** position
            exact = Fraction(number, divisor)
            unit = 4 * Fraction(2) ** position
            nearest = round(exact / unit)
            check(converted == nearest * unit, number, divisor, converted)
    # At full width: what is left over is anything between 0 and 1, and rounds as 1/2 does.
    declared = ["(declare-const q (_ BitVec 64))", "(declare-const s (_ BitVec 64))"]
    declared += [
        "(define-fun coded () (_ FloatingPoint 11 53) ((_ to_fp_unsigned 11 53) RNE (bvor q s)))",
        "(define-fun exact () (_ FloatingPoint 11 53) ((_ to_fp_unsigned 11 53) RNE (bvor (bvshl q #x0000000000000001) s)))",
        "(define-fun twice () (_ FloatingPoint 11 53) (fp.add RNE coded coded))",
    ]
    within = [f"(bvuge q {bits(enough, 64)})", f"(bvult q {bits(2 * enough, 64)})", f"(bvule s {bits(1, 64)})"]
    prove("(= twice exact)", declared, within, logic="QF_BVFP")


@states(38, "No quotient is subnormal or overflows")
def normal():
    places, made = constant(FILE, "MOST_DIGITS"), constant(FILE, "STEPS")
    require(FILE, "f64::from_bits(((exponent + 1023) as u64) << 52)")
    for _, lowest, _ in sums():
        # The lowest position is that of a lowest digit after all steps; the result is at least ENOUGH of these.
        lowest_power, highest_power = lowest + 32 - made, lowest + 32 * places
        check(lowest_power >= -1022 and highest_power + 55 <= 1023, lowest_power, highest_power)
