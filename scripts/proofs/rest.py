"""Proofs of squares.rs, variance.rs, counts in floats, and of what is assumed of the machine: statements 40 to 50."""

import re
from fractions import Fraction
from itertools import product
from math import isqrt

import levels
import rows
from floats import Format, to_zero
from solver import prove
from sources import MACHINES, ROOT, Missing, constant, require, text
from statements import Refuted, check, states


@states(40, "A bin has room for the squares of a block")
def bins():
    room = constant("exact/squares.rs", "ROOM")
    require(
        "exact/squares.rs",
        "for (block, floats) in floats.chunks(ROOM).enumerate() {",
        "*bin += significand * significand;",
        "let unit = exponent.max(1) as i32 - 150;",
        "self.add_scaled(core::mem::take(bin), 2 * unit);",
    )
    check(room * ((1 << 24) - 1) ** 2 < 1 << 63, "a bin overflows")
    check(constant("exact/squares.rs", "EXPONENTS") == 256, "an exponent has no bin")
    for biased in range(255):
        bit = 2 * (max(biased, 1) - 150) + 320
        check(0 <= bit and bit // 32 + 2 <= 19, "the bin", biased, "is outside the digits")
    # All bins of a block go to the digits before these are made canonical.
    check((1 << 8) * (1 << 32) + (1 << 32) < 1 << 63, "bins overflow a digit")
    # Without bins: as many floats as 32 bits can address.
    check((1 << 30) * (1 << 32) + (1 << 32) < 1 << 63, "floats overflow a digit")


@states(41, "The columns of a product have room")
def columns():
    require("exact/variance.rs", "*column += sign * i128::from(product);", "let digit = column + carry;")
    count, places = constant("exact/variance.rs", "DIGITS"), constant("exact/digits.rs", "MOST_DIGITS")
    # A sum of 2^63 terms below 2^128 has 351 bits: 11 digits; one of squares 639, 20; a count has 2.
    sums, squares = -(-(63 + 128 + 160) // 32), -(-(63 + 256 + 320) // 32)
    check(2 * sums <= count and 2 + squares <= count, "a product is longer than the columns")
    most = places * ((1 << 32) - 1) ** 2
    check(2 * most < 1 << 127, "a column overflows")
    # The units of both products: 2^(-160 - 160) and 2^(0 - 320).
    check((constant("exact/variance.rs", "UNIT") >> 52) - 1023 == -320, "another unit")
    check(-320 + 32 * count <= 1023, "the unit of the highest column overflows")


@states(42, "The difference of two products is 0 or more, or is known not to be")
def sign(width=2):
    require(
        "exact/variance.rs",
        "for (to, column) in digits.iter_mut().zip(columns) {",
        "let digit = column + carry;",
        "carry = digit >> u32::BITS;",
        "*to = digit as u32;",
        "(carry == 0).then_some(digits)",
        "difference(&weights, &sum, &squares).map_or(0.0, |digits| number(&digits)) / (total * total)",
        "difference(&[count as u32, (count >> u32::BITS) as u32], &sum, &squares).ok_or(Error::Totals)",
    )
    places, mask = 4, (1 << width) - 1
    for one, other in product(range(1 << (width * places)), repeat=2):
        digits = [[number >> (width * place) & mask for place in range(places)] for number in (one, other)]
        carry, number = 0, 0
        for place, (more, less) in enumerate(zip(*digits)):
            digit = more - less + carry
            carry, number = digit >> width, number | (digit & mask) << (width * place)
        check((carry == 0) == (one >= other), one, other)
        check(carry != 0 or number == one - other, one, other)
    # The inequality of Cauchy and Schwarz, for weights and values that are not the same: two of each are enough, since
    # the difference is the sum of v_i v_j (q_i - q_j)^2 over pairs.
    for v, w, q, r in product(range(4), range(4), range(-4, 5), range(-4, 5)):
        difference = (v + w) * (v * q * q + w * r * r) - (v * q + w * r) ** 2
        check(difference == v * w * (q - r) ** 2 >= 0, v, w, q, r)


@states(43, "The difference of two products becomes a double within 2^-52 of itself")
def conversion():
    require("exact/variance.rs", "number += unit * f64::from(*digit);", "unit *= DIGIT;")
    u = Fraction(1, 1 << 53)
    # From the lowest column up: what the columns below the highest sum to is below its unit, and every addition rounds
    # by u of its result at most. The worst is a highest digit of 1 above digits that are as large as can be.
    highest = constant("exact/variance.rs", "DIGITS")
    total, error = Fraction(0), Fraction(0)
    for place in range(highest):
        digit = 1 if place == highest - 1 else (1 << 32) - 1
        total += digit * Fraction(2) ** (32 * place)
        error += u * (total + error)
    check(error < 2 * u * total, float(error / total))


@states(44, "Counts in floats are exact")
def counts():
    require(
        "simd/mod.rs", "const FROM_INTEGER: f32 = 8_388_608.0;",
        "for bits in flat::<_, u32>(&(counts + FROM_INTEGER).to_array()) {"
    )
    counted = constant("input/tally.rs", "COUNTED")
    require("input/tally.rs", "for index in start..vectors.min(start + COUNTED) {")
    for machine in MACHINES:
        tile = machine.on_stack(512)
        for vectors in (counted, tile):
            check(vectors < 1 << 23, machine.name, "a lane counts further than it can be read")
        # 64 lanes are the most of a vector.
        check(64 * max(counted, tile) < 1 << 32, machine.name)
    form = Format(precision=5, exponent_bits=5)
    one = form.encode(1 << -form.lowest)
    number = 0
    for count in range(1 << form.precision):
        check(number == count << -form.lowest, count, "is not exact")
        number = form.add(number, form.decode(one))
    zero = 1 << (form.precision - 1 - form.lowest)
    for count in range(1 << (form.precision - 1)):
        read = form.encode(form.add(count << -form.lowest, zero)) - form.encode(zero)
        check(read == count, count, "is read as", read)


def environment():
    """Per kind of machine: the bits that are set for a call, and those that are looked at."""
    found = re.findall(
        r"pub const CONTROL_BITS: u\d+ = (0x[0-9a-f_]+);.*?pub const DEFAULT: u\d+ = (\w+);",
        text("capi/environment.rs"), re.S
    )
    if len(found) != 3:
        raise Missing("src/capi/environment.rs no longer has three control words")
    return [(int(default, 0), int(looked_at, 0)) for looked_at, default in found]


def needed(form):
    """Without this property of the floats a block is taken that was not added exactly."""
    try:
        levels.taken_is_exact(form)
        levels.around(form)
    except Refuted:
        return
    raise Refuted("the sums hold without it")


@states(45, "Sums are rounded to nearest, ties to even")
def nearest():
    # The rounding mode: MXCSR, FPCR, FPSCR.
    for (default, looked_at), mode in zip(environment(), (3 << 13, 3 << 22, 3 << 22)):
        check(default & mode == 0 and looked_at & mode == mode, "another rounding mode")
    needed(Format(levels.SMALL.precision, levels.SMALL.exponent_bits, nearest=to_zero))


@states(46, "No multiplication is fused with an addition")
def no_fma():
    forbidden = re.compile(
        r"mul_add\b|fmadd|fmsub|fnmadd|vfma|relaxed_madd|fadd_fast|fmul_fast|fadd_algebraic|fmul_algebraic"
    )
    for file in sorted((ROOT / "src").rglob("*.rs")):
        if "tests" in file.parts:
            continue
        code = re.sub(r"//[^\n]*", "", file.read_text())
        check(not forbidden.search(code), file.relative_to(ROOT), "fuses or reorders")
    # What it would do to the sum of a trial: A times a power of two is exact, so nothing. To the terms that go into it,
    # all.


@states(47, "Subnormal floats are neither flushed nor taken for 0")
def no_flush():
    # Flush to zero and denormals are zero: MXCSR 15 and 6, FPCR and FPSCR 24.
    for (default, looked_at), flush in zip(environment(), (1 << 15 | 1 << 6, 1 << 24, 1 << 24)):
        check(default & flush == 0 and looked_at & flush == flush, "flushes")
    needed(Format(levels.SMALL.precision, levels.SMALL.exponent_bits, flushes=True))


@states(48, "A deviation is rounded once")
def root():
    require(
        "exact/variance.rs",
        "let bits = (highest as u32 + 1) * u32::BITS - leading;",
        "let shift = (2 * (u64::BITS - divisor.leading_zeros()) + 110) as i32 - bits as i32;",
        "let shift = shift + (shift & 1);",
        "for bit in (0..ROOT_BITS).rev() {",
        "if square(u128::from(more) * u128::from(divisor)) <= target {",
        "let is_beyond = is_cut || square(u128::from(root) * u128::from(divisor)) != target;",
        "(root | u64::from(is_beyond)) as f64 * power_of_two(-shift / 2 - 160)",
        "let middle = high * low;",
        "let (lower, carry) = (low * low).overflowing_add(middle << 65);",
        "[high * high + (middle >> 63) + u128::from(carry), lower]",
    )
    bits = constant("exact/variance.rs", "ROOT_BITS")
    for width in range(1, 64):
        # The ends of what a divisor of so many bits and shifted digits of 110 or 111 bits more than twice as many are.
        for divisor, target in product(
            ((1 << width - 1), (1 << width) - 1), (1 << 2 * width + 109, (1 << 2 * width + 111) - 1)
        ):
            found = isqrt(target) // divisor
            check(1 << 54 <= found < 1 << bits, width, "there are too few bits behind the 53, or too many")
        check(((1 << bits) - 1) * ((1 << width) - 1) < 1 << 120, width, "is no number that can be squared")
    # A square, with halves of four bits in the place of 64: of numbers whose upper half has one bit less.
    for number in range(1 << 7):
        high, low = number >> 4, number & 15
        middle = high * low
        lower = low * low + (middle << 5 & 255)
        upper = high * high + (middle >> 3) + (lower >> 8)
        check((upper << 8) + (lower & 255) == number * number, number)


def levels_of_squares():
    require(
        "exact/squares.rs",
        "DoubleWindow::of_levels(2, Extent { unit: 2 * unit, top: 2 * top }, ExactSquares::UNIT)",
    )
    return rows.of_sources()


@states(49, "Two levels of doubles hold the squares of a block exactly")
def splitting_squares(narrow=Format(precision=4, exponent_bits=5), wide=Format(precision=10, exponent_bits=8)):
    require(
        "exact/squares.rs",
        "let wide = self.get(index).widen(); let square = wide * wide; let shifted = square + first_magic;",
        "low = (square - (shifted - first_magic) + second_magic).add_bits(low);",
    )
    level_bits = wide.precision - (53 - levels_of_squares())
    most = 1 << level_bits
    # The lowest digit is as far below the square of the smallest float as it is in the library, or where that is.
    for lowest_digit in (2 * narrow.lowest, 2 * narrow.lowest - 3):
        check(wide.lowest <= lowest_digit, "the formats do not fit")
        codes = list(narrow.positive_bits())
        for unit in range(narrow.lowest, narrow.highest + 2 - narrow.precision):
            for top in range(unit + narrow.precision, narrow.highest + 2):
                highest = rows.of_levels(2, 2 * unit, 2 * top, lowest_digit, level_bits)
                if highest is None:
                    continue
                units = [highest, highest - level_bits]
                magics = [3 << (wide.precision - 2 + unit_of_level - wide.lowest) for unit_of_level in units]
                for number in map(narrow.decode, codes):
                    if number >= 1 << (top - narrow.lowest) or number % (1 << (unit - narrow.lowest)):
                        continue
                    square = number * number << (2 * narrow.lowest - wide.lowest)
                    check(wide.add(square, 0) == square, "a square is rounded:", number)
                    shifted = wide.add(square, magics[0])
                    rest = wide.subtract(square, wide.subtract(shifted, magics[0]))
                    last = wide.add(rest, magics[1])
                    deviations = [
                        wide.encode(value) - wide.encode(magic) for value, magic in zip((shifted, last), magics)
                    ]
                    check(all(abs(deviation) <= most for deviation in deviations), number, unit, top, deviations)
                    total = sum(
                        deviation << (unit_of_level - wide.lowest)
                        for deviation, unit_of_level in zip(deviations, units)
                    )
                    check(total == square, number, unit, top, total)


@states(50, "The levels of every block of squares are within the digits, and their words have room")
def windows_of_squares():
    level_bits = levels_of_squares()
    require("exact/mod.rs", "pub type ExactSquares = Exact<20, -320, 2>;")
    for unit in range(-149, 105):
        for top in range(unit + 24, 129):
            first = rows.of_levels(2, 2 * unit, 2 * top, -320, level_bits)
            if first is None:
                check(2 * top - 2 * unit > 2 * level_bits, unit, top)
                continue
            last = first - level_bits
            check(2 * top <= first + level_bits, "too narrow:", unit, top)
            check(-320 <= last <= 2 * unit, "too coarse, or below the digits:", unit, top, last)
            check((first + 320) // 32 + 2 <= 19, "above the digits:", unit, top, first)
            check(1 <= 1023 + 52 + last and 1023 + 52 + first <= 2046, unit, top)
    # A square has 48 bits and is a multiple of 2^-298, so it is a normal double.
    check(48 <= 53 and -298 >= -1022, "a square is rounded")
    block = constant("exact/squares.rs", "BLOCK")
    check(block << level_bits < 1 << 63, "a block overflows")
    require(
        "exact/squares.rs",
        "for start in (0..all).step_by(BLOCK / lanes) {",
        "self.to.normalize(); } } }",
        "let additions = (block.len() * S::Register::LANES) as i64;",
        "let bias = (levels.magic(level).to_bits() as i64).wrapping_mul(additions);",
        "to.add_folded(flat(&words), bias, levels.unit(level));",
    )
    prove(
        "(= (bvsub (bvadd (bvmul n m) d) (bvmul n m)) d)", [f"(declare-const {name} (_ BitVec 64))" for name in "nmd"]
    )
