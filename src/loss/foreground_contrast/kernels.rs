//! The two walks over the pixels of a frame: its sums, and its gradient.

use super::frame::{Frame, Slopes};
use super::{CHANNELS, Transform};
use crate::color::{Oklab, linear_of_srgb, oklab};
use crate::cube::{Cube, CubeColumns, CubeColumnsMut};
use crate::exact::Accumulator;
use crate::loss::{Write, only};
use crate::pixels::{Live, LiveColumns, both};
use crate::simd::{Columns, Kernel, Lanes, Mask, Simd};

/// The inputs as vectors.
struct Inputs<'a, V: Lanes> {
    values: CubeColumns<'a>,
    targets: Columns<'a, V::Bytes>,
    live: LiveColumns<'a, V>,
    vectors: usize,
}

/// The inputs of one vector of pixels. Behind the last pixel all values are 0, and black in every space.
struct Vector<V: Lanes> {
    rgb: [V; CHANNELS],
    foreground: V::Mask,
    live: Live<V>,
}

impl<'a, V: Lanes> Inputs<'a, V> {
    #[inline(always)]
    fn new(cube: &Cube<'a>, targets: &'a [u8]) -> Self {
        Self {
            values: CubeColumns::new(cube.values, cube.layout),
            targets: Columns::new(targets),
            live: LiveColumns::new(&cube.live()),
            vectors: cube.layout.n.div_ceil(V::LANES),
        }
    }

    #[inline(always)]
    fn get(&self, simd: V::Simd, index: usize) -> Vector<V> {
        let mut live = self.live.get(simd, index);
        if let Some(weight) = live.weight {
            // A weight of 0 switches the pixel off, NaN included.
            live.mask = Some(both(live.mask, !weight.eq(weight.constant(0.0))));
            live.weight = Some(only(live.mask, weight));
        }
        let rgb = [
            self.values.get::<V>(simd, index, 0),
            self.values.get::<V>(simd, index, 1),
            self.values.get::<V>(simd, index, 2),
        ];
        let foreground = V::mask_from_bytes(simd, self.targets.get(index));
        Vector { rgb, foreground, live }
    }
}

/// The values in the space in which they are compared, and what their derivatives need.
struct Color<V: Lanes> {
    values: [V; CHANNELS],
    oklab: Option<Oklab<V>>,
    srgb_slopes: Option<[V; CHANNELS]>,
}

impl Transform {
    #[inline(always)]
    fn apply<V: Lanes>(self, rgb: [V; CHANNELS]) -> Color<V> {
        if self == Self::None {
            return Color { values: rgb, oklab: None, srgb_slopes: None };
        }
        let [mut r, mut g, mut b] = rgb;
        let mut srgb_slopes = None;
        if self == Self::OfSrgb {
            let [red, green, blue] = [linear_of_srgb(r), linear_of_srgb(g), linear_of_srgb(b)];
            (r, g, b) = (red.value, green.value, blue.value);
            srgb_slopes = Some([red.slope, green.slope, blue.slope]);
        }
        let color = oklab([r, g, b]);
        Color { values: color.lab, oklab: Some(color), srgb_slopes }
    }
}

impl<V: Lanes> Color<V> {
    /// What derivatives by the compared values are by rgb.
    #[inline(always)]
    fn back(&self, gradient: [V; CHANNELS]) -> [V; CHANNELS] {
        let gradient = match &self.oklab {
            Some(oklab) => oklab.back(gradient),
            None => gradient,
        };
        match self.srgb_slopes {
            Some([r, g, b]) => {
                let [x, y, z] = gradient;
                [x * r, y * g, z * b]
            }
            None => gradient,
        }
    }
}

/// A product as two floats whose sum is exact (unless the second is subnormal).
#[inline(always)]
fn exact_product<V: Lanes>(one: V, other: V) -> [V; 2] {
    let product = one.widen() * other.widen();
    let high = V::narrow(product);
    let low = V::narrow(product - high.widen());
    // The rest of infinity would be NaN.
    let finite = high.abs().lt(high.constant(f32::INFINITY));
    [high, V::select(finite, low, low.constant(0.0))]
}

/// Adds the pixels to a frame.
pub(super) struct Moments<'a> {
    pub cube: Cube<'a>,
    pub targets: &'a [u8],
    pub transform: Transform,
    /// Whether squares are summed, too.
    pub squares: bool,
    pub frame: &'a mut Frame,
}

/// Adds values times weights (None: 1).
macro_rules! push_times {
    ($sum:expr, $values:expr, $weight:expr) => {
        match $weight {
            Some(weight) => {
                let [high, low] = exact_product($values, weight);
                $sum.push(high);
                $sum.push(low);
            }
            None => $sum.push($values),
        }
    };
}

impl Kernel for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let inputs = Inputs::<S::Register>::new(&self.cube, self.targets);
        let frame = self.frame;
        let [r, g, b] = &mut frame.foreground;
        let mut foreground =
            [Accumulator::new(simd, r), Accumulator::new(simd, g), Accumulator::new(simd, b)];
        let [r, g, b] = &mut frame.background;
        let mut background =
            [Accumulator::new(simd, r), Accumulator::new(simd, g), Accumulator::new(simd, b)];
        let [r, g, b] = &mut frame.squares;
        let mut squares =
            [Accumulator::new(simd, r), Accumulator::new(simd, g), Accumulator::new(simd, b)];
        let mut foreground_weights = Accumulator::new(simd, &mut frame.foreground_weights);
        let mut background_weights = Accumulator::new(simd, &mut frame.background_weights);
        for index in 0..inputs.vectors {
            let Vector { rgb, foreground: in_front, live } = inputs.get(simd, index);
            let values = self.transform.apply(rgb).values;
            let in_front = both(live.mask, in_front);
            let behind = both(live.mask, !in_front);
            // What has no lane adds nothing.
            if in_front.any() {
                for ((sum, squares), values) in foreground.iter_mut().zip(&mut squares).zip(values)
                {
                    let values = only(Some(in_front), values);
                    push_times!(sum, values, live.weight);
                    if self.squares {
                        let [high, low] = exact_product(values, values);
                        push_times!(squares, high, live.weight);
                        push_times!(squares, low, live.weight);
                    }
                }
                if let Some(weight) = live.weight {
                    foreground_weights.push(only(Some(in_front), weight));
                }
            }
            if behind.any() {
                for (sum, values) in background.iter_mut().zip(values) {
                    push_times!(sum, only(Some(behind), values), live.weight);
                }
                if let Some(weight) = live.weight {
                    background_weights.push(only(Some(behind), weight));
                }
            }
        }
        // Behind the last pixel all terms are 0.
        for sum in foreground.iter_mut().chain(&mut background).chain(&mut squares) {
            sum.finish(usize::MAX);
        }
        foreground_weights.finish(usize::MAX);
        background_weights.finish(usize::MAX);
    }
}

/// Writes the gradient.
pub(super) struct Gradient<'a> {
    pub cube: Cube<'a>,
    pub targets: &'a [u8],
    pub transform: Transform,
    /// None: the frame does not count.
    pub slopes: Option<[Slopes; CHANNELS]>,
    pub write: Write,
    pub gradient: &'a mut [f32],
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let inputs = Inputs::<S::Register>::new(&self.cube, self.targets);
        let mut gradient = CubeColumnsMut::new(self.gradient, self.cube.layout);
        let nowhere = !S::Register::everywhere(simd);
        for index in 0..inputs.vectors {
            let Vector { rgb, foreground, live } = inputs.get(simd, index);
            let (slopes, mask) = match self.slopes {
                Some(slopes) => (slopes, live.mask),
                None => ([Slopes::default(); CHANNELS], Some(nowhere)),
            };
            let color = self.transform.apply(rgb);
            let [x, y, z] = color.values;
            let [a, b, c] = slopes;
            let by_values = [
                slope(foreground, x, a, live.weight),
                slope(foreground, y, b, live.weight),
                slope(foreground, z, c, live.weight),
            ];
            for (channel, values) in color.back(by_values).into_iter().enumerate() {
                gradient.write(index, channel, self.write, mask, values);
            }
        }
    }
}

/// The gradient by the values of a channel.
#[inline(always)]
fn slope<V: Lanes>(foreground: V::Mask, values: V, slopes: Slopes, weight: Option<V>) -> V {
    let mut front = values.constant(slopes.level);
    // (Times 0 would be NaN where the difference is beyond a float.)
    if slopes.spread != 0.0 {
        front = ((values - slopes.mean) - slopes.rest) * slopes.spread + front;
    }
    let slope = V::select(foreground, front, values.constant(slopes.background));
    match weight {
        Some(weight) => slope * weight,
        None => slope,
    }
}
