//! Checks of what C hands over, and slices made of it.

use super::fault::{About as _, Argument, Fault, Pointer, Subject, subject};
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

    pub fn of<P: Pointer>(argument: Argument<P>, items: usize) -> Self {
        Self { start: argument.pointer.address(), bytes: items.saturating_mul(size_of::<P::Item>()) }
    }

    /// The addresses of a slice. None overlaps nothing.
    pub fn of_slice<T>(slice: Option<&[T]>) -> Self {
        let slice = slice.unwrap_or(&[]);
        Self { start: slice.as_ptr().addr(), bytes: size_of_val(slice) }
    }

    /// Whether there are bytes. (More than a size can have are another error.)
    #[inline(always)]
    fn has_bytes(self) -> bool {
        self.bytes.wrapping_sub(1) < isize::MAX as usize
    }

    /// Whether one begins within the other; this one has bytes. (Without branches: it is asked of every input. A
    /// distance below 0 wraps, and is longer than any span.)
    #[inline(always)]
    fn overlaps(self, other: Self) -> bool {
        let begins_within = other.start.wrapping_sub(self.start) < self.bytes;
        let begins_before = self.start.wrapping_sub(other.start) < other.bytes;
        (begins_within | begins_before) & other.has_bytes()
    }
}

/// The addresses that a call writes, and what they are called.
#[derive(Clone, Copy)]
pub(super) struct Written {
    span: Span,
    subject: Subject,
}

impl Written {
    pub fn of<P: Pointer>(argument: Argument<P>, items: usize) -> Self {
        let subject = argument.subject;
        Self { span: Span::of(argument, items), subject }
    }
}

/// No output overlaps an input or another output. NULL spans overlap nothing.
#[inline(never)]
pub(super) fn disjoint(mut outputs: &[Written], inputs: &[&[Span]]) -> Result<(), Fault> {
    while let [Written { span, subject }, others @ ..] = outputs {
        let is_shared = || {
            others.iter().any(|other| span.overlaps(other.span))
                || inputs.iter().any(|inputs| inputs.iter().any(|input| span.overlaps(*input)))
        };
        if span.start != 0 && span.has_bytes() && is_shared() {
            return Err(Fault::new(Error::Overlap, *subject));
        }
        outputs = others;
    }
    Ok(())
}

/// A pointer to `items` items may be read or written: NULL only if there are none.
#[inline(always)]
fn check_array<P: Pointer>(argument: Argument<P>, items: usize) -> Result<(), Fault> {
    const { assert!(size_of::<P::Item>() <= u16::MAX as usize && align_of::<P::Item>() <= u8::MAX as usize) };
    let (size, alignment) = (size_of::<P::Item>() as u16, align_of::<P::Item>() as u8);
    check_place(argument.pointer.address(), items, Kind { size, alignment, subject: argument.subject })
}

/// What a pointer points to, in one word.
#[derive(Clone, Copy)]
struct Kind {
    size: u16,
    alignment: u8,
    subject: Subject,
}

#[inline(never)]
fn check_place(address: usize, items: usize, Kind { size, alignment, subject }: Kind) -> Result<(), Fault> {
    if items == 0 {
        return Ok(());
    }
    let bytes = items.checked_mul(size.into()).filter(|bytes| *bytes <= isize::MAX as usize);
    let end = bytes.and_then(|bytes| address.checked_add(bytes));
    let error = if address == 0 {
        Error::NullPointer
    } else if address & (usize::from(alignment) - 1) != 0 {
        Error::Misaligned
    } else if end.is_none() {
        Error::TooLarge
    } else {
        return Ok(());
    };
    Err(Fault::new(error, subject))
}

/// The items of an input.
pub(super) unsafe fn input<'a, T>(argument: Argument<*const T>, items: usize) -> Result<&'a [T], Fault> {
    check_array(argument, items)?;
    if items == 0 {
        return Ok(&[]);
    }
    // SAFETY: not NULL, aligned, of a possible size; the contract for the rest.
    Ok(unsafe { core::slice::from_raw_parts(argument.pointer, items) })
}

/// The items of an input that may be NULL.
pub(super) unsafe fn optional_input<'a, T>(
    argument: Argument<*const T>,
    items: usize,
) -> Result<Option<&'a [T]>, Fault> {
    if argument.is_null() {
        return Ok(None);
    }
    // SAFETY: the contract.
    unsafe { input(argument, items) }.map(Some)
}

/// The result of a call, used where it is. Moving it out would copy it on the stack, which may be scarce.
pub(super) fn in_place<T>(result: &Result<T, Fault>) -> Result<&T, Fault> {
    result.as_ref().map_err(|fault| *fault)
}

/// The items of an output, perhaps uninitialised.
pub(super) unsafe fn output<'a, T: Copy>(argument: Argument<*mut T>, items: usize) -> Result<Places<'a, T>, Fault> {
    // SAFETY: the contract; `MaybeUninit<T>` has the layout of `T`.
    unsafe { changed(argument.cast(), items) }.map(Places::new)
}

/// The floats of a gradient, or of a map, which is stored. Where they are stored they may be uninitialised.
///
/// # Safety
/// As for [`output`]; floats that are added to are initialised.
pub(super) unsafe fn floats<'a>(write: Write, argument: Argument<*mut f32>, items: usize) -> Result<Output<'a>, Fault> {
    // SAFETY: the contract; `MaybeUninit<f32>` has the layout of `f32`.
    unsafe { Ok(Output::of_c(write, changed(argument.cast(), items)?)) }
}

/// Items that are read and changed: words of totals.
pub(super) unsafe fn changed<'a, T>(argument: Argument<*mut T>, items: usize) -> Result<&'a mut [T], Fault> {
    check_array(argument, items)?;
    if items == 0 {
        return Ok(&mut []);
    }
    // SAFETY: not NULL, aligned, of a possible size; the contract for the rest.
    Ok(unsafe { core::slice::from_raw_parts_mut(argument.pointer, items) })
}

/// A struct that is read and perhaps changed.
pub(super) unsafe fn structure<'a, T>(argument: Argument<*mut T>) -> Result<&'a mut T, Fault> {
    check_array(argument, 1)?;
    // SAFETY: not NULL and aligned; the contract for the rest.
    Ok(unsafe { &mut *argument.pointer })
}

/// A struct that is only read.
pub(super) unsafe fn constant<'a, T>(argument: Argument<*const T>) -> Result<&'a T, Fault> {
    check_array(argument, 1)?;
    // SAFETY: not NULL and aligned; the contract for the rest.
    Ok(unsafe { &*argument.pointer })
}

/// Room for later fields holds nothing.
pub(super) fn unused(reserved: &[usize], subject: Subject) -> Result<(), Fault> {
    if reserved.iter().all(|word| *word == 0) { Ok(()) } else { Err(Fault::new(Error::Reserved, subject)) }
}

/// A place for a result, perhaps uninitialised.
pub(super) unsafe fn result<'a, T>(argument: Argument<*mut T>) -> Result<&'a mut MaybeUninit<T>, Fault> {
    // SAFETY: `MaybeUninit<T>` has the layout of `T` and asks for no initialised bytes.
    unsafe { structure(argument.cast()) }
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
    fn to_core(self) -> Result<Self::Core, Fault>;
}

/// The value of an option, if its number is known.
pub(super) fn option<T>(value: Option<T>, field: Subject) -> Result<T, Fault> {
    value.ok_or(Fault::new(Error::UnknownOption, field))
}

/// The value of a switch.
pub(super) fn switch(number: u32, field: Subject) -> Result<bool, Fault> {
    option((number <= 1).then_some(number == 1), field)
}

/// A value with its `has_...` field, which is the one that is named.
pub(super) fn optional<T>(has: u32, value: T, field: Subject) -> Result<Option<T>, Fault> {
    Ok(switch(has, field)?.then_some(value))
}

/// Structs beyond this size are a mistake, not a later version.
const IMPLAUSIBLE_SIZE: usize = 4096;

/// Parameters of any version, and the bytes that were read: fields that a shorter struct lacks
/// have their defaults; fields that this version does not know must be zero.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads of the size that its first word says.
pub(super) unsafe fn parameters<P: Versioned>(argument: Argument<*const P>) -> Result<(P, Span), Fault> {
    let mut parameters = P::DEFAULT;
    // SAFETY: the contract; any bits are a `P`.
    let span = unsafe { read_parameters(argument.cast(), (&raw mut parameters).cast(), size_of::<P>()) }?;
    Ok((parameters, span))
}

/// Reads the fields of any version over the defaults, which are `known_size` bytes.
///
/// # Safety
/// As for [`parameters`]; `to` is valid for writes of `known_size` bytes, whole fields of four.
#[inline(never)]
unsafe fn read_parameters(argument: Argument<*const u32>, to: *mut u8, known_size: usize) -> Result<Span, Fault> {
    check_array(argument, 1)?;
    let from = argument.pointer;
    // SAFETY: not NULL and aligned; every version begins with its size.
    let size = checked_size(unsafe { from.read() } as usize)?;
    let known = known_size.min(size);
    // SAFETY: both are valid for `known` bytes, whole fields of four bytes.
    unsafe { core::ptr::copy_nonoverlapping(from.cast::<u8>(), to, known) };
    // SAFETY: the struct is `size` bytes long by its own word; `known` is at most that.
    let unknown = unsafe { core::slice::from_raw_parts(from.cast::<u8>().add(known), size - known) };
    if unknown.iter().any(|byte| *byte != 0) {
        return Err(Error::UnknownField.into());
    }
    Ok(Span::of(argument.cast::<u8>(), size))
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
pub(super) unsafe fn write_defaults<P: Versioned>(argument: Argument<*mut P>, size: usize) -> Result<Notices, Fault> {
    let defaults = P::DEFAULT;
    // SAFETY: the contract.
    unsafe { write_parameters((&raw const defaults).cast(), size_of::<P>(), argument.cast(), size) }
}

/// # Safety
/// As for [`write_defaults`]; `from` is valid for reads of `known_size` bytes.
#[inline(never)]
unsafe fn write_parameters(
    from: *const u8,
    known_size: usize,
    argument: Argument<*mut u32>,
    size: usize,
) -> Result<Notices, Fault> {
    check_array(argument, 1)?;
    let to = argument.pointer;
    let size = checked_size(size).of(subject!(size))?;
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
