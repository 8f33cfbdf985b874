//! A mask: one truth value a pixel, in bytes, bits or labels. Not 0 is true.
//!
//! A label may mean that a pixel has none (255, -1, "void"): a pixel with it is as if it were not there.

use super::MaskCounts;
use super::bits::Bits;
use super::grid::{Group, Place, Rows};
use crate::error::Error;
use crate::simd::{self, Kernel, Simd, copy, cut, take};

/// The items of a mask.
#[derive(Clone, Copy, Debug)]
pub enum Truths<'a> {
    /// Bytes, or labels of 8 bits.
    U8(&'a [u8]),
    /// Labels of 16 bits.
    U16(&'a [u16]),
    /// Labels of 32 bits.
    I32(&'a [i32]),
    /// Bits, the first pixel of a byte in the lowest one (PFNC's Mono1p, NumPy's packbits with `bitorder="little"`).
    LowestFirst(&'a [u8]),
    /// Bits, the first pixel of a byte in the highest one (PBM, NumPy's packbits).
    HighestFirst(&'a [u8]),
}

/// Truth values, one a pixel. Made of a slice by `From`, of bits by [`Mask::new`]; the other methods return a changed
/// copy.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a> {
    pub(crate) truths: Truths<'a>,
    /// Items from a pixel to the next.
    pub(crate) stride: usize,
    /// Items from a row to the next, of bits bytes; 0: no gap.
    pub(crate) row_stride: usize,
    /// Of bits: the place of the first pixel of a row in its byte.
    pub(crate) first_bit: usize,
    /// The label of pixels that are as if they were not there.
    pub(crate) ignored: Option<i32>,
}

macro_rules! from_slices {
    ($($type:ty, $truths:ident);+) => {
        $(impl<'a> From<&'a [$type]> for Mask<'a> {
            fn from(items: &'a [$type]) -> Self {
                Self::new(Truths::$truths(items))
            }
        })+
    };
}
from_slices!(u8, U8; u16, U16; i32, I32);

impl<'a> Mask<'a> {
    /// Items that are neighbours, in rows without gaps.
    pub fn new(truths: Truths<'a>) -> Self {
        Self { truths, stride: 1, row_stride: 0, first_bit: 0, ignored: None }
    }

    /// A pixel of this label is as if it were not there.
    pub fn ignoring(self, label: i32) -> Self {
        Self { ignored: Some(label), ..self }
    }

    /// So many items (of bits: bits) from a pixel to the next.
    pub fn every(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// So many items (of bits: bytes) from a row to the next: a region of a wider frame.
    pub fn rows(self, row_stride: usize) -> Self {
        Self { row_stride, ..self }
    }

    /// Bits: the first pixel of each row is this one of its byte, 0 to 7.
    pub fn from_bit(self, first_bit: usize) -> Self {
        Self { first_bit, ..self }
    }

    /// Every so many pixels of every so many rows of so many columns.
    pub(super) fn apart(&self, stride: usize, columns: usize) -> Self {
        let lie = self.lie().apart(stride, columns);
        Self { stride: lie.stride, row_stride: lie.row_stride, ..*self }
    }

    /// The items.
    pub fn truths(&self) -> Truths<'a> {
        self.truths
    }

    pub(crate) fn are_bits(&self) -> bool {
        matches!(self.truths, Truths::LowestFirst(_) | Truths::HighestFirst(_))
    }

    /// How the items follow each other.
    pub(crate) fn lie(&self) -> Rows {
        let group = self.are_bits().then_some(Group { pixels: 8, bytes: 1, first: self.first_bit });
        Rows { stride: self.stride, row_stride: self.row_stride, group }
    }

    /// The type and the numbers of a mask fit each other, and it holds so many rows of pixels.
    ///
    /// # Errors
    /// A label of bits ([`Error::UnsupportedInput`]), a first bit beyond 7 or of what is no bits, or a stride of 0
    /// ([`Error::Strides`]), rows that overlap ([`Error::FrameShape`]), too few items ([`Error::LengthMismatch`]).
    pub(crate) fn check(&self, rows: usize, columns: usize) -> Result<(), Error> {
        if self.are_bits() && self.ignored.is_some() {
            return Err(Error::UnsupportedInput);
        }
        if self.first_bit > if self.are_bits() { 7 } else { 0 } {
            return Err(Error::Strides);
        }
        let length = match self.truths {
            Truths::U8(items) | Truths::LowestFirst(items) | Truths::HighestFirst(items) => items.len(),
            Truths::U16(items) => items.len(),
            Truths::I32(items) => items.len(),
        };
        let span = self.lie().span(rows, columns)?;
        if span > length { Err(Error::LengthMismatch) } else { Ok(()) }
    }

    /// The bytes of a place, if they are there side by side.
    pub(super) fn in_place(&self, place: &Place) -> Option<&'a [u8]> {
        let lie = self.lie();
        match self.truths {
            Truths::U8(bytes) if lie.are_neighbours(place) => {
                Some(cut(bytes, lie.start(place, 0).wrapping_add(place.column), place.pixels()))
            }
            _ => None,
        }
    }

    /// The bytes of a place: where they are, or converted to a part of the arena.
    pub(super) fn fetch<'t>(&self, place: &Place, arena: &mut &'t mut [u8]) -> &'t [u8]
    where
        'a: 't,
    {
        if let Some(bytes) = self.in_place(place) {
            return bytes;
        }
        let bytes = take(arena, place.pixels());
        self.convert(place, bytes);
        bytes
    }

    /// The labels of a place, if they are there side by side.
    pub(super) fn labels_in_place(&self, place: &Place) -> Option<&'a [i32]> {
        let lie = self.lie();
        match self.truths {
            Truths::I32(labels) if lie.are_neighbours(place) => {
                Some(cut(labels, lie.start(place, 0).wrapping_add(place.column), place.pixels()))
            }
            _ => None,
        }
    }

    /// The labels of a place: where they are, or converted to a part of the arena.
    pub(super) fn fetch_labels<'t>(&self, place: &Place, arena: &mut &'t mut [u8]) -> &'t [i32]
    where
        'a: 't,
    {
        if let Some(labels) = self.labels_in_place(place) {
            return labels;
        }
        let labels = take(arena, place.pixels());
        for (start, first, to) in self.lie().of_tile(place, labels) {
            to.iter_mut().zip(first..).for_each(|(to, pixel)| *to = self.at(start, pixel));
        }
        labels
    }

    /// Writes a byte for each pixel of a place, row after row: not 0 where the mask is true.
    #[inline(never)]
    fn convert(&self, place: &Place, to: &mut [u8]) {
        for (start, first, to) in self.lie().of_tile(place, to) {
            // Copies are the same on all tiers.
            if let (Truths::U8(items), 1) = (self.truths, self.stride) {
                copy(to, items.get(start.wrapping_add(first)..).unwrap_or(&[]));
            } else if simd::IS_SMALL {
                self.one_by_one(start, first, to, |item, to| *to = u8::from(item != 0));
            } else {
                simd::run(Convert { mask: self, start, first, to });
            }
        }
    }

    /// Clears the bytes of the pixels that have the ignored label.
    #[inline(never)]
    pub(super) fn strike(&self, place: &Place, valid: &mut [u8]) {
        let Some(label) = self.ignored else { return };
        for (start, first, to) in self.lie().of_tile(place, valid) {
            if simd::IS_SMALL {
                self.one_by_one(start, first, to, |item, to| *to = if item == label { 0 } else { *to });
            } else {
                simd::run(Strike { row: Convert { mask: self, start, first, to }, label });
            }
        }
    }

    /// The bits of the row that begins at `start`; of what is no bits none.
    #[inline(always)]
    fn bits(&self, start: usize) -> Bits<'a> {
        let (bytes, is_highest_first) = match self.truths {
            Truths::HighestFirst(bytes) => (bytes, true),
            Truths::LowestFirst(bytes) => (bytes, false),
            _ => (&[][..], false),
        };
        Bits { bytes: bytes.get(start..).unwrap_or(&[]), is_highest_first, first_bit: self.first_bit }
    }

    /// Hands over the items of pixels of the row that begins at `start`, each with its byte: where code is scarcer than
    /// time.
    #[inline(always)]
    fn one_by_one(&self, start: usize, first: usize, to: &mut [u8], with: impl Fn(i32, &mut u8)) {
        for (to, pixel) in to.iter_mut().zip(first..) {
            with(self.at(start, pixel), to);
        }
    }

    /// The item of a pixel of the row that begins at `start`; 0 behind the end.
    #[inline(never)]
    fn at(&self, start: usize, pixel: usize) -> i32 {
        let pixel = pixel.wrapping_mul(self.stride);
        let place = start.wrapping_add(pixel);
        let bit = self.first_bit.wrapping_add(pixel);
        let byte = |bytes: &[u8]| i32::from(bytes.get(start.wrapping_add(bit / 8)).copied().unwrap_or(0));
        match self.truths {
            Truths::U8(items) => items.get(place).copied().unwrap_or(0).into(),
            Truths::U16(items) => items.get(place).copied().unwrap_or(0).into(),
            Truths::I32(items) => items.get(place).copied().unwrap_or(0),
            Truths::LowestFirst(bytes) => byte(bytes) >> (bit % 8) & 1,
            Truths::HighestFirst(bytes) => byte(bytes) >> (7 - bit % 8) & 1,
        }
    }
}

/// A byte for each pixel of a place, in the arena: 0 where `valid` is, or where a mask has its ignored label.
pub(super) fn live<'m, 't>(
    valid: Option<&[u8]>,
    masks: impl Iterator<Item = &'m Mask<'m>>,
    place: &Place,
    arena: &mut &'t mut [u8],
) -> &'t [u8] {
    let live = take(arena, place.pixels());
    match valid {
        Some(valid) => copy(live, valid),
        None => live.fill(1),
    }
    masks.for_each(|mask| mask.strike(place, live));
    live
}

/// A part of a row: bytes for its pixels. Loops of which the compiler makes vectors, for each tier.
struct Convert<'a> {
    mask: &'a Mask<'a>,
    /// Where the row begins, and the first of its pixels.
    start: usize,
    first: usize,
    to: &'a mut [u8],
}

impl Kernel for Convert<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        match self.mask.truths {
            Truths::U8(items) => self.each(items, |item, to| *to = item),
            Truths::U16(items) => self.each(items, |item, to| *to = u8::from(item != 0)),
            Truths::I32(items) => self.each(items, |item, to| *to = u8::from(item != 0)),
            Truths::LowestFirst(_) | Truths::HighestFirst(_) => self.spread(),
        }
    }
}

impl Convert<'_> {
    /// Hands over the items, each with its byte.
    #[inline(always)]
    fn each<T: Copy>(self, items: &[T], with: impl Fn(T, &mut u8)) {
        let stride = self.mask.stride;
        let from = self.start.wrapping_add(self.first.wrapping_mul(stride));
        let items = items.get(from..).unwrap_or(&[]);
        if stride == 1 {
            self.to.iter_mut().zip(items).for_each(|(to, item)| with(*item, to));
        } else {
            self.to.iter_mut().zip(items.iter().step_by(stride.max(1))).for_each(|(to, item)| with(*item, to));
        }
    }

    #[inline(always)]
    fn spread(self) {
        let Self { mask, start, first, to } = self;
        if mask.stride != 1 {
            return mask.one_by_one(start, first, to, |bit, to| *to = bit as u8);
        }
        mask.bits(start).spread(first, to);
    }
}

/// Clears what has a label.
struct Strike<'a> {
    row: Convert<'a>,
    label: i32,
}

impl Kernel for Strike<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { row, label } = self;
        // A label that no item can have is none.
        match (row.mask.truths, u8::try_from(label), u16::try_from(label)) {
            (Truths::U8(items), Ok(label), _) => row.each(items, |item, to| *to = if item == label { 0 } else { *to }),
            (Truths::U16(items), _, Ok(label)) => row.each(items, |item, to| *to = if item == label { 0 } else { *to }),
            (Truths::I32(items), ..) => row.each(items, |item, to| *to = if item == label { 0 } else { *to }),
            _ => {}
        }
    }
}

/// Counts in bits, sixty-four pixels a word, without bytes in between: the first mask, perhaps a second, and which
/// pixels count.
pub(super) struct CountBits<'a> {
    pub first: Mask<'a>,
    pub second: Option<Mask<'a>>,
    pub valid: Option<Mask<'a>>,
    /// Rows of pixels, and how many each has.
    pub rows: usize,
    pub columns: usize,
}

impl CountBits<'_> {
    /// Whether all masks are bits that are neighbours.
    pub fn is_possible(&self) -> bool {
        let masks = [Some(self.first), self.second, self.valid];
        masks.iter().flatten().all(|mask| mask.are_bits() && mask.stride == 1)
    }
}

impl<'a> Kernel for CountBits<'a> {
    type Output = MaskCounts;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> MaskCounts {
        let Self { first, second, valid, rows, columns } = self;
        let mut counts = MaskCounts::default();
        for row in 0..rows {
            let of_row = |mask: Mask<'a>| mask.bits(row.wrapping_mul(mask.lie().row_stride(columns)));
            let (first, second, valid) = (of_row(first), second.map(of_row), valid.map(of_row));
            for from in (0..columns).step_by(64) {
                // What lies behind the row does not count.
                let mut live = u64::MAX >> (64 - (columns - from).min(64));
                if let Some(valid) = &valid {
                    live &= valid.word(from);
                }
                let first = first.word(from) & live;
                let second = match &second {
                    Some(second) => second.word(from) & live,
                    None => 0,
                };
                counts.add(MaskCounts {
                    pixels: live.count_ones().into(),
                    first: first.count_ones().into(),
                    second: second.count_ones().into(),
                    both: (first & second).count_ones().into(),
                });
            }
        }
        counts
    }
}
