"""Proofs of src/exact/row.rs and double_levels.rs: statements 15 to 18."""

from floats import Format
from solver import bits, prove
from sources import MACHINES, constant, evaluate, require, text
from statements import check, states

FILE = "exact/row.rs"
LEVELS = "exact/double_levels.rs"


def of_levels(levels, unit, top, lowest, level_bits):
    """The unit of the first of so many levels; None if they do not hold the extent."""
    spare = level_bits * levels - (top - unit)
    return max(top - level_bits + spare // 2, lowest + level_bits * (levels - 1)) if spare >= 0 else None


def window(unit, top, lowest, level_bits):
    """The unit of the first level, and the number of levels; None if no window is wide enough."""
    for levels in (1, 2, 4):
        highest = of_levels(levels, unit, top, lowest, level_bits)
        if highest is not None:
            return highest, levels
    return None


def of_sources():
    require(
        LEVELS,
        "let spare = LEVEL_BITS * levels as i32 - (extent.top - extent.unit);",
        "let lowest_allowed = lowest + LEVEL_BITS * (levels as i32 - 1);",
        "let highest_unit = (extent.top - LEVEL_BITS + spare / 2).max(lowest_allowed);",
        "(spare >= 0).then_some(Self { highest_unit, levels })",
        "self.highest_unit - LEVEL_BITS * level as i32",
        "let biased = (1023 + 52 + self.unit(level)) as u64; f64::from_bits(biased << 52 | 1 << 51)",
        "Extent { unit: smallest.exponent, top: greatest.exponent + 24 }",
        "[1, 2, 4].into_iter().find_map(|levels| DoubleWindow::of_levels(levels, extent, ExactSum::UNIT))",
    )
    require("exact/mod.rs", "pub type ExactSum = Exact<12, -160, 1>;")
    return constant(LEVELS, "LEVEL_BITS")


@states(15, "Levels of doubles hold a row exactly")
def splitting(narrow=Format(precision=4, exponent_bits=5), wide=Format(precision=8, exponent_bits=8)):
    require(FILE, "let shifted = rest + *magic;", "rest = rest - (shifted - *magic);", "let mut rest = term.widen();")
    level_bits = wide.precision - (53 - of_sources())
    lowest_digit = narrow.lowest - 2
    most = 1 << level_bits
    scale = narrow.lowest - wide.lowest
    numbers = [narrow.decode(code) for code in narrow.positive_bits()]
    for unit in range(narrow.lowest, narrow.highest + 2 - narrow.precision):
        for top in range(unit + narrow.precision, narrow.highest + 2):
            found = window(unit, top, lowest_digit, level_bits)
            if found is None:
                continue
            highest, levels = found
            units = [highest - level_bits * level for level in range(levels)]
            magics = [3 << (wide.precision - 2 + unit_of_level - wide.lowest) for unit_of_level in units]
            inside = [n for n in numbers if n < 1 << (top - narrow.lowest) and n % (1 << (unit - narrow.lowest)) == 0]
            for number in inside + [-number for number in inside]:
                rest, total = number << scale, 0
                for unit_of_level, magic in zip(units, magics):
                    shifted = wide.add(rest, magic)
                    deviation = wide.encode(shifted) - wide.encode(magic)
                    check(abs(deviation) <= most, number, unit, top, deviation)
                    total += deviation << (unit_of_level - wide.lowest)
                    rest = wide.subtract(rest, wide.subtract(shifted, magic))
                check(total == number << scale and rest == 0, number, unit, top, total)


@states(16, "Every window of a row is fine enough, wide enough, and within the digits")
def windows():
    level_bits = of_sources()
    for unit in range(-149, 105):
        for top in range(unit + 24, 129):
            found = window(unit, top, -160, level_bits)
            if found is None:
                check(top - unit > 4 * level_bits, unit, top)
                continue
            highest, levels = found
            last = highest - level_bits * (levels - 1)
            check(top <= highest + level_bits, "too narrow:", unit, top)
            check(-160 <= last <= unit, "too coarse, or below the digits:", unit, top, last)
            check((highest + 160) // 32 + 2 <= 11, "above the digits:", unit, top, highest)
            check(1 <= 1023 + 52 + last and 1023 + 52 + highest <= 2046, unit, top)


def pixels(machine):
    expression = text("node/softmax/tile.rs").split("const PIXELS: usize = ")[1].split(";")[0]
    return evaluate("node/softmax/tile.rs", expression, machine, {}, "usize")


@states(17, "The words of a row have room, and the bias comes off")
def words():
    require(LEVELS, "let mut total = bias.wrapping_neg();", "total = total.wrapping_add(*word);",
            "self.add_scaled(total, exponent);")
    require(FILE, "let additions = [(terms.len() * S::Register::LANES) as i64, owned];")
    require(FILE, "own.add_folded(second, bias.wrapping_mul(additions[1]), unit);")
    level_bits = of_sources()
    for machine in MACHINES:
        total = pixels(machine) << level_bits
        check(total < 1 << 63, machine.name, "a row overflows")
        prove("(= ((_ sign_extend 64) ((_ extract 63 0) d)) d)", ["(declare-const d (_ BitVec 128))"],
              [f"(bvsle d {bits(total, 128)})", f"(bvsge d {bits(-total, 128)})"])
    prove(
        "(= (bvsub (bvadd (bvmul n m) d) (bvmul n m)) d)", [f"(declare-const {name} (_ BitVec 64))" for name in "nmd"]
    )


@states(18, "2^28 rows fit before the digits are made canonical")
def rows():
    check("normalize after at most 2^28 rows." in text(FILE), "the documentation names another number")
    # Four levels, and a count.
    check(5 * (1 << 28) * (1 << 32) + (1 << 32) < 1 << 63, "rows overflow a digit")
    require("node/softmax/tile.rs", "self.number.is_multiple_of(TILES)")
    require("loss/dice/kernels.rs", "if work.tile.is_flush_due() { totals.iter_mut().for_each(Totals::normalize); }")
    require("loss/cross_entropy/kernels.rs", "if work.tile.is_flush_due() { weights.normalize(); }",
            "if work.tile.is_flush_due() { sum.normalize(); }",
            "let mut sum = sum.map(|sum| Blocks::new(simd, [sum]));")
    check(constant("node/softmax/tile.rs", "TILES") <= 1 << 28, "too many rows between two flushes")
