//! The elementary functions: a sample of the exhaustive sweep, and what they give at the ends.

use super::for_each_tier;
use crate::math;
use crate::simd::{self, Columns, Counted, Kernel, Lanes, Output, Room, Simd, Write};
use std::vec;
use std::vec::Vec;

/// One function of the module, with its bound and its reference in `f64`.
struct Function {
    name: &'static str,
    bound: f64,
    reference: fn(f64) -> f64,
    apply: fn(&[f32]) -> Vec<f32>,
}

/// A kernel of one function, and the loop around it.
macro_rules! apply {
    ($x:ident => $value:expr) => {{
        struct Apply<'a>(&'a [f32], &'a mut [f32]);
        impl Kernel for Apply<'_> {
            type Output = ();
            #[inline(always)]
            fn run<S: Simd>(self, simd: S) {
                let [mut room, mut of_outputs] = [const { Room::new() }; 2];
                let inputs = Columns::new(self.0, &mut room);
                let mut outputs = Output::new(Write::Store, self.1).columns(&mut of_outputs);
                for index in 0..self.0.len().div_ceil(S::Lanes::LANES) {
                    let $x = S::Lanes::from_floats(simd, inputs.get(index));
                    outputs.get(index).put($value);
                }
                outputs.finish();
            }
        }
        |inputs| {
            let mut outputs = vec![0.0; inputs.len()];
            simd::run(Apply(inputs, &mut outputs));
            outputs
        }
    }};
}

fn softplus(z: f64) -> f64 {
    if z.is_nan() { z } else { z.max(0.0) + (-z.abs()).exp().ln_1p() }
}

fn sigmoid(z: f64) -> f64 {
    let e = (-z.abs()).exp();
    if z < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

const FUNCTIONS: [Function; 7] = [
    Function { name: "exp", bound: math::EXP_MAX_ULP, reference: f64::exp, apply: apply!(x => math::exp(x)) },
    Function { name: "ln", bound: math::LN_MAX_ULP, reference: f64::ln, apply: apply!(x => math::ln(x)) },
    Function { name: "log1p", bound: math::LOG1P_MAX_ULP, reference: f64::ln_1p, apply: apply!(x => math::log1p(x)) },
    Function {
        name: "softplus",
        bound: math::SOFTPLUS_MAX_ULP,
        reference: softplus,
        apply: apply!(x => math::softplus(x)),
    },
    Function {
        name: "sigmoid",
        bound: math::SIGMOID_MAX_ULP,
        reference: sigmoid,
        apply: apply!(x => math::sigmoid(x)),
    },
    Function {
        name: "logistic.softplus",
        bound: math::LOGISTIC_MAX_ULP,
        reference: softplus,
        apply: apply!(x => math::logistic(x).softplus()),
    },
    Function {
        name: "logistic.sigmoid",
        bound: math::LOGISTIC_MAX_ULP,
        reference: sigmoid,
        apply: apply!(x => math::logistic(x).sigmoid()),
    },
];

fn function(name: &str) -> &'static Function {
    FUNCTIONS.iter().find(|function| function.name == name).expect("a name of the table")
}

/// The error in units of the spacing of `f32` at the true result. A NaN or an infinity out of
/// place is an infinite error; overflow counts as the power of two after the greatest float.
fn error(got: f32, truth: f64) -> f64 {
    const OVERFLOW: f64 = (1_u128 << 127) as f64 * 2.0;
    if got.is_nan() || truth.is_nan() {
        return if got.is_nan() && truth.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if truth.is_infinite() {
        return if f64::from(got) == truth { 0.0 } else { f64::INFINITY };
    }
    let truth = truth.clamp(-OVERFLOW, OVERFLOW);
    let got = f64::from(got).clamp(-OVERFLOW, OVERFLOW);
    let exponent = ((truth.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    (got - truth).abs() / 2_f64.powi(exponent.clamp(-126, 127) - 23)
}

/// The bits of a float, all NaNs the same.
fn bits(float: f32) -> u32 {
    if float.is_nan() { f32::NAN.to_bits() } else { float.to_bits() }
}

/// Checks a function on every tier: within its bound, and the same bits.
fn check(function: &Function, inputs: &[f32]) {
    let mut first: Option<Vec<f32>> = None;
    for_each_tier(|tier| {
        let outputs = (function.apply)(inputs);
        let name = function.name;
        let Some(first) = &first else {
            for (input, got) in inputs.iter().zip(&outputs) {
                let truth = (function.reference)(f64::from(*input));
                let subnormal = truth.abs() < f64::from(f32::MIN_POSITIVE);
                let bound = if subnormal { math::SUBNORMAL_MAX_UNITS } else { function.bound };
                let error = error(*got, truth);
                assert!(error <= bound, "{name}({input:e}) = {got:e} is off by {error}: {tier:?}");
            }
            first = Some(outputs);
            return;
        };
        for ((input, got), other) in inputs.iter().zip(&outputs).zip(first) {
            assert_eq!(bits(*got), bits(*other), "{name}({input:e}) on {tier:?}");
        }
    });
}

/// 1025 floats around each of these.
fn neighbourhoods(centers: impl IntoIterator<Item = f32>) -> Vec<f32> {
    let around = |center: f32| (0..=1024).map(move |i| center.to_bits().wrapping_add(i).wrapping_sub(512));
    centers.into_iter().flat_map(around).map(f32::from_bits).collect()
}

#[test]
fn a_sample_of_all_floats_is_within_the_bounds_and_equal_on_all_tiers() {
    // Odd, so that all low bits of the pattern occur.
    const STEP: usize = 2049;
    let sample: Vec<_> = (0..=u32::MAX).step_by(STEP).map(f32::from_bits).collect();
    FUNCTIONS.iter().for_each(|function| check(function, &sample));
}

#[test]
fn the_branch_points_are_within_the_bounds_and_equal_on_all_tiers() {
    let powers = (-149..128).map(|exponent| 2_f64.powi(exponent) as f32);
    let halves_of_ln2 = (-300..=300).map(|n| (f64::from(n) * core::f64::consts::LN_2 / 2.0) as f32);
    let roots = (-126..=126).map(|n| 2_f64.powf(f64::from(n) + 0.5) as f32);
    let below_one = roots.clone().filter(|u| *u < 1e6).map(|u| u - 1.0);
    let ends = [0.0, 1.0, 30.0, 89.0, 104.0, 88.722_84, 87.336_55, 103.972_08, f32::MAX];
    let centers: Vec<_> = powers.chain(halves_of_ln2).chain(roots).chain(below_one).chain(ends).collect();
    let both_signs = centers.iter().flat_map(|center| [*center, -center]);
    let inputs = neighbourhoods(both_signs);
    FUNCTIONS.iter().for_each(|function| check(function, &inputs));
}

#[test]
fn special_values() {
    const INF: f32 = f32::INFINITY;
    const NAN: f32 = f32::NAN;
    const SMALLEST: f32 = f32::from_bits(1);
    let table = [
        ("exp", 0.0, 1.0),
        ("exp", -0.0, 1.0),
        ("exp", SMALLEST, 1.0),
        ("exp", -SMALLEST, 1.0),
        ("exp", INF, INF),
        ("exp", -INF, 0.0),
        ("exp", 88.722_84, INF),
        ("exp", f32::MAX, INF),
        ("exp", -103.972_084, 0.0),
        ("exp", -103.972_07, SMALLEST),
        ("exp", f32::MIN, 0.0),
        ("ln", 1.0, 0.0),
        ("ln", 0.0, -INF),
        ("ln", -0.0, -INF),
        ("ln", -SMALLEST, NAN),
        ("ln", -1.0, NAN),
        ("ln", -INF, NAN),
        ("ln", INF, INF),
        ("ln", SMALLEST, -103.278_93),
        ("log1p", 0.0, 0.0),
        ("log1p", -0.0, -0.0),
        ("log1p", SMALLEST, SMALLEST),
        ("log1p", -SMALLEST, -SMALLEST),
        ("log1p", f32::MIN_POSITIVE, f32::MIN_POSITIVE),
        ("log1p", -1e-30, -1e-30),
        ("log1p", -1.0, -INF),
        ("log1p", -1.000_000_1, NAN),
        ("log1p", -INF, NAN),
        ("log1p", INF, INF),
        ("softplus", -INF, 0.0),
        ("softplus", f32::MIN, 0.0),
        ("softplus", f32::MAX, f32::MAX),
        ("softplus", INF, INF),
        ("softplus", 0.0, core::f32::consts::LN_2),
        ("softplus", -0.0, core::f32::consts::LN_2),
        ("sigmoid", -INF, 0.0),
        ("sigmoid", f32::MIN, 0.0),
        ("sigmoid", f32::MAX, 1.0),
        ("sigmoid", INF, 1.0),
        ("sigmoid", 0.0, 0.5),
        ("sigmoid", -0.0, 0.5),
        ("sigmoid", SMALLEST, 0.5),
        ("logistic.softplus", -INF, 0.0),
        ("logistic.softplus", f32::MIN, 0.0),
        ("logistic.softplus", f32::MAX, f32::MAX),
        ("logistic.softplus", INF, INF),
        ("logistic.sigmoid", -INF, 0.0),
        ("logistic.sigmoid", f32::MIN, 0.0),
        ("logistic.sigmoid", f32::MAX, 1.0),
        ("logistic.sigmoid", INF, 1.0),
        ("logistic.sigmoid", 0.0, 0.5),
        ("logistic.sigmoid", -0.0, 0.5),
    ];
    for_each_tier(|tier| {
        for (name, input, expected) in table {
            // In the last lane of a vector that is not full, and in the first.
            let got = (function(name).apply)(&[input, 0.25, input]);
            for got in [got[0], got[2]] {
                assert_eq!(bits(got), bits(expected), "{name}({input:e}) = {got:e} on {tier:?}");
            }
        }
    });
}

/// The low bits of a NaN would become an exponent if they were not kept out.
#[test]
fn every_nan_gives_nan() {
    let payloads = (0..512).chain([0x3f_ffff, 0x7f_ffff]).flat_map(|payload: u32| {
        [0x7fc0_0000 | payload, 0xffc0_0000 | payload, 0x7f80_0001 | payload, 0xff80_0001 | payload]
    });
    let inputs: Vec<_> = payloads.map(f32::from_bits).collect();
    for_each_tier(|tier| {
        for Function { name, apply, .. } in &FUNCTIONS {
            let outputs = apply(&inputs);
            assert!(outputs.iter().all(|output| output.is_nan()), "{name} on {tier:?}");
        }
    });
}
