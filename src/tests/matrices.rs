//! Orthogonality and distinctness: how they are called, slopes, invariants, and the edges.

use super::harness::batch::{Batch, Order};
use super::harness::oracle::{Formula, loss_and_gradient_are_the_formula};
use super::harness::properties::{adding_is_storing_plus_what_was_there, every_tier_and_order_gives_the_same_bits};
use super::harness::{Ask, Input, Node, Reading, State, outcome, reading};
use super::naive::matrix as naive;
use super::{any_float, between};
use crate::error::{Error, Notices, Value};
use crate::input::Matrix;
use crate::loss::{distinctness, orthogonality};
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub columns: usize,
    pub values: Vec<f32>,
}

impl Rows {
    pub fn count(&self) -> usize {
        self.values.len() / self.columns
    }

    pub fn matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.values, self.count(), self.columns)
    }

    pub fn batch(&self) -> Batch {
        let (n, channels, values) = (self.count(), self.columns, self.values.clone());
        Batch { n, channels, values, ..Batch::default() }
    }

    pub fn doubles(&self) -> Vec<Vec<f64>> {
        let rows = self.values.chunks(self.columns);
        rows.map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect()
    }
}

fn rows(value: BoxedStrategy<f32>) -> impl Strategy<Value = Rows> {
    (0_usize..9, 1_usize..70).prop_flat_map(move |(rows, columns)| {
        proptest::collection::vec(value.clone(), rows * columns).prop_map(move |values| Rows { columns, values })
    })
}

pub(super) fn any_rows() -> impl Strategy<Value = Rows> {
    rows(prop_oneof![6 => between(-1.0, 1.0), 2 => Just(0.0), 1 => any_float()].boxed())
}

pub(super) fn ordinary_rows() -> impl Strategy<Value = Rows> {
    rows(between(-1.0, 1.0).boxed())
}

/// Rows with gaps of NaN between them.
pub(super) fn spread(rows: &Rows, stride: usize) -> Vec<f32> {
    let mut values = std::vec![f32::NAN; rows.count() * stride];
    for (index, row) in rows.values.chunks(rows.columns).enumerate() {
        values[index * stride..][..rows.columns].copy_from_slice(row);
    }
    values
}

const SKIP: [distinctness::Params; 2] = [
    distinctness::Params { weight: 0.7, eps: 1e-6, skip_exact_zeros: false },
    distinctness::Params { weight: 0.7, eps: 1e-6, skip_exact_zeros: true },
];
const ORTHOGONALITY: orthogonality::Params = orthogonality::Params { weight: 0.3 };

/// A loss of a matrix has no state; its rows are the pixels of a batch.
macro_rules! matrix {
    ($node:ident) => {
        impl Node for $node::Params {
            fn read(&self, input: &Input, _state: &State) -> Reading {
                let matrix = input.matrix();
                let mut space =
                    std::vec![f64::NAN; $node::workspace(matrix.rows, matrix.columns)];
                reading($node::loss(self, &matrix, &mut space))
            }

            fn gradient(
                &self,
                input: &Input,
                _state: &State,
                Ask { upstream, write }: Ask,
                to: &mut [f32],
            ) -> Option<Result<Notices, Error>> {
                let matrix = input.matrix();
                let mut space =
                    std::vec![f64::NAN; $node::workspace(matrix.rows, matrix.columns)];
                Some($node::gradient(self, &matrix, upstream, write, &mut space, to))
            }

            fn at_once(
                &self,
                input: &Input,
                Ask { upstream, write }: Ask,
                _state: Option<&mut State>,
                to: &mut [f32],
            ) -> Option<Result<Value, Error>> {
                let matrix = input.matrix();
                let mut space =
                    std::vec![f64::NAN; $node::workspace(matrix.rows, matrix.columns)];
                Some($node::loss_and_gradient(self, &matrix, upstream, write, &mut space, to))
            }

            fn orders(&self) -> &'static [Order] {
                &[Order::Interleaved, Order::InterleavedWithGaps]
            }
        }
    };
}
matrix!(orthogonality);
matrix!(distinctness);

const NODES: [&dyn Node; 3] = [&ORTHOGONALITY, &SKIP[0], &SKIP[1]];

fn rows_of(batch: &Batch, values: &[f64]) -> Vec<Vec<f64>> {
    values.chunks(batch.channels).map(<[f64]>::to_vec).collect()
}

impl Formula for orthogonality::Params {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        f64::from(self.weight) * naive::orthogonality(&rows_of(batch, values))
    }

    fn loss_bound(&self, _batch: &Batch, truth: f64) -> f64 {
        1e-12 * truth.abs() + 1e-13
    }

    fn step(&self) -> f64 {
        1e-5
    }

    /// With the documented bound: of terms that may cancel.
    fn slope_bound(&self, batch: &Batch, index: usize, _truth: f64, largest: f64) -> f64 {
        let at = rows_of(batch, &batch.doubles());
        let (row, column) = (&at[index / batch.channels], index % batch.channels);
        let terms = at.iter().enumerate().map(|(other, values)| {
            let product: f64 = row.iter().zip(values).map(|(a, b)| a * b).sum();
            let unit = if other == index / batch.channels { 1.0 } else { 0.0 };
            (product - unit).abs() * values[column].abs()
        });
        let factor = 8.0 * 2.0_f64.powi(-24) * 1.5 * 4.0 * f64::from(self.weight);
        2e-6 * largest + 1e-8 + factor * terms.sum::<f64>()
    }
}

impl Formula for distinctness::Params {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        let rows = rows_of(batch, values);
        f64::from(self.weight) * naive::distinctness(&rows, 1e-6, self.skip_exact_zeros)
    }

    fn loss_bound(&self, _batch: &Batch, truth: f64) -> f64 {
        1e-12 * truth.abs() + 1e-13
    }

    fn step(&self) -> f64 {
        1e-5
    }

    fn slope_bound(&self, _batch: &Batch, _index: usize, _truth: f64, largest: f64) -> f64 {
        2e-6 * largest + 1e-8
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tier_and_stride_gives_the_same_bits(rows in any_rows()) {
        for node in NODES {
            every_tier_and_order_gives_the_same_bits(node, &rows.batch(), &[]);
        }
    }

    #[test]
    fn adding_is_storing(rows in any_rows()) {
        for node in NODES {
            adding_is_storing_plus_what_was_there(node, &rows.batch(), &[]);
        }
    }

    #[test]
    fn losses_and_slopes_are_the_formulas(rows in ordinary_rows()) {
        let batch = rows.batch();
        for node in [&ORTHOGONALITY as &dyn Formula, &SKIP[0], &SKIP[1]] {
            loss_and_gradient_are_the_formula(node, &batch, Order::Interleaved);
        }
    }

    #[test]
    fn distinctness_does_not_pull_along_a_row(rows in ordinary_rows()) {
        for params in &SKIP {
            let mut gradient = std::vec![f32::NAN; rows.values.len()];
            let mut space = std::vec![0.0; distinctness::workspace(rows.count(), rows.columns)];
            distinctness::gradient(params, &rows.matrix(), 1.0, Write::Store, &mut space, &mut gradient).unwrap();
            for (row, slopes) in rows.values.chunks(rows.columns).zip(gradient.chunks(rows.columns)) {
                let products = || row.iter().zip(slopes).map(|(w, slope)| f64::from(*w) * f64::from(*slope));
                let (sum, size): (f64, f64) = (products().sum(), products().map(f64::abs).sum());
                prop_assert!(sum.abs() <= 1e-6 * size + 1e-9, "{sum} of {size}");
            }
        }
    }
}

/// Some hundred rows or columns: more than kernels take at a time.
#[test]
fn large_matrices_are_the_formulas_on_every_tier() {
    for (count, columns) in [(1, 1), (3, 1100), (19, 530), (64, 16), (65, 33), (131, 7)] {
        let mut seed = 1_u32;
        let values = (0..count * columns).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        });
        let rows = Rows { columns, values: values.collect() };
        let batch = rows.batch();
        for node in NODES {
            every_tier_and_order_gives_the_same_bits(node, &batch, &[]);
        }
        let first = NODES.map(|node| outcome(node, &batch, Order::Interleaved));
        let at = rows.doubles();
        let truths = [
            f64::from(ORTHOGONALITY.weight) * naive::orthogonality(&at),
            f64::from(SKIP[0].weight) * naive::distinctness(&at, 1e-6, false),
            f64::from(SKIP[1].weight) * naive::distinctness(&at, 1e-6, true),
        ];
        for (found, truth) in first.iter().zip(truths) {
            let found = f64::from_bits(found.numbers[0]);
            assert!((found - truth).abs() <= 1e-12 * truth.abs() + 1e-13, "{found} is not {truth}");
        }
        let slopes = &first[0].gradient;
        let factor = 1.5 * 4.0 * f64::from(ORTHOGONALITY.weight);
        for (index, found) in slopes.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            let parts = at.iter().enumerate().map(|(other, values)| {
                let product: f64 = at[row].iter().zip(values).map(|(a, b)| a * b).sum();
                factor * (product - f64::from(u8::from(row == other))) * values[column]
            });
            let (truth, size) = parts.fold((0.0, 0.0), |(sum, size), part| (sum + part, size + part.abs()));
            let found = f64::from(f32::from_bits(*found));
            let bound = 8.0 / f64::from(1 << 24) * size + 1e-12;
            assert!((found - truth).abs() <= bound, "{found} is not {truth}, {count}x{columns}");
        }
        // No cosine is exactly 0 here, so both ways to take the mean are one.
        for (all, some) in first[1].gradient.iter().zip(&first[2].gradient) {
            let (all, some) = (f32::from_bits(*all), f32::from_bits(*some));
            assert!((all - some).abs() <= 1e-5 * all.abs() + 1e-9, "{all} is not {some}");
        }
    }
}

fn distinct(params: &distinctness::Params, rows: usize, values: &[f32]) -> (f64, Notices, Vec<f32>) {
    let matrix = Matrix::new(values, rows, values.len() / rows.max(1));
    let mut space = std::vec![0.0; distinctness::workspace(rows, matrix.columns)];
    let mut gradient = std::vec![f32::NAN; values.len()];
    let value = distinctness::loss_and_gradient(params, &matrix, 1.0, Write::Store, &mut space, &mut gradient).unwrap();
    (value.value, value.notices, gradient)
}

#[test]
fn distinctness_at_the_edges() {
    let [all, some] = SKIP.map(|params| distinctness::Params { weight: 0.1, ..params });
    // Disjoint selectors are the optimum.
    for params in [&all, &some] {
        let found = distinct(params, 3, &[0.3, 0.0, 0.0, 0.0, 0.7, 0.0, 0.0, 0.0, 0.1]);
        assert_eq!((found.0, found.1), (0.0, Notices::ZERO_PAIRS));
    }
    assert_eq!(distinct(&some, 2, &[1.0, 0.0, 0.0, 1.0]).2, [0.0; 4]);
    // Two of three one-hot rows are equal: one pair of three.
    let one_hot = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0];
    let weight = f64::from(all.weight);
    assert!((distinct(&all, 3, &one_hot).0 - weight / 3.0).abs() < 1e-15);
    let (value, notices, _) = distinct(&some, 3, &one_hot);
    assert!((value - weight).abs() < 1e-15 && notices == Notices::ZERO_PAIRS);
    // A row of zeros counts.
    let dead = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0];
    let cosine = 0.5_f64.sqrt();
    let (value, notices, _) = distinct(&all, 3, &dead);
    assert!((value - weight * cosine / 3.0).abs() < 1e-15);
    assert_eq!(notices, Notices::DEGENERATE | Notices::ZERO_PAIRS);
    let (value, _, _) = distinct(&some, 3, &dead);
    assert!((value - weight * cosine).abs() < 1e-15);
    // A short row is not scaled to length 1, and its gradient is as large as 1 / eps.
    let (value, notices, gradient) = distinct(&all, 2, &[1e-7, 0.0, 1.0, 0.0]);
    assert!((value - weight * 0.1).abs() < 1e-7 && notices == Notices::DEGENERATE);
    assert!((f64::from(gradient[0]) - weight / 1e-6).abs() < 1.0);
    // Lengths beyond the greatest float32.
    let (value, notices, _) = distinct(&all, 2, &[1e30, 1e30, 1e30, 0.0]);
    assert!((value - weight * cosine).abs() < 1e-9 && notices == Notices::NONE);
    // Without eps a row of zeros stays one.
    let bare = distinctness::Params { eps: 0.0, ..all };
    let (value, notices, gradient) = distinct(&bare, 2, &[0.0, 0.0, 1.0, 0.0]);
    assert_eq!((value, notices), (0.0, Notices::DEGENERATE | Notices::ZERO_PAIRS));
    assert!(gradient.iter().all(|slope| *slope == 0.0));
    for rows in [0, 1] {
        let (value, notices, gradient) = distinct(&all, rows, &[1.0, 2.0][..2 * rows]);
        assert_eq!((value, notices), (0.0, Notices::EMPTY));
        assert!(gradient.iter().all(|slope| *slope == 0.0));
    }
    let (value, notices, _) = distinct(&all, 2, &[f32::NAN, 1.0, 1.0, 1.0]);
    assert!(value.is_nan() && notices.contains(Notices::NOT_FINITE));
}

#[test]
fn orthogonality_at_the_edges() {
    let run = |rows, values: &[f32]| {
        let matrix = Matrix::new(values, rows, values.len() / rows.max(1));
        let mut space = std::vec![0.0; orthogonality::workspace(rows, matrix.columns)];
        let mut gradient = std::vec![f32::NAN; values.len()];
        let params = orthogonality::Params::default();
        let value =
            orthogonality::loss_and_gradient(&params, &matrix, 1.0, Write::Store, &mut space, &mut gradient).unwrap();
        (value.value, value.notices, gradient)
    };
    assert_eq!(run(0, &[]), (0.0, Notices::EMPTY, Vec::new()));
    let nothing = Matrix { columns: usize::MAX, ..Matrix::default() };
    let params = orthogonality::Params::default();
    let found = orthogonality::gradient(&params, &nothing, 1.0, Write::Store, &mut [], &mut []);
    assert_eq!(found, Ok(Notices::EMPTY));
    // The distance of a single row to the next one means nothing.
    let single = Matrix { row_stride: usize::MAX, ..Matrix::new(&[0.5; 20], 1, 20) };
    let mut space = std::vec![0.0; orthogonality::workspace(1, 20)];
    let mut slopes = [f32::NAN; 20];
    orthogonality::gradient(&params, &single, 1.0, Write::Store, &mut space, &mut slopes).unwrap();
    assert_eq!(slopes, [8.0; 20]);
    assert_eq!(run(2, &[1.0, 0.0, 0.0, 1.0]), (0.0, Notices::NONE, std::vec![0.0; 4]));
    // More rows than columns: the least loss is 1, and there the gradient is 0.
    let half = 0.5_f32.sqrt();
    let (value, _, gradient) = run(2, &[half, half]);
    assert!((value - 1.0).abs() < 1e-7 && gradient.iter().all(|slope| slope.abs() < 1e-6));
    // Entries that overflow float32 do not in double.
    let (value, notices, gradient) = run(1, &[1e10, 0.0]);
    assert!((value / 1e40 - 1.0).abs() < 1e-6 && notices == Notices::NONE);
    assert!((gradient[0] / 4e30 - 1.0).abs() < 1e-6);
    let (value, notices, _) = run(1, &[f32::NAN]);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
}

#[test]
fn bad_arguments_change_nothing() {
    let values = [1.0, 2.0, 3.0, 4.0];
    let good = Matrix::new(&values, 2, 2);
    let (params, other) = (orthogonality::Params::default(), distinctness::Params::default());
    let mut space = [0.0; 512];
    let mut gradient = [7.0; 4];
    let mut refused = |matrix: &Matrix, space: &mut [f64], length: usize, error: Error| {
        let to = &mut gradient[..length];
        let found = orthogonality::gradient(&params, matrix, 1.0, Write::Store, space, to);
        assert_eq!(found, Err(error));
        let found = distinctness::gradient(&other, matrix, 1.0, Write::Store, space, to);
        assert_eq!(found, Err(error));
    };
    refused(&good, &mut space[..1], 4, Error::Workspace);
    refused(&good, &mut space, 3, Error::LengthMismatch);
    refused(&Matrix { row_stride: 1, ..good }, &mut space, 4, Error::Strides);
    refused(&Matrix { rows: 3, ..good }, &mut space, 4, Error::LengthMismatch);
    refused(&Matrix { rows: 1025, columns: 0, ..good }, &mut space, 4, Error::Channels);
    // Rows without columns have places, too, and these overflow.
    let far = Matrix { rows: 3, columns: 0, row_stride: usize::MAX, ..good };
    refused(&far, &mut space, 4, Error::TooLarge);
    for bad in [f32::NAN, f32::INFINITY] {
        let params = orthogonality::Params { weight: bad };
        assert_eq!(orthogonality::loss(&params, &good, &mut space), Err(Error::Weight));
        let params = distinctness::Params { weight: bad, ..other };
        assert_eq!(distinctness::loss(&params, &good, &mut space), Err(Error::Weight));
        let params = distinctness::Params { eps: bad, ..other };
        assert_eq!(distinctness::loss(&params, &good, &mut space), Err(Error::Epsilon));
    }
    let params = distinctness::Params { eps: -1.0, ..other };
    assert_eq!(distinctness::loss(&params, &good, &mut space), Err(Error::Epsilon));
    assert_eq!(gradient, [7.0; 4]);
}
