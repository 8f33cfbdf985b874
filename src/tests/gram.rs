//! What orthogonality and distinctness share: matrices of all shapes, and what is run on them.

use super::{any_float, between};
use crate::error::{Error, Notices, Value};
use crate::loss::Write;
use crate::matrix::Matrix;
use proptest::prelude::*;
use std::vec::Vec;

/// Rows in memory, with whatever lies between them.
#[derive(Clone, Debug)]
pub struct Batch {
    pub values: Vec<f32>,
    pub rows: usize,
    pub columns: usize,
    pub stride: usize,
}

impl Batch {
    pub fn new(rows: &[&[f32]]) -> Self {
        let columns = rows.first().map_or(0, |row| row.len());
        Self { values: rows.concat(), rows: rows.len(), columns, stride: columns }
    }

    pub fn matrix(&self) -> Matrix<'_> {
        let Self { rows, columns, stride: row_stride, .. } = *self;
        Matrix { values: &self.values, rows, columns, row_stride }
    }

    pub fn doubles(&self) -> Vec<Vec<f64>> {
        (0..self.rows).map(|i| self.row(i).iter().map(|x| f64::from(*x)).collect()).collect()
    }

    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.stride..][..self.columns]
    }

    /// The same rows, further apart, with NaN between them.
    pub fn spread(&self, gap: usize) -> Self {
        let mut values = Vec::new();
        for index in 0..self.rows {
            values.extend_from_slice(self.row(index));
            values.extend(std::iter::repeat_n(f32::NAN, gap));
        }
        Self { values, stride: self.columns + gap, ..*self }
    }
}

/// The functions of a node, at fixed parameters.
pub trait Node {
    fn workspace(&self, rows: usize, columns: usize) -> usize;
    fn loss(&self, matrix: &Matrix, workspace: &mut [f64]) -> Result<Value, Error>;
    fn gradient(
        &self,
        matrix: &Matrix,
        how: (f64, Write),
        workspace: &mut [f64],
        gradient: &mut [f32],
    ) -> Result<Notices, Error>;
    fn both(
        &self,
        matrix: &Matrix,
        how: (f64, Write),
        workspace: &mut [f64],
        gradient: &mut [f32],
    ) -> Result<Value, Error>;
}

/// Everything that a matrix gives, as bits; a NaN is a NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub loss: u64,
    pub notices: Notices,
    pub gradient: Vec<u32>,
}

impl Outcome {
    pub fn value(&self) -> f64 {
        if self.loss == u64::MAX { f64::NAN } else { f64::from_bits(self.loss) }
    }

    pub fn slopes(&self) -> Vec<f64> {
        self.gradient.iter().map(|bits| f64::from(f32::from_bits(*bits))).collect()
    }
}

pub fn number(double: f64) -> u64 {
    if double.is_nan() { u64::MAX } else { double.to_bits() }
}

pub fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() }).collect()
}

/// The floats of the rows, without what lies between them; that must not have changed.
fn rows_of(batch: &Batch, gradient: &[f32], between: f32) -> Vec<f32> {
    let mut rows = Vec::new();
    for (index, float) in gradient.iter().enumerate() {
        let column = index.checked_rem(batch.stride).unwrap_or(0);
        if index < batch.rows * batch.stride && column < batch.columns {
            rows.push(*float);
        } else {
            assert_eq!(*float, between, "a float between the rows changed");
        }
    }
    rows
}

/// Runs all functions, with a workspace of exactly the size, full of NaN.
pub fn outcome(node: &impl Node, batch: &Batch, upstream: f64) -> Outcome {
    let matrix = batch.matrix();
    let size = node.workspace(batch.rows, batch.columns);
    let workspace = || std::vec![f64::NAN; size];
    let value = node.loss(&matrix, &mut workspace()).unwrap();
    let mut stored = std::vec![7.0; batch.values.len()];
    let how = (upstream, Write::Store);
    let notices = node.gradient(&matrix, how, &mut workspace(), &mut stored).unwrap();
    let mut at_once = std::vec![7.0; batch.values.len()];
    let both = node.both(&matrix, how, &mut workspace(), &mut at_once).unwrap();
    assert_eq!((notices, both.notices), (value.notices, value.notices));
    assert_eq!(number(both.value), number(value.value));
    let gradient = rows_of(batch, &stored, 7.0);
    assert_eq!(bits(&gradient), bits(&rows_of(batch, &at_once, 7.0)));

    // Added, it is what was there plus what would have been stored, rounded once.
    let mut added = std::vec![-3.25; batch.values.len()];
    let how = (upstream, Write::Add);
    node.gradient(&matrix, how, &mut workspace(), &mut added).unwrap();
    let expected: Vec<f32> = gradient.iter().map(|slope| -3.25 + slope).collect();
    assert_eq!(bits(&rows_of(batch, &added, -3.25)), bits(&expected));

    Outcome { loss: number(value.value), notices: value.notices, gradient: bits(&gradient) }
}

/// Every argument that is wrong is an error, and changes nothing.
pub fn bad_arguments_change_nothing(node: &impl Node) {
    let batch = Batch::new(&[&[1.0, 2.0], &[3.0, -1.0], &[0.5, 0.25]]);
    let matrix = batch.matrix();
    let size = node.workspace(3, 2);
    let refused = |matrix: &Matrix, size: usize, floats: usize, expected: Error| {
        let mut workspace = std::vec![42.0; size];
        let mut gradient = std::vec![42.0; floats];
        if floats >= 6 {
            assert_eq!(node.loss(matrix, &mut workspace), Err(expected));
        }
        let how = (1.0, Write::Store);
        assert_eq!(node.gradient(matrix, how, &mut workspace, &mut gradient), Err(expected));
        assert_eq!(
            node.both(matrix, how, &mut workspace, &mut gradient).map(|_| ()),
            Err(expected)
        );
        assert!(workspace.iter().all(|double| *double == 42.0));
        assert!(gradient.iter().all(|float| *float == 42.0));
    };
    refused(&matrix, size - 1, 6, Error::Workspace);
    refused(&matrix, 0, 6, Error::Workspace);
    refused(&matrix, size, 5, Error::LengthMismatch);
    refused(&Matrix { values: &batch.values[..5], ..matrix }, size, 6, Error::LengthMismatch);
    refused(&Matrix { row_stride: 1, ..matrix }, size, 6, Error::Strides);
    let values = std::vec![0.0; 1025];
    refused(&Matrix::new(&values, 1025, 1), 1 << 14, 1025, Error::Channels);
    refused(&Matrix::new(&values, usize::MAX, 2), 1 << 14, 1025, Error::TooLarge);
}

fn entry() -> impl Strategy<Value = f32> {
    prop_oneof![6 => between(-1.5, 1.5), 1 => Just(0.0_f32)]
}

fn any_entry() -> impl Strategy<Value = f32> {
    prop_oneof![20 => entry(), 1 => any_float()]
}

/// Ordinary matrices of up to 24 rows and 70 columns.
pub fn ordinary() -> impl Strategy<Value = Batch> {
    sized(entry)
}

/// The same with anything in them.
pub fn anything() -> impl Strategy<Value = Batch> {
    sized(any_entry)
}

fn sized<S: Strategy<Value = f32>>(entry: fn() -> S) -> impl Strategy<Value = Batch> {
    (0_usize..24, 0_usize..70, 0_usize..3).prop_flat_map(move |(rows, columns, gap)| {
        let values = proptest::collection::vec(entry(), rows * columns);
        values.prop_map(move |values| Batch { values, rows, columns, stride: columns }.spread(gap))
    })
}

/// More rows than a panel of 64 holds, and shapes at the ends of blocks.
pub fn shapes() -> Vec<Batch> {
    let shapes = [(1, 1), (4, 16), (5, 15), (8, 17), (64, 33), (65, 18), (70, 3), (130, 16)];
    let large = [(300, 5), (1024, 2)];
    let filled = |(rows, columns): (usize, usize)| {
        let value = |i: usize| ((i * 7919) % 997) as f32 / 997.0 - 0.4;
        let values = (0..rows * columns).map(value).collect();
        Batch { values, rows, columns, stride: columns }
    };
    shapes.into_iter().chain(large).map(filled).collect()
}
