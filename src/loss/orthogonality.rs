//! Orthonormality of components (cuvis-ai's `OrthogonalityLoss`).
//!
//! **Use case**: keeps the rows of a learned projection (the components of a trainable PCA) at right
//! angles and of length 1. Needs no labels. **Inputs**: the components `W`, one a row, K rows of C
//! columns, any float.
//!
//! ```text
//! E = W W' - I                       K by K
//! L = w * sum_ij E_ij^2
//! dL/dW = 4 w E W                    times `upstream`
//! ```
//!
//! **Accuracy**: at convergence `E` is a difference of nearly equal numbers, so dot products are made
//! in `f64` of products that are exact (see `gram`): an entry of `E` is within `C * 2^-52` of the sum of
//! its products' magnitudes, and the loss keeps its digits down to about 1e-20. A gradient is that sum
//! in `f64`, rounded to `f32` once. Nothing overflows before the result does: rows of 1e30 have a
//! loss of 1e120 that float32 cannot hold.
//!
//! **Parameters as they behave**: `weight` alone. The loss grows with the square of K and does not
//! depend on C once the rows have length 1, so a weight that suits 3 components is ten times too large
//! for 10. Both the angle and the length of rows are pulled: rows of length 2 at right angles cost 9
//! each. **More rows than columns** cannot be orthonormal: the minimum then is `w (K - C)`, and the
//! gradient vanishes there although the loss does not.
//!
//! **cuvis-ai**: `weight`; port `components` is the matrix, port `loss` is [`loss`]. Stages: train,
//! validation, test.
//!
//! **Speed**: limited by multiplications in `f64`, `K^2 C / 2` for the loss and `1.5 K^2 C` with the
//! gradient (up to 64 rows; above, up to `2 K^2 C`). Eigen's float32 product has four times the rate: half
//! the width, and a multiplication fused with an addition.
//!
//! Formula: A. Brock, T. Lim, J. M. Ritchie, N. Weston, Neural photo editing with introspective
//! adversarial networks (2017), section 3.3, with the Frobenius norm squared.

use super::Write;
use crate::error::{Error, Notices, Value};
use crate::gram::{self, Dots, Panel, Product};
use crate::matrix::Matrix;
use crate::simd;

/// The most rows.
pub const MAX_ROWS: usize = gram::MAX_ROWS;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// The weight w of this loss among others: any finite number. With 0 the loss and the gradient
    /// are 0 whatever the components hold.
    pub weight: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { weight: 1.0 }
    }
}

/// How many doubles of workspace a matrix needs: at most 4096, and four times the columns (in
/// sixteens).
pub fn workspace(rows: usize, columns: usize) -> usize {
    gram::workspace(rows, columns)
}

/// The loss. No rows: 0 with the notice `EMPTY`.
///
/// # Errors
/// [`Error::Weight`], [`Error::Channels`] (more than [`MAX_ROWS`] rows), [`Error::Strides`],
/// [`Error::LengthMismatch`] (rows beyond the values), [`Error::Workspace`].
pub fn loss(params: &Params, components: &Matrix, workspace: &mut [f64]) -> Result<Value, Error> {
    run(params, components, workspace, None)
}

/// Writes `upstream * dL/dW`, or adds it, in the layout of the components; floats between the rows
/// stay as they are. Notices are those of [`loss`].
///
/// # Errors
/// As [`loss`], and [`Error::LengthMismatch`] if the gradient is shorter than the span of the
/// components. Nothing was written then.
pub fn gradient(
    params: &Params,
    components: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    let gradient = Gradient { upstream, write, gradient };
    run(params, components, workspace, Some(gradient)).map(|value| value.notices)
}

/// Both at once: the same bits, and the products of the rows are made once.
///
/// # Errors
/// As [`gradient`].
pub fn loss_and_gradient(
    params: &Params,
    components: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Value, Error> {
    run(params, components, workspace, Some(Gradient { upstream, write, gradient }))
}

/// Where the gradient goes.
struct Gradient<'a> {
    upstream: f64,
    write: Write,
    gradient: &'a mut [f32],
}

fn run(
    params: &Params,
    components: &Matrix,
    workspace: &mut [f64],
    gradient: Option<Gradient>,
) -> Result<Value, Error> {
    if !params.weight.is_finite() {
        return Err(Error::Weight);
    }
    gram::check(components)?;
    if let Some(gradient) = &gradient {
        Matrix { values: gradient.gradient, ..*components }.check()?;
    }
    let Matrix { rows, columns, .. } = *components;
    if workspace.len() < gram::workspace(rows, columns) {
        return Err(Error::Workspace);
    }
    let weight = f64::from(params.weight);
    let factor = gradient.as_ref().map_or(0.0, |gradient| 4.0 * weight * gradient.upstream);
    let (mut gradient, unwanted) = if factor == 0.0 { (None, gradient) } else { (gradient, None) };
    if let Some(Gradient { write, gradient, .. }) = unwanted {
        gram::no_gradient(components, write, gradient);
    }
    if weight == 0.0 {
        return Ok(Value { value: 0.0, notices: Notices::EMPTY.when(rows == 0) });
    }
    let mut sum = Sum::default();
    for panel in Panel::all(rows) {
        let before = gradient.is_some();
        simd::run(Dots { matrix: components, panel, before, workspace: &mut *workspace });
        let lines = workspace.chunks_exact_mut(panel.line()).take(rows);
        for (row, products) in lines.enumerate().skip(panel.first) {
            sum.add(panel, row, products);
        }
        if let Some(Gradient { write, gradient, .. }) = &mut gradient {
            let (lines, write) = (&*workspace, *write);
            simd::run(Product { matrix: components, panel, lines, factor, write, gradient });
        }
    }
    let value = weight * sum.value();
    let notices = Notices::EMPTY.when(rows == 0) | Notices::NOT_FINITE.when(!value.is_finite());
    Ok(Value { value, notices })
}

/// The sum of the squares of E, of which one triangle is taken twice: within a line, what stands
/// before the diagonal goes to eight leaves in turn.
#[derive(Default)]
struct Sum {
    diagonal: f64,
    leaves: [f64; 8],
}

impl Sum {
    /// Makes products of a row with a panel entries of E, and adds those up to the diagonal.
    fn add(&mut self, panel: Panel, row: usize, products: &mut [f64]) {
        let count = row.min(panel.end) - panel.first;
        let Some((before, rest)) = products.split_at_mut_checked(count) else { return };
        if row < panel.end
            && let Some(own) = rest.first_mut()
        {
            *own -= 1.0;
            self.diagonal += *own * *own;
        }
        for errors in before.chunks(self.leaves.len()) {
            for (leaf, error) in self.leaves.iter_mut().zip(errors) {
                *leaf += error * error;
            }
        }
    }

    fn value(&self) -> f64 {
        let [a, b, c, d, e, f, g, h] = self.leaves;
        self.diagonal + 2.0 * (((a + e) + (c + g)) + ((b + f) + (d + h)))
    }
}
