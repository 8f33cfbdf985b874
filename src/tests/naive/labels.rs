//! Labels of a map.

use std::collections::BTreeSet;
use std::vec::Vec;

/// The distinct labels other than 0 of the pixels that count, in ascending order.
pub fn distinct(labels: &[i32], valid: Option<&[u8]>) -> Vec<i32> {
    let counts = |index: usize| valid.is_none_or(|valid| valid[index] != 0);
    let live = labels.iter().enumerate().filter(|(index, _)| counts(*index));
    let set: BTreeSet<i32> = live.map(|(_, label)| *label).filter(|label| *label != 0).collect();
    set.into_iter().collect()
}
