//! Distinctness: bits between tiers and layouts, digits against the oracle, both means, limits.

use super::gram::{self, Batch, Node, Outcome, anything, ordinary, outcome, shapes};
use super::{for_each_tier, naive};
use crate::error::{Error, Notices, Value};
use crate::loss::Write;
use crate::loss::distinctness::{self, Params};
use crate::matrix::Matrix;
use proptest::prelude::*;
use std::vec::Vec;

impl Node for Params {
    fn workspace(&self, rows: usize, columns: usize) -> usize {
        distinctness::workspace(rows, columns)
    }
    fn loss(&self, matrix: &Matrix, workspace: &mut [f64]) -> Result<Value, Error> {
        distinctness::loss(self, matrix, workspace)
    }
    fn gradient(
        &self,
        matrix: &Matrix,
        (upstream, write): (f64, Write),
        workspace: &mut [f64],
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        distinctness::gradient(self, matrix, upstream, write, workspace, gradient)
    }
    fn both(
        &self,
        matrix: &Matrix,
        (upstream, write): (f64, Write),
        workspace: &mut [f64],
        gradient: &mut [f32],
    ) -> Result<Value, Error> {
        distinctness::loss_and_gradient(self, matrix, upstream, write, workspace, gradient)
    }
}

const ALL: Params = Params { weight: 1.0, eps: 1e-6, skip_exact_zeros: false };
const NONZERO: Params = Params { skip_exact_zeros: true, ..ALL };
const BOTH: [Params; 2] = [ALL, NONZERO];
const ZERO_ROW: Notices = Notices::DEGENERATE;

/// Against the oracle: the loss relative to its terms, a gradient within half an ulp of float32 and what
/// `f64` loses of the pull of the other rows.
fn check(params: &Params, batch: &Batch, found: &Outcome, upstream: f64) {
    let w = batch.doubles();
    let truth = naive::distinctness::truth(&w, f64::from(params.eps), params.skip_exact_zeros);
    let weight = f64::from(params.weight);
    let error = (found.value() - truth.loss * weight).abs();
    assert!(error <= 1e-13 * truth.size * weight.abs(), "{} {}", found.value(), truth.loss);
    let columns = batch.columns.max(1);
    let truths = truth.gradient.iter().zip(&truth.pulls);
    for (found, (truth, pull)) in found.slopes().chunks(columns).zip(truths) {
        for (found, truth) in found.iter().zip(truth) {
            let truth = truth * weight * upstream;
            let rest = 1e-13 * (pull * weight * upstream).abs();
            let bound = 2.0_f64.powi(-24) * truth.abs() + rest + 1e-45;
            assert!((found - truth).abs() <= bound, "{found} is not {truth}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_tier_and_layout_gives_the_same_bits(batch in anything(), gap in 0_usize..20) {
        let spread = batch.spread(gap);
        for params in BOTH {
            let first = outcome(&params, &batch, 1.5);
            for_each_tier(|tier| {
                assert_eq!(outcome(&params, &batch, 1.5), first, "{tier:?}");
                assert_eq!(outcome(&params, &spread, 1.5), first, "{tier:?}, gap {gap}");
            });
        }
    }

    #[test]
    fn values_are_within_the_bound(batch in ordinary()) {
        for params in BOTH {
            let params = Params { weight: -0.5, ..params };
            check(&params, &batch, &outcome(&params, &batch, 2.0), 2.0);
        }
    }

    /// The cosine does not depend on the length, so the gradient is at a right angle to the row.
    #[test]
    fn the_gradient_is_at_a_right_angle(batch in ordinary()) {
        for params in BOTH {
            let found = outcome(&params, &batch, 1.0).slopes();
            let w = batch.doubles();
            let pulls = naive::distinctness::truth(&w, 1e-6, params.skip_exact_zeros).pulls;
            let each = w.iter().zip(pulls).zip(found.chunks(batch.columns.max(1)));
            for ((row, pull), slopes) in each {
                let product: f64 = row.iter().zip(slopes).map(|(w, slope)| w * slope).sum();
                let size: f64 = row.iter().zip(slopes).map(|(w, slope)| (w * slope).abs()).sum();
                let length: f64 = row.iter().map(|w| w * w).sum::<f64>().sqrt();
                let bound = 2.0_f64.powi(-23) * size + 1e-13 * pull * length;
                prop_assert!(product.abs() <= bound);
            }
        }
    }

    #[test]
    fn the_gradient_is_the_slope(batch in ordinary()) {
        let w = batch.doubles();
        let loss = |w: &[Vec<f64>]| naive::distinctness::truth(w, 1e-6, false).loss;
        let found = outcome(&ALL, &batch, 1.0).slopes();
        for (index, found) in found.iter().enumerate().step_by(7) {
            let (row, column) = (index / batch.columns, index % batch.columns);
            let length: f64 = w[row].iter().map(|x| x * x).sum::<f64>().sqrt();
            if length < 1e-2 {
                continue;
            }
            let at = |step: f64| {
                let mut moved = w.clone();
                moved[row][column] += step * length;
                loss(&moved)
            };
            let slope = (at(1e-4) - at(-1e-4)) / (2e-4 * length);
            prop_assert!((found - slope).abs() * length < 1e-6, "{found} {slope}");
        }
    }
}

#[test]
fn many_rows() {
    for batch in shapes() {
        for params in BOTH {
            let first = outcome(&params, &batch, 1.0);
            check(&params, &batch, &first, 1.0);
            for_each_tier(|tier| {
                assert_eq!(outcome(&params, &batch, 1.0), first, "{tier:?} {}", batch.rows);
            });
        }
    }
}

/// The optimum of cuvis-ai's loss, where its mean is that of nothing: NaN.
#[test]
fn disjoint_selectors_cost_exactly_nothing() {
    let batch = Batch::new(&[&[0.0, 3.0, 0.0, 0.0], &[0.7, 0.0, 0.0, 0.0], &[0.0, 0.0, 0.3, 0.1]]);
    for_each_tier(|_| {
        let found = outcome(&ALL, &batch, 1.0);
        assert_eq!((found.value(), found.notices), (0.0, Notices::ZERO_PAIRS));
        // Negative weights would go below 0, so the slope across is not 0: u_2 / |w_1| / 3.
        assert!((found.slopes()[0] - 1.0 / 9.0).abs() < 1e-8);
        assert_eq!(found.slopes()[1], 0.0);
        let found = outcome(&NONZERO, &batch, 1.0);
        assert_eq!((found.value(), found.notices), (0.0, Notices::ZERO_PAIRS));
        assert!(found.slopes().iter().all(|slope| *slope == 0.0));
    });
}

/// Three selectors, two of them equal: the mean of one pair, or of three.
#[test]
fn two_equal_selectors_of_three() {
    let batch = Batch::new(&[&[1.0, 0.0], &[1.0, 0.0], &[0.0, 1.0]]);
    for_each_tier(|_| {
        let found = outcome(&Params { weight: 0.1, ..ALL }, &batch, 1.0);
        assert!((found.value() - 0.1 / 3.0).abs() < 1e-9);
        // Some pairs are disjoint, not all: finding that out is not the business of this mean.
        assert_eq!(found.notices, Notices::NONE);
        let found = outcome(&Params { weight: 0.1, ..NONZERO }, &batch, 1.0);
        assert!((found.value() - 0.1).abs() < 1e-8);
        assert_eq!(found.notices, Notices::ZERO_PAIRS);
    });
}

/// A selector that died: its pairs count as 0, so the loss falls; cuvis-ai's rises.
#[test]
fn a_row_of_zeros() {
    let alive = Batch::new(&[&[1.0, 1.0], &[1.0, 0.0], &[0.5, 1.0]]);
    let dead = Batch::new(&[&[1.0, 1.0], &[1.0, 0.0], &[0.0, 0.0]]);
    let root = 0.5_f64.sqrt();
    for_each_tier(|_| {
        let notices = ZERO_ROW | Notices::ZERO_PAIRS;
        let found = outcome(&ALL, &dead, 1.0);
        assert!((found.value() - root / 3.0).abs() < 1e-15);
        assert!(found.value() < outcome(&ALL, &alive, 1.0).value());
        assert_eq!(found.notices, notices);
        // The gradient of the dead row is that of a row of length eps.
        assert!((found.slopes()[4] / ((root + 1.0) / 3.0 * 1e6) - 1.0).abs() < 1e-6);
        let found = outcome(&NONZERO, &dead, 1.0);
        assert!((found.value() - root).abs() < 1e-15);
        assert_eq!((found.notices, found.slopes()[4]), (notices, 0.0));
        // Without eps there is no direction to go.
        for params in BOTH {
            let found = outcome(&Params { eps: 0.0, ..params }, &dead, 1.0);
            assert_eq!((found.notices, found.slopes()[4]), (notices, 0.0));
            assert!(found.value().is_finite());
        }
    });
}

#[test]
fn rows_shorter_than_eps() {
    let batch = Batch::new(&[&[1e-8, 0.0], &[1.0, 1.0]]);
    let at_eps = Batch::new(&[&[0.25, 0.0], &[1.0, 1.0]]);
    for_each_tier(|_| {
        for params in BOTH {
            let found = outcome(&params, &batch, 1.0);
            check(&params, &batch, &found, 1.0);
            assert_eq!(found.notices, Notices::DEGENERATE);
            assert!((found.slopes()[0] / (0.5_f64.sqrt() * 1e6) - 1.0).abs() < 1e-6);
            // Not longer than eps: no derivative of the length, as in PyTorch 2.15.
            let found = outcome(&Params { eps: 0.25, ..params }, &at_eps, 1.0);
            assert_eq!(found.notices, Notices::DEGENERATE);
            assert!(found.slopes()[0] > 2.8);
            // Without eps the direction counts.
            let found = outcome(&Params { eps: 0.0, ..params }, &batch, 1.0);
            assert!((found.value() - 0.5_f64.sqrt()).abs() < 1e-15);
            assert_eq!(found.notices, Notices::NONE);
        }
    });
}

/// Squares that overflow or vanish in float32: cuvis-ai's cosine is 0, its loss NaN.
#[test]
fn lengths_of_any_size() {
    for scale in [1e30_f32, f32::MAX, 1e-30, 1e-40] {
        let batch = Batch::new(&[&[scale, scale], &[1.0, 0.0]]);
        for_each_tier(|_| {
            for params in BOTH {
                let found = outcome(&Params { eps: 0.0, ..params }, &batch, 1.0);
                assert!((found.value() - 0.5_f64.sqrt()).abs() < 1e-15, "{scale}");
                assert_eq!(found.notices, Notices::NONE);
            }
        });
    }
}

/// Equal in float32, not in double: these pairs are not zero, on any machine.
#[test]
fn nearly_disjoint_selectors_keep_their_digits() {
    let tiny = 1e-12_f32;
    let batch = Batch::new(&[&[1.0, tiny, 0.0], &[0.0, 1.0, tiny], &[tiny, 0.0, 1.0]]);
    for_each_tier(|_| {
        for params in BOTH {
            let found = outcome(&params, &batch, 1.0);
            assert!((found.value() / f64::from(tiny) - 1.0).abs() < 1e-14);
            assert_eq!(found.notices, Notices::NONE);
        }
    });
}

#[test]
fn fewer_than_two_rows() {
    let none = Batch { values: Vec::new(), rows: 0, columns: 5, stride: 5 };
    for batch in [none, Batch::new(&[&[1.0, f32::NAN]])] {
        for_each_tier(|_| {
            for params in BOTH {
                let found = outcome(&params, &batch, 1.0);
                assert_eq!((found.value(), found.notices), (0.0, Notices::EMPTY));
                assert!(found.slopes().iter().all(|slope| *slope == 0.0));
            }
        });
    }
}

#[test]
fn what_is_not_finite() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let batch = Batch::new(&[&[1.0, bad, 0.5], &[0.25, 1.0, 0.0]]);
        for_each_tier(|_| {
            for params in BOTH {
                let found = outcome(&params, &batch, 1.0);
                assert!(found.value().is_nan() && found.notices == Notices::NOT_FINITE);
                let found = outcome(&Params { weight: 0.0, ..params }, &batch, 1.0);
                assert_eq!((found.value(), found.notices), (0.0, Notices::NONE));
                assert!(found.slopes().iter().all(|slope| *slope == 0.0));
                let found = outcome(&params, &batch, 0.0);
                assert!(found.slopes().iter().all(|slope| *slope == 0.0));
            }
        });
    }
}

#[test]
fn bad_arguments() {
    for params in BOTH {
        gram::bad_arguments_change_nothing(&params);
    }
    let batch = Batch::new(&[&[1.0]]);
    let of = |params: Params| params.loss(&batch.matrix(), &mut [0.0; 99]);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(of(Params { weight: bad, ..ALL }), Err(Error::Weight));
        assert_eq!(of(Params { eps: bad, ..ALL }), Err(Error::Epsilon));
    }
    assert_eq!(of(Params { eps: -1e-45, ..ALL }), Err(Error::Epsilon));
}

#[test]
fn the_workspace_grows_with_the_matrix() {
    let of = distinctness::workspace;
    assert_eq!((of(0, 0), of(3, 61), of(1024, 400)), (0, 274, 7744));
    assert!((0..1024).all(|rows| of(rows, 7) <= of(rows + 1, 7)));
    assert_eq!(of(usize::MAX, usize::MAX), usize::MAX);
}
