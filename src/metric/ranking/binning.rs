//! How scores become bins: any rule that never falls as the score rises, the same on every machine.

use crate::error::Error;
use crate::math::double::ln_of_ratio;
use crate::math::order::{self, at_least, at_most};
use crate::node::fingerprint::fingerprint;
use crate::simd::{Bits, Lanes, Places};

/// 2^23: floats from here on are integers, and their last bits count.
const TO_INTEGER: f32 = 8_388_608.0;

/// The rule, and how many bins it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// The bins of torchmetrics: thresholds `t_k = linspace(0, 1, count)` of `sigmoid(score)`; bin k holds
    /// `t_k <= sigmoid(score) < t_(k+1)`. From 2 to 4096.
    Thresholds {
        /// How many thresholds, and bins, there are.
        count: u32,
    },
    /// Bins of one width between two bounds; scores beyond them lie in the first and last bin. Up to 2^16, each at
    /// least 2^-124 wide.
    Linear {
        /// The lower end of the first bin: finite.
        low: f32,
        /// The upper end of the last one: finite, above `low`, with a finite difference.
        high: f32,
        /// How many bins there are.
        bins: u32,
    },
    /// The leading bits of the float in an order that makes them an integer: no range to choose, and bins of one
    /// relative width, 2^-(bits - 9) of their least size (8 bits: up to four times it). From 8 to 16 bits.
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
/// No table has as many words.
const MOST_WORDS: usize = 1 << 15;
/// The most bins of any rule.
pub const MOST_BINS: u32 = 1 << 16;

/// A rule with its table, which lies in memory of the caller (see [`table_words`]).
#[derive(Clone, Copy, Debug)]
pub struct Binning<'a> {
    rule: Rule,
    /// For thresholds the scores are divided into cells of one width. `edges` has for each cell the least score of a
    /// bin that lies in the cell (NaN: none does), and `below` has how many such scores lie below the cell. One more
    /// cell is that of NaN.
    edges: &'a [f32],
    below: &'a [u16],
    /// The first cell begins here.
    start: f32,
    /// How many cells (or linear bins) there are in a unit of the score.
    per_unit: f32,
}

/// The table of thresholds, to look bins up in.
#[derive(Clone, Copy)]
pub(super) struct ThresholdTable<'a> {
    edges: &'a [f32],
    below: &'a [u16],
}

impl ThresholdTable<'_> {
    /// The bin of a score of this cell.
    #[inline(always)]
    pub fn bin(&self, cell: usize, score: f32) -> usize {
        match (self.edges.get(cell), self.below.get(cell)) {
            (Some(edge), Some(below)) => usize::from(*below) + usize::from(score >= *edge),
            _ => 0,
        }
    }
}

/// How many words the table of a rule has; 0: it needs none.
///
/// # Errors
/// A rule out of range ([`Error::Binning`]).
pub fn table_words(rule: Rule) -> Result<usize, Error> {
    check(rule)?;
    let Rule::Thresholds { count } = rule else { return Ok(0) };
    let cells = Cells::new(count).count + 1;
    Ok(cells + cells.div_ceil(2))
}

/// Two thirds of an integer up to 2^15, rounded down. (Small cores have no division.)
fn two_thirds(number: usize) -> usize {
    ((number as u32 * 87_382) >> 17) as usize
}

fn check(rule: Rule) -> Result<(), Error> {
    let good = match rule {
        Rule::Thresholds { count } => (2..=MOST_THRESHOLDS).contains(&count),
        Rule::Linear { low, high, bins } => {
            // The width must be a float, and its inverse, too.
            let width = (high - low) / bins as f32;
            (1..=MOST_BINS).contains(&bins) && low < high && width.is_finite() && width >= f32::MIN_POSITIVE * 4.0
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
        Self::new_in(rule, Places::of(table))
    }

    /// [`Self::new`], to memory that may be uninitialised.
    pub(crate) fn new_in(rule: Rule, table: Places<'a, u32>) -> Result<Self, Error> {
        let words = table_words(rule)?;
        let table = table.first(words).ok_or(Error::Workspace)?.fill(0);
        if let Rule::Thresholds { count } = rule {
            write_table(count, table);
        }
        Self::of_table(rule, table)
    }

    /// The binning of a table that [`Self::new`] wrote, here or on another machine of the same byte order; of an empty
    /// one where the rule needs none.
    ///
    /// # Errors
    /// A rule out of range, a table of another length ([`Error::Workspace`]).
    pub fn of_table(rule: Rule, table: &'a [u32]) -> Result<Self, Error> {
        check(rule)?;
        let mut binning = Self { rule, edges: &[], below: &[], start: 0.0, per_unit: 0.0 };
        match rule {
            Rule::Thresholds { count } => {
                // The table has one and a half words for each cell.
                let cells = two_thirds(table.len().min(MOST_WORDS));
                let (edges, below) = table.split_at_checked(cells).ok_or(Error::Workspace)?;
                binning.edges = bytemuck::must_cast_slice(edges);
                binning.below = bytemuck::must_cast_slice(below);
                // All tables begin and end alike, so that a part of a table is noticed.
                let (Some(first), Some(last)) = (binning.edges.first(), binning.edges.last()) else {
                    return Err(Error::Workspace);
                };
                let of_nan = binning.below.get(binning.edges.len() - 1).copied();
                if !last.is_nan() || of_nan.map(u32::from) != Some(count) {
                    return Err(Error::Workspace);
                }
                (binning.start, binning.per_unit) = (*first, cells_per_unit(count));
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
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
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

    /// The bin of a score; [`Self::bins`] of a NaN, which has none.
    pub fn bin(&self, score: f32) -> usize {
        if score.is_nan() {
            return self.bins();
        }
        match self.rule {
            Rule::Thresholds { .. } => self.table().bin(self.cell(score), score),
            Rule::Linear { .. } => self.cell(score),
            Rule::Key { bits } => (order::key(score) >> (u32::BITS - bits)) as usize,
            Rule::Bytes => score as u8 as usize,
            Rule::Words => score as u16 as usize,
        }
    }

    /// The cell that holds a score. None of the operations falls as the score rises.
    fn cell(&self, score: f32) -> usize {
        let last = (self.cells() - 1) as f32;
        at_most(at_least((score - self.start) * self.per_unit, 0.0), last) as usize
    }

    /// How many cells of one width there are.
    fn cells(&self) -> usize {
        match self.rule {
            Rule::Thresholds { .. } => self.edges.len().saturating_sub(1),
            _ => self.bins(),
        }
    }

    /// The table of thresholds.
    #[inline(always)]
    pub(super) fn table(&self) -> ThresholdTable<'a> {
        // (Both have the same length, so that one check of a place is enough.)
        ThresholdTable { edges: self.edges, below: self.below.get(..self.edges.len()).unwrap_or(&[]) }
    }

    /// The cells of a vector of scores (of `Key` the bins), as integers; behind the last one where a score is NaN.
    #[inline(always)]
    pub(super) fn cells_of<V: Lanes>(&self, scores: V) -> V::Bits {
        let (places, behind) = if let Rule::Key { bits } = self.rule {
            let bits_of_scores = (scores + 0.0).to_bits();
            let sign = bits_of_scores.shr(31);
            let ones = scores.constant_bits(0) - sign;
            let key = bits_of_scores ^ (ones | scores.constant_bits(1 << 31));
            (key.shr(u32::BITS - bits), 1 << bits)
        } else {
            let cells = self.cells();
            let last = scores.constant((cells - 1) as f32);
            // (Where an operand is NaN, the right one is taken. What a NaN becomes does not matter here.)
            let place = ((scores - self.start) * self.per_unit).max(scores.constant(0.0)).min(last);
            // Adding a number whose last bit is 1 rounds to an integer. Where that rounded up, 1 is subtracted.
            let shifted = place + TO_INTEGER;
            let rounded = shifted - TO_INTEGER;
            let integer = shifted.to_bits() - scores.constant_bits(TO_INTEGER.to_bits());
            let up = V::select(place.lt(rounded), V::from_bits(scores.constant_bits(1)), scores.constant(0.0));
            (integer - up.to_bits(), cells)
        };
        let number = scores.eq(scores);
        V::select(number, V::from_bits(places), V::from_bits(scores.constant_bits(behind as u32))).to_bits()
    }

    /// The least score of a bin; minus infinity of the first. The bins of `Bytes` and `Words` have one score each.
    #[inline(never)]
    pub fn lowest(&self, bin: usize) -> f32 {
        if self.is_exact() {
            return bin as f32;
        }
        if bin == 0 {
            return f32::NEG_INFINITY;
        }
        // Searches the first float, in the order of all floats, whose bin is not below this one.
        let (mut low, mut high) = (order::key(f32::NEG_INFINITY), order::key(f32::INFINITY));
        if let Rule::Key { bits } = self.rule {
            // Keys beyond the infinities are those of NaNs: such bins are empty.
            return order::float(((bin as u32) << (u32::BITS - bits)).max(low).min(high));
        }
        if let Rule::Linear { .. } = self.rule {
            // Most edges are within a few floats of the quotient; near 0 floats are too many.
            const FEW: u32 = 32;
            let near = order::key(self.start + bin as f32 / self.per_unit);
            let (below, above) = (near.saturating_sub(FEW).max(low), near.saturating_add(FEW).min(high));
            if self.bin(order::float(below)) < bin && self.bin(order::float(above)) >= bin {
                (low, high) = (below, above);
            }
        }
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

/// Threshold k of `count`, as `torch.linspace(0, 1, count)` makes it on a CPU with vector instructions: a
/// product in the lower half, `1 - product` rounded once in the upper one.
fn threshold(k: u32, count: u32) -> f32 {
    let step = 1.0 / (count - 1) as f32;
    if k < count / 2 {
        step * k as f32
    } else {
        // This is exact in f64, until it is rounded to f32.
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

/// How many cells a unit of the score has.
fn cells_per_unit(count: u32) -> f32 {
    // The sigmoid is steepest at 0, with slope 1/4: edges lie four steps of the thresholds apart or more. Rounded
    // thresholds (a 4000th of a step at 4096) and places (a thousandth of a cell) take less than the rest.
    let width = 3.98 / (count - 1) as f32;
    1.0 / width
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
        let per_unit = cells_per_unit(count);
        Self { start: first, per_unit, count: ((last - first) * per_unit) as usize + 2 }
    }
}

fn write_table(count: u32, table: &mut [u32]) {
    let Cells { start, per_unit, count: cells } = Cells::new(count);
    let (edges, below) = table.split_at_mut_checked(cells + 1).unwrap_or((&mut [], &mut []));
    let edges: &mut [f32] = bytemuck::must_cast_slice_mut(edges);
    let below: &mut [u16] = bytemuck::must_cast_slice_mut(below);
    let cell_of = |score: f32| (((score - start) * per_unit) as usize).min(cells - 1);
    edges.fill(f32::NAN);
    // This sets the bin of a NaN, and the half word that may be left behind it.
    below.fill(count as u16);
    let mut passed = 1;
    for (cell, (edge_, below)) in edges.iter_mut().zip(below.iter_mut()).enumerate().take(cells) {
        *below = passed as u16 - 1;
        let next = if passed < count { edge(passed, count) } else { f32::NAN };
        if !next.is_nan() && cell_of(next) == cell {
            *edge_ = next;
            passed += 1;
        }
    }
}
