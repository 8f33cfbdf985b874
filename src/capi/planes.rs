//! Numbers and truth values, one a pixel, of the type and in the place that a camera or a model gave them.

#[cfg(feature = "conversions")]
use super::check::Span;
use super::check::input;
#[cfg(feature = "conversions")]
use super::fault::About as _;
use super::fault::{Argument, Fault, Subject, subject};
use crate::error::Error;
#[cfg(feature = "conversions")]
use crate::input::{Items, Mask, Plane, Rows, Truths};
use core::ffi::c_void;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// The type of an item: the code and the bits of DLPack, `code | bits << 8`, so that a tensor's dtype is one of these.
/// IEEE binary32: float.
pub const HYLA_F32: u32 = 0x2002;
/// IEEE binary64: double. Rounded to the nearest float.
pub const HYLA_F64: u32 = 0x4002;
/// IEEE binary16, as its bits (uint16_t).
pub const HYLA_F16: u32 = 0x1002;
/// bfloat16, as its bits (uint16_t): the upper half of a float.
pub const HYLA_BF16: u32 = 0x1004;
/// uint8_t.
pub const HYLA_U8: u32 = 0x0801;
/// int8_t.
pub const HYLA_I8: u32 = 0x0800;
/// uint16_t.
pub const HYLA_U16: u32 = 0x1001;
/// int16_t.
pub const HYLA_I16: u32 = 0x1000;
/// int32_t; for labels and masks.
pub const HYLA_I32: u32 = 0x2000;
/// A truth value in a byte (bool of C, C++ and NumPy); for masks.
pub const HYLA_BOOL: u32 = 0x0806;
/// Truth values in bits, eight a byte, the first pixel in the lowest bit (PFNC Mono1p; NumPy's packbits with bitorder
/// little); for masks.
pub const HYLA_BITS_LSB: u32 = 0x0106;
/// Truth values in bits, eight a byte, the first pixel in the highest bit (PBM; NumPy's packbits); for masks.
pub const HYLA_BITS_MSB: u32 = 0x0001_0106;
/// Camera pixels of 10 bits, four in five bytes, the first pixel in the lowest bits (GenICam PFNC Mono10p). Each row
/// begins with a byte of its own.
pub const HYLA_MONO10P: u32 = 0x0A01;
/// Camera pixels of 12 bits, two in three bytes, the first pixel in the lowest bits (GenICam PFNC Mono12p). Each row
/// begins with a byte of its own.
pub const HYLA_MONO12P: u32 = 0x0C01;
/// Camera pixels of 12 bits, two in three bytes: the eight high bits of the first, the four low bits of both, the eight
/// high bits of the second (GigE Vision Mono12Packed). Each row begins with a byte of its own.
pub const HYLA_MONO12_PACKED: u32 = 0x0001_0C01;

/// Numbers, one a pixel, where they are: `hyla_f32(pointer)`, `hyla_u16(pointer)` and so on make one, `hyla_plane_...`
/// change it. Fields that are 0 have the usual meaning. `data` NULL: there is no such input.
///
/// The value of pixel (row, column) is the item at `row * row_pitch` bytes and `column * stride` items. Of integers it
/// is `(item - zero_point) * scale`: the difference is exact, the product rounded once. Doubles are rounded once, too.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_plane {
    /// The first pixel's item, aligned for its type.
    pub data: *const c_void,
    /// Bytes from a row to the next (line pitch, step): whole items, at least a row. 0: no gap.
    pub row_pitch: usize,
    /// Items from a pixel to the next. 0: 1, neighbours. Of packed pixels 0 or 1.
    pub stride: usize,
    /// HYLA_F32, HYLA_U16, ... 0 is an error: it was forgotten.
    pub dtype: u32,
    /// Of integers: the one that means 0.
    pub zero_point: i32,
    /// Of integers: what their difference to `zero_point` is multiplied with, finite. 0: 1.
    pub scale: f32,
    /// 0.
    pub reserved: u32,
}

/// Truth values, one a pixel, where they are: `hyla_mask_u8(pointer)` and so on make one, `hyla_mask_...` change it.
/// Nonzero is true. `data` NULL: there is no such input.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_mask {
    /// The first pixel's item, aligned for its type; of bits the byte that it is in.
    pub data: *const c_void,
    /// Bytes from a row to the next: whole items, at least a row. 0: no gap; of bits each row begins with a byte of its
    /// own.
    pub row_pitch: usize,
    /// Items from a pixel to the next. 0: 1, neighbours. Of bits 0 or 1.
    pub stride: usize,
    /// HYLA_U8, HYLA_BOOL, HYLA_U16, HYLA_I32, HYLA_BITS_LSB or HYLA_BITS_MSB. 0 is an error: it was forgotten.
    pub dtype: u32,
    /// Of bits: the place of each row's first pixel in its byte, 0 to 7.
    pub first_bit: u32,
    /// 1: a pixel whose item is `ignore` is as if it were not there. 0: there is no such label.
    pub has_ignore: u32,
    /// The void label: 255, -1, 0.
    pub ignore: i32,
}

/// Where items begin of which the caller knows how many there are: in a register, where a slice is not.
pub(super) struct Place<'a, T>(NonNull<T>, PhantomData<&'a [T]>);

impl<'a, T> Place<'a, T> {
    #[inline(always)]
    fn of(items: &'a [T]) -> Self {
        Self(NonNull::from(items).cast(), PhantomData)
    }

    /// The items.
    ///
    /// # Safety
    /// There are `n`.
    #[inline(always)]
    pub unsafe fn items(self, n: usize) -> &'a [T] {
        // SAFETY: a slice was made of them.
        unsafe { core::slice::from_raw_parts(self.0.as_ptr(), n) }
    }
}

impl hyla_plane {
    /// The floats.
    ///
    /// # Errors
    /// They are no floats side by side ([`Error::Dtype`]). (Of no pixel a plane may be all zero.)
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) unsafe fn floats<'a>(&self, n: usize, subject: Subject) -> Result<Place<'a, f32>, Fault> {
        let is_plain = self.is_plain(HYLA_F32) && self.stride <= 1;
        if !is_plain && !self.data.is_null() {
            return Err(Fault::new(Error::Dtype, subject));
        }
        // SAFETY: the contract.
        unsafe { input(Argument::new(self.data.cast(), subject), n) }.map(Place::of)
    }

    /// Whether the items are of a type, in rows without gaps, and have no other meaning.
    #[inline(always)]
    pub(super) fn is_plain(&self, dtype: u32) -> bool {
        let numbers = self.zero_point as u32 | self.scale.to_bits() | self.reserved;
        self.dtype == dtype && self.row_pitch == 0 && numbers == 0
    }

    /// The items of rows of pixels.
    #[cfg(feature = "conversions")]
    pub(super) unsafe fn read<'a>(&self, rows: usize, columns: usize, subject: Subject) -> Result<Plane<'a>, Fault> {
        let span = self.lie(subject)?.span(rows, columns).of(subject)?;
        // SAFETY: the contract.
        let plane = unsafe { self.items(span, subject) }?;
        plane.check(rows, columns).of(subject)?;
        Ok(plane)
    }

    /// How the items follow each other.
    #[cfg(feature = "conversions")]
    #[inline(never)]
    pub(super) fn lie(&self, subject: Subject) -> Result<Rows, Fault> {
        if self.reserved != 0 {
            return Err(Fault::new(Error::Reserved, subject));
        }
        // SAFETY: of no items nothing is read.
        let lie = unsafe { self.items(0, subject) }?.lie();
        if self.stride > 1 && lie.group.is_some() {
            return Err(Fault::new(Error::Strides, subject));
        }
        Ok(lie)
    }

    /// So many items, with what they mean.
    #[cfg(feature = "conversions")]
    #[inline(never)]
    pub(super) unsafe fn items<'a>(&self, span: usize, subject: Subject) -> Result<Plane<'a>, Fault> {
        let Self { row_pitch, stride, dtype, zero_point, scale, .. } = *self;
        let data = Argument::new(self.data, subject);
        // SAFETY: the contract.
        let (items, size) = unsafe {
            match dtype {
                HYLA_F32 => (Items::F32(input(data.cast(), span)?), 4),
                HYLA_F64 => (Items::F64(input(data.cast(), span)?), 8),
                HYLA_F16 => (Items::F16(input(data.cast(), span)?), 2),
                HYLA_BF16 => (Items::Bf16(input(data.cast(), span)?), 2),
                HYLA_U8 => (Items::U8(input(data.cast(), span)?), 1),
                HYLA_I8 => (Items::I8(input(data.cast(), span)?), 1),
                HYLA_U16 => (Items::U16(input(data.cast(), span)?), 2),
                HYLA_I16 => (Items::I16(input(data.cast(), span)?), 2),
                HYLA_MONO10P => (Items::Mono10p(input(data.cast(), span)?), 1),
                HYLA_MONO12P => (Items::Mono12p(input(data.cast(), span)?), 1),
                HYLA_MONO12_PACKED => (Items::Mono12Packed(input(data.cast(), span)?), 1),
                _ => return Err(Fault::new(Error::Dtype, subject)),
            }
        };
        if !row_pitch.is_multiple_of(size) {
            return Err(Fault::new(Error::Misaligned, subject));
        }
        let scale = if scale == 0.0 { 1.0 } else { scale };
        Ok(Plane::new(items).affine(scale, zero_point).every(stride.max(1)).rows(row_pitch / size))
    }
}

impl hyla_mask {
    /// The bytes.
    ///
    /// # Errors
    /// They are no bytes side by side ([`Error::Dtype`]). (Of no pixel a mask may be all zero.)
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) unsafe fn bytes<'a>(&self, n: usize, subject: Subject) -> Result<Place<'a, u8>, Fault> {
        let is_byte = self.dtype == HYLA_U8 || self.dtype == HYLA_BOOL;
        let is_plain = is_byte && self.row_pitch == 0 && self.stride <= 1 && self.first_bit | self.has_ignore == 0;
        if !is_plain && !self.data.is_null() {
            return Err(Fault::new(Error::Dtype, subject));
        }
        // SAFETY: the contract.
        unsafe { input(Argument::new(self.data.cast(), subject), n) }.map(Place::of)
    }

    /// The items of rows of pixels, if they are used; of no pixel there are some if they are needed.
    ///
    /// # Errors
    /// They are needed and not given ([`Error::NullPointer`]), and those of [`Self::read`].
    #[cfg(feature = "conversions")]
    pub(super) unsafe fn given<'a>(
        &self,
        [is_used, is_needed]: [bool; 2],
        [rows, columns]: [usize; 2],
        subject: Subject,
    ) -> Result<Option<Mask<'a>>, Fault> {
        match (is_used, is_needed) {
            // SAFETY: the contract.
            (true, _) => unsafe { self.read(rows, columns, subject) }.map(Some),
            (false, true) if rows * columns > 0 => Err(Fault::new(Error::NullPointer, subject)),
            (false, true) => Ok(Some(Mask::from(&[0_u8; 0][..]))),
            (false, false) => Ok(None),
        }
    }

    /// The items of rows of pixels.
    #[cfg(feature = "conversions")]
    #[inline(never)]
    pub(super) unsafe fn read<'a>(&self, rows: usize, columns: usize, subject: Subject) -> Result<Mask<'a>, Fault> {
        let Self { data, row_pitch, stride, dtype, first_bit, has_ignore, ignore } = *self;
        let (size, empty) = match dtype {
            HYLA_U8 | HYLA_BOOL => (1, Truths::U8(&[])),
            HYLA_U16 => (2, Truths::U16(&[])),
            HYLA_I32 => (4, Truths::I32(&[])),
            HYLA_BITS_LSB => (1, Truths::LowestFirst(&[])),
            HYLA_BITS_MSB => (1, Truths::HighestFirst(&[])),
            _ => return Err(Fault::new(Error::Dtype, subject)),
        };
        if has_ignore > 1 {
            return Err(Fault::new(Error::UnsupportedInput, subject));
        }
        if !row_pitch.is_multiple_of(size) {
            return Err(Fault::new(Error::Misaligned, subject));
        }
        let truths = |truths: Truths<'a>| {
            let mask = Mask::new(truths).every(stride.max(1)).from_bit(first_bit as usize).rows(row_pitch / size);
            if has_ignore == 1 { mask.ignoring(ignore) } else { mask }
        };
        let lie = truths(empty).lie();
        if lie.group.is_some() && (stride > 1 || first_bit > 7) {
            return Err(Fault::new(Error::Strides, subject));
        }
        let span = lie.span(rows, columns).of(subject)?;
        let data = Argument::new(data, subject);
        // SAFETY: the contract.
        let mask = truths(unsafe {
            match dtype {
                HYLA_U16 => Truths::U16(input(data.cast(), span)?),
                HYLA_I32 => Truths::I32(input(data.cast(), span)?),
                HYLA_BITS_LSB => Truths::LowestFirst(input(data.cast(), span)?),
                HYLA_BITS_MSB => Truths::HighestFirst(input(data.cast(), span)?),
                _ => Truths::U8(input(data.cast(), span)?),
            }
        });
        mask.check(rows, columns).of(subject)?;
        Ok(mask)
    }
}

/// Slices lie in one row, and so do outputs beside them.
#[inline(always)]
pub(super) fn check_one_row(rows: usize, output_pitch: usize) -> Result<(), Fault> {
    if rows <= 1 && output_pitch == 0 {
        return Ok(());
    }
    let subject = if rows > 1 { subject!(rows) } else { subject!(output_pitch) };
    Err(Fault::new(Error::UnsupportedInput, subject))
}

/// Floats from a row of an output to the next.
#[cfg(feature = "conversions")]
pub(super) fn output_row_stride(output_pitch: usize) -> Result<usize, Fault> {
    if output_pitch.is_multiple_of(size_of::<f32>()) {
        Ok(output_pitch / size_of::<f32>())
    } else {
        Err(Fault::new(Error::Misaligned, subject!(output_pitch)))
    }
}

/// Where the items of a plane lie.
#[cfg(feature = "conversions")]
pub(super) fn of_plane(plane: &Option<Plane>) -> Span {
    match plane.as_ref().map(Plane::items) {
        None => Span::of_slice::<u8>(None),
        Some(Items::F32(items)) => Span::of_slice(Some(items)),
        Some(Items::F64(items)) => Span::of_slice(Some(items)),
        Some(Items::F16(items) | Items::Bf16(items) | Items::U16(items)) => Span::of_slice(Some(items)),
        Some(Items::I8(items)) => Span::of_slice(Some(items)),
        Some(Items::I16(items)) => Span::of_slice(Some(items)),
        Some(Items::U8(items) | Items::Mono10p(items) | Items::Mono12p(items) | Items::Mono12Packed(items)) => {
            Span::of_slice(Some(items))
        }
    }
}

/// Where the items of a mask lie.
#[cfg(feature = "conversions")]
pub(super) fn of_mask(mask: &Option<Mask>) -> Span {
    match mask.as_ref().map(Mask::truths) {
        None => Span::of_slice::<u8>(None),
        Some(Truths::U8(items) | Truths::LowestFirst(items) | Truths::HighestFirst(items)) => {
            Span::of_slice(Some(items))
        }
        Some(Truths::U16(items)) => Span::of_slice(Some(items)),
        Some(Truths::I32(items)) => Span::of_slice(Some(items)),
    }
}
