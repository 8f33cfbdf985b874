//! Orthogonality of components: bits between tiers and layouts, the oracle, and the edges.

use super::for_each_tier;
use super::harness::batch::number;
use super::matrices::{Rows, any_rows, ordinary_rows, spread};
use super::naive::matrix as naive;
use crate::error::{Error, Notices};
use crate::input::Matrix;
use crate::metric::component_orthogonality::{Report, values, workspace};
use proptest::prelude::*;
use std::vec::Vec;

fn report(matrix: &Matrix) -> Report {
    let mut space = std::vec![f64::NAN; workspace(matrix.rows, matrix.columns)];
    values(matrix, &mut space).unwrap()
}

fn numbers(report: &Report) -> [f64; 4] {
    report.metrics().map(|metric| metric.value)
}

fn bits(report: &Report) -> ([u64; 4], Notices) {
    (numbers(report).map(number), report.notices())
}

fn check(rows: &Rows) {
    let found = numbers(&report(&rows.matrix()));
    for (found, truth) in found.into_iter().zip(naive::component_orthogonality(&rows.doubles())) {
        let both_nan = found.is_nan() && truth.is_nan();
        let near = (found - truth).abs() <= 1e-12 * truth.abs() + 1e-13;
        assert!(both_nan || near, "{found} is not {truth}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tier_and_stride_gives_the_same_bits(rows in any_rows(), gap in 0_usize..5) {
        let first = bits(&report(&rows.matrix()));
        let stride = rows.columns + gap;
        let values = spread(&rows, stride);
        let matrix = Matrix { values: &values, row_stride: stride, ..rows.matrix() };
        for_each_tier(|tier| {
            assert_eq!(bits(&report(&rows.matrix())), first, "{tier:?}");
            assert_eq!(bits(&report(&matrix)), first, "{tier:?}, strided");
        });
    }

    #[test]
    fn values_are_the_formulas(rows in ordinary_rows()) {
        check(&rows);
    }

    #[test]
    fn a_mean_of_sizes_is_at_most_the_mean_square(rows in ordinary_rows()) {
        let found = report(&rows.matrix());
        if found.components > 0 {
            let mean_square = found.orthogonality_error / found.components as f64;
            prop_assert!(found.avg_off_diagonal <= mean_square * (1.0 + 1e-14));
        }
    }
}

/// More rows and columns than kernels take at a time.
#[test]
fn large_matrices_are_the_formulas() {
    for (count, columns) in [(1, 1), (3, 1100), (19, 530), (65, 33), (131, 7)] {
        let mut seed = 1_u32;
        let values = (0..count * columns).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        });
        check(&Rows { columns, values: values.collect() });
    }
}

#[test]
fn nearly_orthonormal_rows_keep_their_digits() {
    // The length of the first row is 1 + 2^-30 as a square root has it; float32 ends at 2^-23.
    let small = 2.0_f32.powi(-15);
    let found = report(&Matrix::new(&[1.0, small, 0.0, 1.0], 2, 2));
    let (slope, excess) = (f64::from(small), f64::from(small) * f64::from(small));
    let expected = (excess * excess + 2.0 * slope * slope).sqrt();
    assert!((found.orthogonality_error / expected - 1.0).abs() < 1e-15);
    assert_eq!(found.avg_off_diagonal, (excess + 2.0 * slope) / 4.0);
    assert_eq!(found.diagonal_mean, 1.0 + excess / 2.0);
    // The deviations of squared lengths that are far from their mean of 1e6 by a thousandth.
    let found = report(&Matrix::new(&[1000.0, 0.0, 0.0, 1000.0_f32.next_up()], 2, 2));
    let next = f64::from(1000.0_f32.next_up());
    let expected = (next * next - 1e6) / 2.0_f64.sqrt();
    assert!((found.diagonal_std / expected - 1.0).abs() < 1e-12);
}

#[test]
fn component_orthogonality_at_the_edges() {
    let run = |rows, values: &[f32]| {
        let found = report(&Matrix::new(values, rows, values.len() / rows.max(1)));
        (numbers(&found), found.notices(), found.metrics().map(|metric| metric.notices))
    };
    // Nothing.
    let (values, notices, each) = run(0, &[]);
    assert!(values[0] == 0.0 && values[1..].iter().all(|value| value.is_nan()));
    assert_eq!((notices, each), (Notices::EMPTY, [Notices::EMPTY; 4]));
    // One row has no deviation.
    let (values, notices, each) = run(1, &[2.0]);
    assert!(values[..3] == [3.0, 3.0, 4.0] && values[3].is_nan());
    assert_eq!((notices, each[0]), (Notices::DEGENERATE, Notices::NONE));
    // Orthonormal rows.
    assert_eq!(run(2, &[1.0, 0.0, 0.0, 1.0]).0, [0.0, 0.0, 1.0, 0.0]);
    // Rows without columns are of length 0.
    assert_eq!(numbers(&report(&Matrix::new(&[], 4, 0))), [2.0, 0.25, 0.0, 0.0]);
    // More rows than columns cannot be orthonormal.
    let half = 0.5_f32.sqrt();
    assert!((run(2, &[half, half]).0[0] - 1.0).abs() < 1e-7);
    // A NaN reaches everything.
    let (values, notices, _) = run(2, &[f32::NAN, 1.0, 0.0, 1.0]);
    assert!(values.iter().all(|value| value.is_nan()) && notices == Notices::NOT_FINITE);
    // Entries that overflow float32 do not in double.
    let (values, notices, _) = run(1, &[1e20]);
    assert!((values[0] / 1e40 - 1.0).abs() < 1e-6 && notices == Notices::DEGENERATE);
}

#[test]
fn bad_arguments_change_nothing() {
    let floats = [1.0, 2.0, 3.0, 4.0];
    let good = Matrix::new(&floats, 2, 2);
    let mut space = [7.0; 512];
    let needed = workspace(2, 2);
    let mut refused = |matrix: &Matrix, length: usize, error: Error| {
        assert_eq!(values(matrix, &mut space[..length]), Err(error));
    };
    refused(&good, needed - 1, Error::Workspace);
    refused(&Matrix { row_stride: 1, ..good }, 512, Error::Strides);
    refused(&Matrix { rows: 3, ..good }, 512, Error::LengthMismatch);
    refused(&Matrix { rows: 1025, columns: 0, ..good }, 512, Error::Channels);
    assert!(space.iter().all(|word| *word == 7.0));
    let unused: Vec<f64> = Vec::new();
    assert_eq!(unused.len(), workspace(0, 5));
}
