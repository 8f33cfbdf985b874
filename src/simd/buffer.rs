//! A small stack buffer that kernels fill vector by vector.

use super::Lanes;
use core::mem::MaybeUninit;

/// How many floats the buffer holds. They are enough to make handing it over cheap, and few enough to stay in the
/// first-level cache. Where stack is scarce there are fewer.
const LENGTH: usize = super::on_stack(512);

/// Floats on the stack, of which the first ones are filled. They are not cleared at the beginning, because for a camera
/// line that would take longer than the rest of a call. No vector in the buffer crosses a cache line; otherwise the
/// time of a call would depend on the address of the stack.
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
pub(crate) struct Buffer {
    floats: MaybeUninit<[f32; LENGTH]>,
    /// How many floats are initialised; at most `LENGTH`.
    filled: usize,
}

impl Buffer {
    #[inline(always)]
    pub fn new() -> Self {
        Self { floats: MaybeUninit::uninit(), filled: 0 }
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
                let place = self.floats.as_mut_ptr().cast::<f32>().add(self.filled);
                place.cast::<V::Floats>().write(vector.to_array());
            }
            self.filled += V::LANES;
        }
    }

    /// The floats that are filled.
    #[inline(always)]
    pub fn filled_mut(&mut self) -> &mut [f32] {
        // SAFETY: the first `filled` floats are initialised.
        unsafe { core::slice::from_raw_parts_mut(self.floats.as_mut_ptr().cast(), self.filled) }
    }

    /// Empties the buffer.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.filled = 0;
    }
}
