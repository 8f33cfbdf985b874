//! Orthonormality: bits between tiers and layouts, digits against the oracle, limits.

use super::gram::{self, Batch, Node, Outcome, anything, ordinary, outcome, shapes};
use super::{for_each_tier, naive};
use crate::error::{Error, Notices, Value};
use crate::loss::Write;
use crate::loss::orthogonality::{self, Params};
use crate::matrix::Matrix;
use proptest::prelude::*;
use std::vec::Vec;

impl Node for Params {
    fn workspace(&self, rows: usize, columns: usize) -> usize {
        orthogonality::workspace(rows, columns)
    }
    fn loss(&self, matrix: &Matrix, workspace: &mut [f64]) -> Result<Value, Error> {
        orthogonality::loss(self, matrix, workspace)
    }
    fn gradient(
        &self,
        matrix: &Matrix,
        (upstream, write): (f64, Write),
        workspace: &mut [f64],
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        orthogonality::gradient(self, matrix, upstream, write, workspace, gradient)
    }
    fn both(
        &self,
        matrix: &Matrix,
        (upstream, write): (f64, Write),
        workspace: &mut [f64],
        gradient: &mut [f32],
    ) -> Result<Value, Error> {
        orthogonality::loss_and_gradient(self, matrix, upstream, write, workspace, gradient)
    }
}

const DEFAULT: Params = Params { weight: 1.0 };

/// Against the oracle: the loss relative to its terms, a gradient within half an ulp of float32 and
/// what `f64` loses of its terms.
fn check(batch: &Batch, found: &Outcome, weight: f64, upstream: f64) {
    let w = batch.doubles();
    let truth = naive::orthogonality::loss(&w) * weight;
    assert!((found.value() - truth).abs() <= 1e-12 * truth.abs(), "{} {truth}", found.value());
    let truths = naive::orthogonality::gradient(&w).into_iter().flatten();
    for (found, (truth, size)) in found.slopes().into_iter().zip(truths) {
        let (truth, size) = (truth * weight * upstream, size * (weight * upstream).abs());
        let bound = 2.0_f64.powi(-24) * truth.abs() + 1e-12 * size + 1e-45;
        assert!((found - truth).abs() <= bound, "{found} is not {truth}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_tier_and_layout_gives_the_same_bits(batch in anything(), gap in 0_usize..20) {
        let params = Params { weight: 0.75 };
        let first = outcome(&params, &batch, 1.5);
        let spread = batch.spread(gap);
        for_each_tier(|tier| {
            assert_eq!(outcome(&params, &batch, 1.5), first, "{tier:?}");
            assert_eq!(outcome(&params, &spread, 1.5), first, "{tier:?}, gap {gap}");
        });
    }

    #[test]
    fn values_are_within_the_bound(batch in ordinary()) {
        let params = Params { weight: -0.5 };
        check(&batch, &outcome(&params, &batch, 2.0), -0.5, 2.0);
    }

    #[test]
    fn the_gradient_is_the_slope(batch in ordinary()) {
        let w = batch.doubles();
        let found = outcome(&DEFAULT, &batch, 1.0).slopes();
        for (index, found) in found.iter().enumerate().step_by(7) {
            let at = |step: f64| {
                let mut moved = w.clone();
                moved[index / batch.columns][index % batch.columns] += step;
                naive::orthogonality::loss(&moved)
            };
            let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
            prop_assert!((found - slope).abs() < 1e-5 * (1.0 + at(0.0)), "{found} {slope}");
        }
    }
}

#[test]
fn many_rows() {
    for batch in shapes() {
        let first = outcome(&DEFAULT, &batch, 1.0);
        check(&batch, &first, 1.0, 1.0);
        for_each_tier(|tier| {
            assert_eq!(outcome(&DEFAULT, &batch, 1.0), first, "{tier:?} {}", batch.rows);
        });
    }
}

#[test]
fn orthonormal_rows_cost_exactly_nothing() {
    let batch = Batch::new(&[&[0.6, 0.8], &[-0.8, 0.6]]);
    let exact = Batch::new(&[&[0.0, 1.0, 0.0], &[-1.0, 0.0, 0.0], &[0.0, 0.0, -1.0]]);
    for_each_tier(|_| {
        let found = outcome(&DEFAULT, &exact, 1.0);
        assert_eq!((found.value(), found.notices), (0.0, Notices::NONE));
        assert!(found.slopes().iter().all(|slope| *slope == 0.0));
        // 0.6 and 0.8 are rounded to float32: what is left is theirs, to the last digits.
        let truth = naive::orthogonality::loss(&batch.doubles());
        let found = outcome(&DEFAULT, &batch, 1.0).value();
        assert!(found > 0.0 && found < 1e-14 && (found - truth).abs() < 1e-14 * truth.sqrt());
    });
}

/// More rows than columns: the minimum is out of reach, and the gradient vanishes there.
#[test]
fn more_rows_than_columns() {
    let batch = Batch::new(&[&[1.0, 0.0], &[0.0, 1.0], &[0.0, 0.0]]);
    for_each_tier(|_| {
        let found = outcome(&DEFAULT, &batch, 1.0);
        assert_eq!((found.value(), found.notices), (1.0, Notices::NONE));
        assert!(found.slopes().iter().all(|slope| *slope == 0.0));
    });
}

#[test]
fn no_rows_and_no_columns() {
    let none = Batch { values: Vec::new(), rows: 0, columns: 5, stride: 5 };
    let flat = Batch { values: Vec::new(), rows: 3, columns: 0, stride: 0 };
    for_each_tier(|_| {
        let found = outcome(&DEFAULT, &none, 1.0);
        assert_eq!((found.value(), found.notices), (0.0, Notices::EMPTY));
        let found = outcome(&DEFAULT, &flat, 1.0);
        assert_eq!((found.value(), found.notices), (3.0, Notices::NONE));
    });
}

/// Where the squares overflow float32: cuvis-ai's loss is infinite.
#[test]
fn large_entries_have_their_loss() {
    let batch = Batch::new(&[&[1e10, 0.0], &[0.0, 1.0]]);
    for_each_tier(|_| {
        let found = outcome(&DEFAULT, &batch, 1.0);
        assert!((found.value() / 1e40 - 1.0).abs() < 1e-7);
        assert!((found.slopes()[0] / 4e30 - 1.0).abs() < 1e-6);
        assert_eq!(found.notices, Notices::NONE);
        let found = outcome(&DEFAULT, &Batch::new(&[&[f32::MAX; 40], &[f32::MAX; 40]]), 1.0);
        assert!(found.value() > 1e150 && found.value().is_finite());
        // The gradient overflows alone.
        assert!(found.slopes().iter().all(|slope| *slope == f64::INFINITY));
    });
}

#[test]
fn what_is_not_finite() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let batch = Batch::new(&[&[1.0, bad, 0.5], &[0.25, 1.0, 0.0]]);
        for_each_tier(|_| {
            let found = outcome(&DEFAULT, &batch, 1.0);
            assert!(!found.value().is_finite() && found.notices == Notices::NOT_FINITE);
            // A factor of 0 switches off.
            let found = outcome(&Params { weight: 0.0 }, &batch, 1.0);
            assert_eq!((found.value(), found.notices), (0.0, Notices::NONE));
            assert!(found.slopes().iter().all(|slope| *slope == 0.0));
            assert!(outcome(&DEFAULT, &batch, 0.0).slopes().iter().all(|slope| *slope == 0.0));
        });
    }
}

#[test]
fn bad_arguments() {
    gram::bad_arguments_change_nothing(&DEFAULT);
    let batch = Batch::new(&[&[1.0]]);
    for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let wrong = Params { weight };
        assert_eq!(wrong.loss(&batch.matrix(), &mut [0.0; 99]), Err(Error::Weight));
    }
}

#[test]
fn the_workspace_grows_with_the_matrix() {
    let of = orthogonality::workspace;
    assert_eq!((of(0, 0), of(1, 1), of(3, 61), of(10, 200)), (0, 68, 268, 952));
    assert_eq!((of(64, 400), of(1024, 400)), (5696, 5696));
    assert!((0..1024).all(|rows| of(rows, 7) <= of(rows + 1, 7)));
    assert_eq!(of(usize::MAX, usize::MAX), usize::MAX);
}
