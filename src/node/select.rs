//! Order statistics without sorting: a radix select over order keys, in a workspace that does not grow with the
//! number of scores.
//!
//! The first pass counts the upper 11 bits of all keys. Then it is known in which bin each wanted rank lies. Three more
//! passes count 7 bits each. They have a row of counters for each of those bins, and one row for all other keys. When
//! the counts of a row were read, they are replaced by the numbers of the rows of the next pass. So a key finds its row
//! by one look-up for each pass, and no branch depends on the data; if a quarter of the keys lie in the wanted bins,
//! such a branch could not be predicted.

use crate::error::Error;
use crate::input::{Source, Tile, Used};
use crate::math::order;
use crate::simd::Places;

const TOP_BITS: u32 = 11;
const TOP: usize = 1 << TOP_BITS;
const ROW_BITS: u32 = 7;
const ROW: usize = 1 << ROW_BITS;
const PASSES: usize = 3;

type CounterRow = [u32; ROW];

/// How many scores a call may have: counts have 32 bits, of which one is spare.
const MOST: usize = i32::MAX as usize;

/// The words of workspace to select so many ranks.
pub(crate) const fn words(ranks: usize) -> usize {
    TOP + PASSES * (ranks + 1) * ROW
}

/// Scores, and which of them count. They are checked.
#[derive(Clone, Copy)]
pub(crate) struct Scores<'a>(pub Source<'a>);

impl Scores<'_> {
    /// Hands over the keys of the scores that count and are no NaN.
    #[inline(always)]
    fn for_each_key(self, mut with: impl FnMut(u32)) {
        self.0.each(Used::SCORES | Used::VALID, None, |Tile { pixels, .. }| {
            for (index, score) in pixels.scores.iter().enumerate() {
                let masked = pixels.valid.and_then(|valid| valid.get(index)) == Some(&0);
                if !score.is_nan() && !masked {
                    with(order::key(*score));
                }
            }
        });
    }
}

/// The score of a rank.
#[derive(Clone, Copy)]
pub(crate) struct Selected {
    /// The score.
    pub score: f32,
    /// How many scores equal it.
    pub ties: u32,
    /// How many of these have a lower rank.
    pub ties_below: u32,
}

/// A rank that is searched, digit by digit.
#[derive(Clone, Copy)]
struct WantedRank {
    /// The upper bits of its key, as far as they are known.
    key: u32,
    /// The row in which it is counted.
    row: usize,
    /// Its rank among what the row counts.
    rank: u32,
    /// How many keys are in its bin.
    count: u32,
}

/// The counters of the upper bits; then, for each pass, a row for each rank and a row for all other keys.
struct Counters<'a> {
    top: &'a mut [u32; TOP],
    rows: [&'a mut [CounterRow]; PASSES],
}

/// The space to select so many ranks among scores.
///
/// # Errors
/// More than [`MOST`] scores, a workspace that is too small. It was not touched then.
pub(crate) fn space<'w>(ranks: usize, scores: Scores, workspace: Places<'w, u32>) -> Result<&'w mut [u32], Error> {
    if scores.0.n(Used::SCORES) > MOST {
        return Err(Error::TooLarge);
    }
    Ok(workspace.first(words(ranks)).ok_or(Error::Workspace)?.fill(0))
}

/// Selects the scores of some ranks, counted from 0, the least score; NaN has no rank. `ranks` gets the number of
/// scores that have one, and returns ranks below it. If there is no such score, it is not called, and the result is
/// None. The space must be a new one, made by [`space`].
///
/// # Errors
/// A space for fewer ranks. It was not touched then.
pub(crate) fn select<const RANKS: usize>(
    scores: Scores,
    ranks: impl FnOnce(u32) -> [u32; RANKS],
    space: &mut [u32],
) -> Result<Option<[Selected; RANKS]>, Error> {
    let mut counters = Counters::new(RANKS + 1, space)?;
    let numbers = counters.begin(scores);
    if numbers == 0 {
        return Ok(None);
    }
    let mut wanted = ranks(numbers).map(|rank| WantedRank { key: 0, row: 0, rank, count: 0 });
    counters.finish(scores, &mut wanted);
    Ok(Some(wanted.map(|wanted| Selected {
        score: order::float(wanted.key),
        ties: wanted.count,
        ties_below: wanted.rank,
    })))
}

impl<'a> Counters<'a> {
    fn new(ranks: usize, space: &'a mut [u32]) -> Result<Self, Error> {
        let (top, rest) = space.split_first_chunk_mut().ok_or(Error::Workspace)?;
        let (rows, _) = rest.as_chunks_mut();
        let (first, rows) = rows.split_at_mut_checked(ranks).ok_or(Error::Workspace)?;
        let (second, rows) = rows.split_at_mut_checked(ranks).ok_or(Error::Workspace)?;
        let third = rows.get_mut(..ranks).ok_or(Error::Workspace)?;
        Ok(Self { top, rows: [first, second, third] })
    }

    /// The first pass. Returns how many scores have a rank.
    #[inline(never)]
    fn begin(&mut self, scores: Scores) -> u32 {
        let mut numbers = 0;
        scores.for_each_key(|key| {
            increment(self.top, key >> (u32::BITS - TOP_BITS));
            numbers += 1;
        });
        numbers
    }

    /// The other passes, when the wanted ranks are known.
    #[inline(never)]
    fn finish(self, scores: Scores, wanted: &mut [WantedRank]) {
        let Self { top, rows: [first, second, third] } = self;
        descend(core::slice::from_mut(top), wanted);
        scores.for_each_key(|key| count(top, [], first, key));
        descend(first, wanted);
        scores.for_each_key(|key| count(top, [first], second, key));
        descend(second, wanted);
        scores.for_each_key(|key| count(top, [first, second], third, key));
        descend(third, wanted);
    }
}

/// Counts a key in its row of a pass. The rows of the passes before lead to that row.
#[inline(always)]
fn count<const BEFORE: usize>(top: &[u32; TOP], before: [&[CounterRow]; BEFORE], rows: &mut [CounterRow], key: u32) {
    let mut row = top.get((key >> (u32::BITS - TOP_BITS)) as usize).copied();
    let mut rest = key << TOP_BITS;
    for rows in before {
        let found = row.and_then(|row| rows.get(row as usize));
        row = found.and_then(|row| row.get((rest >> (u32::BITS - ROW_BITS)) as usize).copied());
        rest <<= ROW_BITS;
    }
    if let Some(row) = row.and_then(|row| rows.get_mut(row as usize)) {
        increment(row, rest >> (u32::BITS - ROW_BITS));
    }
}

#[inline(always)]
fn increment(counters: &mut [u32], digit: u32) {
    if let Some(counter) = counters.get_mut(digit as usize) {
        *counter += 1;
    }
}

/// Finds the bin of each rank in its row, and replaces the counts by the numbers of the rows of the next pass.
#[inline(never)]
fn descend<const SIZE: usize>(rows: &mut [[u32; SIZE]], wanted: &mut [WantedRank]) {
    for wanted in wanted.iter_mut() {
        let Some(row) = rows.get(wanted.row) else { continue };
        for (digit, count) in row.iter().enumerate() {
            if wanted.rank < *count {
                wanted.key = wanted.key << SIZE.trailing_zeros() | digit as u32;
                wanted.count = *count;
                break;
            }
            wanted.rank -= count;
        }
    }
    // The row behind those of the ranks is for all other keys.
    rows.as_flattened_mut().fill(wanted.len() as u32);
    let mut used = 0;
    for index in 0..wanted.len() {
        let Some((before, [wanted, ..])) = wanted.split_at_mut_checked(index) else { continue };
        let row = match before.iter().find(|other| other.key == wanted.key) {
            Some(same) => same.row,
            None => {
                used += 1;
                used - 1
            }
        };
        let bins = rows.get_mut(wanted.row);
        if let Some(bin) = bins.and_then(|bins| bins.get_mut(wanted.key as usize & (SIZE - 1))) {
            *bin = row as u32;
        }
        wanted.row = row;
    }
}
