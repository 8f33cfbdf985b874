//! Arrays that begin anywhere and end where their memory ends, so that the address sanitizer sees a read behind them.

use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};

/// Every block of memory begins at a multiple of this.
const ALIGNMENT: usize = 64;

/// An array of plain items.
pub struct Buffer<T> {
    block: NonNull<u8>,
    layout: Layout,
    start: usize,
    items: NonNull<T>,
    length: usize,
}

impl<T: Copy> Buffer<T> {
    /// The items, in memory that begins `start` items behind a multiple of 64 bytes.
    pub fn new(start: usize, items: &[T]) -> Self {
        let bytes = (start + items.len()) * size_of::<T>();
        let layout = Layout::from_size_align(bytes.max(1), ALIGNMENT).expect("a small size");
        // SAFETY: the size is not 0.
        let Some(block) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        // SAFETY: the block holds `start` items and those behind; 64 is a multiple of the alignment of plain items.
        let first = unsafe { block.cast::<T>().add(start) };
        // SAFETY: as above; the new memory overlaps nothing.
        unsafe { first.copy_from_nonoverlapping(NonNull::from(items).cast(), items.len()) };
        Self { block, layout, start, items: first, length: items.len() }
    }

    /// The same item so many times.
    pub fn filled(start: usize, item: T, length: usize) -> Self {
        Self::new(start, &vec![item; length])
    }

    /// The pointer to an item, or behind the last one.
    pub fn at(&self, index: usize) -> *const T {
        assert!(index <= self.length);
        // SAFETY: within the array or just behind it.
        unsafe { self.items.add(index) }.as_ptr()
    }

    /// The same, to write there.
    pub fn at_mut(&mut self, index: usize) -> *mut T {
        self.at(index).cast_mut()
    }
}

impl<T: Copy> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Self::new(self.start, self)
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: all items were written, and are owned.
        unsafe { core::slice::from_raw_parts(self.items.as_ptr(), self.length) }
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above; the borrow is the only one.
        unsafe { core::slice::from_raw_parts_mut(self.items.as_ptr(), self.length) }
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.block.as_ptr(), self.layout) };
    }
}

/// Where an array begins that may be missing: NULL then.
pub fn pointer<T: Copy>(buffer: Option<&Buffer<T>>, index: usize) -> *const T {
    buffer.map_or(core::ptr::null(), |buffer| buffer.at(index))
}
