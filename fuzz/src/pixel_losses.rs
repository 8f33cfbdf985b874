//! Losses of maps: cross-entropy of logits, focal loss, IoU and Tversky.

use crate::input::{Input, Part};
use crate::node::{Ask, Node, State};
use crate::parameters::Parameters;
use crate::record::Record;
use crate::source::Source;
use hyla::capi::bce::*;
use hyla::capi::cube::hyla_values;
use hyla::capi::focal::*;
use hyla::capi::iou::*;
use hyla::capi::range::{hyla_range, hyla_range_merge};
use hyla::capi::tversky::*;

/// One of the losses, with any parameters.
pub fn any(source: &mut Source) -> Box<dyn Node> {
    match source.below(4) {
        0 => Box::new(Bce::any(source)),
        1 => Box::new(Focal::any(source)),
        2 => Box::new(Iou::any(source)),
        _ => Box::new(Tversky::any(source)),
    }
}

/// What a function takes beside the pixels, as C has it.
pub trait More {
    /// What it points to.
    type Item;

    /// Where it is.
    fn at(&self) -> *const Self::Item;
}

impl More for *const f32 {
    type Item = f32;

    fn at(&self) -> *const f32 {
        *self
    }
}

impl More for hyla_values {
    type Item = Self;

    fn at(&self) -> *const Self {
        self
    }
}

/// A loss with a map and totals alone: `mapped!(Node, totals, update, merge, normalize, loss, map, gradient, at once,
/// the method that makes the input for C, the method that makes a further argument)`.
macro_rules! mapped {
    (
        $node:ident, $totals:ident, $update:ident, $merge:ident, $normalize:ident, $loss:ident, $map:ident,
        $gradient:ident, $at_once:ident, $given:ident $(, $more:ident)?
    ) => {
        // SAFETY of all calls: the arrays are those of the input, and the totals have as many words as C's struct;
        // where a fault changes a pointer, the function must find out.
        impl Node for $node {
            fn words(&self, _input: &Input) -> usize {
                size_of::<$totals>() / 8
            }

            fn update(&self, input: &Input, part: Part, state: &mut State) -> i32 {
                let (params, totals) = (self.params.pointer(), state.at_mut(0, input.fault));
                // SAFETY: see above.
                unsafe { $update(params, &*input.$given(part), $(More::at(&self.$more(input, part)),)? totals) }
            }

            fn merge(&self, _input: &Input, other: &State, state: &mut State) -> i32 {
                // SAFETY: see above.
                unsafe { $merge(other.at(0), state.at_mut(0, None)) }
            }

            fn normalize(&self, _input: &Input, state: &mut State) -> i32 {
                // SAFETY: see above.
                unsafe { $normalize(state.at_mut(0, None)) }
            }

            fn values(&self, _input: &Input, state: &State, record: &mut Record) {
                // SAFETY: see above.
                record.double("loss", |to| unsafe { $loss(self.params.pointer(), state.at(0), to) });
            }

            fn map(&self, input: &Input, part: Part, to: *mut f32) -> Option<i32> {
                let params = self.params.pointer();
                // SAFETY: see above.
                Some(unsafe { $map(params, &*input.$given(part), $(More::at(&self.$more(input, part)),)? to) })
            }

            fn maps_values(&self) -> bool {
                Self::MAPS_VALUES
            }

            fn gradient(&self, input: &Input, part: Part, state: &State, ask: Ask, to: *mut f32) -> Option<i32> {
                let (params, totals) = (self.params.pointer(), state.at(0));
                // SAFETY: see above.
                Some(unsafe {
                    $gradient(
                        params, totals, &*input.$given(part),
                        $(More::at(&self.$more(input, part)),)? ask.upstream, ask.write, to,
                    )
                })
            }

            fn at_once(
                &self,
                input: &Input,
                ask: Ask,
                state: Option<&mut State>,
                loss: *mut f64,
                to: *mut f32,
            ) -> Option<i32> {
                let (params, part) = (self.params.pointer(), input.whole());
                let totals = state.map_or(core::ptr::null_mut(), |state| state.at_mut(0, input.fault));
                // SAFETY: see above.
                Some(unsafe {
                    $at_once(
                        params, &*input.$given(part),
                        $(More::at(&self.$more(input, part)),)? ask.upstream, ask.write, totals,
                        loss, to,
                    )
                })
            }
        }
    };
}
pub(crate) use mapped;

/// Cross-entropy of logits.
pub struct Bce {
    params: Parameters,
}

impl Bce {
    const MAPS_VALUES: bool = false;

    fn any(source: &mut Source) -> Self {
        let params = hyla_bce_params {
            struct_size: 0,
            reduction: source.option(4),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
            pos_weight: source.parameter(&[1.0, 1.0, 10.0, 0.0, 0.3]),
            label_smoothing: source.parameter(&[0.0, 0.0, 0.1, 1.0]),
        };
        Self { params: Parameters::new(source, params) }
    }
}

mapped!(
    Bce,
    hyla_bce_totals,
    hyla_bce_update,
    hyla_bce_merge,
    hyla_bce_normalize,
    hyla_bce_loss,
    hyla_bce_map,
    hyla_bce_gradient,
    hyla_bce_loss_and_gradient,
    pixels
);

/// Focal loss.
pub struct Focal {
    params: Parameters,
}

impl Focal {
    const MAPS_VALUES: bool = false;

    fn any(source: &mut Source) -> Self {
        let params = hyla_focal_params {
            struct_size: 0,
            reduction: source.option(4),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
            gamma: source.parameter(&[2.0, 2.0, 0.0, 1.0, 0.5, 3.7, 100.0]),
            has_alpha: source.option(2),
            alpha: source.parameter(&[0.25, 0.25, 0.0, 1.0]),
        };
        Self { params: Parameters::new(source, params) }
    }
}

mapped!(
    Focal,
    hyla_focal_totals,
    hyla_focal_update,
    hyla_focal_merge,
    hyla_focal_normalize,
    hyla_focal_loss,
    hyla_focal_map,
    hyla_focal_gradient,
    hyla_focal_loss_and_gradient,
    pixels
);

/// A loss with a range beside its totals.
macro_rules! overlap {
    (
        $node:ident, $totals:ident, $update:ident, $merge:ident, $normalize:ident, $loss:ident, $gradient:ident,
        $at_once:ident
    ) => {
        // SAFETY of all calls: as for `mapped`.
        impl Node for $node {
            fn words(&self, _input: &Input) -> usize {
                size_of::<$totals>() / 8
            }

            fn update(&self, input: &Input, part: Part, state: &mut State) -> i32 {
                let range = self.range(state.range_mut());
                // SAFETY: see above.
                unsafe { $update(self.params.pointer(), &*input.pixels(part), state.at_mut(0, input.fault), range) }
            }

            fn merge(&self, _input: &Input, other: &State, state: &mut State) -> i32 {
                // SAFETY: see above.
                unsafe {
                    assert_eq!(hyla_range_merge(other.range(), state.range_mut()), 0);
                    $merge(other.at(0), state.at_mut(0, None))
                }
            }

            fn normalize(&self, _input: &Input, state: &mut State) -> i32 {
                // SAFETY: see above.
                unsafe { $normalize(state.at_mut(0, None)) }
            }

            fn values(&self, _input: &Input, state: &State, record: &mut Record) {
                let range = self.range(state.range::<hyla_range>().cast_mut());
                // SAFETY: see above.
                record.double("loss", |to| unsafe { $loss(self.params.pointer(), state.at(0), range, to) });
            }

            fn gradient(&self, input: &Input, part: Part, state: &State, ask: Ask, to: *mut f32) -> Option<i32> {
                let range = self.range(state.range::<hyla_range>().cast_mut());
                let (params, totals) = (self.params.pointer(), state.at(0));
                // SAFETY: see above.
                Some(unsafe { $gradient(params, totals, range, &*input.pixels(part), ask.upstream, ask.write, to) })
            }

            fn at_once(
                &self,
                input: &Input,
                ask: Ask,
                state: Option<&mut State>,
                loss: *mut f64,
                to: *mut f32,
            ) -> Option<i32> {
                let (params, pixels) = (self.params.pointer(), input.pixels(input.whole()));
                let (totals, range) = match state {
                    Some(state) => (state.at_mut(0, input.fault), state.range_mut()),
                    None => (core::ptr::null_mut(), core::ptr::null_mut()),
                };
                // SAFETY: see above.
                Some(unsafe { $at_once(params, &*pixels, ask.upstream, ask.write, totals, range, loss, to) })
            }
        }
    };
}

/// Soft intersection over union.
pub struct Iou {
    params: Parameters,
    has_range: bool,
}

impl Iou {
    fn any(source: &mut Source) -> Self {
        let params = hyla_iou_params {
            struct_size: 0,
            normalization: source.option(3),
            boundary: source.option(2),
            empty_target: source.option(3),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
            smooth: source.parameter(&[1e-6, 1e-6, 0.0, 1.0]),
        };
        Self { params: Parameters::new(source, params), has_range: source.once_in(2) || params.normalization == 2 }
    }

    /// The range, or NULL where the loss needs none.
    fn range(&self, range: *mut hyla_range) -> *mut hyla_range {
        if self.has_range { range } else { core::ptr::null_mut() }
    }
}

overlap!(
    Iou,
    hyla_iou_totals,
    hyla_iou_update,
    hyla_iou_merge,
    hyla_iou_normalize,
    hyla_iou_loss,
    hyla_iou_gradient,
    hyla_iou_loss_and_gradient
);

/// Soft Tversky index.
pub struct Tversky {
    params: Parameters,
    has_range: bool,
}

impl Tversky {
    fn any(source: &mut Source) -> Self {
        let params = hyla_tversky_params {
            struct_size: 0,
            normalization: source.option(3),
            boundary: source.option(2),
            empty_target: source.option(3),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
            smooth: source.parameter(&[1e-6, 1e-6, 0.0, 1.0]),
            false_positives: source.parameter(&[0.5, 0.3, 0.0, 1.0]),
            false_negatives: source.parameter(&[0.5, 0.7, 0.0, 1.0]),
            gamma: source.parameter(&[1.0, 1.0, 0.0, 0.75, 2.0]),
        };
        Self { params: Parameters::new(source, params), has_range: source.once_in(2) || params.normalization == 2 }
    }

    /// The range, or NULL where the loss needs none.
    fn range(&self, range: *mut hyla_range) -> *mut hyla_range {
        if self.has_range { range } else { core::ptr::null_mut() }
    }
}

overlap!(
    Tversky,
    hyla_tversky_totals,
    hyla_tversky_update,
    hyla_tversky_merge,
    hyla_tversky_normalize,
    hyla_tversky_loss,
    hyla_tversky_gradient,
    hyla_tversky_loss_and_gradient
);
