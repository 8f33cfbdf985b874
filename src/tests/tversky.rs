//! Tversky: what its own parameters do.

use crate::error::{Error, Notices, Value};
use crate::loss::Write;
use crate::loss::tversky::{Normalization, Params, Totals, loss_and_gradient};
use crate::pixels::Pixels;

/// Predictions 3/4 and 1/4 for two positives, 1/2 for a negative: TP 1, FP 1/2, FN 1.
const SCORES: [f32; 3] = [0.75, 0.25, 0.5];
const TARGETS: [u8; 3] = [1, 1, 0];

fn params() -> Params {
    Params { normalization: Normalization::Clamp, smooth: 0.0, ..Params::default() }
}

fn run(params: &Params, scores: &[f32; 3]) -> (Value, [f32; 3]) {
    let pixels = Pixels { scores, targets: Some(&TARGETS), ..Pixels::default() };
    let mut gradient = [f32::NAN; 3];
    let value = loss_and_gradient(params, &pixels, 1.0, Write::Store, None, None, &mut gradient);
    (value.unwrap(), gradient)
}

#[test]
fn known_values() {
    for (a, b, gamma, loss) in [
        (0.5, 0.5, 1.0, 0.75 / 1.75),
        (1.0, 1.0, 1.0, 1.5 / 2.5),
        (1.0, 0.0, 1.0, 0.5 / 1.5),
        (0.0, 1.0, 2.0, 0.25),
        (0.0, 1.0, 0.5, 0.5_f64.sqrt()),
        (0.0, 0.0, 1.0, 0.0),
    ] {
        let params =
            Params { false_positives: a, false_negatives: b, gamma, weight: -2.0, ..params() };
        let (value, _) = run(&params, &SCORES);
        assert!((value.value + 2.0 * loss).abs() < 1e-14, "{a} {b} {gamma}: {value:?}");
        assert_eq!(value.notices, Notices::NONE);
    }
}

#[test]
fn a_perfect_overlap() {
    let perfect = [1.0, 1.0, 0.0];
    for gamma in [0.25, 0.5, 0.999_999_94] {
        // The slope is infinite: the gradient is that of a minimum, and a notice says so.
        let (value, gradient) = run(&Params { gamma, ..params() }, &perfect);
        assert_eq!((value.value, value.notices), (0.0, Notices::DEGENERATE));
        assert_eq!(gradient, [0.0; 3]);
    }
    for gamma in [1.0, 1.5, 2.0] {
        let (value, _) = run(&Params { gamma, ..params() }, &perfect);
        assert_eq!((value.value, value.notices), (0.0, Notices::NONE));
    }
}

#[test]
fn gamma_0_is_a_constant() {
    for scores in [SCORES, [1.0, 1.0, 0.0]] {
        let (value, gradient) = run(&Params { gamma: 0.0, weight: 3.0, ..params() }, &scores);
        assert_eq!((value.value, value.notices, gradient), (3.0, Notices::NONE, [0.0; 3]));
    }
    let (value, gradient) = run(&Params { gamma: 0.0, ..params() }, &[f32::NAN, 0.5, 0.5]);
    assert!(value.value.is_nan() && value.notices == Notices::NOT_FINITE && gradient[0].is_nan());
}

#[test]
fn no_price_on_false_positives_and_no_positive_target() {
    let params = Params { false_positives: 0.0, ..params() };
    let pixels = Pixels { scores: &[0.5], targets: Some(&[0]), ..Pixels::default() };
    let mut gradient = [f32::NAN];
    let value = loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, None, &mut gradient);
    let notices = Notices::NO_POSITIVES | Notices::DEGENERATE;
    assert_eq!((value, gradient), (Ok(Value { value: 0.0, notices }), [0.0]));
}

#[test]
fn bad_parameters_change_nothing() {
    let pixels = Pixels { scores: &SCORES, targets: Some(&TARGETS), ..Pixels::default() };
    let mut totals = Totals::default();
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e-45] {
        let cases = [
            (Params { gamma: bad, ..params() }, Error::Gamma),
            (Params { false_positives: bad, ..params() }, Error::Balance),
            (Params { false_negatives: bad, ..params() }, Error::Balance),
            (Params { smooth: bad, ..params() }, Error::Smooth),
        ];
        for (params, error) in cases {
            assert_eq!(totals.update(&params, &pixels, None), Err(error));
            assert_eq!(totals.loss(&params, None), Err(error));
        }
    }
    assert_eq!(
        totals.update(&Params { weight: f32::NAN, ..params() }, &pixels, None),
        Err(Error::Weight)
    );
    assert_eq!(totals, Totals::default());
}
