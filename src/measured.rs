//! What measurements reach inside for (feature `scalar`): elementary functions over slices, and a sum that depends on
//! its order. No node is made of these functions, and no promise holds for them but the stated bounds.

use crate::error::Error;
use crate::input::Pixels;
use crate::math;
use crate::simd::{self, Columns, Counted, Doubles, Kernel, Lanes, Output, Room, Simd, Write, flat};

/// An elementary function over floats; the same bits on every tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elementary {
    /// The exponential.
    Exp,
    /// The natural logarithm.
    Ln,
    /// The natural logarithm of 1 + x.
    Log1p,
    /// The logarithm of 1 + exp(x).
    Softplus,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// The softplus of a loss, which comes with its slope.
    LogisticSoftplus,
    /// The slope of a loss, which comes with its softplus.
    LogisticSigmoid,
}

impl Elementary {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Exp,
        Self::Ln,
        Self::Log1p,
        Self::Softplus,
        Self::Sigmoid,
        Self::LogisticSoftplus,
        Self::LogisticSigmoid,
    ];

    /// The bound of subnormal results, in units of 2^-149.
    pub const SUBNORMAL_MAX_UNITS: f64 = math::SUBNORMAL_MAX_UNITS;

    /// The function's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exp => "exp",
            Self::Ln => "ln",
            Self::Log1p => "log1p",
            Self::Softplus => "softplus",
            Self::Sigmoid => "sigmoid",
            Self::LogisticSoftplus => "logistic.softplus",
            Self::LogisticSigmoid => "logistic.sigmoid",
        }
    }

    /// The bound of its error, in ulps of the true result.
    pub fn max_ulp(self) -> f64 {
        match self {
            Self::Exp => math::EXP_MAX_ULP,
            Self::Ln => math::LN_MAX_ULP,
            Self::Log1p => math::LOG1P_MAX_ULP,
            Self::Softplus => math::SOFTPLUS_MAX_ULP,
            Self::Sigmoid => math::SIGMOID_MAX_ULP,
            Self::LogisticSoftplus | Self::LogisticSigmoid => math::LOGISTIC_MAX_ULP,
        }
    }

    /// Applies the function to floats, on the current tier.
    ///
    /// # Errors
    /// Slices of different lengths. Nothing was written then.
    pub fn apply(self, inputs: &[f32], outputs: &mut [f32]) -> Result<(), Error> {
        Pixels::check_lengths(inputs.len(), &[Some(outputs.len())])?;
        simd::run(Apply { function: self, inputs, outputs: Output::new(Write::Store, outputs) });
        Ok(())
    }
}

struct Apply<'a> {
    function: Elementary,
    inputs: &'a [f32],
    outputs: Output<'a>,
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let [mut room, mut of_outputs] = [const { Room::new() }; 2];
        let inputs = Columns::new(self.inputs, &mut room);
        let mut outputs = self.outputs.columns(&mut of_outputs);
        let vectors = self.inputs.len().div_ceil(S::Lanes::LANES);
        macro_rules! apply {
            ($x:ident => $value:expr) => {
                for index in 0..vectors {
                    let $x = S::Lanes::from_floats(simd, inputs.get(index));
                    outputs.get(index).put($value);
                }
            };
        }
        match self.function {
            Elementary::Exp => apply!(x => math::exp(x)),
            Elementary::Ln => apply!(x => math::ln(x)),
            Elementary::Log1p => apply!(x => math::log1p(x)),
            Elementary::Softplus => apply!(x => math::softplus(x)),
            Elementary::Sigmoid => apply!(x => math::sigmoid(x)),
            Elementary::LogisticSoftplus => apply!(x => math::logistic(x).softplus()),
            Elementary::LogisticSigmoid => apply!(x => math::logistic(x).sigmoid()),
        }
        outputs.finish();
    }
}

/// The terms of binary cross-entropy, added to plain doubles, a lane each: what a sum costs that depends on its order.
/// Pixels behind the last whole vector are left out; without targets it is 0.
pub fn plain_bce_sum(pixels: &Pixels) -> f64 {
    simd::run(PlainSum { pixels: *pixels })
}

struct PlainSum<'a> {
    pixels: Pixels<'a>,
}

impl Kernel for PlainSum<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let targets = self.pixels.targets.unwrap_or(&[]);
        let pixels = targets.len().min(self.pixels.scores.len());
        let (mut room, mut of_targets) = (Room::new(), Room::new());
        let scores = Columns::new(self.pixels.scores, &mut room);
        let targets = Columns::new(targets, &mut of_targets);
        let mut sum = S::Lanes::splat(simd, 0.0).widen();
        for index in 0..pixels / S::Lanes::LANES {
            let logit = S::Lanes::from_floats(simd, scores.get(index));
            let positive = S::Lanes::mask_from_bytes(simd, targets.get(index));
            let margin = S::Lanes::select(positive, logit.negate(), logit);
            let factor = logit.constant(core::hint::black_box(1.0));
            sum = sum + math::logistic(margin).softplus_times(factor).widen();
        }
        flat::<_, f64>(&sum.to_values()).iter().sum()
    }
}
