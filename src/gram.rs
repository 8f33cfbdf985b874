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
//! **Workspace**: a panel of at most 4096 doubles, and four rows widened to `f64`, because a widening costs
//! as much as a product. Up to 64 rows the panel is the whole matrix of products, of which one triangle
//! is computed and mirrored. With more rows a panel has as many as fit, and only the square within it
//! is mirrored. A panel is stored by lines: line j has the products of row j with each row of the
//! panel, and is padded to a multiple of four.
//!
//! **Columns**: in blocks of sixteen. The last, ragged block of a row is the row's last sixteen
//! floats, of which those that the block before already had are switched off: no padded copy is made
//! unless the row is shorter than that.

use crate::error::Error;
use crate::loss::Write;
use crate::matrix::Matrix;
use crate::simd::{Doubles, Kernel, Lanes, Simd, Tier, flat};

/// The most rows that a node takes.
pub const MAX_ROWS: usize = 1024;
/// The doubles of the largest panel: 64 rows squared, and 4 rows of `MAX_ROWS`.
const ROOM: usize = 4096;
/// Rows that are worked on together, so that a load serves several products.
const TOGETHER: usize = 4;
/// Floats of a block: the leaves of a sum.
pub const LEAVES: usize = 16;

/// How many doubles of workspace the products of a matrix need.
pub fn workspace(rows: usize, columns: usize) -> usize {
    let panel = match rows {
        0..64 => rows * rows.next_multiple_of(TOGETHER),
        _ => ROOM,
    };
    panel.saturating_add(wide_workspace(columns))
}

/// The doubles of four widened rows.
fn wide_workspace(columns: usize) -> usize {
    Block::count(columns).saturating_mul(TOGETHER * LEAVES)
}

/// The rows lie within the values, and are not too many.
pub fn check(matrix: &Matrix) -> Result<(), Error> {
    matrix.check()?;
    if matrix.rows > MAX_ROWS { Err(Error::Channels) } else { Ok(()) }
}

/// Some rows of a matrix.
#[derive(Clone, Copy)]
pub struct Panel {
    /// The first row, a multiple of four.
    pub first: usize,
    /// The row behind the last one.
    pub end: usize,
}

impl Panel {
    /// The panels of a matrix, in order.
    pub fn all(rows: usize) -> impl Iterator<Item = Self> {
        // At least four by `MAX_ROWS`.
        let height = (ROOM / rows.max(1) / TOGETHER * TOGETHER).max(TOGETHER);
        (0..rows).step_by(height).map(move |first| Self { first, end: rows.min(first + height) })
    }

    /// How many doubles a line has.
    #[inline(always)]
    pub fn line(self) -> usize {
        (self.end - self.first).next_multiple_of(TOGETHER).max(TOGETHER)
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
        match row.get_mut(self.start..).and_then(|row| row.first_chunk_mut::<LEAVES>()) {
            Some(chunk) => put(write, self.mask::<V>(values.simd()), values, chunk),
            None => put_short(write, flat(&values.to_array()), row),
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

/// Writes the end of a vector to a short row, or adds it.
#[cold]
#[inline(never)]
fn put_short(write: Write, values: &[f32], row: &mut [f32]) {
    for (to, value) in row.iter_mut().rev().zip(values.iter().rev()) {
        *to = match write {
            Write::Store => *value,
            Write::Add => *to + *value,
        };
    }
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

/// A vector of a tier's doubles.
type Wide<S> = <<S as Simd>::Sixteen as Lanes>::Doubles;

/// Four rows, widened to doubles; the lanes of the last block that are not new are 0.
type WideRows<S> = [[<Wide<S> as Doubles>::Values; TOGETHER]];

/// Four rows times a vector of another one, added to their leaves.
#[inline(always)]
fn add<D: Doubles>(leaves: &mut [D; 4], [a, b, c, d]: [D; 4], other: D) {
    let [e, f, g, h] = *leaves;
    *leaves = [e + a * other, f + b * other, g + c * other, h + d * other];
}

/// Whether a tier has the registers for the leaves of four rows with two others.
#[inline(always)]
fn two_others<S: Simd>() -> bool {
    S::TIER == Tier::Avx512
}

/// The dot products of four widened rows with two others; with the first alone on small tiers.
#[inline(always)]
fn dots<S: Simd>(simd: S, four: &WideRows<S>, [x, y]: [&[f32]; 2]) -> [[f64; 4]; 2] {
    let zero = Wide::<S>::splat(simd, 0.0);
    let (mut first, mut second) = ([zero; 4], [zero; 4]);
    let (left, right) = (whole::<S::Sixteen>(x), whole::<S::Sixteen>(y));
    // The ragged block is copied, so that the loop exists once.
    let last = Block::new(left.len(), x.len());
    let left_end = last.read_fresh::<S::Sixteen>(simd, x).to_array();
    let right_end = last.read_fresh::<S::Sixteen>(simd, y).to_array();
    for (index, [a, b, c, d]) in four.iter().enumerate() {
        let [a, b] = [Wide::<S>::from_values(simd, a), Wide::<S>::from_values(simd, b)];
        let [c, d] = [Wide::<S>::from_values(simd, c), Wide::<S>::from_values(simd, d)];
        let x = S::Sixteen::from_floats(simd, left.get(index).unwrap_or(&left_end));
        add(&mut first, [a, b, c, d], x.widen());
        if two_others::<S>() {
            let y = S::Sixteen::from_floats(simd, right.get(index).unwrap_or(&right_end));
            add(&mut second, [a, b, c, d], y.widen());
        }
    }
    let first = Wide::<S>::sums_of_sixteen(first);
    let second = if two_others::<S>() { Wide::<S>::sums_of_sixteen(second) } else { first };
    [first, second]
}

/// Widens four rows.
#[inline(always)]
fn widen<S: Simd>(simd: S, rows: [&[f32]; TOGETHER], wide: &mut WideRows<S>) {
    for (index, to) in wide.iter_mut().enumerate() {
        for (row, to) in rows.iter().zip(to) {
            let block = Block::new(index, row.len());
            *to = block.read_fresh::<S::Sixteen>(simd, row).widen().to_values();
        }
    }
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
    /// The lines come first, one for each row of the matrix; the rest is used meanwhile.
    pub workspace: &'a mut [f64],
}

impl Kernel for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { matrix, panel, .. } = self;
        let Panel { first, end } = panel;
        let rows = matrix.rows;
        let last = rows.saturating_sub(1);
        let split = rows * panel.line();
        let Some((lines, wide)) = self.workspace.split_at_mut_checked(split) else { return };
        let (wide, _) = wide.as_chunks_mut::<{ TOGETHER * LEAVES }>();
        let wide = wide.get_mut(..Block::count(matrix.columns)).unwrap_or(&mut []);
        let wide = bytemuck::try_cast_slice_mut(wide).unwrap_or(&mut []);
        let mut lines = Lines { lines, panel };
        let mut row = first;
        while row < end {
            widen(simd, four(matrix, row), wide);
            let mut other = if self.before && first > 0 { 0 } else { row };
            while other < rows {
                let next = if two_others::<S>() { last.min(other + 1) } else { other };
                let two = [matrix.row(other), matrix.row(next)];
                let [with_first, with_second] = dots(simd, wide, two);
                lines.set(row, other, &with_first);
                if next > other {
                    lines.set(row, next, &with_second);
                }
                other = next + 1;
                // Panels begin at multiples of four.
                if other == first {
                    other = row;
                }
            }
            row += TOGETHER;
        }
    }
}

/// The lines of a panel.
struct Lines<'a> {
    lines: &'a mut [f64],
    panel: Panel,
}

impl Lines<'_> {
    /// Writes the products of four rows of the panel with another row, and their mirrored ones. The
    /// padding gets the last row's, so that nobody computes with what the memory held before.
    #[inline(never)]
    fn set(&mut self, row: usize, other: usize, products: &[f64; TOGETHER]) {
        let Panel { first, end } = self.panel;
        let line = self.panel.line();
        let place = other * line + (row - first);
        let to = self.lines.get_mut(place..).and_then(|rest| rest.first_chunk_mut::<TOGETHER>());
        if let Some(to) = to {
            *to = *products;
        }
        if !(first..end).contains(&other) {
            return;
        }
        let padding = if other + 1 == end { line - (end - first) } else { 0 };
        let mut place = row * line + (other - first);
        for product in products.iter().take(end - row) {
            let to = self.lines.get_mut(place..).and_then(|rest| rest.get_mut(..=padding));
            to.unwrap_or(&mut []).fill(*product);
            place += line;
        }
    }
}

/// Coefficients times the rows, written to the panel's rows of a gradient, or added there.
pub struct Product<'a> {
    /// The rows.
    pub matrix: &'a Matrix<'a>,
    /// Which rows of the gradient.
    pub panel: Panel,
    /// The coefficients of the panel's rows, by lines.
    pub lines: &'a [f64],
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
    fn run<S: Simd>(mut self, simd: S) {
        if self.matrix.columns < LEAVES {
            return self.run_short();
        }
        let Panel { first, end } = self.panel;
        let mut row = first;
        while row < end {
            // As many sums as there are registers for.
            row += match end - row {
                _ if S::TIER != Tier::Avx512 => self.rows::<S, 2>(simd, row),
                1..=4 => self.rows::<S, 4>(simd, row),
                _ => self.rows::<S, 8>(simd, row),
            };
        }
    }
}

impl Product<'_> {
    /// Some rows of the gradient. The lines are padded, so there are coefficients for all.
    #[inline(always)]
    fn rows<S: Simd, const ROWS: usize>(&mut self, simd: S, row: usize) -> usize {
        let Matrix { values, rows, columns, row_stride } = *self.matrix;
        let factor = Wide::<S>::splat(simd, self.factor);
        let at = row - self.panel.first;
        for index in 0..Block::count(columns) {
            let block = Block::new(index, columns);
            let mut sums = [Wide::<S>::splat(simd, 0.0); ROWS];
            let mut place = block.start;
            for line in self.lines.chunks_exact(self.panel.line()).take(rows) {
                let Some(coefficients) = line.get(at..).and_then(|line| line.first_chunk::<ROWS>())
                else {
                    break;
                };
                let Some(floats) = values.get(place..).and_then(|row| row.first_chunk()) else {
                    break;
                };
                let floats = vector::<S::Sixteen>(simd, floats).widen();
                for (sum, coefficient) in sums.iter_mut().zip(coefficients) {
                    *sum = *sum + floats * Wide::<S>::splat(simd, *coefficient);
                }
                place = place.wrapping_add(row_stride);
            }
            for (row, sum) in (row..self.panel.end).zip(sums) {
                let to = row_mut(self.matrix, self.gradient, row);
                block.write(self.write, S::Sixteen::narrow(sum * factor), to);
            }
        }
        ROWS
    }

    /// Rows of less than a block: the same sums, float by float.
    #[cold]
    #[inline(never)]
    fn run_short(self) {
        let Panel { first, end } = self.panel;
        for row in first..end {
            let to = row_mut(self.matrix, self.gradient, row);
            for (column, to) in to.iter_mut().enumerate() {
                let lines = self.lines.chunks_exact(self.panel.line()).take(self.matrix.rows);
                let mut sum = 0.0;
                for (other, line) in lines.enumerate() {
                    let coefficient = line.get(row - first).copied().unwrap_or(0.0);
                    let float = self.matrix.row(other).get(column).copied().unwrap_or(0.0);
                    sum += f64::from(float) * coefficient;
                }
                let slope = (sum * self.factor) as f32;
                *to = match self.write {
                    Write::Store => slope,
                    Write::Add => *to + slope,
                };
            }
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
