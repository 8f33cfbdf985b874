//! How many distinct labels a label map contains (cuvis-ai's `DistinctLabelCount`).
//!
//! **Use case**: counts the segments, clusters or compartments of a frame. Needs no ground truth. **Inputs**: `labels`
//! (int32; 0 is background, negative labels count as any other). Optional: `valid`.
//!
//! ```text
//! count = |{ label_i : label_i != 0, pixel i counts }|
//! ```
//!
//! The state is the set of labels, in words of the caller: [`words`]`(m)` of them hold m labels. A frame has a set of
//! its own and may come in many calls; sets of tiles, threads or ranks are united by [`merge`]. (Words of sets cannot
//! be added.)
//!
//! ```text
//! words: number of labels held, flags, the labels in ascending order, zeros      all zero is the empty set
//! ```
//!
//! **A set that is too small** keeps the least labels and says so: the count is a lower bound then (`INCOMPLETE`).
//! Which labels these are does not depend on the order in which they come, so the words are the same for any split and
//! any tree of merges, full or not.
//!
//! **Edges**: no pixel counts: 0 (`EMPTY`). A frame of background alone: 0, with no notice.
//!
//! **cuvis-ai**: no keys; port `mask`; emits `num_distinct_labels` for each frame of a batch, and the port `count`.
//! Stages: all, inference too.
//!
//! **Speed**: limited by one look-up a pixel in a small table of labels that were seen; where hundreds of labels take
//! turns, by a binary search. A new label moves the greater ones: at most a word for each label that is held.

use super::Metric;
use crate::error::{Error, Notices};
use crate::input::{Pixels, count_valid};

/// The words before the labels.
const HEAD: usize = 2;
/// A flag: a pixel counted.
const COUNTED: i32 = 1;
/// A flag: there were more labels than there is room for.
const INCOMPLETE: i32 = 2;

/// How many words hold so many labels.
pub fn words(labels: usize) -> usize {
    labels.saturating_add(HEAD)
}

/// Adds the labels of pixels to a set.
///
/// # Errors
/// Inputs of different lengths, fewer words than 2 ([`Error::Workspace`]), a set that was made with more words
/// ([`Error::MixedTotals`]). Nothing was added then.
#[inline(never)]
pub fn update(labels: &[i32], valid: Option<&[u8]>, set: &mut [i32]) -> Result<(), Error> {
    Pixels::check_lengths(labels.len(), &[valid.map(<[u8]>::len)])?;
    let mut set = Set::new(set)?;
    let mut seen = Seen([0; Seen::SIZE]);
    match valid {
        // A masked pixel acts as background. Nothing branches, because nobody can predict a mask.
        Some(valid) => labels.iter().zip(valid).for_each(|(label, valid)| {
            seen.add(*label & -i32::from(*valid != 0), &mut set);
        }),
        None => labels.iter().for_each(|label| seen.add(*label, &mut set)),
    }
    let counted = count_valid(labels.len(), valid) != 0;
    *set.flags |= i32::from(counted) * COUNTED;
    Ok(())
}

/// Adds the labels of another set, of as many words.
///
/// # Errors
/// As [`update`]; another number of words. Nothing was added then.
#[inline(never)]
pub fn merge(other: &[i32], set: &mut [i32]) -> Result<(), Error> {
    Pixels::check_lengths(set.len(), &[Some(other.len())])?;
    let (others, flags) = read(other)?;
    let Set { count, flags: own_flags, labels } = Set::new(set)?;
    let own = labels.get(..*count as usize).unwrap_or_default();
    let new = others.iter().filter(|label| own.binary_search(label).is_err()).count();
    let (mut left, mut other_left) = (own.len(), others.len());
    let united = left + new;
    // The greatest label first, to the end of the united set: what is read lies below what is written.
    for place in (0..united).rev() {
        let last = left.checked_sub(1).and_then(|last| labels.get(last)).copied();
        let other = other_left.checked_sub(1).and_then(|last| others.get(last)).copied();
        let Some(greatest) = last.max(other) else { break };
        left -= usize::from(last == Some(greatest));
        other_left -= usize::from(other == Some(greatest));
        if let Some(place) = labels.get_mut(place) {
            *place = greatest;
        }
    }
    *own_flags |= flags;
    if united > labels.len() {
        *own_flags |= INCOMPLETE;
    }
    *count = united.min(labels.len()) as i32;
    Ok(())
}

/// The labels that a set holds, in ascending order.
///
/// # Errors
/// Fewer words than 2, a set that was made with more words.
pub fn labels(set: &[i32]) -> Result<&[i32], Error> {
    Ok(read(set)?.0)
}

/// How many distinct labels there are, at least.
///
/// # Errors
/// As [`labels`].
pub fn value(set: &[i32]) -> Result<(i64, Notices), Error> {
    let (labels, flags) = read(set)?;
    let notices = Notices::EMPTY.when(flags & COUNTED == 0) | Notices::INCOMPLETE.when(flags & INCOMPLETE != 0);
    Ok((labels.len() as i64, notices))
}

/// The value under cuvis-ai's name.
///
/// # Errors
/// As [`labels`].
pub fn metrics(set: &[i32]) -> Result<[Metric; 1], Error> {
    let (count, notices) = value(set)?;
    Ok([Metric { name: "num_distinct_labels", value: count as f64, notices }])
}

/// The labels and flags of a set.
fn read(set: &[i32]) -> Result<(&[i32], i32), Error> {
    let ([count, flags], labels) = set.split_first_chunk::<HEAD>().ok_or(Error::Workspace)?;
    let count = usize::try_from(*count).map_err(|_| Error::Totals)?;
    let is_counted = flags & COUNTED != 0 || (count == 0 && *flags == 0);
    if flags & !(COUNTED | INCOMPLETE) != 0 || !is_counted {
        return Err(Error::Totals);
    }
    let labels = labels.get(..count).ok_or(Error::MixedTotals)?;
    let are_ascending = labels.is_sorted_by(|label, next| label < next);
    if are_ascending && labels.binary_search(&0).is_err() { Ok((labels, *flags)) } else { Err(Error::Totals) }
}

/// A set that is changed.
struct Set<'a> {
    count: &'a mut i32,
    flags: &'a mut i32,
    /// The places for labels: as many as fit.
    labels: &'a mut [i32],
}

impl<'a> Set<'a> {
    fn new(set: &'a mut [i32]) -> Result<Self, Error> {
        read(set)?;
        let ([count, flags], labels) = set.split_first_chunk_mut::<HEAD>().ok_or(Error::Workspace)?;
        // The number of labels is a word.
        let room = labels.len().min(i32::MAX as usize);
        Ok(Self { count, flags, labels: labels.get_mut(..room).unwrap_or_default() })
    }

    /// Adds a label, if it is not there yet.
    #[inline(never)]
    fn insert(&mut self, label: i32) {
        let used = *self.count as usize;
        let own = self.labels.get(..used).unwrap_or_default();
        let Err(place) = own.binary_search(&label) else { return };
        let is_full = used == self.labels.len();
        let rest = self.labels.get_mut(place..).unwrap_or_default();
        let mut moved = label;
        for place in rest.iter_mut().take(used - place + 1) {
            moved = core::mem::replace(place, moved);
        }
        if is_full {
            *self.flags |= INCOMPLETE;
        } else {
            *self.count += 1;
        }
    }
}

/// Labels that were added lately. The place of a label in this table is made of the label itself.
struct Seen([i32; Self::SIZE]);

impl Seen {
    const BITS: u32 = 8;
    const SIZE: usize = 1 << Self::BITS;
    /// 2^32 by the golden ratio: neighbours, and multiples of anything, are spread over all places (D. E. Knuth).
    const SPREAD: u32 = 0x9e37_79b9;

    #[inline(always)]
    fn add(&mut self, label: i32, set: &mut Set) {
        let place = (label as u32).wrapping_mul(Self::SPREAD) >> (u32::BITS - Self::BITS);
        let Some(seen) = self.0.get_mut(place as usize) else { return };
        if (*seen != label) & (label != 0) {
            *seen = label;
            set.insert(label);
        }
    }
}
