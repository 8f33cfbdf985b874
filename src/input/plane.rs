//! A plane: one number a pixel, of the type and in the place that a camera or a model gave it.
//!
//! ```text
//! value of pixel (row, column) = item[row * row_stride + column * stride]          floats
//!                              = (item - zero_point) * scale                       integers
//! ```
//!
//! The difference of integers is exact, and so is its float32 (items have at most 16 bits; with a zero point beyond
//! them the difference is rounded once). The product is rounded once. A double is rounded to the nearest float32, ties
//! to even; a half and a bfloat16 are floats without rounding. NaN stays NaN.
//!
//! **Packed camera pixels** have no items of their own: pixels of 10 or 12 bits lie in groups of bytes, a row begins
//! with a group. Sources: GenICam Pixel Format Naming Convention 2.4 (Mono10p, Mono12p: first pixel in the lowest
//! bits); GigE Vision 2.0 (Mono12Packed: the middle byte of three holds the low bits of both pixels).
//!
//! Limit: memory, where items are neighbours: conversions are loops that are compiled for each tier. Items that lie
//! apart are gathered one by one.

use super::grid::{Group, Place, Rows};
use crate::error::Error;
use crate::simd::{self, Kernel, Simd, copy, cut, take};
use core::ops::RangeInclusive;

/// The items of a plane.
#[derive(Clone, Copy, Debug)]
pub enum Items<'a> {
    /// IEEE binary32.
    F32(&'a [f32]),
    /// IEEE binary64, rounded to the nearest float32.
    F64(&'a [f64]),
    /// IEEE binary16, as its bits.
    F16(&'a [u16]),
    /// bfloat16, as its bits: the upper half of a binary32.
    Bf16(&'a [u16]),
    /// Bytes.
    U8(&'a [u8]),
    /// Signed bytes.
    I8(&'a [i8]),
    /// Integers of 16 bits: camera frames.
    U16(&'a [u16]),
    /// Signed integers of 16 bits.
    I16(&'a [i16]),
    /// Pixels of 10 bits, four in five bytes.
    Mono10p(&'a [u8]),
    /// Pixels of 12 bits, two in three bytes.
    Mono12p(&'a [u8]),
    /// Pixels of 12 bits, two in three bytes: high bits, low bits of both, high bits.
    Mono12Packed(&'a [u8]),
}

/// Numbers, one a pixel. Made of a slice by `From`, of halves by [`Plane::f16`] and [`Plane::bf16`], of packed pixels
/// by [`Plane::new`]; the other methods return a changed copy.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    pub(crate) items: Items<'a>,
    /// Items from a pixel to the next.
    pub(crate) stride: usize,
    /// Items from a row to the next, of packed pixels bytes; 0: no gap.
    pub(crate) row_stride: usize,
    pub(crate) scale: f32,
    pub(crate) zero_point: i32,
}

macro_rules! from_slices {
    ($($type:ty, $items:ident);+) => {
        $(impl<'a> From<&'a [$type]> for Plane<'a> {
            fn from(items: &'a [$type]) -> Self {
                Self::new(Items::$items(items))
            }
        })+
    };
}
from_slices!(f32, F32; f64, F64; u8, U8; i8, I8; u16, U16; i16, I16);

impl<'a> Plane<'a> {
    /// Items that are neighbours, in rows without gaps.
    pub fn new(items: Items<'a>) -> Self {
        Self { items, stride: 1, row_stride: 0, scale: 1.0, zero_point: 0 }
    }

    /// Halves (IEEE binary16), as their bits.
    pub fn f16(bits: &'a [u16]) -> Self {
        Self::new(Items::F16(bits))
    }

    /// bfloat16, as its bits.
    pub fn bf16(bits: &'a [u16]) -> Self {
        Self::new(Items::Bf16(bits))
    }

    /// Integers with a meaning: the value is `(item - zero_point) * scale`.
    pub fn affine(self, scale: f32, zero_point: i32) -> Self {
        Self { scale, zero_point, ..self }
    }

    /// So many items (of packed pixels: pixels) from a pixel to the next: one channel of interleaved ones.
    pub fn every(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// So many items (of packed pixels: bytes) from a row to the next: a region of a wider frame.
    pub fn rows(self, row_stride: usize) -> Self {
        Self { row_stride, ..self }
    }

    /// Every so many pixels of every so many rows of so many columns.
    pub(super) fn apart(&self, stride: usize, columns: usize) -> Self {
        let lie = self.lie().apart(stride, columns);
        Self { stride: lie.stride, row_stride: lie.row_stride, ..*self }
    }

    /// The items.
    pub fn items(&self) -> Items<'a> {
        self.items
    }

    /// How many items the slice has.
    fn length(&self) -> usize {
        match self.items {
            Items::F32(items) => items.len(),
            Items::F64(items) => items.len(),
            Items::F16(items) | Items::Bf16(items) | Items::U16(items) => items.len(),
            Items::I8(items) => items.len(),
            Items::I16(items) => items.len(),
            Items::U8(items) | Items::Mono10p(items) | Items::Mono12p(items) | Items::Mono12Packed(items) => {
                items.len()
            }
        }
    }

    /// How the items follow each other.
    pub(crate) fn lie(&self) -> Rows {
        let group = match self.items {
            Items::Mono10p(_) => Some(Group { pixels: 4, bytes: 5, first: 0 }),
            Items::Mono12p(_) | Items::Mono12Packed(_) => Some(Group { pixels: 2, bytes: 3, first: 0 }),
            _ => None,
        };
        Rows { stride: self.stride, row_stride: self.row_stride, group }
    }

    /// The type and the numbers of a plane fit each other, and it holds so many rows of pixels.
    ///
    /// # Errors
    /// A scale that is not finite, or one or a zero point of floats ([`Error::Scale`]); rows that overlap
    /// ([`Error::FrameShape`]); a stride of 0 ([`Error::Strides`]); too few items ([`Error::LengthMismatch`]).
    pub(crate) fn check(&self, rows: usize, columns: usize) -> Result<(), Error> {
        self.check_meaning()?;
        self.check_length(self.lie().span(rows, columns)?)
    }

    /// The type and the numbers of a plane fit each other.
    pub(super) fn check_meaning(&self) -> Result<(), Error> {
        let is_float = matches!(self.items, Items::F32(_) | Items::F64(_) | Items::F16(_) | Items::Bf16(_));
        if !self.scale.is_finite() || (is_float && (self.scale != 1.0 || self.zero_point != 0)) {
            return Err(Error::Scale);
        }
        Ok(())
    }

    /// There are so many items.
    pub(super) fn check_length(&self, span: usize) -> Result<(), Error> {
        if span > self.length() { Err(Error::LengthMismatch) } else { Ok(()) }
    }

    /// The floats of a place, if they are there side by side.
    pub(super) fn in_place(&self, place: &Place) -> Option<&'a [f32]> {
        let lie = self.lie();
        match self.items {
            Items::F32(floats) if lie.are_neighbours(place) => {
                Some(cut(floats, lie.start(place, 0).wrapping_add(place.column), place.pixels()))
            }
            _ => None,
        }
    }

    /// The values of a place: where they are, or converted to a part of the arena.
    pub(super) fn fetch<'t>(&self, place: &Place, arena: &mut &'t mut [u8]) -> &'t [f32]
    where
        'a: 't,
    {
        if let Some(floats) = self.in_place(place) {
            return floats;
        }
        let floats = take(arena, place.pixels());
        self.convert(place, floats);
        floats
    }

    /// Writes the values of a place, row after row.
    #[inline(never)]
    fn convert(&self, place: &Place, to: &mut [f32]) {
        for (start, first, to) in self.lie().of_tile(place, to) {
            self.convert_row(start, first, to);
        }
    }

    /// Writes the values of pixels of the row that begins at `start`.
    pub(super) fn convert_row(&self, start: usize, first: usize, to: &mut [f32]) {
        // Copies are the same on all tiers.
        if let (Items::F32(items), 1) = (self.items, self.stride) {
            copy(to, items.get(start.wrapping_add(first)..).unwrap_or(&[]));
        } else if self.stride == 1 && ZERO_POINTS.contains(&self.zero_point) && !simd::IS_SMALL {
            simd::run(Convert { plane: self, start, first, to });
        } else {
            self.one_by_one(start, first, to);
        }
    }

    #[inline(never)]
    fn one_by_one(&self, start: usize, first: usize, to: &mut [f32]) {
        to.iter_mut().zip(first..).for_each(|(to, pixel)| *to = self.at(start, pixel));
    }

    /// The value of a pixel of the row that begins at `start`.
    #[inline(always)]
    fn at(&self, start: usize, pixel: usize) -> f32 {
        let pixel = pixel.wrapping_mul(self.stride);
        let place = start.wrapping_add(pixel);
        let group = |bytes: &'a [u8], pixels: usize, of: usize| {
            let first = start.wrapping_add((pixel / pixels.max(1)).wrapping_mul(of));
            bytes.get(first..).unwrap_or(&[])
        };
        let item = match self.items {
            Items::F32(items) => return item(items, place),
            Items::F64(items) => return item(items, place) as f32,
            Items::F16(items) => return from_f16(item(items, place)),
            Items::Bf16(items) => return from_bf16(item(items, place)),
            Items::U8(items) => item(items, place).into(),
            Items::I8(items) => item(items, place).into(),
            Items::U16(items) => item(items, place).into(),
            Items::I16(items) => item(items, place).into(),
            Items::Mono10p(bytes) => mono10p(group(bytes, 4, 5), pixel % 4),
            Items::Mono12p(bytes) => mono12p(group(bytes, 2, 3), pixel % 2),
            Items::Mono12Packed(bytes) => mono12_packed(group(bytes, 2, 3), pixel % 2),
        };
        match (item.overflowing_sub(self.zero_point), self.zero_point < 0) {
            ((_, false), _) => self.affine_value(item),
            // The difference is beyond 2^31, but it is a `u32`.
            ((difference, _), true) => difference as u32 as f32 * self.scale,
            ((difference, _), false) => -(difference.wrapping_neg() as u32 as f32) * self.scale,
        }
    }

    /// The same of a zero point whose difference to every item is an `i32`.
    #[inline(always)]
    fn affine_value(&self, item: i32) -> f32 {
        item.wrapping_sub(self.zero_point) as f32 * self.scale
    }
}

/// The zero points that are less than 2^31 from every item.
const ZERO_POINTS: RangeInclusive<i32> = i32::MIN + 1 + u16::MAX as i32..=i32::MAX + i16::MIN as i32;

/// An item; 0 behind the end.
#[inline(always)]
fn item<T: Copy + Default>(items: &[T], index: usize) -> T {
    items.get(index).copied().unwrap_or_default()
}

/// The byte at an index and the next one, the first one lowest.
#[inline(always)]
fn two_bytes(bytes: &[u8], index: usize) -> i32 {
    i32::from(item(bytes, index)) | i32::from(item(bytes, index + 1)) << 8
}

/// A pixel of a group of four.
#[inline(always)]
fn mono10p(group: &[u8], pixel: usize) -> i32 {
    two_bytes(group, pixel) >> (2 * pixel) & 0x3ff
}

/// A pixel of a group of two.
#[inline(always)]
fn mono12p(group: &[u8], pixel: usize) -> i32 {
    two_bytes(group, pixel) >> (4 * pixel) & 0xfff
}

/// A pixel of a group of two, whose low bits share a byte.
#[inline(always)]
fn mono12_packed(group: &[u8], pixel: usize) -> i32 {
    i32::from(item(group, 2 * pixel)) << 4 | i32::from(item(group, 1)) >> (4 * pixel) & 0xf
}

/// Converts neighbours: loops of which the compiler makes vectors, for each tier.
struct Convert<'a> {
    plane: &'a Plane<'a>,
    /// Where the row begins, and the first of its pixels.
    start: usize,
    first: usize,
    to: &'a mut [f32],
}

impl Kernel for Convert<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let plane = self.plane;
        match plane.items {
            Items::F32(_) => {}
            Items::F64(items) => self.each(items, |item| item as f32),
            Items::F16(items) => self.each(items, from_f16),
            Items::Bf16(items) => self.each(items, from_bf16),
            Items::U8(items) => self.each(items, |item| plane.affine_value(item.into())),
            Items::I8(items) => self.each(items, |item| plane.affine_value(item.into())),
            Items::U16(items) => self.each(items, |item| plane.affine_value(item.into())),
            Items::I16(items) => self.each(items, |item| plane.affine_value(item.into())),
            Items::Mono10p(bytes) => self.groups::<4, 5>(bytes, mono10p),
            Items::Mono12p(bytes) => self.groups::<2, 3>(bytes, mono12p),
            Items::Mono12Packed(bytes) => self.groups::<2, 3>(bytes, mono12_packed),
        }
    }
}

impl Convert<'_> {
    #[inline(always)]
    fn each<T: Copy>(self, items: &[T], convert: impl Fn(T) -> f32) {
        let items = items.get(self.start.wrapping_add(self.first)..).unwrap_or(&[]);
        for (to, item) in self.to.iter_mut().zip(items) {
            *to = convert(*item);
        }
    }

    /// Pixels of groups of bytes: whole groups in a loop, what is beside them one by one.
    #[inline(always)]
    fn groups<const PIXELS: usize, const BYTES: usize>(self, bytes: &[u8], unpack: impl Fn(&[u8], usize) -> i32) {
        let Self { plane, start, first, to } = self;
        let beside = (first.next_multiple_of(PIXELS) - first).min(to.len());
        let (before, rest) = to.split_at_mut_checked(beside).unwrap_or_default();
        plane.one_by_one(start, first, before);
        let first = first.wrapping_add(beside);
        let bytes = bytes.get(start.wrapping_add(first / PIXELS * BYTES)..).unwrap_or(&[]);
        let (whole, after) = rest.as_chunks_mut::<PIXELS>();
        let pixels = whole.len() * PIXELS;
        for (to, bytes) in whole.iter_mut().zip(bytes.as_chunks::<BYTES>().0) {
            for (pixel, to) in to.iter_mut().enumerate() {
                *to = plane.affine_value(unpack(bytes, pixel));
            }
        }
        plane.one_by_one(start, first.wrapping_add(pixels), after);
    }
}

/// The upper half of a binary32.
#[inline(always)]
fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// A binary16 as a binary32, exact, without branches: its exponent and significand in the places of a binary32 are the
/// half times 2^-112; the product with 2^112 moves the exponent, and makes subnormal halves normal. What was the
/// greatest exponent becomes it again.
#[inline(always)]
fn from_f16(bits: u16) -> f32 {
    const TO_HALF: f32 = f32::from_bits((127 + 112) << 23);
    let bits = u32::from(bits);
    let magnitude = (bits & 0x7fff) << 13;
    let finite = f32::from_bits(magnitude) * TO_HALF;
    let infinite = if magnitude >= 0x1f << 23 { 0xff << 23 } else { 0 };
    f32::from_bits(finite.to_bits() | infinite | (bits & 0x8000) << 16)
}
