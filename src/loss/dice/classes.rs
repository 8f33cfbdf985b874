//! What the totals of the classes say: the mean of their dice, and the slopes of each.

use super::{Absent, Params, Totals, Values, check_classes};
use crate::error::{Error, Notices, Value};
use crate::node::fingerprint::same_parameters;
use crate::node::softmax::Tile;

/// `h(y)` of a class: first for pixels of which it is the label, then for all others.
pub(super) type Slopes = [f32; 2];

/// What the classes have in common.
#[derive(Clone, Copy)]
pub(super) struct All {
    params: Params,
    classes: usize,
    /// How many classes the mean is over, and the sum of their dice.
    pub count: f64,
    sum: f64,
    notices: Notices,
}

/// What a class gives.
struct Class {
    dice: f64,
    /// `h(y)` at weight 1: `other`, and where the label is the class `own`.
    own: f64,
    other: f64,
}

impl All {
    #[inline(never)]
    pub fn new(params: &Params, totals: &[Totals]) -> Result<Self, Error> {
        params.check()?;
        check_classes(totals.len())?;
        let mut all = Self { params: *params, classes: totals.len(), count: 0.0, sum: 0.0, notices: Notices::NONE };
        let counts = |totals: &Totals| (totals.pixels, totals.rejected);
        let of_first = totals.first().map(counts);
        if totals.iter().any(|totals| Some(counts(totals)) != of_first) {
            return Err(Error::Totals);
        }
        for (class, totals) in totals.iter().enumerate() {
            let values = totals.values()?;
            let hash = Params::fingerprint(class, all.classes);
            same_parameters(hash, totals.pixels, totals.fingerprint)?;
            all.notices |= Notices::EMPTY.when(totals.pixels == 0) | Notices::REJECTED.when(totals.rejected != 0);
            if let Some(found) = all.class(class, &values) {
                all.count += 1.0;
                all.sum += found.dice;
            }
        }
        Ok(all)
    }

    /// The loss.
    pub fn value(&self) -> Value {
        let mean = if self.count > 0.0 { self.sum / self.count } else { 1.0 };
        let value = f64::from(self.params.weight) * (1.0 - mean);
        Value { value, notices: self.notices | Notices::NOT_FINITE.when(!value.is_finite()) }
    }

    /// None: the class is not part of the mean.
    #[inline(never)]
    fn class(&self, class: usize, &Values { intersection, predicted, target }: &Values) -> Option<Class> {
        let background = class == 0 && self.classes > 1 && !self.params.include_background;
        let eps = f64::from(self.params.eps);
        let above = 2.0 * intersection + eps;
        let below = predicted + target + eps;
        let absent = self.params.absent == Absent::Skip && target == 0.0 && below == eps;
        if background || absent {
            return None;
        }
        if below == 0.0 {
            // Nothing was to be found, and nothing was found.
            return Some(Class { dice: 1.0, own: 0.0, other: 0.0 });
        }
        let square = below * below;
        let own = -(2.0 * below - above) / square;
        Some(Class { dice: above / below, own, other: above / square })
    }
}

/// What the slopes of classes are made of.
pub(super) struct SlopeSource<'a> {
    pub all: &'a All,
    pub totals: &'a [Totals],
    pub factor: f64,
    /// Classes of the labels that have no totals: the other one of one logit.
    pub skipped: usize,
}

impl SlopeSource<'_> {
    /// Finds the slopes of the classes from one on.
    #[inline(never)]
    pub fn find(&self, first: usize, slopes: &mut [Slopes]) {
        for (class, slopes) in (first..).zip(slopes) {
            let index = class.wrapping_sub(self.skipped);
            let totals = self.totals.get(index);
            *slopes = match totals.and_then(|totals| self.all.class(index, &totals.sums())) {
                Some(found) => [found.own, found.other].map(|slope| (self.factor * slope) as f32),
                None => Slopes::default(),
            };
        }
    }
}

/// The slopes of some classes, those from `first` on.
pub(super) struct SlopeTable<'t> {
    pub found: &'t SlopeSource<'t>,
    pub first: usize,
    pub slopes: &'t mut [Slopes],
}

impl SlopeTable<'_> {
    /// The slopes of the rows of a tile.
    pub fn of_rows(&mut self, tile: &Tile) -> &[Slopes] {
        let held = self.first..=(self.first + self.slopes.len()).saturating_sub(tile.rows);
        if !held.contains(&tile.first) {
            self.first = tile.first;
            self.found.find(self.first, self.slopes);
        }
        self.slopes.get(tile.first - self.first..).unwrap_or(&[])
    }
}
