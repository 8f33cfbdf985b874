//! Slices as vectors: all whole ones in place, and one padded copy for the ragged end.
//!
//! So a kernel is one loop over an index, with no call and no second copy of its mathematics for
//! the last few pixels.

use super::{flat, flat_mut};
use bytemuck::Pod;

/// A slice as arrays of a vector's size.
pub struct Columns<'a, A> {
    whole: &'a [A],
    tail: A,
}

impl<'a, A: Pod> Columns<'a, A> {
    /// The items of a slice; behind its end the last array holds zeros.
    #[inline(always)]
    pub fn new<T: Pod>(slice: &'a [T]) -> Self {
        Self::filled(slice, T::zeroed())
    }

    /// The items of a slice; behind its end the last array holds `fill`.
    #[inline(always)]
    pub fn filled<T: Pod>(slice: &'a [T], fill: T) -> Self {
        let (head, rest) = split(slice, items::<T, A>());
        let mut tail = A::zeroed();
        flat_mut(&mut tail).fill(fill);
        if !rest.is_empty() {
            copy(flat_mut(&mut tail), rest);
        }
        Self { whole: bytemuck::try_cast_slice(head).unwrap_or(&[]), tail }
    }

    /// The array at an index; the padded one behind the last whole one.
    #[inline(always)]
    pub fn get(&self, index: usize) -> &A {
        self.whole.get(index).unwrap_or(&self.tail)
    }
}

/// A slice to be written as arrays of a vector's size.
pub struct ColumnsMut<'a, A, T> {
    whole: &'a mut [A],
    tail: A,
    rest: &'a mut [T],
}

impl<'a, A: Pod, T: Pod> ColumnsMut<'a, A, T> {
    /// The items of a slice. [`Self::finish`] must be called at the end.
    #[inline(always)]
    pub fn new(slice: &'a mut [T]) -> Self {
        let whole_items = slice.len() / items::<T, A>() * items::<T, A>();
        let (head, rest) = slice.split_at_mut_checked(whole_items).unwrap_or((&mut [], &mut []));
        let mut tail = A::zeroed();
        if !rest.is_empty() {
            copy(flat_mut(&mut tail), rest);
        }
        Self { whole: bytemuck::try_cast_slice_mut(head).unwrap_or(&mut []), tail, rest }
    }

    /// The array at an index; the padded one behind the last whole one.
    #[inline(always)]
    pub fn get(&mut self, index: usize) -> &mut A {
        match self.whole.get_mut(index) {
            Some(whole) => whole,
            None => &mut self.tail,
        }
    }

    /// Writes the ragged end.
    #[inline(always)]
    pub fn finish(self) {
        if !self.rest.is_empty() {
            copy(self.rest, flat(&self.tail));
        }
    }
}

/// How many items an array has.
const fn items<T, A>() -> usize {
    size_of::<A>() / size_of::<T>()
}

/// What fills whole arrays, and the rest.
#[inline(always)]
fn split<T>(slice: &[T], items: usize) -> (&[T], &[T]) {
    slice.split_at_checked(slice.len() / items * items).unwrap_or((&[], &[]))
}

/// Copies as many items as both slices have.
#[inline(never)]
pub(crate) fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
