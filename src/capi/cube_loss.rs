//! The functions of losses of cubes whose terms are summed, and the inputs of all losses of cubes.

use super::check::{self, Parameters, Span, Written, disjoint};
use super::cube::{self, Taken, hyla_cube};
use super::fault::{Argument, Fault};
use super::loss::{self, Floats};
use crate::input::{self, CubeSource, Marks};

/// Parameters of a loss of a cube.
pub(super) trait CubeLoss: Parameters {
    /// What the pointer beside the cube points to.
    type Given;
    /// What it is for the core.
    type Beside<'a>: Copy;
    /// What the loss uses beside values, mask and weights.
    const MARKS: Marks;

    /// What is beside the cube, and where it lies.
    unsafe fn beside<'a>(cube: &hyla_cube, taken: &Taken, given: Argument<*const Self::Given>) -> Found<'a, Self>;
}

/// What is beside a cube, if it can be read, and where it lies.
pub(super) type Found<'a, P> = Result<(<P as CubeLoss>::Beside<'a>, [Span; 2]), Fault>;

/// Where floats beside a cube lie.
pub(super) fn of_floats(floats: &[f32]) -> [Span; 2] {
    [Span::NOTHING, Span::of_slice(Some(floats))]
}

/// The checked inputs of a call, and what it reads.
pub(super) struct CubeInputs<'a, P: CubeLoss> {
    pub params: P::Core,
    cube: Taken<'a>,
    pub beside: P::Beside<'a>,
    spans: [Span; 9],
}

impl<P: CubeLoss> CubeInputs<'_, P> {
    #[inline(never)]
    pub unsafe fn new(
        params: Argument<*const P>,
        cube: Argument<*const hyla_cube>,
        beside: Argument<*const P::Given>,
    ) -> Result<Self, Fault> {
        // SAFETY: the contract, of the arrays of the cube, too.
        let ((checked, span), given) = unsafe { (check::parameters(params)?, cube::read(cube)?) };
        let core = checked.to_core()?;
        // SAFETY: as above.
        let taken = unsafe { given.take(P::MARKS) }?;
        // SAFETY: as above.
        let (beside, [other, items]) = unsafe { P::beside(given, &taken, beside) }?;
        let [a, b, c, d, e] = taken.spans();
        let spans = [span, Span::of(cube, 1), other, items, a, b, c, d, e];
        Ok(Self { params: core, cube: taken, beside, spans })
    }

    pub fn cube(&self) -> CubeSource<'_> {
        self.cube.source()
    }

    /// Of a loss that reads nothing beside the cube.
    pub unsafe fn alone(params: Argument<*const P>, cube: Argument<*const hyla_cube>) -> Result<Self, Fault> {
        // SAFETY: the contract.
        unsafe { Self::new(params, cube, Argument::new(core::ptr::null(), cube.subject)) }
    }

    /// The map or gradient that has the layout of the values.
    pub fn like_values(&self, to: Argument<*mut f32>) -> Result<Floats, Fault> {
        Ok(Floats(to, self.cube.output(input::Floats::OfValues)?))
    }

    /// A map of one float a pixel.
    pub fn by_pixel(&self, to: Argument<*mut f32>) -> Result<Floats, Fault> {
        Ok(Floats(to, self.cube.output(input::Floats::OfPixels)?))
    }
}

impl<P: CubeLoss> loss::Inputs for CubeInputs<'_, P> {
    fn disjoint(&self, outputs: &[Written], more: &[Span]) -> Result<(), Fault> {
        disjoint(outputs, &[&self.spans, more])
    }
}

/// The functions of a loss. `core` is its module in `crate::loss`, `of` the names of the arguments; documentation that
/// is its own stands before what it is about, and the phrases go into the rest.
macro_rules! cube_loss {
    (
        core $core:ident, params $params:ident, totals $totals:ident,
        of ($cube:ident, $beside:ident: $given:ty) to ($map_to:ident, $grad:ident),
        inputs $inputs:literal,
        errors $errors:literal,
        at_once ($passes:literal, $at_once_errors:literal);

        $(#[$loss_doc:meta])*
        $loss:ident;

        $(#[$map_doc:meta])*
        $map:ident $shape:ident, notices $map_notices:literal;

        $(#[$gradient_doc:meta])*
        $gradient:ident;

        $update:ident, $loss_and_gradient:ident
    ) => {
        $crate::capi::macros::exported! {
            /// Adds pixels to totals.
            ///
            #[doc = concat!(" Inputs: ", $inputs, ".")]
            ///
            /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES,
            #[doc = concat!(" ", $errors, ". Notices: none; `", stringify!($loss), "` tells them.")]
            fn $update(
                params: *const $params, $cube: *const $crate::capi::cube::hyla_cube,
                $beside: *const $given, totals: *mut $totals,
            ) {
                let inputs = $crate::capi::cube_loss::CubeInputs::new(params, $cube, $beside)?;
                $crate::capi::loss::update(&inputs, totals, |totals| {
                    totals.update(&inputs.params, inputs.cube(), inputs.beside)
                })
            }

            $(#[$loss_doc])*
            fn $loss(params: *const $params, totals: *const $totals, loss: *mut f64) {
                $crate::capi::loss::loss(params, totals, loss, $core::Totals::loss)
            }

            $(#[$map_doc])*
            ///
            #[doc = concat!(" Errors: those of `", stringify!($update), "`. Notices: ", $map_notices, ".")]
            fn $map(
                params: *const $params, $cube: *const $crate::capi::cube::hyla_cube,
                $beside: *const $given, $map_to: *mut f32,
            ) {
                let inputs = $crate::capi::cube_loss::CubeInputs::new(params, $cube, $beside)?;
                $crate::capi::loss::map(&inputs, inputs.$shape($map_to)?, |to| {
                    $core::map_to(&inputs.params, inputs.cube(), inputs.beside, to)
                })
            }

            #[doc = concat!(" Writes `upstream * d loss / d ", stringify!($cube), "` to `", stringify!($grad),
                "`, in the layout of the values,")]
            /// or adds it there (`write`).
            $(#[$gradient_doc])*
            ///
            #[doc = concat!(" Errors: those of `", stringify!($update), "`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.")]
            #[doc = concat!(" Notices: those of `", stringify!($loss), "`.")]
            fn $gradient(
                params: *const $params, totals: *const $totals,
                $cube: *const $crate::capi::cube::hyla_cube, $beside: *const $given, upstream: f64,
                write: u32, $grad: *mut f32,
            ) {
                let inputs = $crate::capi::cube_loss::CubeInputs::new(params, $cube, $beside)?;
                let to = inputs.like_values($grad)?;
                $crate::capi::loss::gradient(&inputs, totals, write, to, |totals, to| {
                    totals.gradient_to(&inputs.params, inputs.cube(), inputs.beside, upstream, to)
                })
            }

            /// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
            #[doc = concat!(" bits as update, loss and gradient, ", $passes, ".")]
            /// The batch's totals are added to `totals`, which may be NULL.
            ///
            #[doc = concat!(" Errors: those of `", stringify!($update), "`, ", $at_once_errors, ".")]
            #[doc = concat!(" Notices: those of `", stringify!($loss), "`, about this batch.")]
            fn $loss_and_gradient(
                params: *const $params, $cube: *const $crate::capi::cube::hyla_cube,
                $beside: *const $given, upstream: f64, write: u32, totals: *mut $totals,
                loss: *mut f64, $grad: *mut f32,
            ) {
                let inputs = $crate::capi::cube_loss::CubeInputs::new(params, $cube, $beside)?;
                let to = inputs.like_values($grad)?;
                $crate::capi::loss::loss_and_gradient(&inputs, totals, loss, write, to, |totals, to| {
                    $core::loss_and_gradient_to(&inputs.params, inputs.cube(), inputs.beside, upstream, totals, to)
                })
            }
        }
    };
}

pub(super) use cube_loss;
