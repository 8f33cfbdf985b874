//! Losses of cubes: Deep SVDD (in its own file), mean squared error, the spectral angle, cross-entropy of classes,
//! Dice and foreground contrast.

use crate::buffer::{Buffer, pointer};
use crate::fault::{Array, Fault};
use crate::input::{Input, Layout, Part};
use crate::node::{Ask, Node, State};
use crate::parameters::Parameters;
use crate::pixel_losses::{More, mapped};
use crate::record::Record;
use crate::source::Source;
use crate::svdd::Svdd;
use hyla::capi::cross_entropy::*;
use hyla::capi::cube::hyla_values;
use hyla::capi::dice::*;
use hyla::capi::foreground_contrast::*;
use hyla::capi::mse::*;
use hyla::capi::spectral_angle::*;

/// The most channels of a case; the kernels change their ways at 128 of them.
const MOST_CHANNELS: usize = 300;

/// One of the losses with any parameters, and a cube for it.
pub fn any(source: &mut Source) -> (Box<dyn Node>, Input) {
    let kind = source.below(6);
    if kind == 4 {
        let n = source.length();
        let layout = Layout::any(source, n, 3);
        let input = Input::of(source, n, layout, true);
        return (Box::new(Contrast::any(source)), input);
    }
    let input = Input::cube(source, MOST_CHANNELS);
    let channels = input.layout.channels;
    let node: Box<dyn Node> = match kind {
        0 => Box::new(Svdd::any(source, channels)),
        1 => Box::new(Mse::any(source)),
        2 => Box::new(CrossEntropy::any(source, channels)),
        5 => Box::new(SpectralAngle::any(source)),
        _ => Box::new(Dice::any(source)),
    };
    (node, input)
}

/// What the values of a loss are compared with.
macro_rules! compared {
    ($node:ident) => {
        impl $node {
            fn compared(&self, input: &Input, part: Part) -> hyla_values {
                input.lie(&input.second, part)
            }
        }
    };
}

/// Mean squared error.
pub struct Mse {
    params: Parameters,
}

impl Mse {
    const MAPS_VALUES: bool = true;

    fn any(source: &mut Source) -> Self {
        let params = hyla_mse_params {
            struct_size: 0,
            reduction: source.option(4),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
        };
        Self { params: Parameters::new(source, params) }
    }
}

compared!(Mse);

mapped!(
    Mse,
    hyla_mse_totals,
    hyla_mse_update,
    hyla_mse_merge,
    hyla_mse_normalize,
    hyla_mse_loss,
    hyla_mse_map,
    hyla_mse_gradient,
    hyla_mse_loss_and_gradient,
    given_cube,
    compared
);

/// The angle between spectra.
pub struct SpectralAngle {
    params: Parameters,
}

impl SpectralAngle {
    const MAPS_VALUES: bool = false;

    fn any(source: &mut Source) -> Self {
        let params = hyla_spectral_angle_params {
            struct_size: 0,
            measure: source.option(2),
            reduction: source.option(4),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
        };
        Self { params: Parameters::new(source, params) }
    }
}

compared!(SpectralAngle);

mapped!(
    SpectralAngle,
    hyla_spectral_angle_totals,
    hyla_spectral_angle_update,
    hyla_spectral_angle_merge,
    hyla_spectral_angle_normalize,
    hyla_spectral_angle_loss,
    hyla_spectral_angle_map,
    hyla_spectral_angle_gradient,
    hyla_spectral_angle_loss_and_gradient,
    given_cube,
    compared
);

/// Cross-entropy of classes.
pub struct CrossEntropy {
    params: Parameters,
    class_weights: Option<Buffer<f32>>,
}

impl CrossEntropy {
    const MAPS_VALUES: bool = false;

    fn any(source: &mut Source, channels: usize) -> Self {
        let params = hyla_cross_entropy_params {
            struct_size: 0,
            reduction: source.option(4),
            has_ignore_index: source.option(2),
            ignore_index: source.pick(&[-100, 0, 1, -1]),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
            label_smoothing: source.parameter(&[0.0, 0.0, 0.1, 1.0]),
        };
        let class_weights = source.once_in(3).then(|| Buffer::new(source.start(), &source.shares(channels)));
        Self { params: Parameters::new(source, params), class_weights }
    }

    /// The weights of classes, or NULL.
    fn class_weights(&self, _input: &Input, _part: Part) -> *const f32 {
        pointer(self.class_weights.as_ref(), 0)
    }
}

mapped!(
    CrossEntropy,
    hyla_cross_entropy_totals,
    hyla_cross_entropy_update,
    hyla_cross_entropy_merge,
    hyla_cross_entropy_normalize,
    hyla_cross_entropy_loss,
    hyla_cross_entropy_map,
    hyla_cross_entropy_gradient,
    hyla_cross_entropy_loss_and_gradient,
    given_cube,
    class_weights
);

/// Dice loss of classes.
pub struct Dice {
    params: Parameters,
}

impl Dice {
    fn any(source: &mut Source) -> Self {
        let params = hyla_dice_params {
            struct_size: 0,
            include_background: source.option(2),
            has_ignore_index: source.option(2),
            ignore_index: source.pick(&[0, 1, -1]),
            absent: source.option(2),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
            eps: source.parameter(&[1e-6, 1e-6, 0.0, 1.0]),
        };
        Self { params: Parameters::new(source, params) }
    }
}

// SAFETY of all calls: as for `mapped`; there are totals for each channel.
impl Node for Dice {
    fn words(&self, input: &Input) -> usize {
        input.layout.channels * size_of::<hyla_dice_totals>() / 8
    }

    fn update(&self, input: &Input, part: Part, state: &mut State) -> i32 {
        // SAFETY: see above.
        unsafe { hyla_dice_update(self.params.pointer(), &input.cube_of(part), state.at_mut(0, input.fault)) }
    }

    fn merge(&self, input: &Input, other: &State, state: &mut State) -> i32 {
        // SAFETY: see above.
        unsafe { hyla_dice_merge(other.at(0), state.at_mut(0, None), input.layout.channels) }
    }

    fn normalize(&self, input: &Input, state: &mut State) -> i32 {
        // SAFETY: see above.
        unsafe { hyla_dice_normalize(state.at_mut(0, None), input.layout.channels) }
    }

    fn values(&self, input: &Input, state: &State, record: &mut Record) {
        let classes = input.layout.channels;
        // SAFETY: see above.
        record.double("loss", |to| unsafe { hyla_dice_loss(self.params.pointer(), state.at(0), classes, to) });
    }

    fn gradient(&self, input: &Input, part: Part, state: &State, ask: Ask, to: *mut f32) -> Option<i32> {
        let cube = input.cube_of(part);
        // SAFETY: see above.
        Some(unsafe { hyla_dice_gradient(self.params.pointer(), state.at(0), &cube, ask.upstream, ask.write, to) })
    }

    /// It stores the totals of the batch, whatever lies there.
    fn at_once(&self, input: &Input, ask: Ask, state: Option<&mut State>, loss: *mut f64, to: *mut f32) -> Option<i32> {
        let (params, cube) = (self.params.pointer(), input.cube_of(input.whole()));
        let mut others = State::new(self.words(input));
        others.words.fill(-7);
        let batch = others.at_mut(0, input.fault);
        let totals = state.map_or(core::ptr::null_mut(), |state| state.at_mut(0, input.fault));
        // SAFETY: see above.
        Some(unsafe { hyla_dice_loss_and_gradient(params, &cube, ask.upstream, ask.write, totals, batch, loss, to) })
    }
}

/// Contrast of foreground and background: the state is one frame, and what is read goes through the totals of that
/// frame.
pub struct Contrast {
    params: Parameters,
}

impl Contrast {
    fn any(source: &mut Source) -> Self {
        let params = hyla_foreground_contrast_params {
            struct_size: 0,
            color_space: source.option(2),
            assume_srgb: source.option(2),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
            compactness_weight: source.parameter(&[0.0, 0.0, 0.5, 2.0]),
            anchor_weight: source.parameter(&[0.0, 0.0, 0.5, 2.0]),
            eps: source.parameter(&[1e-6, 1e-6, 0.0, 1.0]),
        };
        Self { params: Parameters::new(source, params) }
    }

    /// The totals of the frame, and the status of making them.
    fn totals(&self, frame: &State) -> (State, i32) {
        let mut totals = State::new(size_of::<hyla_foreground_contrast_totals>() / 8);
        // SAFETY: the state is a frame; the totals have as many words as C's struct.
        let status =
            unsafe { hyla_foreground_contrast_update(self.params.pointer(), frame.at(0), totals.at_mut(0, None)) };
        (totals, status)
    }
}

// SAFETY of all calls: as for `mapped`; the state is a frame.
impl Node for Contrast {
    fn words(&self, _input: &Input) -> usize {
        size_of::<hyla_foreground_contrast_frame>() / 8
    }

    fn update(&self, input: &Input, part: Part, state: &mut State) -> i32 {
        let (params, frame) = (self.params.pointer(), state.at_mut(0, input.fault));
        // SAFETY: see above.
        unsafe { hyla_foreground_contrast_frame_update(params, &input.cube_of(part), frame) }
    }

    fn merge(&self, _input: &Input, other: &State, state: &mut State) -> i32 {
        // SAFETY: see above.
        unsafe { hyla_foreground_contrast_frame_merge(other.at(0), state.at_mut(0, None)) }
    }

    fn normalize(&self, _input: &Input, state: &mut State) -> i32 {
        // SAFETY: see above.
        unsafe { hyla_foreground_contrast_frame_normalize(state.at_mut(0, None)) }
    }

    fn values(&self, _input: &Input, state: &State, record: &mut Record) {
        let (totals, status) = self.totals(state);
        record.status("update", status);
        record.totals("totals", &totals.words);
        record.double("loss", |to| {
            // SAFETY: see above.
            unsafe { hyla_foreground_contrast_loss(self.params.pointer(), totals.at(0), to) }
        });
    }

    fn gradient(&self, input: &Input, part: Part, state: &State, ask: Ask, to: *mut f32) -> Option<i32> {
        let ((totals, _), cube) = (self.totals(state), input.cube_of(part));
        let params = self.params.pointer();
        // SAFETY: see above.
        Some(unsafe {
            hyla_foreground_contrast_gradient(params, totals.at(0), state.at(0), &cube, ask.upstream, ask.write, to)
        })
    }

    /// It adds totals where the steps add a frame: none are given.
    fn at_once(&self, input: &Input, ask: Ask, state: Option<&mut State>, loss: *mut f64, to: *mut f32) -> Option<i32> {
        let (params, cube) = (self.params.pointer(), input.cube_of(input.whole()));
        let mut totals = State::new(size_of::<hyla_foreground_contrast_totals>() / 8);
        let fault = input.fault.filter(|fault| *fault != Fault::Null(Array::Totals));
        let pointer = state.map_or(core::ptr::null_mut(), |_| totals.at_mut(0, fault));
        // SAFETY: see above.
        let status = unsafe {
            hyla_foreground_contrast_loss_and_gradient(params, &cube, ask.upstream, ask.write, pointer, loss, to)
        };
        assert!(status >= 0 || totals.words.iter().all(|word| *word == 0), "error {status}, and the totals changed");
        Some(status)
    }

    fn words_at_once(&self, _input: &Input) -> usize {
        0
    }
}
