//! Checks of what C hands over, and slices made of it.

use crate::error::{Error, Notices};
use crate::simd::{Output, Places, Write};
use core::mem::MaybeUninit;

/// The addresses that a call reads or writes, to find outputs that overlap something.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: usize,
    bytes: usize,
}

impl Span {
    /// Nothing is read or written.
    pub const NOTHING: Self = Self { start: 0, bytes: 0 };

    pub fn of<T>(pointer: *const T, items: usize) -> Self {
        Self { start: pointer.addr(), bytes: items.saturating_mul(size_of::<T>()) }
    }

    /// The addresses of a slice. None overlaps nothing.
    pub fn of_slice<T>(slice: Option<&[T]>) -> Self {
        let slice = slice.unwrap_or(&[]);
        Self::of(slice.as_ptr(), slice.len())
    }

    fn overlaps(self, other: Self) -> bool {
        self.bytes > 0
            && other.bytes > 0
            && self.start < other.start.saturating_add(other.bytes)
            && other.start < self.start.saturating_add(self.bytes)
    }
}

/// No output overlaps an input or another output. NULL spans overlap nothing.
#[inline(never)]
pub(super) fn disjoint(outputs: &[Span], inputs: &[&[Span]]) -> Result<(), Error> {
    let clash = outputs.iter().enumerate().any(|(index, output)| {
        let others = outputs.iter().skip(index + 1).chain(inputs.iter().copied().flatten());
        output.start != 0 && others.into_iter().any(|other| output.overlaps(*other))
    });
    if clash { Err(Error::Overlap) } else { Ok(()) }
}

/// A pointer to `items` items may be read or written: NULL only if there are none.
fn check_array<T>(pointer: *const T, items: usize) -> Result<(), Error> {
    check_place(pointer.addr(), items, size_of::<T>(), align_of::<T>())
}

#[inline(never)]
fn check_place(address: usize, items: usize, size: usize, alignment: usize) -> Result<(), Error> {
    if items == 0 {
        return Ok(());
    }
    if address == 0 {
        return Err(Error::NullPointer);
    }
    if address & (alignment - 1) != 0 {
        return Err(Error::Misaligned);
    }
    let bytes = items.checked_mul(size).filter(|bytes| *bytes <= isize::MAX as usize);
    let end = bytes.and_then(|bytes| address.checked_add(bytes));
    end.map(|_| ()).ok_or(Error::TooLarge)
}

/// The items of an input.
pub(super) unsafe fn input<'a, T>(pointer: *const T, items: usize) -> Result<&'a [T], Error> {
    check_array(pointer, items)?;
    if items == 0 {
        return Ok(&[]);
    }
    // SAFETY: not NULL, aligned, of a possible size; the contract for the rest.
    Ok(unsafe { core::slice::from_raw_parts(pointer, items) })
}

/// The items of an input that may be NULL.
pub(super) unsafe fn optional_input<'a, T>(pointer: *const T, items: usize) -> Result<Option<&'a [T]>, Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the contract.
    unsafe { input(pointer, items) }.map(Some)
}

/// The result of a call, used where it is. Moving it out would copy it on the stack, which may be scarce.
pub(super) fn in_place<T>(result: &Result<T, Error>) -> Result<&T, Error> {
    result.as_ref().map_err(|error| *error)
}

/// The items of an output, perhaps uninitialised.
pub(super) unsafe fn output<'a, T: Copy>(pointer: *mut T, items: usize) -> Result<Places<'a, T>, Error> {
    // SAFETY: the contract; `MaybeUninit<T>` has the layout of `T`.
    unsafe { changed(pointer.cast(), items) }.map(Places::new)
}

/// The floats of a gradient, or of a map, which is stored. Where they are stored they may be uninitialised.
///
/// # Safety
/// As for [`output`]; floats that are added to are initialised.
pub(super) unsafe fn floats<'a>(write: Write, pointer: *mut f32, items: usize) -> Result<Output<'a>, Error> {
    // SAFETY: the contract; `MaybeUninit<f32>` has the layout of `f32`.
    unsafe { Ok(Output::of_c(write, changed(pointer.cast(), items)?)) }
}

/// Items that are read and changed: words of totals.
pub(super) unsafe fn changed<'a, T>(pointer: *mut T, items: usize) -> Result<&'a mut [T], Error> {
    check_array(pointer, items)?;
    if items == 0 {
        return Ok(&mut []);
    }
    // SAFETY: not NULL, aligned, of a possible size; the contract for the rest.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer, items) })
}

/// A struct that is read and perhaps changed.
pub(super) unsafe fn structure<'a, T>(pointer: *mut T) -> Result<&'a mut T, Error> {
    check_array(pointer, 1)?;
    // SAFETY: not NULL and aligned; the contract for the rest.
    Ok(unsafe { &mut *pointer })
}

/// A struct that is only read.
pub(super) unsafe fn constant<'a, T>(pointer: *const T) -> Result<&'a T, Error> {
    check_array(pointer, 1)?;
    // SAFETY: not NULL and aligned; the contract for the rest.
    Ok(unsafe { &*pointer })
}

/// A place for a result, perhaps uninitialised.
pub(super) unsafe fn result<'a, T>(pointer: *mut T) -> Result<&'a mut MaybeUninit<T>, Error> {
    // SAFETY: `MaybeUninit<T>` has the layout of `T` and asks for no initialised bytes.
    unsafe { structure(pointer.cast()) }
}

/// A struct of parameters that grows at its end from version to version.
///
/// # Safety
/// The type is `repr(C)`, begins with `struct_size: u32`, has fields of four bytes only, and any
/// bits are a value of it.
pub(super) unsafe trait Versioned: Copy {
    /// The defaults, with `struct_size` set.
    const DEFAULT: Self;
}

/// Parameters that the core knows.
pub(super) trait Parameters: Versioned {
    /// The parameters of the core.
    type Core;

    /// The parameters of the core, if all options have known values.
    fn to_core(self) -> Result<Self::Core, Error>;
}

/// The value of a switch.
pub(super) fn switch(number: u32) -> Result<bool, Error> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::UnknownOption),
    }
}

/// A value with its `has_...` field.
pub(super) fn optional<T>(has: u32, value: T) -> Result<Option<T>, Error> {
    Ok(switch(has)?.then_some(value))
}

/// Structs beyond this size are a mistake, not a later version.
const IMPLAUSIBLE_SIZE: usize = 4096;

/// Parameters of any version, and the bytes that were read: fields that a shorter struct lacks
/// have their defaults; fields that this version does not know must be zero.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads of the size that its first word says.
pub(super) unsafe fn parameters<P: Versioned>(pointer: *const P) -> Result<(P, Span), Error> {
    let mut parameters = P::DEFAULT;
    // SAFETY: the contract; any bits are a `P`.
    let span = unsafe { read_parameters(pointer.cast(), (&raw mut parameters).cast(), size_of::<P>()) }?;
    Ok((parameters, span))
}

/// Reads the fields of any version over the defaults, which are `known_size` bytes.
///
/// # Safety
/// As for [`parameters`]; `to` is valid for writes of `known_size` bytes, whole fields of four.
#[inline(never)]
unsafe fn read_parameters(from: *const u32, to: *mut u8, known_size: usize) -> Result<Span, Error> {
    check_array(from, 1)?;
    // SAFETY: not NULL and aligned; every version begins with its size.
    let size = checked_size(unsafe { from.read() } as usize)?;
    let known = known_size.min(size);
    // SAFETY: both are valid for `known` bytes, whole fields of four bytes.
    unsafe { core::ptr::copy_nonoverlapping(from.cast::<u8>(), to, known) };
    // SAFETY: the struct is `size` bytes long by its own word; `known` is at most that.
    let unknown = unsafe { core::slice::from_raw_parts(from.cast::<u8>().add(known), size - known) };
    if unknown.iter().any(|byte| *byte != 0) {
        return Err(Error::UnknownField);
    }
    Ok(Span::of(from.cast::<u8>(), size))
}

/// The size of a struct, if it can be one.
fn checked_size(size: usize) -> Result<usize, Error> {
    let whole_fields = size.is_multiple_of(size_of::<u32>());
    if size != 0 && whole_fields && size <= IMPLAUSIBLE_SIZE { Ok(size) } else { Err(Error::StructSize) }
}

/// Writes the defaults of the first `size` bytes of a struct, and zeros beyond what is known, with
/// `struct_size` set to `size`.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for writes of `size` bytes.
pub(super) unsafe fn write_defaults<P: Versioned>(pointer: *mut P, size: usize) -> Result<Notices, Error> {
    let defaults = P::DEFAULT;
    // SAFETY: the contract.
    unsafe { write_parameters((&raw const defaults).cast(), size_of::<P>(), pointer.cast(), size) }
}

/// # Safety
/// As for [`write_defaults`]; `from` is valid for reads of `known_size` bytes.
#[inline(never)]
unsafe fn write_parameters(from: *const u8, known_size: usize, to: *mut u32, size: usize) -> Result<Notices, Error> {
    check_array(to, 1)?;
    let size = checked_size(size)?;
    let known = known_size.min(size);
    // SAFETY: `known` is at most the size of either; the caller vouches for `size` bytes.
    unsafe {
        let bytes = to.cast::<u8>();
        core::ptr::copy_nonoverlapping(from, bytes, known);
        core::ptr::write_bytes(bytes.add(known), 0, size - known);
        to.write(size as u32);
    }
    Ok(Notices::NONE)
}
