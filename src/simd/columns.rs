//! Slices as vectors. Whole vectors are read in place, and the ragged end from one padded copy.
//!
//! So a kernel is one loop over an index, with no call and no second copy of its mathematics for
//! the last few pixels.

use super::{Lanes, Room};
use bytemuck::{AnyBitPattern, Pod};

/// A slice as arrays of a vector's size.
pub struct Columns<'a, A> {
    whole: &'a [A],
    tail: &'a A,
}

impl<'a, A: Pod> Columns<'a, A> {
    /// The items of a slice; behind its end the last array holds zeros.
    #[inline(always)]
    pub fn new<T: Pod>(slice: &'a [T], room: &'a mut Room<A>) -> Self {
        Self::filled(slice, T::zeroed(), room)
    }

    /// The same of a slice that may be missing.
    #[inline(always)]
    pub fn optional<T: Pod>(slice: Option<&'a [T]>, room: &'a mut Room<A>) -> Option<Self> {
        // (A closure would have to be inlined to be compiled for the tier.)
        match slice {
            Some(slice) => Some(Self::new(slice, room)),
            None => None,
        }
    }

    /// The items of a slice; behind its end the last array holds `fill`.
    #[inline(always)]
    pub fn filled<T: Pod>(slice: &'a [T], fill: T, room: &'a mut Room<A>) -> Self {
        let (head, rest) = split(slice, items::<T, A>());
        let tail = match flat(&NO_TAIL).first() {
            Some(none) if items::<T, A>() == 1 => none,
            _ => {
                let tail = room.put(A::zeroed());
                flat_mut(tail).fill(fill);
                if !rest.is_empty() {
                    copy(flat_mut(tail), rest);
                }
                tail
            }
        };
        Self { whole: bytemuck::try_cast_slice(head).unwrap_or(&[]), tail }
    }

    /// The array at an index. Behind the last whole array it is the padded one.
    #[inline(always)]
    pub fn get(&self, index: usize) -> &A {
        self.whole.get(index).unwrap_or(self.tail)
    }
}

/// Stands for the ragged end where a vector has one item, so that there is none.
static NO_TAIL: u32 = 0;

/// How many items an array has.
const fn items<T, A>() -> usize {
    size_of::<A>() / size_of::<T>()
}

/// The items that fill whole arrays, and the other ones.
#[inline(always)]
fn split<T>(slice: &[T], items: usize) -> (&[T], &[T]) {
    slice.split_at_checked(slice.len() / items * items).unwrap_or((&[], &[]))
}

/// Copies items, as many as the shorter slice has.
#[inline(never)]
pub(crate) fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// The `count` items from `first` on, or as many as there are.
pub(crate) fn cut<T>(items: &[T], first: usize, count: usize) -> &[T] {
    let rest = items.get(first..).unwrap_or(&[]);
    rest.get(..count).unwrap_or(rest)
}

/// Copies at most `count` floats that lie `stride` apart. It is a call of its own, so that all kernels share its code.
#[inline(never)]
pub(crate) fn gather(from: &[f32], stride: usize, count: usize, to: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from.iter().step_by(stride.max(1)).take(count)) {
        *to = *from;
    }
}

/// The items of an array.
#[inline(always)]
pub(crate) fn flat<A: Pod, T: AnyBitPattern>(array: &A) -> &[T] {
    bytemuck::try_cast_slice(core::slice::from_ref(array)).unwrap_or(&[])
}

/// The items of an array.
#[inline(always)]
pub(crate) fn flat_mut<A: Pod, T: Pod>(array: &mut A) -> &mut [T] {
    bytemuck::try_cast_slice_mut(core::slice::from_mut(array)).unwrap_or(&mut [])
}

/// Items as vectors, if they are whole ones.
#[inline(always)]
pub(crate) fn vectors<A: Pod, T: Pod>(items: &[T]) -> &[A] {
    bytemuck::try_cast_slice(items).unwrap_or(&[])
}

/// Items as vectors, if they are whole ones.
#[inline(always)]
pub(crate) fn vectors_mut<A: Pod, T: Pod>(items: &mut [T]) -> &mut [A] {
    bytemuck::try_cast_slice_mut(items).unwrap_or(&mut [])
}

/// The vector at an index of floats that are whole vectors; 0 behind their end.
#[inline(always)]
pub(crate) fn load<V: Lanes>(simd: V::Simd, floats: &[f32], index: usize) -> V {
    match vectors(floats).get(index) {
        Some(floats) => V::from_floats(simd, floats),
        None => V::splat(simd, 0.0),
    }
}

/// Writes the vector at an index; drops it behind the end.
#[inline(always)]
pub(crate) fn store<V: Lanes>(vector: V, floats: &mut [f32], index: usize) {
    if let Some(floats) = vectors_mut(floats).get_mut(index) {
        vector.to_floats(floats);
    }
}
