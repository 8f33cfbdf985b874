//! Losses of cubes: the inputs of all, and the bodies of the functions of a loss whose terms are summed, with the macro that
//! writes them.

use super::check::{self, Parameters, Span, disjoint, floats};
use super::cube::{self, hyla_cube};
use super::status::hyla_status;
use super::{Mirrors, call, core, core_mut, optional_mut};
use crate::error::{Error, Notices, Value};
use crate::input::Cube;
use crate::simd::{Output, Write};

/// Parameters of a loss of a cube.
pub(super) trait CubeLoss: Parameters {
    /// What is read beside the cube: floats, or perhaps none.
    type Beside<'a>: Copy + Into<Option<&'a [f32]>>;

    /// The arrays that the loss uses.
    unsafe fn read<'a>(
        cube: &hyla_cube,
        beside: *const f32,
    ) -> Result<(Cube<'a>, Self::Beside<'a>), Error>;
}

/// The checked inputs of a call, and what it reads.
pub(super) struct Inputs<'a, P: CubeLoss> {
    pub params: P::Core,
    pub cube: Cube<'a>,
    pub beside: P::Beside<'a>,
    spans: [Span; 8],
}

impl<P: CubeLoss> Inputs<'_, P> {
    #[inline(never)]
    pub unsafe fn new(
        params: *const P,
        cube: *const hyla_cube,
        beside: *const f32,
    ) -> Result<Self, Error> {
        // SAFETY: the contract, of the arrays of the cube, too.
        let ((checked, span), (used, beside)) =
            unsafe { (check::parameters(params)?, P::read(&cube::read(cube)?, beside)?) };
        let [a, b, c, d, e, f] = cube::spans(cube, &used);
        let spans = [span, Span::of_slice(beside.into()), a, b, c, d, e, f];
        Ok(Self { params: checked.to_core()?, cube: used, beside, spans })
    }

    /// From the first value to the end of the last, in floats.
    pub fn span(&self) -> usize {
        self.cube.values.len()
    }

    /// No output overlaps another one, what is read, or more that is.
    pub fn apart(&self, outputs: &[Span], more: &[Span]) -> Result<(), Error> {
        disjoint(outputs, &[&self.spans, more])
    }
}

/// The whole of every `..._update`.
#[inline(always)]
pub(super) unsafe fn update<'a, P: CubeLoss, C: Mirrors>(
    params: *const P,
    cube: *const hyla_cube,
    beside: *const f32,
    totals: *mut C,
    update: impl Fn(&mut C::Core, &P::Core, &Cube<'a>, P::Beside<'a>) -> Result<(), Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Inputs::<'a, P>::new(params, cube, beside) }?;
        inputs.apart(&[Span::of(totals, 1)], &[])?;
        // SAFETY: the contract; the output overlaps nothing.
        update(unsafe { core_mut(totals) }?, &inputs.params, &inputs.cube, inputs.beside)?;
        Ok(Notices::NONE)
    })
}

/// The whole of every `..._map`, of `length` floats.
#[inline(always)]
pub(super) unsafe fn map<'a, P: CubeLoss>(
    params: *const P,
    cube: *const hyla_cube,
    beside: *const f32,
    to: *mut f32,
    length: impl Fn(&Cube<'a>) -> usize,
    map: impl Fn(&P::Core, &Cube<'a>, P::Beside<'a>, Output) -> Result<Notices, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Inputs::<'a, P>::new(params, cube, beside) }?;
        let length = length(&inputs.cube);
        inputs.apart(&[Span::of(to, length)], &[])?;
        // SAFETY: the contract; the output overlaps nothing.
        let to = unsafe { floats(Write::Store, to, length) }?;
        map(&inputs.params, &inputs.cube, inputs.beside, to)
    })
}

/// The whole of every `..._gradient`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "those of the function of C, and the core's")]
pub(super) unsafe fn gradient<'a, P: CubeLoss, C: Mirrors>(
    params: *const P,
    totals: *const C,
    cube: *const hyla_cube,
    beside: *const f32,
    upstream: f64,
    write: u32,
    to: *mut f32,
    gradient: impl Fn(
        &C::Core,
        &P::Core,
        &Cube<'a>,
        P::Beside<'a>,
        f64,
        Output,
    ) -> Result<Notices, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Inputs::<'a, P>::new(params, cube, beside) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        inputs.apart(&[Span::of(to, inputs.span())], &[Span::of(totals, 1)])?;
        // SAFETY: the contract; the output overlaps nothing.
        let (totals, to) = unsafe { (core(totals)?, floats(write, to, inputs.span())?) };
        gradient(totals, &inputs.params, &inputs.cube, inputs.beside, upstream, to)
    })
}

/// The whole of every `..._loss_and_gradient`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "those of the function of C, and the core's")]
pub(super) unsafe fn loss_and_gradient<'a, P: CubeLoss, C: Mirrors>(
    params: *const P,
    cube: *const hyla_cube,
    beside: *const f32,
    upstream: f64,
    write: u32,
    totals: *mut C,
    loss: *mut f64,
    to: *mut f32,
    at_once: impl Fn(
        &P::Core,
        &Cube<'a>,
        P::Beside<'a>,
        f64,
        Option<&mut C::Core>,
        Output,
    ) -> Result<Value, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Inputs::<'a, P>::new(params, cube, beside) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let writes = [Span::of(totals, 1), Span::of(loss, 1), Span::of(to, inputs.span())];
        inputs.apart(&writes, &[])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let totals = unsafe { optional_mut(totals) }?;
        // SAFETY: as above.
        let (loss, to) = unsafe { (check::result(loss)?, floats(write, to, inputs.span())?) };
        let Inputs { params, cube, beside, .. } = inputs;
        super::write(at_once(&params, &cube, beside, upstream, totals, to)?, loss)
    })
}

/// The functions of a loss. `core` is its module in `crate::loss`, `of` the names of the arguments; documentation that is
/// its own stands before what it is about, and the phrases go into the rest.
macro_rules! cube_loss {
    (
        core $core:ident, params $params:ident, totals $totals:ident,
        of ($cube:ident, $beside:ident) to ($map_to:ident, $grad:ident),
        inputs $inputs:literal,
        errors $errors:literal,
        at_once ($passes:literal, $at_once_errors:literal);

        $(#[$loss_doc:meta])*
        $loss:ident;

        $(#[$map_doc:meta])*
        $map:ident of $length:expr, notices $map_notices:literal;

        $(#[$gradient_doc:meta])*
        $gradient:ident;

        $update:ident, $loss_and_gradient:ident
    ) => {
        /// Adds pixels to totals.
        ///
        #[doc = concat!(" Inputs: ", $inputs, ". Time is linear in n.")]
        /// Nothing is allocated or kept. Any number of threads may call it, each with totals of its own.
        ///
        /// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
        #[doc = concat!(" UNKNOWN_FIELD, RESERVED, STRIDES, ", $errors, ".")]
        #[doc = concat!(" Notices: none; `", stringify!($loss), "` tells them.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $update(
            params: *const $params,
            $cube: *const $crate::capi::cube::hyla_cube,
            $beside: *const f32,
            totals: *mut $totals,
        ) -> $crate::capi::status::hyla_status {
            let update = $core::Totals::update;
            // SAFETY: the contract.
            unsafe { $crate::capi::cube_loss::update(params, $cube, $beside, totals, update) }
        }

        $(#[$loss_doc])*
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss(
            params: *const $params,
            totals: *const $totals,
            loss: *mut f64,
        ) -> $crate::capi::status::hyla_status {
            // SAFETY: the contract.
            unsafe { $crate::capi::loss(params, totals, loss, $core::Totals::loss) }
        }

        $(#[$map_doc])*
        ///
        #[doc = concat!(" Errors, with `", stringify!($map_to), "` unchanged: those of `", stringify!($update), "`.")]
        #[doc = concat!(" Notices: ", $map_notices, ".")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $map(
            params: *const $params,
            $cube: *const $crate::capi::cube::hyla_cube,
            $beside: *const f32,
            $map_to: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            let map = $core::map_to;
            // SAFETY: the contract.
            unsafe { $crate::capi::cube_loss::map(params, $cube, $beside, $map_to, $length, map) }
        }

        #[doc = concat!(" Writes `upstream * d loss / d ", stringify!($cube), "` to `", stringify!($grad), "`, in the layout of the values,")]
        /// or adds it there (`write`: HYLA_STORE or HYLA_ADD).
        /// `totals` are those of the whole batch, merged over all tiles and ranks; the cube may be any part
        /// of the batch. Where a pixel does not count: 0, or unchanged.
        $(#[$gradient_doc])*
        /// With HYLA_STORE the output may be uninitialised.
        ///
        #[doc = concat!(" Errors, with `", stringify!($grad), "` unchanged: those of `", stringify!($update), "`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.")]
        #[doc = concat!(" Notices: those of `", stringify!($loss), "`.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $gradient(
            params: *const $params,
            totals: *const $totals,
            $cube: *const $crate::capi::cube::hyla_cube,
            $beside: *const f32,
            upstream: f64,
            write: u32,
            $grad: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            let gradient = $core::Totals::gradient_to;
            // SAFETY: the contract.
            unsafe {
                $crate::capi::cube_loss::gradient(
                    params, totals, $cube, $beside, upstream, write, $grad, gradient,
                )
            }
        }

        /// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
        #[doc = concat!(" bits as update, loss and gradient, ", $passes, ".")]
        /// The batch's totals are added to `totals`, which may be NULL.
        ///
        #[doc = concat!(" Errors, with all outputs unchanged: those of `", stringify!($update), "`, ", $at_once_errors, ".")]
        #[doc = concat!(" Notices: those of `", stringify!($loss), "`, about this batch.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss_and_gradient(
            params: *const $params,
            $cube: *const $crate::capi::cube::hyla_cube,
            $beside: *const f32,
            upstream: f64,
            write: u32,
            totals: *mut $totals,
            loss: *mut f64,
            $grad: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            let at_once = $core::loss_and_gradient_to;
            // SAFETY: the contract.
            unsafe {
                $crate::capi::cube_loss::loss_and_gradient(
                    params, $cube, $beside, upstream, write, totals, loss, $grad, at_once,
                )
            }
        }
    };
}

pub(super) use cube_loss;
