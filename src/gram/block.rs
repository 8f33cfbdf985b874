//! Rows in blocks of sixteen columns, of which the last one is ragged.

use super::LEAVES;
use crate::loss::Write;
use crate::simd::{Lanes, flat};

/// A block of sixteen columns, of which the last `fresh` ones are new.
#[derive(Clone, Copy)]
pub struct Block {
    pub(super) start: usize,
    fresh: usize,
}

impl Block {
    /// The block of an index, in a row that has this many columns.
    #[inline(always)]
    pub fn new(index: usize, columns: usize) -> Self {
        let start = index * LEAVES;
        let fresh = columns.saturating_sub(start).min(LEAVES);
        Self { start: start.min(columns.saturating_sub(LEAVES)), fresh }
    }

    /// How many there are.
    #[inline(always)]
    pub fn count(columns: usize) -> usize {
        columns.div_ceil(LEAVES)
    }

    /// Which lanes are new.
    #[inline(always)]
    pub fn mask<V: Lanes>(self, simd: V::Simd) -> V::Mask {
        const WINDOW: [u8; 2 * LEAVES] = {
            let mut window = [0; 2 * LEAVES];
            let (_, new) = window.split_at_mut(LEAVES);
            let mut rest = new;
            while let [first, others @ ..] = rest {
                *first = 1;
                rest = others;
            }
            window
        };
        let bytes = WINDOW.get(self.fresh..).and_then(|bytes| bytes.first_chunk::<LEAVES>());
        let bytes = bytemuck::try_cast_slice(bytes.map_or(&[][..], |bytes| bytes)).unwrap_or(&[]);
        match bytes.first() {
            Some(bytes) => V::mask_from_bytes(simd, bytes),
            None => V::everywhere(simd),
        }
    }

    /// The floats of a row, also those that are not new; a short row stands at the end, behind zeros.
    #[inline(always)]
    pub fn read<V: Lanes>(self, simd: V::Simd, row: &[f32]) -> V {
        match row.get(self.start..).and_then(|row| row.first_chunk::<LEAVES>()) {
            Some(chunk) => vector(simd, chunk),
            None => vector(simd, &padded(row)),
        }
    }

    /// The floats of a row that are new, and 0.
    #[inline(always)]
    pub fn read_fresh<V: Lanes>(self, simd: V::Simd, row: &[f32]) -> V {
        V::select(self.mask::<V>(simd), self.read(simd, row), V::splat(simd, 0.0))
    }

    /// Writes the lanes that are new to a row, or adds them.
    #[inline(always)]
    pub fn write<V: Lanes>(self, write: Write, values: V, row: &mut [f32]) {
        match row.get_mut(self.start..).and_then(|row| row.first_chunk_mut::<LEAVES>()) {
            Some(chunk) => put(write, self.mask::<V>(values.simd()), values, chunk),
            None => put_short(write, flat(&values.to_array()), row),
        }
    }
}

/// A short row behind zeros.
#[cold]
#[inline(never)]
fn padded(row: &[f32]) -> [f32; LEAVES] {
    let mut padded = [0.0; LEAVES];
    for (to, from) in padded.iter_mut().rev().zip(row.iter().rev()) {
        *to = *from;
    }
    padded
}

/// Writes the end of a vector to a short row, or adds it.
#[cold]
#[inline(never)]
fn put_short(write: Write, values: &[f32], row: &mut [f32]) {
    for (to, value) in row.iter_mut().rev().zip(values.iter().rev()) {
        *to = match write {
            Write::Store => *value,
            Write::Add => *to + *value,
        };
    }
}

#[inline(always)]
pub(super) fn vector<V: Lanes>(simd: V::Simd, floats: &[f32; LEAVES]) -> V {
    match bytemuck::try_cast_slice(floats).unwrap_or(&[]).first() {
        Some(floats) => V::from_floats(simd, floats),
        None => V::splat(simd, 0.0),
    }
}

#[inline(always)]
fn put<V: Lanes>(write: Write, mask: V::Mask, values: V, to: &mut [f32; LEAVES]) {
    if let Some(to) = bytemuck::try_cast_slice_mut(to).unwrap_or(&mut []).first_mut() {
        let before = V::from_floats(values.simd(), to);
        let after = match write {
            Write::Store => values,
            Write::Add => before + values,
        };
        V::select(mask, after, before).to_floats(to);
    }
}

/// A row as vectors of sixteen: the whole blocks in place, and a copy of the ragged one, in which
/// lanes that are not new are 0. So a loop over blocks exists once.
pub struct Row<'a, V: Lanes> {
    whole: &'a [V::Floats],
    end: V::Floats,
}

impl<'a, V: Lanes> Row<'a, V> {
    /// The blocks of a row.
    #[inline(always)]
    pub fn new(simd: V::Simd, row: &'a [f32]) -> Self {
        let (chunks, _) = row.as_chunks::<LEAVES>();
        let whole: &[V::Floats] = bytemuck::try_cast_slice(chunks).unwrap_or(&[]);
        let end = Block::new(whole.len(), row.len()).read_fresh::<V>(simd, row);
        Self { whole, end: end.to_array() }
    }

    /// The block of an index.
    #[inline(always)]
    pub fn get(&self, simd: V::Simd, index: usize) -> V {
        V::from_floats(simd, self.whole.get(index).unwrap_or(&self.end))
    }
}
