"""The window of src/exact/window.rs, for any format: with the constants of the sources, or scaled to fewer bits."""

from dataclasses import dataclass

from floats import Format
from sources import constant, require

FILE = "exact/window.rs"
PRECISION = 24


@dataclass
class Rules:
    """The constants, and of which format they are."""

    precision: int
    lowest: int
    highest: int
    level_bits: int
    spare: int
    highest_top: int
    lowest_unit: int

    def __post_init__(self):
        self.rounded = 1 << (self.precision - self.level_bits)
        self.most_levels = (self.highest_top - self.lowest_unit) // self.level_bits + 1
        # Bits of a float are its order: those of 2^exponent, and of the limit.
        self.limit = self.bits_of_power(self.highest_top) - self.rounded

    def bits_of_power(self, exponent):
        return (exponent - self.lowest - self.precision + 2) << (self.precision - 1)

    def exponent(self, bits):
        """The exponent of the last bit of a significand."""
        return max(bits >> (self.precision - 1), 1) - 1 + self.lowest

    def unit(self, top, level):
        return max(top + 1 - self.level_bits * (level + 1), self.lowest_unit)

    def around(self, smallest, greatest):
        """Top and levels; of bits. Without a float that is not 0 the smallest is None."""
        unit = 0 if smallest is None else self.exponent(smallest)
        top = self.exponent(greatest + self.rounded) + self.precision
        width = max(top - unit, 0)
        levels = min(max((width + self.spare) // self.level_bits + 1, 2), self.most_levels)
        spare = self.level_bits * levels - 1 - width
        lowest_top = self.lowest_unit + self.level_bits * levels - 1
        return min(max(top + max(spare, 0) // 4, lowest_top), self.highest_top), levels

    def holds(self, top, levels, smallest, greatest):
        lowest = top + 1 - self.level_bits * levels
        least = 0 if lowest <= self.lowest_unit else self.bits_of_power(self.precision - 1 + lowest)
        return (smallest is None or smallest >= least) and greatest < self.bits_of_power(top)


def of_sources():
    """The rules as the sources have them, after a look whether they compute what is modelled."""
    require(
        FILE,
        "pub const LIMIT: f32 = f32::from_bits(power_of_two(HIGHEST_TOP).to_bits() - ROUNDED);",
        "const ROUNDED: u32 = 1 << (24 - LEVEL_BITS);",
        "const MOST_LEVELS: usize = ((HIGHEST_TOP - LOWEST_UNIT) / LEVEL_BITS + 1) as usize;",
        "let greatest = f32::from_bits(greatest.to_bits() + ROUNDED);",
        "let exponent = |float| Unpacked::new(float).map_or(0, |unpacked| unpacked.exponent);",
        "let (unit, top) = (exponent(smallest), exponent(greatest) + 24);",
        "let width = (top - unit).max(0);",
        "let levels = ((width + SPARE) / LEVEL_BITS + 1).clamp(2, MOST_LEVELS as i32);",
        "let spare = LEVEL_BITS * levels - 1 - width;",
        "let lowest_top = LOWEST_UNIT + LEVEL_BITS * levels - 1;",
        "let top = (top + spare.max(0) / 4).max(lowest_top).min(HIGHEST_TOP);",
        "(self.top + 1 - LEVEL_BITS * (level as i32 + 1)).max(LOWEST_UNIT)",
        "f32::from_bits(power_of_two(23 + self.unit(level)).to_bits() | 1 << 21)",
        "let lowest = self.top + 1 - LEVEL_BITS * self.levels as i32;",
        "let least = if lowest <= LOWEST_UNIT { 0.0 } else { power_of_two(23 + lowest) };",
        "smallest.to_bits() >= least.to_bits() && greatest < power_of_two(self.top)",
    )
    names = ["LEVEL_BITS", "SPARE", "HIGHEST_TOP", "LOWEST_UNIT"]
    level_bits, spare, highest_top, lowest_unit = (constant(FILE, name) for name in names)
    rules = Rules(PRECISION, -149, 127, level_bits, spare, highest_top, lowest_unit)
    assert rules.limit == constant(FILE, "LIMIT") and rules.most_levels == constant(FILE, "MOST_LEVELS")
    return rules


def scaled(form, rules):
    """The same rules for a small format: each constant as far from what limits it as it is in the sources."""
    return Rules(
        form.precision,
        form.lowest,
        form.highest,
        form.precision - (rules.precision - rules.level_bits),
        max(rules.spare * form.precision // rules.precision, 1) if rules.spare > 0 else rules.spare,
        form.highest - (rules.highest - rules.highest_top),
        form.lowest + (rules.lowest_unit - rules.lowest),
    )


class Block:
    """What a pass makes of one float: deviations a level, and whether it is taken."""

    def __init__(self, form: Format, rules: Rules, top, levels):
        self.form = form
        self.levels = levels
        self.units = [rules.unit(top, level) for level in range(levels)]
        bits = [rules.bits_of_power(form.precision - 1 + unit) | 1 << (form.precision - 3) for unit in self.units]
        self.magics = [(form.decode(magic), magic) for magic in bits]
        self.outside = -1 << rules.level_bits
        self.mask = (1 << (form.exponent_bits + form.precision)) - 1
        self.size_mask = self.mask >> 1

    def add(self, rest):
        form, deviations, outside, left = self.form, [], 0, 0
        for level, (magic, magic_bits) in enumerate(self.magics):
            shifted = form.add(rest, magic)
            shifted_bits = form.encode(shifted)
            deviations.append(shifted_bits - magic_bits)
            taken = form.subtract(shifted, magic)
            if level == 0:
                outside = (shifted_bits ^ magic_bits) & self.outside & self.mask
            if level + 1 == self.levels:
                left = (form.encode(rest) ^ form.encode(taken)) & self.size_mask
            rest = form.subtract(rest, taken)
        return deviations, outside == 0 and left == 0
