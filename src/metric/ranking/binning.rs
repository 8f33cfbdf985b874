//! How scores become bins: any rule that never falls as the score rises, the same on every machine.

use crate::error::Error;
use crate::loss::fingerprint;
use crate::math64::ln_of_ratio;
use crate::order;

/// The rule, and how many bins it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// The bins of torchmetrics: thresholds `t_k = linspace(0, 1, count)` of `sigmoid(score)`; bin k holds
    /// `t_k <= sigmoid(score) < t_(k+1)`. From 2 to 4096.
    Thresholds {
        /// How many thresholds, and bins, there are.
        count: u32,
    },
    /// Bins of one width between two bounds; scores beyond them lie in the first and last bin. Up to 2^16.
    Linear {
        /// The lower end of the first bin: finite.
        low: f32,
        /// The upper end of the last one: finite, above `low`.
        high: f32,
        /// How many bins there are.
        bins: u32,
    },
    /// The leading bits of the float in an order that makes them an integer: no range to choose, and bins of
    /// one relative width, 2^-(bits - 9). From 8 to 16 bits.
    Key {
        /// The binary logarithm of the number of bins.
        bits: u32,
    },
    /// Scores of 8 bits, a bin each: nothing is lost.
    Bytes,
    /// Scores of 16 bits, a bin each: nothing is lost.
    Words,
}

impl Default for Rule {
    /// 4096 bins of one relative width, 64 KiB of histograms.
    fn default() -> Self {
        Self::Key { bits: 12 }
    }
}

/// The most thresholds.
pub const MOST_THRESHOLDS: u32 = 1 << 12;
/// The most bins of any rule.
pub const MOST_BINS: u32 = 1 << 16;

/// A rule with its table, which lies in memory of the caller (see [`table_words`]).
#[derive(Clone, Copy, Debug)]
pub struct Binning<'a> {
    rule: Rule,
    /// Thresholds: the least score of each bin but the first.
    edges: &'a [f32],
    /// Thresholds: for each cell, cells being of one width, how many edges lie below it.
    below: &'a [u16],
    /// The first cell begins here.
    start: f32,
    /// Cells (or linear bins) a unit of the score.
    per_unit: f32,
}

/// How many words the table of a rule has; 0: it needs none.
///
/// # Errors
/// A rule out of range ([`Error::Binning`]).
pub fn table_words(rule: Rule) -> Result<usize, Error> {
    check(rule)?;
    let Rule::Thresholds { count } = rule else { return Ok(0) };
    Ok(count as usize - 1 + Cells::new(count).count.div_ceil(2))
}

fn check(rule: Rule) -> Result<(), Error> {
    let good = match rule {
        Rule::Thresholds { count } => (2..=MOST_THRESHOLDS).contains(&count),
        Rule::Linear { low, high, bins } => {
            // The width must be a float, and its inverse, too.
            let width = (high - low) / bins as f32;
            (1..=MOST_BINS).contains(&bins)
                && low < high
                && width.is_finite()
                && width >= f32::MIN_POSITIVE * 4.0
        }
        Rule::Key { bits } => (8..=16).contains(&bits),
        Rule::Bytes | Rule::Words => true,
    };
    if good { Ok(()) } else { Err(Error::Binning) }
}

impl<'a> Binning<'a> {
    /// Writes the table of a rule and gives the binning.
    ///
    /// # Errors
    /// A rule out of range, a table that is too short ([`Error::Workspace`]). Nothing was written then.
    pub fn new(rule: Rule, table: &'a mut [u32]) -> Result<Self, Error> {
        let words = table_words(rule)?;
        let table = table.get_mut(..words).ok_or(Error::Workspace)?;
        if let Rule::Thresholds { count } = rule {
            let (edges, below) = split_mut(table, count);
            write_table(count, edges, below);
        }
        Self::of_table(rule, table)
    }

    /// The binning of a table that [`Self::new`] wrote, here or on another machine.
    ///
    /// # Errors
    /// A rule out of range, a table that is too short.
    pub fn of_table(rule: Rule, table: &'a [u32]) -> Result<Self, Error> {
        let words = table_words(rule)?;
        let table = table.get(..words).ok_or(Error::Workspace)?;
        let mut binning = Self { rule, edges: &[], below: &[], start: 0.0, per_unit: 0.0 };
        match rule {
            Rule::Thresholds { count } => {
                let cells = Cells::new(count);
                let (edges, below) =
                    table.split_at_checked(count as usize - 1).unwrap_or((&[], &[]));
                binning.edges = bytemuck::must_cast_slice(edges);
                let below: &[u16] = bytemuck::must_cast_slice(below);
                binning.below = below.get(..cells.count).unwrap_or(below);
                (binning.start, binning.per_unit) = (cells.start, cells.per_unit);
            }
            Rule::Linear { low, high, bins } => {
                (binning.start, binning.per_unit) = (low, 1.0 / ((high - low) / bins as f32));
            }
            _ => {}
        }
        Ok(binning)
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// How many bins there are.
    pub fn bins(&self) -> usize {
        match self.rule {
            Rule::Thresholds { count } => count as usize,
            Rule::Linear { bins, .. } => bins as usize,
            Rule::Key { bits } => 1 << bits,
            Rule::Bytes => 1 << 8,
            Rule::Words => 1 << 16,
        }
    }

    /// Whether all scores of a bin are equal, so that nothing is lost.
    pub fn is_exact(&self) -> bool {
        matches!(self.rule, Rule::Bytes | Rule::Words)
    }

    /// The bin of a score that is no NaN.
    #[inline(always)]
    pub fn bin(&self, score: f32) -> usize {
        match self.rule {
            Rule::Thresholds { .. } => self.threshold_bin(score),
            Rule::Linear { bins, .. } => self.cell(score, bins as usize),
            Rule::Key { bits } => (order::key(score) >> (u32::BITS - bits)) as usize,
            Rule::Bytes => score as u8 as usize,
            Rule::Words => score as u16 as usize,
        }
    }

    /// The cell of one width that holds a score: two operations and a conversion, none of which falls as the
    /// score rises.
    #[inline(always)]
    pub(super) fn cell(&self, score: f32, cells: usize) -> usize {
        // A conversion of a float stops at both ends of the integers.
        let place = ((score - self.start) * self.per_unit) as u32 as usize;
        place.min(cells.saturating_sub(1))
    }

    #[inline(always)]
    pub(super) fn threshold_bin(&self, score: f32) -> usize {
        let below = self.below.get(self.cell(score, self.below.len())).copied().unwrap_or(0);
        let below = usize::from(below);
        below + usize::from(self.edges.get(below).is_some_and(|edge| score >= *edge))
    }

    /// The least score of a bin; minus infinity of the first. The bins of `Bytes` and `Words` have one score each.
    pub fn lowest(&self, bin: usize) -> f32 {
        if self.is_exact() {
            return bin as f32;
        }
        if bin == 0 {
            return f32::NEG_INFINITY;
        }
        // The least place in the order of floats whose bin is not below this one.
        let (mut low, mut high) = (order::key(f32::NEG_INFINITY), order::key(f32::INFINITY));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.bin(order::float(middle)) >= bin {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        order::float(high)
    }

    /// A hash of the rule: histograms of different rules must not be mixed.
    pub(super) fn fingerprint(&self) -> i64 {
        fingerprint(&match self.rule {
            Rule::Thresholds { count } => [1, count, 0, 0],
            Rule::Linear { low, high, bins } => [2, bins, low.to_bits(), high.to_bits()],
            Rule::Key { bits } => [3, bits, 0, 0],
            Rule::Bytes => [4, 0, 0, 0],
            Rule::Words => [5, 0, 0, 0],
        })
    }
}

/// Edges and cells of a table.
fn split_mut(table: &mut [u32], count: u32) -> (&mut [f32], &mut [u16]) {
    let (edges, below) =
        table.split_at_mut_checked(count as usize - 1).unwrap_or((&mut [], &mut []));
    (bytemuck::must_cast_slice_mut(edges), bytemuck::must_cast_slice_mut(below))
}

/// Threshold k of `count`, as `torch.linspace(0, 1, count)` makes it on a CPU with vector instructions: a
/// product in the lower half, `1 - product` rounded once in the upper one.
fn threshold(k: u32, count: u32) -> f32 {
    let step = 1.0 / (count - 1) as f32;
    if k < count / 2 {
        step * k as f32
    } else {
        // Exact in f64 until it is rounded.
        (1.0 - f64::from(step) * f64::from(count - 1 - k)) as f32
    }
}

/// The least float whose correctly rounded sigmoid is not below threshold k (from 1 on).
///
/// The sigmoid is rounded to t or above from the middle m between t and the float below it on; `logit(m)` is
/// never a float for m other than 1/2, so the next float above it is the edge.
fn edge(k: u32, count: u32) -> f32 {
    let t = threshold(k, count);
    let below = f32::from_bits(t.to_bits().wrapping_sub(1));
    let middle = (f64::from(t) + f64::from(below)) * 0.5;
    let logit = ln_of_ratio(middle, 1.0 - middle);
    let near = logit as f32;
    if f64::from(near) < logit { order::float(order::key(near) + 1) } else { near }
}

/// Cells of one width, narrower than the least distance of two edges, so that none holds two.
struct Cells {
    start: f32,
    per_unit: f32,
    count: usize,
}

impl Cells {
    fn new(count: u32) -> Self {
        let first = edge(1, count);
        // Above the last edge but one there is only the last.
        let last = edge(count.saturating_sub(2).max(1), count);
        // The sigmoid is steepest at 0, with slope 1/4: edges lie at least four steps of the thresholds apart.
        let width = 3.5 / (count - 1) as f32;
        let per_unit = 1.0 / width;
        Self { start: first, per_unit, count: ((last - first) * per_unit) as usize + 2 }
    }
}

fn write_table(count: u32, edges: &mut [f32], below: &mut [u16]) {
    for (edge_, k) in edges.iter_mut().zip(1..) {
        *edge_ = edge(k, count);
    }
    below.fill(0);
    let Cells { start, per_unit, count: cells } = Cells::new(count);
    let cell = |score: f32| (((score - start) * per_unit) as usize).min(cells - 1);
    let mut passed = 0;
    for (place, below) in below.iter_mut().enumerate().take(cells) {
        while edges.get(passed).is_some_and(|edge| cell(*edge) < place) {
            passed += 1;
        }
        *below = passed as u16;
    }
}
