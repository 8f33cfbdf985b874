//! `hyla_dice_...`: Dice loss of class logits.

use super::cube::Taken;
use super::cube_loss::{CubeInputs, CubeLoss, Found};
use super::loss::{Floats, Inputs as _};
use super::node::*;
use crate::input::Marks;
use crate::loss::dice::{self, Absent, Params, Totals};

stages!(HYLA_DICE_STAGES, 7);

/// A class that occurs neither in the labels nor in the predictions counts as perfect (`eps / eps`).
pub const HYLA_ABSENT_ONE: u32 = 0;
/// It is left out of the mean.
pub const HYLA_ABSENT_SKIP: u32 = 1;

parameters! {
    /// Dice loss of class logits (cuvis-ai: DiceLoss): what is computed.
    ///
    /// With logits x (a cube of K channels, 1 to 4096), labels y (`labels`), pixel weights v (`weights`) and
    /// p = softmax(x), or sigmoid(x) with K = 1, where the label 1 is the class and 0 is not:
    ///
    /// ```text
    /// I_c = sum v p_c [y = c]      D_c = sum v p_c + sum v [y = c]
    /// loss = weight * (1 - mean over the classes of (2 I_c + eps) / (D_c + eps))
    /// ```
    ///
    /// A label that is `ignore_index` acts as masked, one that is no class too, but is counted as rejected. Sums are
    /// exact, the loss is computed from them in double; a gradient is within 16 ulp of float32 of the largest of its
    /// parts. Infinite logits have their limits; NaN gives NaN and HYLA_NOTICE_NOT_FINITE. Needs labels. Calls take
    /// 37 KiB of stack, the gradient of 128 classes or more 68 KiB; with pointers of 32 bits 4 KiB. Initialise with
    /// HYLA_DICE_PARAMS_DEFAULT.
    /// Formula: Milletari, Navab, Ahmadi (2016).
    pub struct hyla_dice_params {
        /// 1: class 0 takes part in the mean; 0: it does not (with K = 1 it always does). Default 1.
        pub include_background: u32 = 1,
        /// 1: `ignore_index` acts as masked; 0: it is not looked at. Default 0.
        pub has_ignore_index: u32 = 0,
        /// The label that acts as masked. Default 0.
        pub ignore_index: i32 = 0,
        /// HYLA_ABSENT_...: what an absent class counts for. Default: one.
        pub absent: u32 = HYLA_ABSENT_ONE,
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
        /// The smoothing term: finite, not negative. Default 1e-6.
        pub eps: f32 = 1e-6,
    }
    HYLA_DICE_PARAMS_DEFAULT, hyla_dice_params_init
    |given| Params {
        include_background: switch(given.include_background, subject!(include_background))?,
        ignore_index: optional(given.has_ignore_index, given.ignore_index, subject!(has_ignore_index))?,
        absent: option(Absent::from_number(given.absent), subject!(absent))?,
        weight: given.weight,
        eps: given.eps,
    }
}

mirror! {
    /// Exact sums over pixels for ONE class, in words of int64; all zero is empty. The totals of a loss are an array
    /// of as many as there are channels. Adding the words of two arrays merges them.
    pub struct hyla_dice_totals: Totals {
        /// `sum v p_c` over the pixels whose label is the class.
        pub intersection: hyla_exact_sum,
        /// `sum v p_c`.
        pub predicted: hyla_exact_sum,
        /// `sum v` over the pixels whose label is the class.
        pub target: hyla_exact_sum,
        /// How many pixels count.
        pub pixels: i64,
        /// How many valid pixels had a bad weight or label and acted as masked.
        pub rejected: i64,
        /// Shows whether terms of different classes were mixed.
        pub fingerprint: i64,
    }
}

impl CubeLoss for hyla_dice_params {
    type Given = f32;
    type Beside<'a> = ();

    const MARKS: Marks = Marks::Labels;

    unsafe fn beside<'a>(_: &hyla_cube, _: &Taken, _: Argument<*const f32>) -> Found<'a, Self> {
        Ok(((), [Span::NOTHING; 2]))
    }
}

size!(hyla_dice_totals_size, hyla_dice_totals, ": the totals of one class");

totals_of_each! {
    "class", core dice, totals hyla_dice_totals, count classes; hyla_dice_merge, hyla_dice_normalize
}

exported! {
    /// Adds pixels to the totals of the classes, an array of `channels` of them.
    ///
    /// Inputs: the cube's values and `labels`, optional `valid` and `weights`.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS
    /// (none, or more than 4096), UNKNOWN_OPTION, WEIGHT, EPSILON. Notices: none; `hyla_dice_loss` tells them.
    fn hyla_dice_update(
        params: *const hyla_dice_params, logits: *const hyla_cube, totals: *mut hyla_dice_totals,
    ) {
        let inputs = CubeInputs::alone(params, logits)?;
        let classes = inputs.cube().channels();
        inputs.disjoint(&[Written::of(totals, classes)], &[])?;
        Ok(dice::update(&inputs.params, inputs.cube(), views_mut(totals, classes)?)?)
    }

    /// The loss, in double from exact sums; 0 of no pixel.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, CHANNELS (no class, or more
    /// than 4096), UNKNOWN_OPTION, WEIGHT, EPSILON, TOTALS, MIXED_TOTALS (of other classes). Notices: EMPTY,
    /// NOT_FINITE, REJECTED.
    fn hyla_dice_loss(
        params: *const hyla_dice_params, totals: *const hyla_dice_totals, classes: usize,
        loss: *mut f64,
    ) {
        let (checked, span) = check::parameters(params)?;
        disjoint(&[Written::of(loss, 1)], &[&[span, Span::of(totals, classes)]])?;
        let (totals, loss) = (views(totals, classes)?, check::result(loss)?);
        put_number(dice::loss(&checked.to_core()?, totals).naming(&[Error::Channels], subject!(classes))?, loss)
    }

    /// Writes `upstream * d loss / d logits` to `grad_logits`, in the layout of the values, or adds it there (`write`).
    ///
    /// Errors: those of `hyla_dice_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS. Notices: those of `hyla_dice_loss`.
    fn hyla_dice_gradient(
        params: *const hyla_dice_params, totals: *const hyla_dice_totals, logits: *const hyla_cube,
        upstream: f64, write: u32, grad_logits: *mut f32,
    ) {
        let inputs = CubeInputs::alone(params, logits)?;
        let write = write_mode(write)?;
        let (Floats(_, span), classes) = (inputs.like_values(grad_logits)?, inputs.cube().channels());
        inputs.disjoint(&[Written::of(grad_logits, span)], &[Span::of(totals, classes)])?;
        let (totals, gradient) =
            (views(totals, classes)?, floats(write, grad_logits, span)?);
        Ok(dice::gradient_to(&inputs.params, totals, &inputs.cube(), upstream, gradient)?.notices)
    }

    /// The loss and the gradient of one batch in one call: the same bits as update, loss and gradient. The batch's
    /// totals are added to `totals`, which may be NULL, and stored in `batch`, which may be uninitialised: both are
    /// arrays of `channels` of them.
    ///
    /// Errors: those of `hyla_dice_update`, UNKNOWN_WRITE. Notices: those of `hyla_dice_loss`, about this batch.
    fn hyla_dice_loss_and_gradient(
        params: *const hyla_dice_params, logits: *const hyla_cube, upstream: f64, write: u32,
        totals: *mut hyla_dice_totals, batch: *mut hyla_dice_totals, loss: *mut f64,
        grad_logits: *mut f32,
    ) {
        let inputs = CubeInputs::alone(params, logits)?;
        let write = write_mode(write)?;
        let (Floats(_, span), classes) = (inputs.like_values(grad_logits)?, inputs.cube().channels());
        let (of_totals, of_batch) = (Written::of(totals, classes), Written::of(batch, classes));
        inputs.disjoint(&[of_totals, of_batch, Written::of(loss, 1), Written::of(grad_logits, span)], &[])?;
        let totals = if totals.is_null() { None } else { Some(views_mut(totals, classes)?) };
        let (batch, gradient) = (output(mirrored(batch), classes)?, floats(write, grad_logits, span)?);
        let loss = check::result(loss)?;
        let params = &inputs.params;
        put_number(dice::loss_and_gradient_to(params, &inputs.cube(), upstream, totals, batch, gradient)?, loss)
    }
}
