//! Losses of matrices and of selection weights: no totals, but a workspace and rows with gaps between them.

use crate::buffer::Buffer;
use crate::fault::{Array, Fault, error_of};
use crate::node::Ask;
use crate::parameters::Parameters;
use crate::record::{Record, float_bits};
use crate::source::Source;
use crate::tiers::{pin, tiers};
use hyla::capi::distinctness::*;
use hyla::capi::matrix::hyla_matrix;
use hyla::capi::orthogonality::*;
use hyla::capi::selector_diversity::*;
use hyla::capi::selector_entropy::*;

/// The rows of a case; selection weights are one row.
#[derive(Clone)]
pub struct Rows {
    pub rows: usize,
    pub columns: usize,
    pub row_stride: usize,
    pub values: Buffer<f32>,
    pub fault: Option<Fault>,
}

impl Rows {
    /// Any rows: one of any length, or several.
    pub fn any(source: &mut Source, is_one: bool) -> Self {
        let rows = match source.below(8) {
            _ if is_one => 1,
            0 => source.below(130),
            _ => source.below(12),
        };
        let columns = source.length().min(3000 / rows.max(1));
        let row_stride = columns + if source.once_in(2) { source.below(9) } else { 0 };
        let span = if rows == 0 || columns == 0 { 0 } else { (rows - 1) * row_stride + columns };
        let values = Buffer::new(source.start(), &source.floats(span));
        Self { rows, columns, row_stride, values, fault: None }
    }

    /// As C has them.
    pub fn matrix(&self) -> hyla_matrix {
        let mut matrix = hyla_matrix {
            values: self.values.at(0),
            rows: self.rows,
            columns: self.columns,
            row_stride: self.row_stride,
            reserved: [core::ptr::null(); 2],
        };
        if let Some(fault) = self.fault {
            fault.of_float(Array::Values, &mut matrix.values);
            fault.of_rest(&mut matrix.columns, &mut matrix.reserved, core::ptr::dangling());
            if let Fault::Strides([row_stride, _]) = fault {
                matrix.row_stride = row_stride;
            }
        }
        matrix
    }

    /// Selection weights and their number.
    pub fn weights(&self) -> (*const f32, usize) {
        let matrix = self.matrix();
        (matrix.values, matrix.columns)
    }

    /// Without gaps.
    fn compacted(&self) -> Self {
        let mut other = self.clone();
        let rows = (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| row * self.row_stride + column));
        other.values = Buffer::new(0, &rows.map(|place| self.values[place]).collect::<Vec<_>>());
        other.row_stride = self.columns;
        other
    }
}

/// A loss of rows.
trait Regulariser {
    /// How many doubles of workspace it needs.
    fn workspace(&self, rows: &Rows) -> usize;
    fn loss(&self, rows: &Rows, workspace: &mut Buffer<f64>, loss: *mut f64) -> i32;
    fn gradient(&self, rows: &Rows, ask: Ask, workspace: &mut Buffer<f64>, to: *mut f32) -> i32;
    fn at_once(&self, rows: &Rows, ask: Ask, workspace: &mut Buffer<f64>, loss: *mut f64, to: *mut f32) -> i32;
}

/// `regulariser!(Node, workspace or none, loss, gradient, at once, rows => what C is given of them)`.
macro_rules! regulariser {
    ($node:ident, $loss:ident, $gradient:ident, $at_once:ident, matrix, $workspace:ident) => {
        // SAFETY of all calls: the arrays are those of the rows, and the workspace says its own size; where a fault
        // changes a pointer, the function must find out.
        impl Regulariser for $node {
            fn workspace(&self, rows: &Rows) -> usize {
                $workspace(rows.rows, rows.columns)
            }

            fn loss(&self, rows: &Rows, workspace: &mut Buffer<f64>, loss: *mut f64) -> i32 {
                let (params, doubles) = (self.0.pointer(), workspace.len());
                // SAFETY: see above.
                unsafe { $loss(params, &rows.matrix(), workspace.at_mut(0), doubles, loss) }
            }

            fn gradient(&self, rows: &Rows, ask: Ask, workspace: &mut Buffer<f64>, to: *mut f32) -> i32 {
                let (params, doubles, room) = (self.0.pointer(), workspace.len(), workspace.at_mut(0));
                // SAFETY: see above.
                unsafe { $gradient(params, &rows.matrix(), ask.upstream, ask.write, room, doubles, to) }
            }

            fn at_once(&self, rows: &Rows, ask: Ask, workspace: &mut Buffer<f64>, loss: *mut f64, to: *mut f32) -> i32 {
                let (params, doubles, room) = (self.0.pointer(), workspace.len(), workspace.at_mut(0));
                // SAFETY: see above.
                unsafe { $at_once(params, &rows.matrix(), ask.upstream, ask.write, room, doubles, loss, to) }
            }
        }
    };
    ($node:ident, $loss:ident, $gradient:ident, $at_once:ident, weights) => {
        // SAFETY of all calls: as above.
        impl Regulariser for $node {
            fn workspace(&self, _rows: &Rows) -> usize {
                0
            }

            fn loss(&self, rows: &Rows, _workspace: &mut Buffer<f64>, loss: *mut f64) -> i32 {
                let (weights, n) = rows.weights();
                // SAFETY: see above.
                unsafe { $loss(self.0.pointer(), weights, n, loss) }
            }

            fn gradient(&self, rows: &Rows, ask: Ask, _workspace: &mut Buffer<f64>, to: *mut f32) -> i32 {
                let (weights, n) = rows.weights();
                // SAFETY: see above.
                unsafe { $gradient(self.0.pointer(), weights, n, ask.upstream, ask.write, to) }
            }

            fn at_once(&self, rows: &Rows, ask: Ask, _room: &mut Buffer<f64>, loss: *mut f64, to: *mut f32) -> i32 {
                let (weights, n) = rows.weights();
                // SAFETY: see above.
                unsafe { $at_once(self.0.pointer(), weights, n, ask.upstream, ask.write, loss, to) }
            }
        }
    };
}

struct Orthogonality(Parameters);
regulariser!(
    Orthogonality,
    hyla_orthogonality_loss,
    hyla_orthogonality_gradient,
    hyla_orthogonality_loss_and_gradient,
    matrix,
    hyla_orthogonality_workspace
);
struct Distinctness(Parameters);
regulariser!(
    Distinctness,
    hyla_distinctness_loss,
    hyla_distinctness_gradient,
    hyla_distinctness_loss_and_gradient,
    matrix,
    hyla_distinctness_workspace
);
struct Entropy(Parameters);
regulariser!(
    Entropy,
    hyla_selector_entropy_loss,
    hyla_selector_entropy_gradient,
    hyla_selector_entropy_loss_and_gradient,
    weights
);
struct Diversity(Parameters);
regulariser!(
    Diversity,
    hyla_selector_diversity_loss,
    hyla_selector_diversity_gradient,
    hyla_selector_diversity_loss_and_gradient,
    weights
);

/// One of the losses with any parameters, and whether it is of one row.
fn any(source: &mut Source) -> (Box<dyn Regulariser>, bool) {
    let (struct_size, weight) = (0, source.parameter(&[1.0, 1.0, 0.1, -2.0, 0.0]));
    match source.below(4) {
        0 => {
            let params = hyla_orthogonality_params { struct_size, weight };
            (Box::new(Orthogonality(Parameters::new(source, params))), false)
        }
        1 => {
            let eps = source.parameter(&[1e-6, 1e-6, 0.0, 1.0]);
            let params = hyla_distinctness_params { struct_size, weight, eps, skip_exact_zeros: source.option(2) };
            (Box::new(Distinctness(Parameters::new(source, params))), false)
        }
        2 => {
            let eps = source.parameter(&[1e-6, 1e-6, 0.0, 1.0]);
            let (has_target, target_entropy) = (source.option(2), source.parameter(&[0.0, 1.0, 3.0]));
            let params = hyla_selector_entropy_params { struct_size, weight, eps, has_target, target_entropy };
            (Box::new(Entropy(Parameters::new(source, params))), true)
        }
        _ => {
            let params = hyla_selector_diversity_params { struct_size, weight };
            (Box::new(Diversity(Parameters::new(source, params))), true)
        }
    }
}

/// What is in memory that is written to, before a call.
const BEFORE: f32 = -4.25;

/// What the functions say, and the gradients in the layout of the rows.
struct Said {
    record: Record,
    gradients: Vec<(i32, Buffer<f32>)>,
}

/// All functions, with a workspace of so many doubles of any contents, so many less than are needed.
fn said(node: &dyn Regulariser, rows: &Rows, upstream: f64, garbage: f64, missing: usize) -> Said {
    let doubles = node.workspace(rows).saturating_sub(missing);
    let mut workspace = Buffer::filled(1, garbage, doubles);
    let mut record = Record::default();
    let unchanged = |status: i32, workspace: &Buffer<f64>| {
        let same = workspace.iter().all(|double| double.to_bits() == garbage.to_bits());
        assert!(status >= 0 || same, "an error changed the workspace");
        status
    };
    record.double("loss", |loss| unchanged(node.loss(rows, &mut workspace, loss), &workspace));
    let mut gradients = Vec::new();
    for write in 0..2 {
        let ask = Ask { upstream, write };
        let fresh = || (Buffer::filled(1, garbage, doubles), Buffer::filled(3, BEFORE, rows.values.len()));
        let (mut workspace, mut steps) = fresh();
        let status = unchanged(node.gradient(rows, ask, &mut workspace, steps.at_mut(0)), &workspace);
        assert_untouched(status, &steps, rows);
        record.status("gradient", status);
        let (mut workspace, mut at_once) = fresh();
        let to = at_once.at_mut(0);
        let mut other = 0;
        record.double("loss, at once", |loss| {
            other = unchanged(node.at_once(rows, ask, &mut workspace, loss, to), &workspace);
            other
        });
        assert_untouched(other, &at_once, rows);
        assert_eq!(error_of(status), error_of(other), "errors of the gradient and of all at once");
        assert!(steps.iter().map(|float| float_bits(*float)).eq(at_once.iter().map(|float| float_bits(*float))));
        gradients.push((status, steps));
    }
    Said { record, gradients }
}

/// Panics where an error changed a gradient, or anything changed a gap.
fn assert_untouched(status: i32, gradient: &Buffer<f32>, rows: &Rows) {
    for (place, float) in gradient.iter().enumerate() {
        let is_gap = place % rows.row_stride >= rows.columns;
        assert!(*float == BEFORE || !(is_gap || status < 0), "place {place} changed: status {status}, gap {is_gap}");
    }
}

/// One of the losses, under all oracles.
pub fn check(source: &mut Source) {
    let (node, is_one) = any(source);
    let rows = Rows::any(source, is_one);
    let upstream = source.upstream();
    let tiers = tiers();
    pin(tiers[0]);
    let first = said(node.as_ref(), &rows, upstream, f64::NAN, 0);
    for tier in &tiers[1..] {
        pin(*tier);
        let other = said(node.as_ref(), &rows, upstream, 1.0e300, 0);
        other.record.assert_same(&first.record, "another tier");
        for ((_, one), (_, two)) in first.gradients.iter().zip(&other.gradients) {
            assert!(one.iter().map(|float| float_bits(*float)).eq(two.iter().map(|float| float_bits(*float))));
        }
    }
    pin(source.pick(&tiers));
    let compacted = rows.compacted();
    let other = said(node.as_ref(), &compacted, upstream, -0.0, 0);
    other.record.assert_same(&first.record, "rows without gaps");
    for ((_, one), (_, two)) in first.gradients.iter().zip(&other.gradients) {
        for place in 0..two.len() {
            let (row, column) = (place / rows.columns, place % rows.columns);
            assert_eq!(float_bits(one[row * rows.row_stride + column]), float_bits(two[place]), "rows without gaps");
        }
    }
    if node.workspace(&rows) > 0 {
        let status = node.loss(&rows, &mut Buffer::filled(1, 0.0, node.workspace(&rows) - 1), &mut 0.0);
        assert!(status < 0, "a workspace that is too small was taken");
        said(node.as_ref(), &rows, upstream, 7.0, 1);
    }
    let mut bad = rows;
    bad.fault = Some(Fault::any(source));
    let ask = Ask { upstream, write: if let Some(Fault::Write(write)) = bad.fault { write } else { 0 } };
    let mut workspace = Buffer::filled(0, 0.0, node.workspace(&bad));
    let mut gradient = Buffer::filled(0, BEFORE, bad.values.len());
    let to = bad.fault.map_or(core::ptr::null_mut(), |fault| fault.of_output(Array::Output, gradient.at_mut(0)));
    let status = node.gradient(&bad, ask, &mut workspace, to);
    assert!(status >= 0 || gradient.iter().all(|float| *float == BEFORE), "an error changed the gradient");
    assert!(status < 0 || ask.write < 2, "there is no such way to write");
}
