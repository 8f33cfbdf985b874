//! Products between the rows of a matrix, for losses of components and of selection weights.
//!
//! ```text
//! Dots       g_ij = sum_c w_ic w_jc          for some rows i (a panel) and all rows j
//! Product    d_ic = f * sum_j e_ij w_jc      e: a panel of coefficients, made of the g_ij
//! ```
//!
//! **Arithmetic**: a product of two floats is exact in `f64` (48 bits). The products of a dot product
//! are summed in `f64` by sixteen leaves, leaf l taking every sixteenth column, and the leaves by
//! one tree; `Product` sums over the rows in their order and rounds to `f32` once. So the bits do not
//! depend on the tier, on the layout, or on the panel that a row is in.
//!
//! **Workspace**: one panel of `min(rows, 64)^2` doubles, at most 32 KiB. Up to 64 rows the panel is
//! the whole matrix of products, of which one triangle is computed and mirrored. With more rows a panel
//! has fewer rows than the matrix, and only the square within it is mirrored.
//!
//! **Columns**: in blocks of sixteen. The last, ragged block of a row is the row's last sixteen
//! floats, of which those that the block before already had are switched off: no padded copy is made
//! unless the row is shorter than that.

use crate::error::Error;
use crate::loss::Write;
use crate::matrix::Matrix;
use crate::simd::{Doubles, Kernel, Lanes, Simd};

/// The most rows that a node takes.
pub const MAX_ROWS: usize = 1024;
/// The doubles of the largest panel: 64 rows squared, and 4 rows of `MAX_ROWS`.
const ROOM: usize = 4096;
/// Rows that are worked on together, so that a load serves several products.
const TOGETHER: usize = 4;
/// Floats of a block: the leaves of a sum.
pub const LEAVES: usize = 16;

/// How many doubles a panel has.
pub fn workspace(rows: usize) -> usize {
    let side = rows.min(64);
    side * side
}

/// The rows lie within the values, and are not too many.
pub fn check(matrix: &Matrix) -> Result<(), Error> {
    matrix.check()?;
    if matrix.rows > MAX_ROWS { Err(Error::Channels) } else { Ok(()) }
}

/// Some rows of a matrix.
#[derive(Clone, Copy)]
pub struct Panel {
    /// The first row.
    pub first: usize,
    /// The row behind the last one.
    pub end: usize,
}

impl Panel {
    /// The panels of a matrix, in order.
    pub fn all(rows: usize) -> impl Iterator<Item = Self> {
        let height = ROOM / rows.max(1) / TOGETHER * TOGETHER;
        // A height of 0 needs more than `MAX_ROWS` rows.
        let height = height.max(TOGETHER);
        (0..rows).step_by(height).map(move |first| Self { first, end: rows.min(first + height) })
    }
}

/// A block of sixteen columns, of which the last `fresh` ones are new.
#[derive(Clone, Copy)]
pub struct Block {
    start: usize,
    fresh: usize,
}

impl Block {
    /// The block of an index, in a row that has this many columns.
    #[inline(always)]
    pub fn new(index: usize, columns: usize) -> Self {
        let start = index * LEAVES;
        let fresh = columns.saturating_sub(start).min(LEAVES);
        Self { start: start.min(columns.saturating_sub(LEAVES)), fresh }
    }

    /// How many there are.
    #[inline(always)]
    pub fn count(columns: usize) -> usize {
        columns.div_ceil(LEAVES)
    }

    /// Which lanes are new.
    #[inline(always)]
    pub fn mask<V: Lanes>(self, simd: V::Simd) -> V::Mask {
        const WINDOW: [u8; 2 * LEAVES] = {
            let mut window = [0; 2 * LEAVES];
            let mut index = LEAVES;
            while index < window.len() {
                window[index] = 1;
                index += 1;
            }
            window
        };
        let bytes = WINDOW.get(self.fresh..).and_then(|bytes| bytes.first_chunk::<LEAVES>());
        let bytes = bytemuck::try_cast_slice(bytes.map_or(&[][..], |bytes| bytes)).unwrap_or(&[]);
        match bytes.first() {
            Some(bytes) => V::mask_from_bytes(simd, bytes),
            None => V::everywhere(simd),
        }
    }

    /// The floats of a row, also those that are not new; a short row stands at the end, behind zeros.
    #[inline(always)]
    pub fn read<V: Lanes>(self, simd: V::Simd, row: &[f32]) -> V {
        match row.get(self.start..).and_then(|row| row.first_chunk::<LEAVES>()) {
            Some(chunk) => vector(simd, chunk),
            None => vector(simd, &padded(row)),
        }
    }

    /// The floats of a row that are new, and 0.
    #[inline(always)]
    pub fn read_fresh<V: Lanes>(self, simd: V::Simd, row: &[f32]) -> V {
        V::select(self.mask::<V>(simd), self.read(simd, row), V::splat(simd, 0.0))
    }

    /// Writes the lanes that are new to a row, or adds them.
    #[inline(always)]
    pub fn write<V: Lanes>(self, write: Write, values: V, row: &mut [f32]) {
        let mask = self.mask::<V>(values.simd());
        match row.get_mut(self.start..).and_then(|row| row.first_chunk_mut::<LEAVES>()) {
            Some(chunk) => put(write, mask, values, chunk),
            None => {
                let mut copy = padded(row);
                put(write, mask, values, &mut copy);
                for (to, from) in row.iter_mut().rev().zip(copy.iter().rev()) {
                    *to = *from;
                }
            }
        }
    }
}

/// A short row behind zeros.
#[cold]
#[inline(never)]
fn padded(row: &[f32]) -> [f32; LEAVES] {
    let mut padded = [0.0; LEAVES];
    for (to, from) in padded.iter_mut().rev().zip(row.iter().rev()) {
        *to = *from;
    }
    padded
}

#[inline(always)]
fn vector<V: Lanes>(simd: V::Simd, floats: &[f32; LEAVES]) -> V {
    match bytemuck::try_cast_slice(floats).unwrap_or(&[]).first() {
        Some(floats) => V::from_floats(simd, floats),
        None => V::splat(simd, 0.0),
    }
}

#[inline(always)]
fn put<V: Lanes>(write: Write, mask: V::Mask, values: V, to: &mut [f32; LEAVES]) {
    if let Some(to) = bytemuck::try_cast_slice_mut(to).unwrap_or(&mut []).first_mut() {
        let before = V::from_floats(values.simd(), to);
        let after = match write {
            Write::Store => values,
            Write::Add => before + values,
        };
        V::select(mask, after, before).to_floats(to);
    }
}

/// The whole blocks of a row.
#[inline(always)]
fn whole<V: Lanes>(row: &[f32]) -> &[V::Floats] {
    let (chunks, _) = row.as_chunks::<LEAVES>();
    bytemuck::try_cast_slice(chunks).unwrap_or(&[])
}

/// Four rows from an index on; behind the last one it is repeated.
#[inline(always)]
fn four<'a>(matrix: &Matrix<'a>, index: usize) -> [&'a [f32]; 4] {
    let last = matrix.rows.saturating_sub(1);
    let row = |offset: usize| matrix.row(last.min(index + offset));
    [row(0), row(1), row(2), row(3)]
}

/// The sixteen leaves of eight dot products: four rows with two.
struct Leaves<D> {
    first: [D; 4],
    second: [D; 4],
}

impl<D: Doubles> Leaves<D> {
    #[inline(always)]
    fn add<V: Lanes<Doubles = D>>(&mut self, [a, b, c, d]: [V; 4], [x, y]: [V; 2]) {
        let [a, b, c, d] = [a.widen(), b.widen(), c.widen(), d.widen()];
        let [x, y] = [x.widen(), y.widen()];
        let [ax, bx, cx, dx] = self.first;
        let [ay, by, cy, dy] = self.second;
        self.first = [ax + a * x, bx + b * x, cx + c * x, dx + d * x];
        self.second = [ay + a * y, by + b * y, cy + c * y, dy + d * y];
    }
}

/// The dot products of four rows with two.
#[inline(always)]
fn dots<S: Simd>(simd: S, rows: [&[f32]; 4], others: [&[f32]; 2]) -> [[f64; 4]; 2] {
    type Wide<S> = <<S as Simd>::Sixteen as Lanes>::Doubles;
    let zero = Wide::<S>::splat(simd, 0.0);
    let mut leaves = Leaves { first: [zero; 4], second: [zero; 4] };
    let [a, b, c, d] = rows;
    let [x, y] = others;
    let columns = whole::<S::Sixteen>(a).iter().zip(whole::<S::Sixteen>(b));
    let columns = columns.zip(whole::<S::Sixteen>(c)).zip(whole::<S::Sixteen>(d));
    let columns = columns.zip(whole::<S::Sixteen>(x)).zip(whole::<S::Sixteen>(y));
    for (((((a, b), c), d), x), y) in columns {
        let [a, b] = [S::Sixteen::from_floats(simd, a), S::Sixteen::from_floats(simd, b)];
        let [c, d] = [S::Sixteen::from_floats(simd, c), S::Sixteen::from_floats(simd, d)];
        let [x, y] = [S::Sixteen::from_floats(simd, x), S::Sixteen::from_floats(simd, y)];
        leaves.add([a, b, c, d], [x, y]);
    }
    if !a.len().is_multiple_of(LEAVES) {
        let last = Block::new(a.len() / LEAVES, a.len());
        // Both sides, because an infinity times a lane that is switched off would be NaN.
        let [a, b] = [last.read_fresh::<S::Sixteen>(simd, a), last.read_fresh(simd, b)];
        let [c, d] = [last.read_fresh(simd, c), last.read_fresh(simd, d)];
        let [x, y] = [last.read_fresh(simd, x), last.read_fresh(simd, y)];
        leaves.add([a, b, c, d], [x, y]);
    }
    [Wide::<S>::sums_of_sixteen(leaves.first), Wide::<S>::sums_of_sixteen(leaves.second)]
}

/// The squared lengths of all rows.
pub struct Squares<'a> {
    /// The rows.
    pub matrix: &'a Matrix<'a>,
    /// One for each row.
    pub squares: &'a mut [f64],
}

impl Kernel for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut index = 0;
        for squares in self.squares.chunks_mut(TOGETHER) {
            let [a, b, c, d] = four(self.matrix, index);
            let zero = <S::Sixteen as Lanes>::Doubles::splat(simd, 0.0);
            let mut leaves = [zero; 4];
            for index in 0..Block::count(a.len()) {
                let block = Block::new(index, a.len());
                for (leaves, row) in leaves.iter_mut().zip([a, b, c, d]) {
                    let row = block.read_fresh::<S::Sixteen>(simd, row).widen();
                    *leaves = *leaves + row * row;
                }
            }
            let sums = <S::Sixteen as Lanes>::Doubles::sums_of_sixteen(leaves);
            for (square, sum) in squares.iter_mut().zip(sums) {
                *square = sum;
            }
            index += TOGETHER;
        }
    }
}

/// The dot products of the rows of a panel with all rows from themselves on, and on request with those
/// before, too.
pub struct Dots<'a> {
    /// The rows.
    pub matrix: &'a Matrix<'a>,
    /// Which ones.
    pub panel: Panel,
    /// Whether products with rows before the panel's own are wanted; within the panel all are there.
    pub before: bool,
    /// A row of `matrix.rows` products for each row of the panel.
    pub dots: &'a mut [f64],
}

impl Kernel for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let rows = self.matrix.rows;
        let Panel { first, end } = self.panel;
        let mut row = first;
        while row < end {
            let four = four(self.matrix, row);
            let mut other = if self.before && first > 0 { 0 } else { row };
            while other < rows {
                let next = rows.saturating_sub(1).min(other + 1);
                let two = [self.matrix.row(other), self.matrix.row(next)];
                let [with_first, with_second] = dots(simd, four, two);
                self.set(row, other, with_first);
                if next > other {
                    self.set(row, next, with_second);
                }
                other += 2;
                // Panels begin at multiples of four.
                if other == first {
                    other = row;
                }
            }
            row += TOGETHER;
        }
    }
}

impl Dots<'_> {
    /// Writes the products of four rows with another one, and their mirrored ones.
    #[inline(always)]
    fn set(&mut self, row: usize, other: usize, products: [f64; 4]) {
        let Panel { first, end } = self.panel;
        let columns = self.matrix.rows;
        let count = (end - row).min(TOGETHER);
        let mut place = (row - first) * columns + other;
        for product in products.iter().take(count) {
            if let Some(dot) = self.dots.get_mut(place) {
                *dot = *product;
            }
            place += columns;
        }
        if (first..end).contains(&other) {
            let start = (other - first) * columns + row;
            let mirrored = self.dots.get_mut(start..).unwrap_or(&mut []);
            for (dot, product) in mirrored.iter_mut().zip(products.iter().take(count)) {
                *dot = *product;
            }
        }
    }
}

/// Coefficients times the rows, written to the panel's rows of a gradient, or added there.
pub struct Product<'a> {
    /// The rows.
    pub matrix: &'a Matrix<'a>,
    /// Which rows of the gradient.
    pub panel: Panel,
    /// A row of `matrix.rows` coefficients for each row of the panel.
    pub coefficients: &'a [f64],
    /// What all sums are multiplied with before they are rounded.
    pub factor: f64,
    /// Whether the gradient is overwritten.
    pub write: Write,
    /// The whole gradient, in the layout of the matrix.
    pub gradient: &'a mut [f32],
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Matrix { rows, columns, .. } = *self.matrix;
        let Panel { first, end } = self.panel;
        let factor = <S::Sixteen as Lanes>::Doubles::splat(simd, self.factor);
        let zero = <S::Sixteen as Lanes>::Doubles::splat(simd, 0.0);
        let mut row = first;
        while row < end {
            let coefficients = |offset: usize| {
                let place = ((row + offset).min(end - 1) - first) * rows;
                self.coefficients.get(place..).and_then(|rest| rest.get(..rows)).unwrap_or(&[])
            };
            let [a, b] = [coefficients(0), coefficients(1)];
            let [c, d] = [coefficients(2), coefficients(3)];
            for index in 0..Block::count(columns) {
                let block = Block::new(index, columns);
                let mut sums = [zero; 4];
                let four = a.iter().zip(b).zip(c).zip(d);
                for (other, (((a, b), c), d)) in four.enumerate() {
                    let values = block.read::<S::Sixteen>(simd, self.matrix.row(other)).widen();
                    for (sum, coefficient) in sums.iter_mut().zip([a, b, c, d]) {
                        let coefficient = <S::Sixteen as Lanes>::Doubles::splat(simd, *coefficient);
                        *sum = *sum + values * coefficient;
                    }
                }
                for (offset, sum) in sums.iter().take(end - row).enumerate() {
                    let to = row_mut(self.matrix, self.gradient, row + offset);
                    block.write(self.write, S::Sixteen::narrow(*sum * factor), to);
                }
            }
            row += TOGETHER;
        }
    }
}

/// A row of a gradient, in the layout of the matrix.
#[inline(always)]
pub fn row_mut<'a>(matrix: &Matrix, gradient: &'a mut [f32], index: usize) -> &'a mut [f32] {
    let start = index * matrix.row_stride;
    let rest = gradient.get_mut(start..).unwrap_or(&mut []);
    rest.get_mut(..matrix.columns).unwrap_or(&mut [])
}

/// A gradient that is 0 whatever the rows hold.
pub fn no_gradient(matrix: &Matrix, write: Write, gradient: &mut [f32]) {
    if write == Write::Store {
        for index in 0..matrix.rows {
            row_mut(matrix, gradient, index).fill(0.0);
        }
    }
}
