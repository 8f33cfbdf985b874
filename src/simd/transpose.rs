//! Pixels whose channels lie side by side, as rows of channels and back: in blocks of four pixels and four channels.

use super::{Kernel, Simd};
use wide::f32x4;

/// Pixels to rows.
pub(crate) struct ToRows<'t> {
    /// Pixels without gaps: a multiple of four.
    pub pixels: &'t [f32],
    pub channels: usize,
    pub rows: &'t mut [f32],
    /// How many floats lie between a row and the next one.
    pub pitch: usize,
}

/// Rows to pixels.
pub(crate) struct FromRows<'t> {
    pub rows: &'t [f32],
    pub pitch: usize,
    pub channels: usize,
    /// Pixels without gaps: a multiple of four.
    pub pixels: &'t mut [f32],
}

/// The blocks of channels by their first one. The last block may share channels with the one before.
#[inline(always)]
fn blocks(channels: usize) -> impl Iterator<Item = usize> {
    (0..channels).step_by(4).map(move |first| first.min(channels.saturating_sub(4)))
}

#[inline(always)]
fn four(floats: &[f32], place: usize) -> f32x4 {
    let four = floats.get(place..).and_then(|rest| rest.first_chunk());
    f32x4::new(four.copied().unwrap_or([0.0; 4]))
}

#[inline(always)]
fn put_four(floats: &mut [f32], place: usize, four: f32x4) {
    if let Some(to) = floats.get_mut(place..).and_then(|rest| rest.first_chunk_mut()) {
        *to = four.to_array();
    }
}

/// So many rows, each as long as its pitch.
#[inline(always)]
fn rows_of<const COUNT: usize>(floats: &[f32], pitch: usize) -> [&[f32]; COUNT] {
    let mut rest = floats;
    [(); COUNT].map(|()| {
        let (row, behind) = rest.split_at_checked(pitch).unwrap_or_default();
        rest = behind;
        row
    })
}

#[inline(always)]
fn rows_of_mut<const COUNT: usize>(floats: &mut [f32], pitch: usize) -> [&mut [f32]; COUNT] {
    let mut rest = floats;
    [(); COUNT].map(|()| {
        let (row, behind) = core::mem::take(&mut rest).split_at_mut_checked(pitch).unwrap_or_default();
        rest = behind;
        row
    })
}

impl Kernel for ToRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { pixels, channels, rows, pitch } = self;
        match channels {
            0 | 1 => {}
            2 => {
                let [a, b] = rows_of_mut(rows, pitch);
                for ((a, b), [x, y]) in a.iter_mut().zip(b).zip(pixels.as_chunks().0) {
                    (*a, *b) = (*x, *y);
                }
            }
            3 => {
                let [a, b, c] = rows_of_mut(rows, pitch);
                for (((a, b), c), [x, y, z]) in a.iter_mut().zip(b).zip(c).zip(pixels.as_chunks().0) {
                    (*a, *b, *c) = (*x, *y, *z);
                }
            }
            _ => {
                let four_pixels = (4 * channels).max(1);
                for first in blocks(channels) {
                    let rows = rows_of_mut(rows.get_mut(first * pitch..).unwrap_or_default(), pitch);
                    let [a, b, c, d] = rows.map(|row| row.as_chunks_mut().0);
                    let rows = a.iter_mut().zip(b).zip(c).zip(d);
                    for (pixels, (((a, b), c), d)) in pixels.chunks_exact(four_pixels).zip(rows) {
                        let [x, y, z, w] = f32x4::transpose([
                            four(pixels, first),
                            four(pixels, first + channels),
                            four(pixels, first + 2 * channels),
                            four(pixels, first + 3 * channels),
                        ]);
                        (*a, *b, *c, *d) = (x.to_array(), y.to_array(), z.to_array(), w.to_array());
                    }
                }
            }
        }
    }
}

impl Kernel for FromRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { rows, pitch, channels, pixels } = self;
        match channels {
            0 | 1 => {}
            2 => {
                let [a, b] = rows_of(rows, pitch);
                for ((a, b), to) in a.iter().zip(b).zip(pixels.as_chunks_mut().0) {
                    *to = [*a, *b];
                }
            }
            3 => {
                let [a, b, c] = rows_of(rows, pitch);
                for (((a, b), c), to) in a.iter().zip(b).zip(c).zip(pixels.as_chunks_mut().0) {
                    *to = [*a, *b, *c];
                }
            }
            _ => {
                let four_pixels = (4 * channels).max(1);
                for first in blocks(channels) {
                    let rows = rows_of(rows.get(first * pitch..).unwrap_or_default(), pitch);
                    let [a, b, c, d] = rows.map(|row| row.as_chunks().0);
                    let rows = a.iter().zip(b).zip(c).zip(d);
                    for (pixels, (((a, b), c), d)) in pixels.chunks_exact_mut(four_pixels).zip(rows) {
                        let rows = [f32x4::new(*a), f32x4::new(*b), f32x4::new(*c), f32x4::new(*d)];
                        let [x, y, z, w] = f32x4::transpose(rows);
                        put_four(pixels, first, x);
                        put_four(pixels, first + channels, y);
                        put_four(pixels, first + 2 * channels, z);
                        put_four(pixels, first + 3 * channels, w);
                    }
                }
            }
        }
    }
}
