//! The one kernel: sums over the channels of a strip of pixels, terms of these, and the gradient.
//!
//! ```text
//!  <a, b>, |a|^2, |b|^2 ──► terms, slopes ──► gradient: slope * e
//!          └─ nearly parallel ──► t ──► |e|^2 ─┘
//! ```
//!
//! Each arrow over channels reads the strip again, from the cache. What a pixel gives never depends on the others of
//! its strip: these decide only whether sums are made that it does not use.

use super::{Measure, Params, least_sine};
use crate::exact::{Accumulator, ExactSum};
use crate::input::{Live, LiveColumns, LiveRooms, both};
use crate::math::angle::angle;
use crate::node::channels::SIXTEEN;
use crate::node::cubewise::Compared;
use crate::node::spectra::{OfChannel, OfPixels, STRIP, Sums, Written, of_channel};
use crate::node::walk::Gradient;
use crate::simd::{
    Counted, Doubles, Kernel, Lanes, Mask, Output, Room, Simd, only, sum_of_counts, vectors, vectors_mut,
};
use core::f64::consts::FRAC_PI_2;

/// Floats of a strip's rows, which are read again: of both cubes, with a gradient, half of a first-level cache.
const CACHED: usize = 2048;
/// Below every product of two squared lengths that are not 0, which is at least 2^-596.
const NO_LENGTH: f64 = f64::MIN_POSITIVE;
/// Spectra are nearly parallel if the square of the sine is below so many times [`least_sine`]: what the difference
/// `|a|^2 |b|^2 - <a, b>^2` is off by, 2 d, is then more than 2^-31 of it.
const NEARLY: f64 = (1_u64 << 32) as f64;

type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;
type Values<S> = <Wide<S> as Doubles>::Values;

/// Goes over the pixels once.
pub(super) struct Angles<'a> {
    pub compared: Compared<'a, Params>,
    pub sum: Option<&'a mut ExactSum>,
    pub map: Option<Output<'a>>,
    pub gradient: Option<Gradient<'a>>,
}

/// What is known of the pixels of a strip.
struct Strip {
    /// `<a, b>`, `|a|^2`, `|b|^2`.
    products: [OfPixels; 3],
    /// t, and what e is multiplied with in the gradient.
    shares: OfPixels,
    slopes: OfPixels,
    /// `|e|^2`, if any pixel has nearly parallel spectra.
    rests: [OfPixels; 1],
    terms: [f32; STRIP],
    /// 1 where a pixel has a gradient, else 0.
    on: [f32; STRIP],
}

of_channel! { Products, |a, b, []| [a * b, a * a, b * b], 0 to 3 }
of_channel! { Rest, |a, b, [share]| [(b - a * share) * (b - a * share)], 1 to 1 }
of_channel! { Slope, |a, b, [share, slope]| [(b - a * share) * slope], 2 to 1 }

impl Kernel for Angles<'_> {
    /// How many pixels are dark.
    type Output = i64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> i64 {
        let Self { compared, sum, map, mut gradient } = self;
        let (n, spectra) = (compared.cube.layout.n, compared.spectra());
        let mut most = STRIP;
        if spectra.layout.channel_stride == 1 && gradient.is_some() {
            most = (CACHED / spectra.layout.channels.max(1) / SIXTEEN * SIXTEEN).clamp(SIXTEEN, STRIP);
        }
        let zero = [0.0; STRIP];
        let (shares, slopes, [terms, on]) = (zero, zero, [[0.0; STRIP]; 2]);
        let mut strip = Strip { products: [zero; 3], shares, slopes, rests: [zero], terms, on };
        let mut map = map.unwrap_or(Output::nowhere());
        let mut room = Room::new();
        let mut sums = Accumulator::new(simd, sum, &mut room);
        let mut dark = 0_i64;
        let slope = gradient.as_ref().map(|gradient| gradient.slope);
        for first in (0..n).step_by(most) {
            let length = most.min(n - first);
            let Strip { products, shares, rests, .. } = &mut strip;
            simd.call(Sums { spectra, first, length, known: [], of: Products, to: products });
            // Behind the last pixel are spectra of length 1 at a right angle, which are not dark.
            for (products, value) in products.iter_mut().zip([0.0, 1.0, 1.0]) {
                products.iter_mut().skip(length).take(SIXTEEN).for_each(|product| *product = value);
            }
            if simd.call(Shares { compared, length, products, shares }) {
                simd.call(Sums { spectra, first, length, known: [shares], of: Rest, to: rests });
            }
            let of_strip = Terms { compared, first, length, slope, strip: &mut strip };
            dark = dark.wrapping_add(simd.call(of_strip));
            for vector in vectors(&strip.terms).iter().take(length.div_ceil(SIXTEEN)) {
                sums.push(S::Sixteen::from_floats(simd, vector));
            }
            map.put(first, 1, length, &strip.terms);
            if let Some(Gradient { to, .. }) = &mut gradient {
                let (known, on, to) = ([&strip.shares, &strip.slopes], &strip.on, to.reborrow());
                simd.call(Written { spectra, first, length, known, on, of: Slope, to });
            }
        }
        sums.finish(n);
        dark
    }
}

/// The square of the sine, times `|a|^2 |b|^2`, of which the third is the part below which spectra are nearly parallel.
#[inline(always)]
fn across<D: Doubles>(product: D, a: D, b: D, nearly: D) -> (D, D, D::Mask) {
    let lengths = a * b;
    let across = lengths - product * product;
    (across, lengths, across.lt(lengths * nearly))
}

/// Makes t of the products, 0 where a is a spectrum of zeros; tells whether any spectra are nearly parallel.
struct Shares<'s, 'a> {
    compared: Compared<'a, Params>,
    length: usize,
    products: &'s [OfPixels; 3],
    shares: &'s mut OfPixels,
}

impl Kernel for Shares<'_, '_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let constant = |value| Wide::<S>::splat(simd, value);
        let nearly = constant(NEARLY * least_sine(self.compared.cube.layout.channels));
        let [products, a, b] = self.products.each_ref().map(|products| vectors::<Values<S>, f64>(products));
        let mut found = constant(0.0);
        let parts = products.iter().zip(a).zip(b).zip(vectors_mut::<Values<S>, f64>(self.shares));
        for (((product, a), b), share) in parts.take(self.length.div_ceil(S::Register::LANES)) {
            let (product, a) = (Wide::<S>::from_values(simd, product), Wide::<S>::from_values(simd, a));
            let (_, _, is_nearly) = across(product, a, Wide::<S>::from_values(simd, b), nearly);
            found = Wide::<S>::select(is_nearly, constant(1.0), found);
            *share = Wide::<S>::select(a.lt(constant(NO_LENGTH)), constant(0.0), product / a).to_values();
        }
        let found = S::Register::narrow(found);
        found.eq(found.constant(1.0)).any()
    }
}

/// Makes the terms of the sums, and what e is multiplied with; counts the dark pixels.
struct Terms<'s, 'a> {
    compared: Compared<'a, Params>,
    first: usize,
    length: usize,
    /// The derivative of the loss by a term, if there is a gradient.
    slope: Option<f64>,
    strip: &'s mut Strip,
}

impl Kernel for Terms<'_, '_> {
    type Output = i64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> i64 {
        let Self { compared: Compared { params, cube, .. }, first, length, slope, strip } = self;
        let mut rooms = LiveRooms::new();
        let live = LiveColumns::<S::Register>::new(&cube.mask_and_weights(), &mut rooms);
        let constant = |value| Wide::<S>::splat(simd, value);
        let weight_of_loss = f64::from(params.weight);
        let (factor, steepness) = (constant(weight_of_loss), constant(-weight_of_loss * slope.unwrap_or(0.0)));
        let least = least_sine(cube.layout.channels);
        let (nearly, least, none) = (constant(NEARLY * least), constant(least * least), constant(0.0));
        let (zero, one) = (S::Register::splat(simd, 0.0), S::Register::splat(simd, 1.0));
        let lanes = S::Register::LANES;
        let mut count = zero;
        let Strip { products: [products, a, b], slopes, rests: [rests], terms, on, .. } = strip;
        let [products, a, b, rests] = [products, a, b, rests].map(|array| vectors::<Values<S>, f64>(array));
        let sums = products.iter().zip(a).zip(b).zip(rests);
        let to = vectors_mut::<Values<S>, f64>(slopes).iter_mut().zip(vectors_mut(terms)).zip(vectors_mut(on));
        let indices = first / lanes..(first + length).div_ceil(lanes);
        for ((index, (((product, a), b), rest)), ((slopes, terms), on)) in indices.zip(sums).zip(to) {
            let (product, a) = (Wide::<S>::from_values(simd, product), Wide::<S>::from_values(simd, a));
            let (b, rest) = (Wide::<S>::from_values(simd, b), Wide::<S>::from_values(simd, rest));
            let (mut across, lengths, is_nearly) = across(product, a, b, nearly);
            let is_parallel = is_nearly & rest.lt(b * least);
            across = Wide::<S>::select(is_nearly, rest * a, across);
            across = Wide::<S>::select(is_parallel, none, across);
            let is_dark = lengths.lt(constant(NO_LENGTH));
            let (value, size, of_dark) = match params.measure {
                Measure::Angle => {
                    let size = across.sqrt();
                    (angle(simd, size, product), size, FRAC_PI_2)
                }
                Measure::Cosine => {
                    let size = lengths.sqrt();
                    let is_ahead = none.lt(product);
                    let above = Wide::<S>::select(is_ahead, across, (size - product) * size);
                    let sum = Wide::<S>::select(is_ahead, size + product, size);
                    (above / (size * sum), size, 1.0)
                }
            };
            let mut term = Wide::<S>::select(is_dark, constant(of_dark), value) * factor;
            let Live { mut mask, weight, .. } = live.get(simd, index);
            if let Some(weight) = weight {
                mask = Some(both(mask, !weight.eq(zero)));
                term = term * weight.widen();
            }
            if slope.is_some() {
                let mut slope = Wide::<S>::select(is_dark | is_parallel, none, steepness / size);
                if let Some(weight) = weight {
                    slope = slope * weight.widen();
                }
                *slopes = slope.to_values();
            }
            only(mask, S::Register::narrow(term)).to_floats(terms);
            only(mask, one).to_floats(on);
            let is_dark = Wide::<S>::select(is_dark, constant(1.0), none);
            count = count + only(mask, S::Register::narrow(is_dark));
        }
        sum_of_counts(count)
    }
}
