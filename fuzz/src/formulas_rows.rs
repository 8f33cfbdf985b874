//! The formulas of losses of matrices and of selection weights.

use crate::differences::{Problem, floats};
use crate::source::Source;
use hyla::capi::distinctness::*;
use hyla::capi::matrix::hyla_matrix;
use hyla::capi::orthogonality::*;
use hyla::capi::selector_diversity::*;
use hyla::capi::selector_entropy::*;

/// One of the losses.
pub fn check(source: &mut Source) {
    match source.below(4) {
        0 => orthogonality(source),
        1 => distinctness(source),
        2 => entropy(source),
        _ => diversity(source),
    }
}

/// Rows without gaps.
fn matrix(values: &[f32], rows: usize) -> hyla_matrix {
    let columns = values.len() / rows;
    hyla_matrix { values: values.as_ptr(), rows, columns, row_stride: columns, reserved: [core::ptr::null(); 2] }
}

/// The product of two rows.
fn product(one: &[f64], two: &[f64]) -> f64 {
    one.iter().zip(two).map(|(one, two)| one * two).sum()
}

fn orthogonality(source: &mut Source) {
    let (rows, columns) = (1 + source.below(5), 1 + source.below(9));
    let values = floats(source, rows * columns, -1.0, 1.0);
    let weight = source.pick(&[1.0, -0.5]);
    let params = hyla_orthogonality_params { struct_size: size_of::<hyla_orthogonality_params>() as u32, weight };
    let (mut loss, mut gradient) = (0.0, vec![0.0; values.len()]);
    let mut room = vec![0.0; hyla_orthogonality_workspace(rows, columns)];
    let (to, place, doubles) = (gradient.as_mut_ptr(), room.as_mut_ptr(), room.len());
    let matrix = matrix(&values, rows);
    // SAFETY: the arrays are as long as the matrix and the workspace say.
    let status =
        unsafe { hyla_orthogonality_loss_and_gradient(&params, &matrix, 1.0, 0, place, doubles, &mut loss, to) };
    assert!(status >= 0);
    let weight = f64::from(weight);
    let error = |values: &[f64], one: usize, two: usize| {
        let row = |index: usize| &values[index * columns..(index + 1) * columns];
        product(row(one), row(two)) - f64::from(u8::from(one == two))
    };
    let formula = |values: &[f64]| {
        let pairs = (0..rows).flat_map(|one| (0..rows).map(move |two| (one, two)));
        weight * pairs.map(|(one, two)| error(values, one, two).powi(2)).sum::<f64>()
    };
    let inputs: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    let size = |index: usize| {
        let (row, column) = (index / columns, index % columns);
        let term = |other: usize| (error(&inputs, row, other) * inputs[other * columns + column]).abs();
        4.0 * weight.abs() * (0..rows).map(term).sum::<f64>()
    };
    let loss_within = 1e-13 * (1.0 + formula(&inputs).abs());
    Problem {
        name: "orthogonality",
        inputs: &values,
        gradient: &gradient,
        loss,
        loss_within,
        formula: &formula,
        size: &size,
        units: 8.0,
        is_smooth: &|_, _| true,
    }
    .check(source);
}

fn distinctness(source: &mut Source) {
    let (rows, columns) = (2 + source.below(5), 1 + source.below(9));
    let values = floats(source, rows * columns, 0.1, 1.0);
    let params = hyla_distinctness_params {
        struct_size: size_of::<hyla_distinctness_params>() as u32,
        weight: source.pick(&[0.1, -0.5]),
        eps: 1e-6,
        skip_exact_zeros: source.below(2) as u32,
    };
    let (mut loss, mut gradient) = (0.0, vec![0.0; values.len()]);
    let mut room = vec![0.0; hyla_distinctness_workspace(rows, columns)];
    let (to, place, doubles) = (gradient.as_mut_ptr(), room.as_mut_ptr(), room.len());
    let matrix = matrix(&values, rows);
    // SAFETY: as above.
    let status =
        unsafe { hyla_distinctness_loss_and_gradient(&params, &matrix, 1.0, 0, place, doubles, &mut loss, to) };
    assert!(status >= 0);
    let weight = f64::from(params.weight);
    let formula = |values: &[f64]| {
        let row = |index: usize| &values[index * columns..(index + 1) * columns];
        let cosine = |one: usize, two: usize| {
            product(row(one), row(two)) / (product(row(one), row(one)) * product(row(two), row(two))).sqrt()
        };
        let pairs = (0..rows).flat_map(|one| (one + 1..rows).map(move |two| (one, two)));
        let cosines: Vec<f64> = pairs.map(|(one, two)| cosine(one, two)).collect();
        weight * cosines.iter().sum::<f64>() / cosines.len() as f64
    };
    // Each of the other rows has a share of two parts, along and across, each no longer than 1 / |w| < 10.
    let size = |_: usize| 40.0 * weight.abs() / rows as f64;
    Problem {
        name: "distinctness",
        inputs: &values,
        gradient: &gradient,
        loss,
        loss_within: 1e-12,
        formula: &formula,
        size: &size,
        units: 1.0,
        is_smooth: &|_, _| true,
    }
    .check(source);
}

fn entropy(source: &mut Source) {
    let n = 1 + source.below(30);
    let values = floats(source, n, 0.1, 1.0);
    let params = hyla_selector_entropy_params {
        struct_size: size_of::<hyla_selector_entropy_params>() as u32,
        weight: source.pick(&[0.01, -0.5]),
        eps: source.pick(&[1e-6, 0.01]),
        has_target: source.below(2) as u32,
        target_entropy: source.pick(&[0.0, 1.5]),
    };
    let (mut loss, mut gradient) = (0.0, vec![0.0; n]);
    let to = gradient.as_mut_ptr();
    // SAFETY: there are `n` weights, and as many places for the gradient.
    let status = unsafe { hyla_selector_entropy_loss_and_gradient(&params, values.as_ptr(), n, 1.0, 0, &mut loss, to) };
    assert!(status >= 0);
    let (weight, eps, wanted) = (f64::from(params.weight), f64::from(params.eps), f64::from(params.target_entropy));
    let formula = |values: &[f64]| {
        let sum = values.iter().sum::<f64>() + eps;
        let entropy = -values.iter().map(|value| value / sum * (value / sum + eps).ln()).sum::<f64>();
        if params.has_target == 1 { weight * (entropy - wanted).powi(2) } else { -weight * entropy }
    };
    // By each weight: ln(p + eps) + p / (p + eps), and the mean of these, by the sum; |ln| < 6 and H < 4.
    let size = |_: usize| 16.0 * weight.abs() * 8.0 / (0.1 * n as f64);
    Problem {
        name: "selector entropy",
        inputs: &values,
        gradient: &gradient,
        loss,
        loss_within: 1e-12,
        formula: &formula,
        size: &size,
        units: 1.0,
        is_smooth: &|_, _| true,
    }
    .check(source);
}

fn diversity(source: &mut Source) {
    let n = 1 + source.below(30);
    let values = floats(source, n, -1.0, 1.0);
    let weight = source.pick(&[0.01, -0.5]);
    let params =
        hyla_selector_diversity_params { struct_size: size_of::<hyla_selector_diversity_params>() as u32, weight };
    let (mut loss, mut gradient) = (0.0, vec![0.0; n]);
    let to = gradient.as_mut_ptr();
    // SAFETY: as above.
    let status =
        unsafe { hyla_selector_diversity_loss_and_gradient(&params, values.as_ptr(), n, 1.0, 0, &mut loss, to) };
    assert!(status >= 0);
    let weight = f64::from(weight);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n as f64;
    let formula = |values: &[f64]| {
        let mean = mean(values);
        -weight * values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n as f64
    };
    let inputs: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    let size = |index: usize| 2.0 * (weight * (inputs[index] - mean(&inputs))).abs() / n as f64;
    Problem {
        name: "selector diversity",
        inputs: &values,
        gradient: &gradient,
        loss,
        loss_within: 1e-13,
        formula: &formula,
        size: &size,
        units: 2.0,
        is_smooth: &|_, _| true,
    }
    .check(source);
}
