//! The functions of one `f64`, against the platform's own.

use crate::math::double::{MAX_ULP, SOFTPLUS_MAX_ULP, exp, from_integer, ln, softplus, sqrt};
use proptest::prelude::*;

fn ulps(found: f64, truth: f64) -> f64 {
    if found == truth || (found.is_nan() && truth.is_nan()) {
        return 0.0;
    }
    let size = truth.abs().max(f64::MIN_POSITIVE);
    let exponent = (size.to_bits() >> 52) as i32 - 1023;
    // In two steps: the unit of a small number is subnormal.
    (found - truth).abs() / 2.0_f64.powi(exponent) * 2.0_f64.powi(52)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn functions_are_within_their_bounds(bits in any::<u64>(), unit in 0_u64..1 << 53) {
        let unit = unit as f64 / (1_u64 << 53) as f64;
        for x in [f64::from_bits(bits), unit, 0.5 + unit, 745.2 * unit, -745.2 * unit, 2.0 - unit] {
            prop_assert!(ulps(exp(x), x.exp()) <= MAX_ULP, "exp({x})");
            prop_assert!(ulps(ln(x), x.ln()) <= MAX_ULP, "ln({x})");
            prop_assert_eq!(ulps(sqrt(x), x.sqrt()), 0.0, "sqrt({})", x);
            let truth = x.max(0.0) + (-x.abs()).exp().ln_1p();
            if !x.is_nan() {
                prop_assert!(ulps(softplus(x), truth) <= SOFTPLUS_MAX_ULP, "softplus({x})");
            }
        }
    }
}

proptest! {
    #[test]
    fn integers_are_rounded_once(bits in any::<u128>(), shift in 0_u32..128) {
        for integer in [bits >> shift, (bits >> shift) | 1, u128::MAX >> shift, (1 << shift), (1 << shift) - 1] {
            prop_assert_eq!(from_integer(integer), integer as f64);
        }
    }
}

#[test]
fn limits() {
    let inf = f64::INFINITY;
    assert_eq!((exp(0.0), exp(-inf), exp(inf), exp(-1e300), exp(1e300)), (1.0, 0.0, inf, 0.0, inf));
    assert_eq!((ln(1.0), ln(0.0), ln(-0.0), ln(inf)), (0.0, -inf, -inf, inf));
    assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan() && exp(f64::NAN).is_nan());
    assert_eq!((softplus(-inf), softplus(inf), softplus(0.0)), (0.0, inf, core::f64::consts::LN_2));
    assert!(softplus(f64::NAN).is_nan());
    assert!(sqrt(-1.0).is_nan() && sqrt(0.0) == 0.0 && sqrt(inf) == inf);
}
