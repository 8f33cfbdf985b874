//! Windows: which levels a sum has, chosen by the sizes of its terms.

/// How many bits above its unit a level holds, and by how much the exponent of the next unit is lower.
const LEVEL_BITS: i32 = 22;

/// How many binades more a new window has than the block that it is made for. Most of them are below the block, because
/// the terms of a loss grow little but shrink much.
const SPARE: i32 = 6;

/// Terms from this power of two on are added one by one, because M must be finite.
const HIGHEST_TOP: i32 = 125;

/// Every size that a window can hold is below this.
pub const LIMIT: f32 = f32::from_bits(power_of_two(HIGHEST_TOP).to_bits() - ROUNDED);

/// A first level that ends at a power of two rounds a float up to that power if the bits of the float, as an integer,
/// are so close below.
const ROUNDED: u32 = 1 << (24 - LEVEL_BITS);

/// The exponent of the smallest float.
const LOWEST_UNIT: i32 = -149;

/// The most levels: from [`LIMIT`] down to the smallest float.
const MOST_LEVELS: usize = ((HIGHEST_TOP - LOWEST_UNIT) / LEVEL_BITS + 1) as usize;

/// `2^exponent`, for exponents of normal floats.
pub const fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}

/// A finite float as an integer times a power of two.
pub struct Unpacked {
    /// Signed, below 2^24 in size.
    pub significand: i32,
    /// From -149 (subnormal and the smallest normal floats) to 104.
    pub exponent: i32,
}

impl Unpacked {
    /// None for NaN and infinity.
    #[inline(always)]
    pub fn new(float: f32) -> Option<Self> {
        const HIDDEN_BIT: u32 = 1 << 23;
        let bits = float.to_bits();
        let biased = bits >> 23 & 0xff;
        let fraction = (bits & (HIDDEN_BIT - 1)) as i32;
        let significand = if biased == 0 { fraction } else { fraction | HIDDEN_BIT as i32 };
        float.is_finite().then_some(Self {
            significand: if float.is_sign_negative() { -significand } else { significand },
            exponent: biased.max(1) as i32 - 150,
        })
    }
}

/// Levels that hold terms below `2^top` exactly. The first unit is `2^(top - 21)`; the exponent of each next one is
/// lower by [`LEVEL_BITS`].
#[derive(Clone, Copy)]
pub struct Window {
    top: i32,
    pub levels: usize,
}

impl Window {
    /// If the first level does not hold a term, the term plus M differs from M in some of these bits.
    pub const OUTSIDE: u32 = !0 << LEVEL_BITS;

    /// What most losses need. It holds terms from 2^-17 to 8, and multiples of 2^-40.
    pub const USUAL: Self = Self { top: 3, levels: 2 };

    /// The fewest levels that hold finite floats below [`LIMIT`], with spare room. `smallest` is the least size that is
    /// not 0, `greatest` the greatest size.
    pub fn around(smallest: f32, greatest: f32) -> Self {
        let greatest = f32::from_bits(greatest.to_bits() + ROUNDED);
        let exponent = |float| Unpacked::new(float).map_or(0, |unpacked| unpacked.exponent);
        let (unit, top) = (exponent(smallest), exponent(greatest) + 24);
        // If all floats are 0, the least size is infinite.
        let width = (top - unit).max(0);
        let levels = ((width + SPARE) / LEVEL_BITS + 1).clamp(2, MOST_LEVELS as i32);
        let spare = LEVEL_BITS * levels - 1 - width;
        let lowest_top = LOWEST_UNIT + LEVEL_BITS * levels - 1;
        let top = (top + spare.max(0) / 4).max(lowest_top).min(HIGHEST_TOP);
        Self { top, levels: levels as usize }
    }

    /// The exponent of a level's unit.
    #[inline(always)]
    pub fn unit(self, level: usize) -> i32 {
        (self.top + 1 - LEVEL_BITS * (level as i32 + 1)).max(LOWEST_UNIT)
    }

    /// `1.25 * 2^(23 + unit)`: what a level adds.
    #[inline(always)]
    pub fn magic(self, level: usize) -> f32 {
        f32::from_bits(power_of_two(23 + self.unit(level)).to_bits() | 1 << 21)
    }

    /// Whether the window holds floats of these sizes. `smallest` is the least size that is not 0 (a NaN if there is
    /// none), `greatest` the greatest size.
    pub fn holds(self, smallest: f32, greatest: f32) -> bool {
        let lowest = self.top + 1 - LEVEL_BITS * self.levels as i32;
        // A float is a multiple of the unit of its binade; the smallest binade has that of subnormals.
        let least = if lowest <= LOWEST_UNIT { 0.0 } else { power_of_two(23 + lowest) };
        smallest.to_bits() >= least.to_bits() && greatest < power_of_two(self.top)
    }
}
