//! Arrays of pixels as C may have them: other types, strides and rows with gaps, which say what the plain arrays say.

use crate::buffer::Buffer;
use crate::source::Random;
use core::any::Any;
use core::ffi::c_void;
use core::ops::{Deref, DerefMut};
use hyla::capi::planes::*;

/// A struct of C, with the arrays that it points to.
pub struct Given<T> {
    of_c: T,
    arrays: Vec<Box<dyn Any>>,
}

impl<T> Given<T> {
    /// Keeps an array for as long as the struct, and says where it is.
    fn keep<I: Copy + 'static>(&mut self, start: usize, items: &[I]) -> *const c_void {
        let array = Buffer::new(start, items);
        let data = array.at(0).cast();
        self.arrays.push(Box::new(array));
        data
    }
}

impl<T> From<T> for Given<T> {
    fn from(of_c: T) -> Self {
        Self { of_c, arrays: Vec::new() }
    }
}

impl<T> Deref for Given<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.of_c
    }
}

impl<T> DerefMut for Given<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.of_c
    }
}

/// Floats side by side.
pub fn plain_plane(data: *const f32) -> hyla_plane {
    hyla_plane { data: data.cast(), row_pitch: 0, stride: 0, dtype: HYLA_F32, zero_point: 0, scale: 0.0, reserved: 0 }
}

/// Labels side by side.
pub fn plain_labels(data: *const i32) -> hyla_plane {
    hyla_plane { dtype: HYLA_I32, ..plain_plane(data.cast()) }
}

/// Bytes side by side.
pub fn plain_mask(data: *const u8) -> hyla_mask {
    hyla_mask { data: data.cast(), row_pitch: 0, stride: 0, dtype: HYLA_U8, first_bit: 0, has_ignore: 0, ignore: 0 }
}

/// Where the items of rows lie.
#[derive(Clone, Copy, Debug)]
struct Lie {
    stride: usize,
    /// How many items lie between two rows.
    gap: usize,
}

impl Lie {
    fn any(random: &mut Random) -> Self {
        Self { stride: [1, 1, 2, 3][random.below(4)], gap: [0, 0, 1, 5][random.below(4)] }
    }

    /// Items in rows, and between them one that nobody reads; the last one is the last of the array.
    fn spread<T: Copy>(self, items: &[T], columns: usize, between: T) -> Vec<T> {
        let row = columns * self.stride + self.gap;
        let place = |pixel: usize| pixel / columns * row + pixel % columns * self.stride;
        let mut spread = vec![between; items.len().checked_sub(1).map_or(0, |last| place(last) + 1)];
        items.iter().enumerate().for_each(|(pixel, item)| spread[place(pixel)] = *item);
        spread
    }

    /// Bytes from a row to the next; where there is no gap it may be left out.
    fn pitch(self, columns: usize, size: usize) -> usize {
        if self.gap == 0 && self.stride < 3 { 0 } else { (columns * self.stride + self.gap) * size }
    }
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    kind: Kind,
    lie: Lie,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Floats,
    Doubles,
    /// Of 16 bits, with a meaning.
    Integers {
        scale: f32,
        zero_point: i32,
    },
}

impl Numbers {
    fn any(random: &mut Random, scales: &[f32], zero_points: &[i32]) -> Self {
        let integers = Kind::Integers {
            scale: scales[random.below(scales.len())],
            zero_point: zero_points[random.below(zero_points.len())],
        };
        Self { kind: [Kind::Floats, Kind::Doubles, integers][random.below(3)], lie: Lie::any(random) }
    }

    /// Makes values such as can be stored.
    pub fn round(&self, values: &mut [f32]) {
        if let Kind::Integers { scale, zero_point } = self.kind {
            for value in values {
                *value = (i32::from(integer(*value, scale, zero_point)) - zero_point) as f32 * scale;
            }
        }
    }

    /// Stores values in rows. (Those that cannot be stored are masked, and may become any.)
    pub fn store<T>(&self, values: &[f32], columns: usize, given: &mut Given<T>) -> hyla_plane {
        let (lie, plain) = (self.lie, plain_plane(core::ptr::null()));
        let at = |data: *const c_void, size: usize| hyla_plane {
            data,
            row_pitch: lie.pitch(columns, size),
            stride: lie.stride,
            ..plain
        };
        match self.kind {
            Kind::Floats => at(given.keep(1, &lie.spread(values, columns, f32::NAN)), 4),
            Kind::Doubles => {
                let doubles: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
                hyla_plane { dtype: HYLA_F64, ..at(given.keep(1, &lie.spread(&doubles, columns, f64::NAN)), 8) }
            }
            Kind::Integers { scale, zero_point } => {
                let integers: Vec<u16> = values.iter().map(|value| integer(*value, scale, zero_point)).collect();
                let data = given.keep(1, &lie.spread(&integers, columns, 0xa5a5));
                hyla_plane { dtype: HYLA_U16, scale, zero_point, ..at(data, 2) }
            }
        }
    }
}

/// The integer whose meaning is next to a value.
fn integer(value: f32, scale: f32, zero_point: i32) -> u16 {
    ((f64::from(value) / f64::from(scale)).round() + f64::from(zero_point)) as u16
}

/// How truth values are stored.
#[derive(Clone, Copy, Debug)]
pub struct Truths {
    dtype: u32,
    lie: Lie,
    first_bit: usize,
}

impl Truths {
    fn any(random: &mut Random) -> Self {
        let dtype = [HYLA_U8, HYLA_U16, HYLA_I32, HYLA_BITS_LSB, HYLA_BITS_MSB][random.below(5)];
        Self { dtype, lie: Lie::any(random), first_bit: random.below(8) }
    }

    /// Stores bytes in rows; with a label, those that have it are to be ignored.
    pub fn store<T>(&self, bytes: &[u8], columns: usize, ignored: Option<u8>, given: &mut Given<T>) -> hyla_mask {
        let (lie, plain) = (self.lie, plain_mask(core::ptr::null()));
        let at = |data: *const c_void, dtype: u32, size: usize| hyla_mask {
            data,
            row_pitch: lie.pitch(columns, size),
            stride: lie.stride,
            dtype,
            has_ignore: ignored.is_some().into(),
            ignore: ignored.unwrap_or(0).into(),
            ..plain
        };
        match self.dtype {
            HYLA_U16 => {
                let items: Vec<u16> = bytes.iter().map(|byte| u16::from(*byte)).collect();
                at(given.keep(1, &lie.spread(&items, columns, 1)), HYLA_U16, 2)
            }
            HYLA_BITS_LSB | HYLA_BITS_MSB if ignored.is_none() => {
                let row_bytes = (self.first_bit + columns).div_ceil(8);
                let rows: Vec<u8> = bytes.chunks(columns).flat_map(|row| self.bits(row, row_bytes + lie.gap)).collect();
                let end = rows.len() - if rows.is_empty() { 0 } else { lie.gap };
                hyla_mask {
                    data: given.keep(1, &rows[..end]),
                    row_pitch: if lie.gap == 0 { 0 } else { row_bytes + lie.gap },
                    dtype: self.dtype,
                    first_bit: self.first_bit as u32,
                    ..plain
                }
            }
            HYLA_U8 => at(given.keep(1, &lie.spread(bytes, columns, 1)), HYLA_U8, 1),
            _ => {
                let items: Vec<i32> = bytes.iter().map(|byte| i32::from(*byte)).collect();
                at(given.keep(1, &lie.spread(&items, columns, 1)), HYLA_I32, 4)
            }
        }
    }

    /// A row of bits; those that are no pixels are 1.
    fn bits(&self, row: &[u8], row_bytes: usize) -> Vec<u8> {
        let mut bits = vec![0xff; row_bytes];
        for (pixel, _) in row.iter().enumerate().filter(|(_, byte)| **byte == 0) {
            let place = self.first_bit + pixel;
            bits[place / 8] &= !(if self.dtype == HYLA_BITS_LSB { 1 << (place % 8) } else { 0x80 >> (place % 8) });
        }
        bits
    }
}

/// How the arrays of an input are stored.
#[derive(Clone, Copy, Debug)]
pub struct Forms {
    pub scores: Numbers,
    pub weights: Numbers,
    pub soft_targets: Numbers,
    pub targets: Truths,
    pub decisions: Truths,
    pub valid: Truths,
    /// The label of targets that are to be ignored.
    pub ignored: Option<u8>,
    /// Which rows are tried.
    rows: usize,
}

impl Forms {
    /// Any forms, by a seed.
    pub fn any(seed: u64) -> Self {
        let random = &mut Random::seeded(seed);
        Self {
            scores: Numbers::any(random, &[0.037, 1.0 / 4095.0, 1.0], &[0, 37, 32_768, -9]),
            weights: Numbers::any(random, &[1.0 / 65_535.0, 0.25], &[0]),
            soft_targets: Numbers::any(random, &[1.0 / 65_535.0, 0.25], &[0]),
            targets: Truths::any(random),
            decisions: Truths::any(random),
            valid: Truths::any(random),
            ignored: [None, Some(0), Some(1), Some(0x80)][random.below(4)],
            rows: 1 + random.below(40),
        }
    }

    /// In how many rows so many pixels lie.
    pub fn rows(&self, n: usize) -> usize {
        (1..=self.rows).rev().find(|rows| n.is_multiple_of(*rows)).unwrap_or(1)
    }
}
