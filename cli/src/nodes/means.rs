//! Values of which the whole has the mean: those of nodes whose numbers are of one frame, or of one matrix.

use super::Named;
use hyla::error::Notices;

/// Sums of values under their names, and how many were added.
#[derive(Clone, Default)]
pub struct Means {
    sums: Vec<Named>,
    count: i64,
}

impl Means {
    /// Adds values, whose names are the same each time.
    pub fn add(&mut self, values: Vec<Named>) {
        self.count += 1;
        self.add_sums(values);
    }

    fn add_sums(&mut self, values: Vec<Named>) {
        if self.sums.is_empty() {
            self.sums = values;
            return;
        }
        for (sum, value) in self.sums.iter_mut().zip(values) {
            sum.value += value.value;
            sum.notices |= value.notices;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.add_sums(other.sums.clone());
    }

    /// The means; `names` are those of the values where nothing was added.
    pub fn values(&self, names: &[&str]) -> Vec<Named> {
        if self.count == 0 {
            return names.iter().map(|name| Named::new(*name, f64::NAN, Notices::EMPTY)).collect();
        }
        let mean = |sum: &Named| Named { value: sum.value / self.count as f64, ..sum.clone() };
        self.sums.iter().map(mean).collect()
    }
}
