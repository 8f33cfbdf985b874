//! Room on the stack: a buffer that kernels fill vector by vector, and an arena for what is converted.

use super::Lanes;
use core::mem::MaybeUninit;

/// Memory of which nothing is known. It is not cleared when it is made, because for a camera line that would take
/// longer than the rest of a call. It lies beside what uses it, which would be cleared or copied with it otherwise. No
/// vector in it crosses a cache line, or the time of a call would depend on the address of the stack.
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
pub(crate) struct Room<A>(MaybeUninit<A>);

impl<A> Room<A> {
    #[inline(always)]
    pub const fn new() -> Self {
        Self(MaybeUninit::uninit())
    }

    /// Puts a value there.
    #[inline(always)]
    pub fn put(&mut self, value: A) -> &mut A {
        self.0.write(value)
    }
}

/// How many floats the buffer holds. They are enough to make handing it over cheap, and few enough to stay in the
/// first-level cache. Where stack is scarce there are fewer.
const LENGTH: usize = super::on_stack(512);

/// Room for a buffer.
pub(crate) type BufferRoom = Room<[f32; LENGTH]>;

/// Floats of which the first ones are filled.
pub(crate) struct Buffer<'a> {
    room: &'a mut BufferRoom,
    /// How many floats are initialised; at most `LENGTH`.
    filled: usize,
}

impl<'a> Buffer<'a> {
    #[inline(always)]
    pub fn new(room: &'a mut BufferRoom) -> Self {
        Self { room, filled: 0 }
    }

    /// Whether there is no room for another vector.
    #[inline(always)]
    pub fn is_full<V: Lanes>(&self) -> bool {
        self.filled + V::LANES > LENGTH
    }

    /// Adds a vector. A full buffer ignores it.
    #[inline(always)]
    pub fn push<V: Lanes>(&mut self, vector: V) {
        if !self.is_full::<V>() {
            // SAFETY: `filled + LANES` is at most `LENGTH`, so the place lies within the array; an
            // array of floats has the alignment of a float.
            unsafe {
                let place = self.room.0.as_mut_ptr().cast::<f32>().add(self.filled);
                place.cast::<V::Floats>().write(vector.to_array());
            }
            self.filled += V::LANES;
        }
    }

    /// The floats that are filled.
    #[inline(always)]
    pub fn filled_mut(&mut self) -> &mut [f32] {
        // SAFETY: the first `filled` floats are initialised.
        unsafe { core::slice::from_raw_parts_mut(self.room.0.as_mut_ptr().cast(), self.filled) }
    }

    /// Empties the buffer.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.filled = 0;
    }
}

/// How many bytes an arena has: tiles that are converted lie in the first-level cache. (In tests so few that some dozen
/// pixels are several tiles.)
#[cfg(feature = "conversions")]
pub(crate) const ARENA: usize = if cfg!(test) {
    512
} else if super::IS_SMALL {
    256
} else {
    super::on_stack(16384)
};

/// Bytes that are aligned for any item.
#[cfg(feature = "conversions")]
#[repr(align(8))]
pub(crate) struct Aligned<const BYTES: usize>([u8; BYTES]);

/// Bytes for what a call converts. They are cleared when they are first asked for: what is not needed costs nothing.
#[cfg(feature = "conversions")]
pub(crate) struct Arena<'a, const BYTES: usize> {
    room: &'a mut Room<Aligned<BYTES>>,
    /// How many bytes are initialised; at most `BYTES`.
    cleared: usize,
}

#[cfg(feature = "conversions")]
impl<'a, const BYTES: usize> Arena<'a, BYTES> {
    #[inline(always)]
    pub fn new(room: &'a mut Room<Aligned<BYTES>>) -> Self {
        Self { room, cleared: 0 }
    }

    /// The first bytes, or as many as there are.
    pub fn bytes(&mut self, count: usize) -> &mut [u8] {
        let count = count.min(BYTES);
        let first = self.room.0.as_mut_ptr().cast::<u8>();
        if self.cleared < count {
            // SAFETY: both ends lie within the array.
            unsafe { first.add(self.cleared).write_bytes(0, count - self.cleared) };
            self.cleared = count;
        }
        // SAFETY: the first `cleared` bytes are initialised, which are `count` or more.
        unsafe { core::slice::from_raw_parts_mut(first, count) }
    }
}

/// Takes the first items out of bytes; none, if there are not as many.
#[cfg(feature = "conversions")]
pub(crate) fn take<'t, T: bytemuck::Pod>(bytes: &mut &'t mut [u8], items: usize) -> &'t mut [T] {
    let all = core::mem::take(bytes);
    let (taken, rest) = all.split_at_mut_checked(items.saturating_mul(size_of::<T>())).unwrap_or_default();
    *bytes = rest;
    bytemuck::try_cast_slice_mut(taken).unwrap_or_default()
}
