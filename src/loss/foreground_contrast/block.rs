//! A block of pixels on the stack: their colours in the space in which they are compared, and the slopes of
//! the transformation.

use super::{CHANNELS, Transform};
use crate::color::{Linear, M1, M2, Root, dot, linear_of_srgb, root_of_response, transposed};
use crate::cube::{Cube, CubeColumns};
use crate::simd::{Kernel, Lanes, Simd, load, store};

/// How many pixels a block has: a multiple of the lanes of every register.
pub(super) const BLOCK: usize = 64;

/// Loops over channels ask the layout how many there are, and `get`: so the compiler does not know, and
/// repeats no code.
type Planes = [[f32; BLOCK]; CHANNELS];

pub(super) struct Block {
    values: Planes,
    /// The derivatives of linear light by the values of the cube.
    light_slopes: Planes,
    /// The derivatives of the roots by the responses.
    root_slopes: Planes,
}

impl Block {
    #[inline(always)]
    pub fn new() -> Self {
        let planes = || [[0.0; BLOCK]; CHANNELS];
        Self { values: planes(), light_slopes: planes(), root_slopes: planes() }
    }

    /// A channel of the colours.
    #[inline(always)]
    pub fn values(&self, channel: usize) -> &[f32] {
        match self.values.get(channel) {
            Some(plane) => plane,
            None => &[],
        }
    }

    #[inline(always)]
    pub fn values_mut(&mut self) -> &mut Planes {
        &mut self.values
    }

    /// Turns derivatives by the colours, which stand in their place, to those by the values of the cube.
    #[inline(always)]
    pub fn back<V: Lanes>(&mut self, simd: V::Simd, count: usize, channels: usize) {
        let steps = [(transposed(M2), &self.root_slopes), (transposed(M1), &self.light_slopes)];
        for (matrix, slopes) in steps {
            let from = self.values;
            for channel in 0..channels {
                let (Some(row), Some(slopes), Some(to)) =
                    (matrix.get(channel), slopes.get(channel), self.values.get_mut(channel))
                else {
                    continue;
                };
                for index in 0..count {
                    let product = dot(*row, color::<V>(simd, &from, index));
                    store(product * load::<V>(simd, slopes, index), to, index);
                }
            }
        }
    }
}

/// Fills a block, slopes and all, with `count` vectors of pixels from the vector `first` on. A kernel of its
/// own: both walks share its code, and its loops go over channels, so that a function exists once.
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
        let layout = self.cube.layout;
        let pixels = CubeColumns::new(self.cube.values, layout);
        let Block { values, light_slopes, root_slopes } = self.block;
        for channel in 0..layout.channels {
            let Some(values) = values.get_mut(channel) else { continue };
            for index in 0..self.count {
                let value: S::Register = pixels.get(simd, self.first + index, channel);
                store(value, values, index);
            }
        }
        if self.transform == Transform::None {
            return;
        }
        for channel in 0..layout.channels {
            let (Some(values), Some(slopes)) =
                (values.get_mut(channel), light_slopes.get_mut(channel))
            else {
                continue;
            };
            if self.transform != Transform::OfSrgb {
                slopes.fill(1.0);
                continue;
            }
            for index in 0..self.count {
                let value: S::Register = load(simd, values, index);
                let Linear { value, slope } = linear_of_srgb(value);
                store(value, values, index);
                store(slope, slopes, index);
            }
        }
        let mut roots = [[0.0; BLOCK]; CHANNELS];
        for channel in 0..layout.channels {
            let (Some(row), Some(to), Some(slopes)) =
                (M1.get(channel), roots.get_mut(channel), root_slopes.get_mut(channel))
            else {
                continue;
            };
            for index in 0..self.count {
                let response = dot(*row, color::<S::Register>(simd, values, index));
                let Root { value, slope } = root_of_response(response);
                store(value, to, index);
                store(slope, slopes, index);
            }
        }
        for channel in 0..layout.channels {
            let (Some(row), Some(to)) = (M2.get(channel), values.get_mut(channel)) else {
                continue;
            };
            for index in 0..self.count {
                store(dot(*row, color::<S::Register>(simd, &roots, index)), to, index);
            }
        }
    }
}

/// The vector at an index of all planes.
#[inline(always)]
fn color<V: Lanes>(simd: V::Simd, [a, b, c]: &Planes, index: usize) -> [V; CHANNELS] {
    [load(simd, a, index), load(simd, b, index), load(simd, c, index)]
}
