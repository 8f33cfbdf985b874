//! What a call writes to: memory of C that may be uninitialised until then, and slices of Rust.
//!
//! An [`Output`] is all that a kernel sees of a gradient or a map. Floats that are stored are never read before, so
//! they need not be initialised. Floats that are added to are read; the constructors demand that they are initialised.
//! Nothing here makes initialised memory uninitialised, so slices of Rust are outputs, too.

use super::{Lanes, Room, Write, copy, gather, over};
use bytemuck::Pod;
use core::mem::MaybeUninit;

/// Items that are written before they are read.
pub(crate) struct Places<'a, T> {
    items: &'a mut [MaybeUninit<T>],
}

impl<'a, T: Copy> Places<'a, T> {
    /// Items that may be uninitialised.
    pub fn new(items: &'a mut [MaybeUninit<T>]) -> Self {
        Self { items }
    }

    /// Items of a Rust slice. What they hold does not matter.
    #[inline(always)]
    pub fn of(items: &'a mut [T]) -> Self {
        let length = items.len();
        // SAFETY: the same place and layout; only initialised items are written to it here.
        let items = unsafe { core::slice::from_raw_parts_mut(items.as_mut_ptr().cast(), length) };
        Self { items }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The first `length` places, if there are as many.
    pub fn first(self, length: usize) -> Option<Self> {
        Some(Self { items: self.items.get_mut(..length)? })
    }

    /// Writes an item. Behind the end it writes nothing.
    #[inline(always)]
    pub fn put(&mut self, index: usize, item: T) {
        if let Some(place) = self.items.get_mut(index) {
            place.write(item);
        }
    }

    /// Writes all items, and hands them over.
    #[inline(always)]
    pub fn fill(self, item: T) -> &'a mut [T] {
        self.items.fill(MaybeUninit::new(item));
        let length = self.items.len();
        // SAFETY: the same place and layout; every item was written.
        unsafe { core::slice::from_raw_parts_mut(self.items.as_mut_ptr().cast(), length) }
    }
}

/// Floats that are stored or added to.
pub(crate) struct Output<'a> {
    /// Initialised if they are added to.
    floats: &'a mut [MaybeUninit<f32>],
    write: Write,
}

impl<'a> Output<'a> {
    /// Floats of Rust.
    #[inline(always)]
    pub fn new(write: Write, floats: &'a mut [f32]) -> Self {
        Self { floats: Places::of(floats).items, write }
    }

    /// Floats of C.
    ///
    /// # Safety
    /// They are initialised if they are added to.
    #[cfg(feature = "capi")]
    pub unsafe fn of_c(write: Write, floats: &'a mut [MaybeUninit<f32>]) -> Self {
        Self { floats, write }
    }

    /// No floats.
    #[inline(always)]
    pub fn nowhere() -> Self {
        Self { floats: &mut [], write: Write::Store }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.floats.len()
    }

    /// Whether the floats are stored or added to.
    #[inline(always)]
    pub fn write(&self) -> Write {
        self.write
    }

    /// The same floats, borrowed for a shorter time.
    #[inline(always)]
    pub fn reborrow(&mut self) -> Output<'_> {
        Output { floats: self.floats, write: self.write }
    }

    /// `length` floats from `start` on. If there are not as many, none.
    #[inline(always)]
    pub fn part(&mut self, start: usize, length: usize) -> Output<'_> {
        let floats = self.floats.get_mut(start..).and_then(|floats| floats.get_mut(..length));
        Output { floats: floats.unwrap_or_default(), write: self.write }
    }

    /// All floats from a place on.
    #[inline(always)]
    pub fn skip(&mut self, start: usize) -> Output<'_> {
        let floats = self.floats.get_mut(start..).unwrap_or_default();
        Output { floats, write: self.write }
    }

    /// Reads the floats that are added to: at most `count` of them, from `start` on, `stride` apart. If floats are
    /// stored, nothing is read, and `to` stays as it is.
    #[inline(always)]
    pub fn read(&self, start: usize, stride: usize, count: usize, to: &mut [f32]) {
        if self.write == Write::Add {
            let from = self.floats.get(start..).unwrap_or_default();
            // SAFETY: the same place and layout; floats that are added to are initialised.
            let from = unsafe { core::slice::from_raw_parts(from.as_ptr().cast(), from.len()) };
            if stride == 1 {
                copy(to, from.get(..count).unwrap_or(from));
            } else {
                gather(from, stride, count, to);
            }
        }
    }

    /// Overwrites at most `count` floats, from `start` on, `stride` apart.
    #[inline(always)]
    pub fn put(&mut self, start: usize, stride: usize, count: usize, from: &[f32]) {
        let to = self.floats.get_mut(start..).unwrap_or_default();
        if stride == 1 {
            copy_to_places(to, from.get(..count).unwrap_or(from));
        } else {
            scatter(from, stride, count, to);
        }
    }

    /// Stores or adds values one by one. Returns whether all of them are finite.
    pub fn write_one_by_one(self, values: impl Iterator<Item = f32>) -> bool {
        let mut finite = true;
        for (to, value) in self.floats.iter_mut().zip(values) {
            finite &= value.is_finite();
            to.write(match self.write {
                Write::Store => value,
                // SAFETY: floats that are added to are initialised.
                Write::Add => value + unsafe { to.assume_init() },
            });
        }
        finite
    }

    /// Overwrites the floats with copies of others and zeros behind them, and returns them.
    #[inline(never)]
    pub fn copied(mut self, from: &[f32]) -> &'a mut [f32] {
        let copied = self.len().min(from.len());
        self.put(0, 1, copied, from);
        self.skip(copied).zeros();
        let length = self.floats.len();
        // SAFETY: the same place and layout; every float was written.
        unsafe { core::slice::from_raw_parts_mut(self.floats.as_mut_ptr().cast(), length) }
    }

    fn zeros(self) {
        Places::new(self.floats).fill(0.0);
    }

    /// The floats as whole vectors.
    #[inline(always)]
    pub fn vectors<A: Pod>(self) -> Vectors<'a, A> {
        Vectors { arrays: arrays(self.floats).0, write: self.write }
    }

    /// The floats as vectors. The last one may be padded.
    #[inline(always)]
    pub fn columns<A: Pod>(self, room: &'a mut Room<A>) -> OutputColumns<'a, A> {
        let write = self.write;
        let (whole, rest) = arrays(self.floats);
        let tail = room.put(A::zeroed());
        let rest = Output { floats: rest, write };
        if write == Write::Add && rest.len() > 0 {
            rest.read(0, 1, rest.len(), super::flat_mut(tail));
        }
        OutputColumns { whole, tail, rest }
    }
}

/// Copies as many floats as both slices have.
#[inline(never)]
fn copy_to_places(to: &mut [MaybeUninit<f32>], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        to.write(*from);
    }
}

/// Copies at most `count` floats to places that lie `stride` apart.
#[inline(never)]
fn scatter(from: &[f32], stride: usize, count: usize, to: &mut [MaybeUninit<f32>]) {
    for (to, from) in to.iter_mut().step_by(stride.max(1)).take(count).zip(from) {
        to.write(*from);
    }
}

/// The floats as arrays, and the rest.
#[inline(always)]
fn arrays<A: Pod>(floats: &mut [MaybeUninit<f32>]) -> (&mut [MaybeUninit<A>], &mut [MaybeUninit<f32>]) {
    const {
        assert!(align_of::<A>() == align_of::<f32>() && size_of::<A>() != 0);
        assert!(size_of::<A>().is_multiple_of(size_of::<f32>()));
    }
    let lanes = size_of::<A>() / size_of::<f32>();
    let count = floats.len() / lanes;
    let (whole, rest) = floats.split_at_mut_checked(count * lanes).unwrap_or_default();
    // SAFETY: arrays of floats, of their alignment, as many as lie there; any bits are an `A`, and one that is
    // written has no padding, so that its floats are initialised.
    let whole = unsafe { core::slice::from_raw_parts_mut(whole.as_mut_ptr().cast(), count) };
    (whole, rest)
}

/// Whole vectors of an output.
pub(crate) struct Vectors<'a, A> {
    arrays: &'a mut [MaybeUninit<A>],
    write: Write,
}

impl<'a, A: Pod> Vectors<'a, A> {
    /// The vectors one by one. (The iterator is one of the standard library. So a loop over several of them is as fast
    /// as a loop over slices.)
    #[inline(always)]
    pub fn iter(self) -> impl Iterator<Item = Place<'a, A>> {
        let write = self.write;
        self.arrays.iter_mut().map(move |array| Place { array, write })
    }

    /// The first vector.
    #[inline(always)]
    pub fn first(self) -> Option<Place<'a, A>> {
        let [array, ..] = self.arrays else { return None };
        Some(Place { array, write: self.write })
    }

    /// Takes the next `count` vectors, or as many as there are. None: there are no more.
    #[inline(always)]
    pub fn take(&mut self, count: usize) -> Option<Self> {
        let arrays = core::mem::take(&mut self.arrays);
        let count = count.min(arrays.len());
        let (taken, rest) = arrays.split_at_mut_checked(count)?;
        self.arrays = rest;
        if taken.is_empty() { None } else { Some(Self { arrays: taken, write: self.write }) }
    }
}

/// Where a vector is written.
pub(crate) struct Place<'a, A> {
    /// Initialised if it is added to.
    array: &'a mut MaybeUninit<A>,
    write: Write,
}

impl<A: Pod> Place<'_, A> {
    /// Overwrites the vector with the values.
    #[inline(always)]
    pub fn put<V: Lanes<Floats = A>>(self, values: V) {
        self.array.write(values.to_array());
    }

    /// Stores or adds the values in the lanes in which the mask is true (None: in all).
    #[inline(always)]
    pub fn write<V: Lanes<Floats = A>>(self, mask: Option<V::Mask>, values: V) {
        let mut before = None;
        if self.write == Write::Add {
            // SAFETY: what is added to is initialised.
            let floats = unsafe { self.array.assume_init_ref() };
            before = Some(V::from_floats(values.simd(), floats));
        }
        self.put(over(mask, values, before));
    }
}

/// An output as vectors. Whole vectors are written in place, and the ragged end to a padded copy.
pub(crate) struct OutputColumns<'a, A> {
    whole: &'a mut [MaybeUninit<A>],
    tail: &'a mut A,
    rest: Output<'a>,
}

impl<A: Pod> OutputColumns<'_, A> {
    /// The place of the vector at an index. Behind the last whole vector it is the padded copy. [`Self::finish`] must
    /// be called at the end.
    #[inline(always)]
    pub fn get(&mut self, index: usize) -> Place<'_, A> {
        let array = match self.whole.get_mut(index) {
            Some(array) => array,
            // SAFETY: the same place and layout; only whole arrays are written to it.
            None => unsafe { &mut *(&raw mut *self.tail).cast() },
        };
        Place { array, write: self.rest.write }
    }

    /// Writes the ragged end.
    #[inline(always)]
    pub fn finish(mut self) {
        let count = self.rest.len();
        if count > 0 {
            self.rest.put(0, 1, count, super::flat(self.tail));
        }
    }
}
