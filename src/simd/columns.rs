//! Slices as vectors: all whole ones in place, and one padded copy for the ragged end.
//!
//! So a kernel is one loop over an index, with no call and no second copy of its mathematics for
//! the last few pixels.

use super::flat_mut;
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

/// The items from a place on, as many as wanted or as there are.
pub(crate) fn cut<T>(items: &[T], first: usize, count: usize) -> &[T] {
    let rest = items.get(first..).unwrap_or(&[]);
    rest.get(..count).unwrap_or(rest)
}

/// Copies at most `count` floats that lie `stride` apart. A call of its own: all kernels share its code.
#[inline(never)]
pub(crate) fn gather(from: &[f32], stride: usize, count: usize, to: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from.iter().step_by(stride.max(1)).take(count)) {
        *to = *from;
    }
}
