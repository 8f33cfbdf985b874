//! Which levels a sum has: where its terms lie, and the units that hold them.

/// What a level holds above its unit, and how far below it the next one lies.
const LEVEL_BITS: i32 = 22;

/// Binades that a new window has beside those of the block it is made for: most below, because loss
/// terms grow little and shrink far.
const SPARE: i32 = 6;

/// The exponent from which on terms are taken one by one: M must be finite.
const HIGHEST_TOP: i32 = 125;

/// All sizes that a window may hold are below this.
pub const LIMIT: f32 = f32::from_bits(power_of_two(HIGHEST_TOP).to_bits() - ROUNDED);

/// Floats so close below a power of two, as integers, are rounded up to it by a first level that ends there.
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

/// Levels that hold terms below `2^top` exactly: units `2^(top - 21)`, then lower by [`LEVEL_BITS`] each.
#[derive(Clone, Copy)]
pub struct Window {
    top: i32,
    pub levels: usize,
}

impl Window {
    /// The bits in which a term plus M differs from M if the first level does not hold it.
    pub const OUTSIDE: u32 = !0 << LEVEL_BITS;

    /// What most losses need: terms from 2^-17 to 8, and multiples of 2^-40.
    pub const USUAL: Self = Self { top: 3, levels: 2 };

    /// The fewest levels that hold finite floats of these sizes below [`LIMIT`] (the least that is not 0
    /// and the greatest), with spare room.
    pub fn around(smallest: f32, greatest: f32) -> Self {
        let greatest = f32::from_bits(greatest.to_bits() + ROUNDED);
        let exponent = |float| Unpacked::new(float).map_or(0, |unpacked| unpacked.exponent);
        let (unit, top) = (exponent(smallest), exponent(greatest) + 24);
        // Where all are 0 the least is infinite.
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

    /// Whether floats of these sizes are held: the least that is not 0 (NaN: there is none), and the greatest.
    pub fn holds(self, smallest: f32, greatest: f32) -> bool {
        let lowest = self.top + 1 - LEVEL_BITS * self.levels as i32;
        // A float is a multiple of the unit of its binade; the smallest binade has that of subnormals.
        let least = if lowest <= LOWEST_UNIT { 0.0 } else { power_of_two(23 + lowest) };
        smallest.to_bits() >= least.to_bits() && greatest < power_of_two(self.top)
    }
}
