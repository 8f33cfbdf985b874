//! Deep SVDD: its state is the totals, and behind them the sums of the gradient of the center.

use crate::buffer::Buffer;
use crate::fault::error_of;
use crate::input::{Input, Part};
use crate::node::{Ask, Node, State};
use crate::parameters::Parameters;
use crate::record::Record;
use crate::source::Source;
use hyla::capi::sum::hyla_exact_sum;
use hyla::capi::svdd::*;

/// How many words the totals have.
const TOTALS: usize = size_of::<hyla_svdd_totals>() / 8;
/// How many words a sum has.
const SUM: usize = size_of::<hyla_exact_sum>() / 8;

/// The loss, with a center.
pub struct Svdd {
    params: Parameters,
    center: Buffer<f32>,
    upstream: f64,
}

impl Svdd {
    /// Any parameters, and any center.
    pub fn any(source: &mut Source, channels: usize) -> Self {
        let params = hyla_svdd_params {
            struct_size: 0,
            nu: source.parameter(&[0.05, 0.05, 0.5, 0.999]),
            weight: source.parameter(&[1.0, 1.0, 0.5, -2.0, 0.0]),
            r_unconstrained: source.parameter(&[0.0, 0.0, 1.0, -20.0, 30.0]),
        };
        let params = Parameters::new(source, params);
        let center = Buffer::new(source.start(), &source.floats(channels));
        Self { params, center, upstream: source.upstream() }
    }
}

// SAFETY of all calls: as for `pixel_losses::mapped`; there is a sum for each channel behind the totals.
impl Node for Svdd {
    fn words(&self, input: &Input) -> usize {
        TOTALS + SUM * input.layout.channels
    }

    fn words_at_once(&self, _input: &Input) -> usize {
        TOTALS
    }

    fn update(&self, input: &Input, part: Part, state: &mut State) -> i32 {
        let (params, cube, center) = (self.params.pointer(), input.cube_of(part), self.center.at(0));
        // SAFETY: see above.
        let status = unsafe { hyla_svdd_update(params, &cube, center, state.at_mut(0, input.fault)) };
        // SAFETY: see above.
        let of_center = unsafe { hyla_svdd_center_update(params, &cube, center, state.at_mut(TOTALS, input.fault)) };
        assert_eq!(error_of(status), error_of(of_center), "update and center_update differ about errors");
        status
    }

    fn merge(&self, input: &Input, other: &State, state: &mut State) -> i32 {
        let channels = input.layout.channels;
        // SAFETY: see above.
        unsafe {
            assert_eq!(hyla_svdd_center_merge(other.at(TOTALS), state.at_mut(TOTALS, None), channels), 0);
            hyla_svdd_merge(other.at(0), state.at_mut(0, None))
        }
    }

    fn normalize(&self, input: &Input, state: &mut State) -> i32 {
        // SAFETY: see above.
        unsafe {
            assert_eq!(hyla_svdd_center_normalize(state.at_mut(TOTALS, None), input.layout.channels), 0);
            hyla_svdd_normalize(state.at_mut(0, None))
        }
    }

    fn values(&self, input: &Input, state: &State, record: &mut Record) {
        let (params, channels) = (self.params.pointer(), input.layout.channels);
        // SAFETY: see above.
        record.double("loss", |to| unsafe { hyla_svdd_loss(params, state.at(0), to) });
        // SAFETY: see above.
        record.double("radius", |to| unsafe { hyla_svdd_radius(params, to) });
        record.double("gradient of the radius", |to| {
            // SAFETY: see above.
            unsafe { hyla_svdd_gradient_radius(params, state.at(0), self.upstream, to) }
        });
        for write in 0..2 {
            let mut gradient = Buffer::filled(2, 0.75_f32, channels);
            let (totals, sums, to) = (state.at(0), state.at(TOTALS), gradient.at_mut(0));
            // SAFETY: see above.
            let status = unsafe { hyla_svdd_gradient_center(params, totals, sums, channels, self.upstream, write, to) };
            assert!(
                status >= 0 || gradient.iter().all(|float| *float == 0.75),
                "error {status}, and the output changed"
            );
            record.status("gradient of the center", status);
            record.floats("gradient of the center", &gradient);
        }
    }

    fn map(&self, input: &Input, part: Part, to: *mut f32) -> Option<i32> {
        // SAFETY: see above.
        Some(unsafe { hyla_svdd_map(self.params.pointer(), &input.cube_of(part), self.center.at(0), to) })
    }

    fn gradient(&self, input: &Input, part: Part, state: &State, ask: Ask, to: *mut f32) -> Option<i32> {
        let (params, cube, center) = (self.params.pointer(), input.cube_of(part), self.center.at(0));
        // SAFETY: see above.
        Some(unsafe { hyla_svdd_gradient(params, state.at(0), &cube, center, ask.upstream, ask.write, to) })
    }

    fn at_once(&self, input: &Input, ask: Ask, state: Option<&mut State>, loss: *mut f64, to: *mut f32) -> Option<i32> {
        let (params, cube) = (self.params.pointer(), input.cube_of(input.whole()));
        let totals = state.map_or(core::ptr::null_mut(), |state| state.at_mut(0, input.fault));
        let center = self.center.at(0);
        // SAFETY: see above.
        Some(unsafe { hyla_svdd_loss_and_gradient(params, &cube, center, ask.upstream, ask.write, totals, loss, to) })
    }
}
