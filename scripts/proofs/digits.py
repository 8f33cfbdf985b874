"""Proofs of src/exact/digits.rs and mod.rs: statements 28 to 39."""

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
    check(
        constant(FILE, "DIGIT_BITS") == 32 and constant(FILE, "DIGIT_MASK") == 0xFFFFFFFF, "digits are not of 32 bits"
    )
    return SUMS


@states(28, "An integer is added exactly, and no digit grows by 2^32")
def add():
    sums()
    require(
        FILE,
        "let shift = bit % DIGIT_BITS;",
        "let low = (value & DIGIT_MASK) << shift;",
        "let high = value >> DIGIT_BITS << shift;",
        "let middle = (low as u64 >> DIGIT_BITS) as i64 + (high & DIGIT_MASK);",
        "let digits = digits.get_mut((bit / DIGIT_BITS) as usize..);",
        "let Some([first, second, third]) = digits.and_then(<[i64]>::first_chunk_mut) else { return };",
        "*first = first.wrapping_add(low & DIGIT_MASK);",
        "*second = second.wrapping_add(middle & DIGIT_MASK);",
        "*third = third.wrapping_add((middle >> DIGIT_BITS) + (high >> DIGIT_BITS));",
    )
    mask, by = bits(0xFFFFFFFF, 64), bits(32, 64)
    for shift in range(32):
        declared = [
            "(declare-const v (_ BitVec 64))",
            f"(define-fun low () (_ BitVec 64) (bvshl (bvand v {mask}) {bits(shift, 64)}))",
            f"(define-fun high () (_ BitVec 64) (bvshl (bvashr v {by}) {bits(shift, 64)}))",
            f"(define-fun middle () (_ BitVec 64) (bvadd (bvlshr low {by}) (bvand high {mask})))",
            f"(define-fun d0 () (_ BitVec 64) (bvand low {mask}))",
            f"(define-fun d1 () (_ BitVec 64) (bvand middle {mask}))",
            f"(define-fun d2 () (_ BitVec 64) (bvadd (bvashr middle {by}) (bvashr high {by})))",
        ]
        wide = [f"(bvshl ((_ sign_extend 96) d{index}) {bits(32 * index, 160)})" for index in range(3)]
        total = f"(bvadd (bvadd {wide[0]} {wide[1]}) {wide[2]})"
        exact = f"(= {total} (bvshl ((_ sign_extend 96) v) {bits(shift, 160)}))"
        grows = f"(and (bvslt d2 {bits(1 << 32, 64)}) (bvsgt d2 {bits(-(1 << 32), 64)}))"
        prove(f"(and {exact} {grows})", declared)


@states(29, "Every term lies within the digits")
def places():
    rules = windows.of_sources()
    require("exact/mod.rs", "digits::add(&mut self.digits, (exponent - LOWEST).unsigned_abs(), value);")
    require("exact/mod.rs", "self.add_scaled(term, exponent * POWER);", "self.add_scaled(integer, 0);")
    # Exponents of what is added: one float, an integer, levels, trials; of rows see statement 16.
    first = [rules.unit(rules.highest_top, 0), 104, 0, quick.unit_range()[1] + 32]
    for count, lowest, power in sums():
        exponents = [-149 * power, 104 * power] if power == 2 else [-149, *first]
        for exponent in exponents:
            check(exponent >= lowest, "below the digits:", exponent)
            # The third digit, which has the sign, is one of them.
            check((exponent - lowest) // 32 + 2 <= count - 1, "above the digits:", exponent)
    lanes = max(max(machine.lanes) for machine in MACHINES)
    check(lanes << 31 < 1 << 63 and ((1 << 24) - 1) ** 2 < 1 << 63, "a term is longer than an i64")


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
        block, kept = constant("exact/block.rs", "BLOCK", machine), constant("exact/words.rs", "KEPT_LEVELS", machine)
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
        "let low = (*digit & DIGIT_MASK) + carry;",
        "carry = (*digit >> DIGIT_BITS) + (low >> DIGIT_BITS);",
        "*digit = low & DIGIT_MASK;",
        "*highest = highest.wrapping_add(carry);",
        "normalize(digits); let mut carry = 0; for (digit, more) in digits.iter_mut().zip(more) {",
        "*digit = digit.wrapping_add((more & DIGIT_MASK) + carry);",
        "carry = more >> DIGIT_BITS;",
        "*highest = highest.wrapping_add(carry << DIGIT_BITS); } normalize(digits); }",
    )
    mask, by = bits(0xFFFFFFFF, 64), bits(32, 64)
    declared = [f"(declare-const {name} (_ BitVec 64))" for name in ("digit", "more", "carry", "before")]
    declared += [
        f"(define-fun low () (_ BitVec 64) (bvadd (bvand digit {mask}) carry))",
        f"(define-fun next () (_ BitVec 64) (bvadd (bvashr digit {by}) (bvashr low {by})))",
        f"(define-fun kept () (_ BitVec 64) (bvand low {mask}))",
        f"(define-fun sum () (_ BitVec 64) (bvadd digit (bvadd (bvand more {mask}) (bvashr before {by}))))",
    ]
    within = "(and (bvsle {0} %s) (bvsge {0} %s))" % (bits((1 << 31) + 1, 64), bits(-(1 << 31) - 1, 64))
    names = ("digit", "carry", "kept", "next", "more", "before", "sum")
    wide = {name: f"((_ sign_extend 64) {name})" for name in names}
    before = f"(bvadd {wide['digit']} {wide['carry']})"
    exact = f"(= {before} (bvadd {wide['kept']} (bvshl {wide['next']} {bits(32, 128)})))"
    # Nothing wraps: the carry stays as small as it is assumed to be, and the value is kept to the last bit.
    prove(f"(and {exact} {within.format('next')} (bvult kept {bits(1 << 32, 64)}))", declared, [within.format("carry")])
    # Of other digits the lower half goes to a canonical one and the upper half to the next: nothing wraps either.
    halves = f"(bvadd (bvand {wide['more']} {bits(0xFFFFFFFF, 128)}) (bvashr {wide['before']} {bits(32, 128)}))"
    prove(f"(= {wide['sum']} (bvadd {wide['digit']} {halves}))", declared, [f"(bvult digit {bits(1 << 32, 64)})"])
    upper = f"(bvshl (bvashr {wide['more']} {bits(32, 128)}) {bits(32, 128)})"
    whole = f"(bvadd (bvand {wide['more']} {bits(0xFFFFFFFF, 128)}) {upper})"
    prove(f"(= {wide['more']} {whole})", declared)


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


@states(34, "A sum is added so many times exactly")
def times(width=5):
    require(
        "exact/mod.rs",
        "scaled.normalize();",
        "while times >> 31 > 0 { if times & 1 > 0 { self.merge(&scaled); }",
        "let half = scaled; scaled.merge(&half); times >>= 1;",
        "*word = word.wrapping_mul(times);",
    )
    check(((1 << 31) - 1) * ((1 << 32) - 1) < 1 << 63, "a product overflows a digit")
    for times in range(1 << (2 * width)):
        added, scaled, rest = 0, 1, times
        while rest >> width > 0:
            if rest & 1:
                added += scaled
            scaled, rest = 2 * scaled, rest >> 1
        check(added + scaled * rest == times, "not so many times", times)


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
    check(
        constant(FILE, "MOST_DIGITS") > max(count for count, *_ in sums()),
        "no place for the upper half of the highest digit"
    )
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


def behind():
    """How many bits behind the point a division goes at most: 64, the bits of a divisor and those of a quotient."""
    # A step finds at most 32 bits, and there is none after the quotient has ENOUGH of them.
    return 63 + constant(FILE, "ENOUGH").bit_length() + 31


@states(36, "The quotient has all its bits after a fixed number of steps, for any digits and any divisor")
def steps():
    require(
        FILE,
        "let mut position = (highest as i32 + 1) * DIGIT_BITS as i32;",
        "while quotient < ENOUGH {",
        "let before = (position - 1) as u32 % DIGIT_BITS + 1;",
        "let room = divisor.leading_zeros().min(quotient.leading_zeros());",
        "let count = if IS_SMALL { 1 } else { before.min(room) };",
        "bits = *digit >> (before - count);",
        "*digit ^= bits << (before - count);",
        "let (found, rest) = divide(remainder << count | u64::from(bits), divisor);",
        "(quotient, remainder) = (quotient << count | found, rest);",
        "position -= count as i32;",
        "if !IS_SMALL { return (number / divisor, number % divisor); }",
        "let rest = number.checked_sub(divisor.get()); (rest.is_some().into(), rest.unwrap_or(number))",
    )
    require(
        "exact/mod.rs",
        "NonZeroU64::new(count.max(0).unsigned_abs())",
        "(false, false) => digits::quotient(&self.digits, LOWEST, count),",
    )
    enough = constant(FILE, "ENOUGH")
    for divisor_bits in range(1, 64):
        for quotient_bits in range(enough.bit_length()):
            count = min(32, 64 - divisor_bits, 64 - quotient_bits)
            # A step goes on, and neither the remainder, which is below the divisor, nor the quotient overflows.
            check(count >= 1, "a step finds nothing")
            check((((1 << divisor_bits) - 2) << count) + (1 << count) - 1 < 1 << 64, "the remainder overflows")
            check(quotient_bits + count <= 64, "the quotient overflows")
    # So many bits behind the point the quotient would be the number, which is at least 1, times that power of two, by
    # the divisor.
    check((1 << (behind() - 31)) // ((1 << 63) - 1) >= enough, "a quotient ends before it has all its bits")


def model_quotient(number, divisor, first, enough, digit_bits, word_bits):
    """The model of the quotient: the integer that is converted, and its exponent."""
    quotient, remainder, position = 0, 0, first
    while quotient < enough:
        before = (position - 1) % digit_bits + 1
        count = min(before, word_bits - divisor.bit_length(), word_bits - quotient.bit_length())
        position -= count
        bits = (number >> position if position >= 0 else number << -position) & ((1 << count) - 1)
        found, remainder = divmod(remainder << count | bits, divisor)
        quotient = quotient << count | found
    rest = number & ((1 << position) - 1) if position > 0 else 0
    return quotient | (remainder != 0 or rest != 0), position


@states(37, "The quotient is rounded once")
def once(number_bits=9, precision=3, divisor_bits=4):
    require(
        FILE,
        "let is_rest = remainder != 0 || magnitude.iter().any(|digit| *digit != 0);",
        "let rounded = (quotient | u64::from(is_rest)) as f64 * power_of_two(lowest + position);",
    )
    enough = constant(FILE, "ENOUGH")
    check(enough == 1 << 54, "the quotient has not two bits more than a double")
    # All numbers and divisors of a small format, with digits of one, two and three bits.
    few = 1 << (precision + 1)
    for digit_bits in (1, 2, 3):
        first = -(-number_bits // digit_bits) * digit_bits
        for number in range(1, 1 << number_bits):
            for divisor in range(1, 1 << divisor_bits):
                quotient, position = model_quotient(number, divisor, first, few, digit_bits, precision + 4)
                check(few <= quotient < 8 * few, number, divisor, quotient)
                length = quotient.bit_length() - precision
                unit = Fraction(2) ** (position + length)
                converted, nearest = to_even(quotient, length), round(Fraction(number, divisor) / unit)
                check(converted == nearest, number, divisor, converted)
    # At full width: what is left over is anything between 0 and 1, and rounds as 1/2 does.
    declared = ["(declare-const q (_ BitVec 64))", "(declare-const s (_ BitVec 64))"]
    declared += [
        "(define-fun coded () (_ FloatingPoint 11 53) ((_ to_fp_unsigned 11 53) RNE (bvor q s)))",
        "(define-fun whole () (_ BitVec 65) (bvor (concat q #b0) (concat #b0 s)))",
        "(define-fun exact () (_ FloatingPoint 11 53) ((_ to_fp_unsigned 11 53) RNE whole))",
        "(define-fun twice () (_ FloatingPoint 11 53) (fp.add RNE coded coded))",
    ]
    within = [f"(bvuge q {bits(enough, 64)})", f"(bvule s {bits(1, 64)})"]
    prove("(= twice exact)", declared, within, logic="QF_BVFP")


@states(38, "No quotient is subnormal or overflows")
def normal():
    require(FILE, "f64::from_bits(((exponent + 1023) as u64) << 52)")
    places = constant(FILE, "MOST_DIGITS")
    for _, lowest, _ in sums():
        check(lowest - behind() >= -1022 and lowest + 32 * places + 64 <= 1023, lowest)


@states(39, "A check refuses no sum of so many terms")
def checks():
    require(
        "exact/mod.rs",
        "const BELOW_ALL: i64 = (1 << (-149 * POWER - LOWEST)) - 1;",
        "let mut digits = self.digits; digits::normalize(&mut digits);",
        "const LARGE: usize = (128 * POWER - LOWEST) as usize / 32;",
        "let (below, above) = digits.split_at_checked(Self::LARGE).unwrap_or_default();",
        "Some(i64::from(i32::try_from(size).ok()?) << u32::BITS | digit);",
        "let size = above.iter().rev().try_fold(0, longer).ok_or(Error::Totals)?;",
        "let is_possible = -finite <= size && (size < finite || size == finite && !is_more);",
        "if is_multiple && is_possible { Ok(size < 0) }",
    )
    for count, lowest, power in sums():
        check(0 <= -149 * power - lowest < 32, "the lowest bit of a term is not in the lowest digit")
        # The digits above are whole. One that does not fit 32 bits with a sign has at least 2^63 units with the next.
        check((128 * power - lowest) % 32 == 0, "the unit is within a digit")
        check(count > (128 * power - lowest) // 32 and (1 << 31) << 32 > (1 << 63) - 1, "a sum has no digits above")
