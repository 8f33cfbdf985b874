//! A block of pixels on the stack: their colours in the space in which they are compared, and the slopes of
//! the transformation.

use super::{CHANNELS, Transform};
use crate::color::{Linear, M1, M2, Root, dot, linear_of_srgb, root_of_response};
use crate::cube::{Cube, CubeColumns};
use crate::simd::{Kernel, Lanes, Simd};
use bytemuck::Zeroable;

/// How many pixels a block has: a multiple of the lanes of every register.
pub(super) const BLOCK: usize = 64;

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

    #[inline(always)]
    pub fn light_slopes(&self) -> &Planes {
        &self.light_slopes
    }

    #[inline(always)]
    pub fn root_slopes(&self) -> &Planes {
        &self.root_slopes
    }
}

/// The vector at an index of a plane; 0 behind its end.
#[inline(always)]
pub(super) fn load<V: Lanes>(simd: V::Simd, plane: &[f32], index: usize) -> V {
    let vectors: &[V::Floats] = bytemuck::try_cast_slice(plane).unwrap_or(&[]);
    match vectors.get(index) {
        Some(floats) => V::from_floats(simd, floats),
        None => V::from_floats(simd, &V::Floats::zeroed()),
    }
}

#[inline(always)]
pub(super) fn store<V: Lanes>(values: V, plane: &mut [f32], index: usize) {
    let vectors: &mut [V::Floats] = bytemuck::try_cast_slice_mut(plane).unwrap_or(&mut []);
    if let Some(floats) = vectors.get_mut(index) {
        values.to_floats(floats);
    }
}

/// Fills a block, slopes and all, with `count` vectors of pixels from the vector `first` on. A kernel of its own: both walks
/// share its code, and its loops go over channels, so that a function exists once.
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
        // (The number of channels is that of the layout, so that the compiler does not know it and
        // repeats no code.)
        let channels = values.iter_mut().zip(light_slopes).take(layout.channels);
        for (channel, (values, slopes)) in channels.enumerate() {
            for index in 0..self.count {
                let value: S::Register = pixels.get(simd, self.first + index, channel);
                if self.transform != Transform::OfSrgb {
                    store(value, values, index);
                    store(value.constant(1.0), slopes, index);
                    continue;
                }
                let Linear { value, slope } = linear_of_srgb(value);
                store(value, values, index);
                store(slope, slopes, index);
            }
        }
        if self.transform == Transform::None {
            return;
        }
        let mut roots = [[0.0; BLOCK]; CHANNELS];
        for ((row, to), slopes) in M1.iter().zip(&mut roots).zip(root_slopes).take(layout.channels)
        {
            for index in 0..self.count {
                let Root { value, slope } =
                    root_of_response(dot(*row, color::<S::Register>(simd, values, index)));
                store(value, to, index);
                store(slope, slopes, index);
            }
        }
        for (row, to) in M2.iter().zip(values).take(layout.channels) {
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
