//! Numbers, and arrays of them, made of the bytes that the fuzzer hands over.
//!
//! An array of 2000 floats takes a few bytes of the input: a recipe, a seed, and some items that are set one by one. So
//! a mutation of one byte is a change of one thing, and inputs stay short. Where the input ends, every number is 0.

use crate::forms::Forms;
use arbitrary::{Arbitrary, Unstructured};

/// The longest array.
pub const LONGEST: usize = 2000;

/// What is left of the input.
pub struct Source<'a>(Unstructured<'a>, Option<Forms>);

impl<'a> Source<'a> {
    /// All of the input.
    pub fn new(data: &'a [u8]) -> Self {
        Self(Unstructured::new(data), None)
    }

    /// All of the input, whose end says in which forms the arrays of maps are: plain ones, but for one last byte in
    /// four. The end is not used up, so that an input says otherwise what it says in plain forms.
    pub fn with_forms(data: &'a [u8]) -> Self {
        let forms = match data {
            [.., one, two, three] if three % 4 == 3 => {
                Some(Forms::any(u64::from(*one) << 16 | u64::from(*two) << 8 | u64::from(*three)))
            }
            _ => None,
        };
        Self(Unstructured::new(data), forms)
    }

    /// The forms of maps, if they are not plain.
    pub fn forms(&self) -> Option<Forms> {
        self.1
    }

    /// Any value of a type: any bits of a number.
    pub fn any<T: Arbitrary<'a> + Default>(&mut self) -> T {
        self.0.arbitrary().unwrap_or_default()
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let number = if end <= 256 { usize::from(self.any::<u8>()) } else { self.any::<u16>().into() };
        number % end
    }

    /// True once in so many cases; false where the input has ended.
    pub fn once_in(&mut self, cases: usize) -> bool {
        self.below(cases) == cases - 1
    }

    /// One of the items.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A parameter: mostly one of the ordinary values, sometimes any float.
    pub fn parameter(&mut self, ordinary: &[f32]) -> f32 {
        if self.once_in(12) { self.float() } else { self.pick(ordinary) }
    }

    /// An option: mostly one of the first `known` numbers, sometimes any.
    pub fn option(&mut self, known: usize) -> u32 {
        if self.once_in(24) { self.any() } else { self.below(known) as u32 }
    }

    /// A float: a special one, or any bits.
    pub fn float(&mut self) -> f32 {
        if self.once_in(2) { f32::from_bits(self.any()) } else { self.pick(&SPECIAL) }
    }

    /// A factor of gradients.
    pub fn upstream(&mut self) -> f64 {
        match self.below(8) {
            0 => self.any(),
            1 => f64::from(self.float()),
            2 => 0.0,
            3 => -0.37,
            _ => 1.0,
        }
    }

    /// The length of an array: mostly short, at most [`LONGEST`].
    pub fn length(&mut self) -> usize {
        match self.any::<u8>() {
            short @ 0..200 => usize::from(short) % 50,
            200..248 => 33 + self.below(256),
            _ => self.below(LONGEST + 1),
        }
    }

    /// Where an array begins, in items behind a multiple of 64 bytes.
    pub fn start(&mut self) -> usize {
        if self.once_in(2) { self.below(64) } else { 0 }
    }

    /// So many floats by a recipe.
    pub fn floats(&mut self, n: usize) -> Vec<f32> {
        let style = self.below(STYLES + 1);
        let mut floats: Vec<f32> = if style == STYLES {
            let given: Vec<f32> = (0..1 + self.below(48)).map(|_| self.float()).collect();
            given.iter().copied().cycle().take(n).collect()
        } else {
            let mut random = Random::new(self);
            (0..n).map(|_| styled(style, &mut random)).collect()
        };
        self.patch(&mut floats, Self::float);
        floats
    }

    /// Floats from 0 to 1, and a few that are not.
    pub fn shares(&mut self, n: usize) -> Vec<f32> {
        let (mut random, few) = (Random::new(self), self.once_in(2));
        let share = |random: &mut Random| if few { random.below(5) as f32 / 4.0 } else { random.unit() };
        let mut floats: Vec<f32> = (0..n).map(|_| share(&mut random)).collect();
        self.patch(&mut floats, Self::float);
        floats
    }

    /// So many bytes, of which a share is 0: masks, targets, decisions, scores of 8 bits.
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        let (kind, mut random) = (self.below(6), Random::new(self));
        let mut bytes: Vec<u8> = match kind {
            0 => vec![1; n],
            1 => vec![0; n],
            2 => (0..n).map(|_| random.below(2) as u8).collect(),
            3 => (0..n).map(|_| u8::from(random.below(30) > 0)).collect(),
            4 => (0..n).map(|_| u8::from(random.below(30) == 0) * 0x80).collect(),
            _ => (0..n).map(|_| random.next() as u8).collect(),
        };
        self.patch(&mut bytes, Self::any);
        bytes
    }

    /// So many labels: mostly of the classes, some that are none.
    pub fn labels(&mut self, n: usize, classes: usize) -> Vec<i32> {
        let (mut random, spread) = (Random::new(self), self.below(3));
        let label = |random: &mut Random| random.below(classes.max(1) + spread) as i32 - (spread == 2) as i32;
        let mut labels: Vec<i32> = (0..n).map(|_| label(&mut random)).collect();
        self.patch(&mut labels, Self::any);
        labels
    }

    /// Sets up to seven items anew.
    fn patch<T>(&mut self, items: &mut [T], item: impl Fn(&mut Self) -> T) {
        for _ in 0..self.below(8) {
            let (index, item) = (self.any::<u16>(), item(self));
            if !items.is_empty() {
                let length = items.len();
                items[usize::from(index) % length] = item;
            }
        }
    }
}

/// How many recipes [`styled`] has.
const STYLES: usize = 8;

/// A float of a style: logits as they occur, large ones, any bits, shares, few values, subnormal numbers, all sizes,
/// zeros.
fn styled(style: usize, random: &mut Random) -> f32 {
    match style {
        0 => random.logit(),
        1 => random.logit() * 30.0,
        2 => f32::from_bits(random.next() as u32),
        3 => random.unit(),
        4 => random.below(6) as f32 * 0.5 - 1.0,
        5 => f32::from_bits(random.next() as u32 & 0x80ff_ffff),
        6 => random.logit() * 2.0_f32.powi(random.below(250) as i32 - 126),
        _ => [0.0, -0.0, 1.0][random.below(3)],
    }
}

/// Floats at which something changes: of all classes, at the limits of exp, sigmoid and squares.
pub const SPECIAL: [f32; 32] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MAX,
    f32::MIN,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    f32::from_bits(1),
    f32::from_bits(0x8000_0001),
    f32::from_bits(0x007f_ffff),
    1.0 + f32::EPSILON,
    1.0 - f32::EPSILON / 2.0,
    16.635_532,
    -17.0,
    20.0,
    88.722_84,
    -87.336_55,
    -103.972_08,
    104.0,
    1.844_674_3e19,
    -1.3e19,
    1.0e-23,
    8_388_608.0,
    -16_777_216.0,
    2.0,
    -0.25,
    1.0e-6,
];

/// A generator of numbers, seeded by the input (SplitMix64).
pub struct Random(u64);

impl Random {
    /// Seeded by two bytes of the input.
    pub fn new(source: &mut Source) -> Self {
        Self::seeded(source.any::<u16>().into())
    }

    /// Seeded by a number.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Bytes for a [`Source`] that makes many choices.
    pub fn bytes(&mut self) -> Vec<u8> {
        (0..128).flat_map(|_| self.next().to_le_bytes()).collect()
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }

    /// From 0 up to, but without, 1.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 16_777_216.0
    }

    /// About as the logits of a detector: within 6, mostly small.
    pub fn logit(&mut self) -> f32 {
        (self.unit() + self.unit() + self.unit() - 1.5) * 4.0
    }
}
