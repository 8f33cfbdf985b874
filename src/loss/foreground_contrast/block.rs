//! A block of pixels on the stack: their colours in the space in which they are compared, and the slopes of
//! the transformation.

use super::{CHANNELS, Transform};
use crate::exact::BLOCK;
use crate::input::Cube;
use crate::math::color::{Linear, M1, M2, Root, dot, linear_of_srgb, root_of_response, transposed};
use crate::simd::{Counted, Kernel, Simd, load, store};

/// How many pixels a block has whose colours are transformed. They are whole registers. Few are enough: what a block
/// costs by itself is little beside the arithmetic of its pixels.
const TRANSFORMED: usize = if BLOCK < 128 { BLOCK } else { 128 };

type Planes<const PIXELS: usize> = [[f32; PIXELS]; CHANNELS];

pub(super) struct Block {
    colors: Planes<BLOCK>,
    /// The derivatives of linear light by the values of the cube.
    light_slopes: Planes<TRANSFORMED>,
    /// The derivatives of the roots by the responses.
    root_slopes: Planes<TRANSFORMED>,
}

impl Block {
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            colors: [[0.0; BLOCK]; CHANNELS],
            light_slopes: [[0.0; TRANSFORMED]; CHANNELS],
            root_slopes: [[0.0; TRANSFORMED]; CHANNELS],
        }
    }

    /// How many pixels a block has.
    pub fn length(transform: Transform) -> usize {
        if transform == Transform::None { BLOCK } else { TRANSFORMED }
    }

    /// A channel of the colours, or of the derivatives that replaced them.
    #[inline(always)]
    pub fn colors(&mut self, channel: usize, count: usize) -> &mut [f32] {
        let colors = self.colors.get_mut(channel).and_then(|colors| colors.get_mut(..count));
        colors.unwrap_or(&mut [])
    }

    /// Turns derivatives by the colours, which have replaced the colours, into derivatives by the values of the cube.
    #[inline(always)]
    pub fn back<S: Simd>(&mut self, simd: S, transform: Transform, count: usize) {
        let Self { colors, light_slopes, root_slopes } = self;
        let factors = Some(&*root_slopes);
        simd.call(Mix { matrix: &transposed(M2), factors, count, colors });
        let factors = if transform == Transform::OfSrgb { Some(&*light_slopes) } else { None };
        simd.call(Mix { matrix: &transposed(M1), factors, count, colors });
    }
}

/// Multiplies the colours of a block with a matrix, and then with factors.
struct Mix<'b> {
    matrix: &'b [[f32; CHANNELS]; CHANNELS],
    factors: Option<&'b Planes<TRANSFORMED>>,
    count: usize,
    colors: &'b mut Planes<BLOCK>,
}

impl Kernel for Mix<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { matrix, factors, count, colors } = self;
        for index in 0..count.div_ceil(S::Register::LANES) {
            let [a, b, c] = &*colors;
            let color = [load(simd, a, index), load(simd, b, index), load(simd, c, index)];
            for (channel, (row, to)) in matrix.iter().zip(&mut *colors).enumerate() {
                let mixed: S::Register = dot(*row, color);
                let factors = factors.and_then(|factors| factors.get(channel));
                let mixed = match factors {
                    Some(factors) => mixed * load::<S::Register>(simd, factors, index),
                    None => mixed,
                };
                store(mixed, to, index);
            }
        }
    }
}

/// Fills a block with `count` pixels from `first` on, and with their slopes. Behind them the last register is black. It
/// is a kernel of its own, so that both walks share its code. Its loops go over channels, so that each function is
/// compiled once.
pub(super) struct Fill<'b, 'a> {
    pub cube: &'b Cube<'a>,
    pub transform: Transform,
    pub first: usize,
    pub count: usize,
    pub block: &'b mut Block,
}

impl Kernel for Fill<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { cube, transform, first, count, block } = self;
        let vectors = count.div_ceil(S::Register::LANES);
        for channel in 0..cube.layout.channels {
            let colors = block.colors(channel, vectors * S::Register::LANES);
            let (colors, behind) = colors.split_at_mut_checked(count).unwrap_or_default();
            cube.copy_channel(first, channel, colors);
            behind.fill(0.0);
        }
        if transform == Transform::None {
            return;
        }
        let Block { colors, light_slopes, root_slopes } = block;
        if transform == Transform::OfSrgb {
            for (colors, slopes) in colors.iter_mut().zip(light_slopes) {
                for index in 0..vectors {
                    let value: S::Register = load(simd, colors, index);
                    let Linear { value, slope } = linear_of_srgb(value);
                    store(value, colors, index);
                    store(slope, slopes, index);
                }
            }
        }
        simd.call(Mix { matrix: &M1, factors: None, count, colors });
        for (colors, slopes) in colors.iter_mut().zip(root_slopes) {
            for index in 0..vectors {
                let response: S::Register = load(simd, colors, index);
                let Root { value, slope } = root_of_response(response);
                store(value, colors, index);
                store(slope, slopes, index);
            }
        }
        simd.call(Mix { matrix: &M2, factors: None, count, colors });
    }
}
