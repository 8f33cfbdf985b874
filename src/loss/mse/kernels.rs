//! The two ways through the values: as one slice, and with strides.

use super::Inputs;
use crate::cube::{CubeColumns, CubeColumnsMut};
use crate::exact::{Accumulator, ExactSum};
use crate::loss::{Write, only};
use crate::pixels::{Live, LiveColumns, Pixels};
use crate::simd::{Columns, ColumnsMut, Doubles, Kernel, Lanes, Simd, flat_mut};
use bytemuck::Zeroable;

/// What is written, and where.
pub(super) struct Output<'a> {
    pub power: Power,
    pub to: &'a mut [f32],
}

/// What is made of a difference.
#[derive(Clone, Copy)]
pub(super) enum Power {
    /// Its square times the weight.
    Term,
    /// The difference times this slope, stored or added.
    Slope(f64, Write),
}

/// The value of a power of differences: `factor * v * d` or `factor * v * d * d`, rounded once; and
/// the lanes that count and whose factor is not 0 (None: all).
#[inline(always)]
fn power<V: Lanes>(
    difference: V::Doubles,
    live: &Live<V>,
    simd: V::Simd,
    factor: f64,
    squared: bool,
) -> (V, Option<V::Mask>) {
    let by = V::Doubles::splat(simd, factor);
    let by = match live.weight {
        // (Exact for terms: two floats have 48 bits together.)
        Some(weight) => by * weight.widen(),
        None => by,
    };
    let base = if squared { difference * difference } else { difference };
    let value = V::narrow(by * base);
    if live.weight.is_none() && factor != 0.0 {
        return (value, live.mask);
    }
    let one_or_zero = V::splat(simd, if factor == 0.0 { 0.0 } else { 1.0 });
    let on = match live.weight {
        Some(weight) => !(weight * one_or_zero).eq(V::splat(simd, 0.0)),
        None => !one_or_zero.eq(V::splat(simd, 0.0)),
    };
    match live.mask {
        Some(mask) => (value, Some(mask & on)),
        None => (value, Some(on)),
    }
}

/// What is written for a vector of differences.
#[inline(always)]
fn written<V: Lanes>(
    what: Power,
    difference: V::Doubles,
    live: &Live<V>,
    simd: V::Simd,
    weight: f64,
) -> (V, Option<V::Mask>, Write) {
    let (factor, squared, write) = match what {
        Power::Term => (weight, true, Write::Store),
        Power::Slope(slope, write) => (slope, false, write),
    };
    let (value, on) = power(difference, live, simd, factor, squared);
    (value, on, write)
}

/// Values without gaps: all alike, or pixel after pixel.
pub(super) struct Slice<'a, 's, 'o> {
    pub inputs: Inputs<'a>,
    pub weight: f64,
    pub sum: Option<&'s mut ExactSum>,
    pub output: Option<Output<'o>>,
}

impl Kernel for Slice<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, weight, sum, output } = self;
        let a = Columns::new(inputs.reconstruction);
        let b = Columns::new(inputs.target);
        let mut repeated = Repeated::new(&inputs);
        let mut no_sum = ExactSum::default();
        let is_sum = sum.is_some();
        let mut sum = Accumulator::new(simd, sum.unwrap_or(&mut no_sum));
        let (what, to) = match output {
            Some(Output { power, to }) => (Some(power), to),
            None => (None, &mut [] as &mut [f32]),
        };
        let mut to = ColumnsMut::new(to);
        for index in 0..inputs.span.div_ceil(S::Lanes::LANES) {
            let a = S::Lanes::from_floats(simd, a.get(index));
            let b = S::Lanes::from_floats(simd, b.get(index));
            let difference = a.widen() - b.widen();
            let live: Live<S::Lanes> = match &mut repeated {
                Some(repeated) => repeated.next(simd),
                None => Live { mask: None, weight: None },
            };
            if let Some(what) = what {
                let (value, on, write) = written(what, difference, &live, simd, weight);
                write.write::<S::Lanes>(on, value, to.get(index));
            }
            if is_sum {
                let (term, on) = power::<S::Lanes>(difference, &live, simd, weight, true);
                sum.push(only(on, term));
            }
        }
        to.finish();
        if is_sum {
            sum.finish(inputs.span);
        }
    }
}

/// Values in planes, or with gaps.
pub(super) struct Strided<'a, 's, 'o> {
    pub inputs: Inputs<'a>,
    pub weight: f64,
    pub sum: Option<&'s mut ExactSum>,
    pub output: Option<Output<'o>>,
}

impl Kernel for Strided<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, weight, sum, output } = self;
        let layout = inputs.layout;
        let a = CubeColumns::new(inputs.reconstruction, layout);
        let b = CubeColumns::new(inputs.target, layout);
        let live = LiveColumns::<S::Lanes>::new(&inputs.live);
        let mut no_sum = ExactSum::default();
        let is_sum = sum.is_some();
        let mut sum = Accumulator::new(simd, sum.unwrap_or(&mut no_sum));
        let (what, to) = match output {
            Some(Output { power, to }) => (Some(power), to),
            None => (None, &mut [] as &mut [f32]),
        };
        let mut to = CubeColumnsMut::new(to, layout);
        let vectors = layout.n.div_ceil(S::Lanes::LANES);
        // Memory is walked in its order: the sum has none.
        let planes = layout.pixel_stride < layout.channel_stride;
        let (outer, inner) =
            if planes { (layout.channels, vectors) } else { (vectors, layout.channels) };
        for slow in 0..outer {
            for fast in 0..inner {
                let (index, channel) = if planes { (fast, slow) } else { (slow, fast) };
                let here: S::Lanes = a.get(simd, index, channel);
                let there: S::Lanes = b.get(simd, index, channel);
                // Behind the last pixel both are 0, and so are the terms.
                let difference = here.widen() - there.widen();
                let live = live.get(simd, index);
                if let Some(what) = what {
                    let (value, on, write) = written(what, difference, &live, simd, weight);
                    to.write::<S::Lanes>(index, channel, write, on, value);
                }
                if is_sum {
                    let (term, on) = power::<S::Lanes>(difference, &live, simd, weight, true);
                    sum.push(only(on, term));
                }
            }
        }
        if is_sum {
            sum.finish(usize::MAX);
        }
    }
}

/// Masks and weights of pixels, each repeated for all channels of its pixel.
struct Repeated<'a> {
    valid: Option<core::slice::Iter<'a, u8>>,
    weights: Option<core::slice::Iter<'a, f32>>,
    channels: usize,
    /// The weight of the current pixel; negative if it does not count.
    weight: f32,
    /// How many of its channels are still to come.
    left: usize,
}

impl<'a> Repeated<'a> {
    /// None: all pixels are alike.
    #[inline(always)]
    fn new(inputs: &Inputs<'a>) -> Option<Self> {
        let Pixels { valid, weights, .. } = inputs.live;
        if valid.is_none() && weights.is_none() {
            return None;
        }
        let (valid, weights) = (valid.map(<[u8]>::iter), weights.map(<[f32]>::iter));
        Some(Self { valid, weights, channels: inputs.layout.channels, weight: 0.0, left: 0 })
    }

    #[inline(always)]
    fn next<V: Lanes>(&mut self, simd: V::Simd) -> Live<V> {
        let mut floats = V::Floats::zeroed();
        self.fill(flat_mut(&mut floats));
        let weight = V::from_floats(simd, &floats);
        Live { mask: Some(!weight.lt(weight.constant(0.0))), weight: Some(weight) }
    }

    /// The weights of the next values.
    #[inline(never)]
    fn fill(&mut self, mut floats: &mut [f32]) {
        while !floats.is_empty() {
            if self.left == 0 {
                self.next_pixel();
            }
            let now = self.left.min(floats.len());
            let Some((these, rest)) = floats.split_at_mut_checked(now) else { return };
            these.fill(self.weight);
            self.left -= now;
            floats = rest;
        }
    }

    /// Behind the last pixel nothing counts.
    fn next_pixel(&mut self) {
        const MASKED: f32 = -1.0;
        let valid = self.valid.as_mut().map_or(Some(&1), Iterator::next);
        let weight = self.weights.as_mut().map_or(Some(&1.0), Iterator::next);
        self.left = self.channels.max(1);
        self.weight = match (valid, weight) {
            (Some(valid), Some(weight)) if *valid != 0 && (0.0..f32::INFINITY).contains(weight) => {
                *weight
            }
            _ => MASKED,
        };
    }
}
