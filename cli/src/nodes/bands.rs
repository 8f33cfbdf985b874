//! Statistics of the bands of a cube, and what is dead.

use super::frame::Frame;
use super::{Measure, Named};
use crate::catalog::settings::Settings;
use hyla::error::{Error, Notices};
use hyla::metric::band_statistics::{self, Column, Params};

/// Mean, deviation, extremes and counts of each band; how many bands and columns of the detector are dead.
pub struct BandStatistics(Params);

/// The words of each band, and of each of its columns; none before the first frame.
#[derive(Default)]
pub struct Totals {
    bands: Vec<band_statistics::Totals>,
    columns: Vec<Column>,
}

impl BandStatistics {
    pub fn new(settings: &Settings) -> Self {
        Self(Params { saturation: settings.number_or_null("saturation") })
    }
}

impl Measure for BandStatistics {
    type Totals = Totals;

    fn empty(&self) -> Totals {
        Totals::default()
    }

    fn update(&self, totals: &mut Totals, frame: &Frame) -> Result<(), Error> {
        let (cube, [_, columns]) = (frame.cube("cube", "", "")?, frame.shape);
        if totals.bands.is_empty() {
            totals.bands.resize(cube.channels, band_statistics::Totals::default());
            totals.columns.resize(cube.channels * columns, Column::default());
        }
        band_statistics::update(&self.0, &cube, &mut totals.bands, &mut totals.columns)
    }

    fn merge(&self, totals: &mut Totals, batch: &Totals) -> Result<(), Error> {
        if totals.bands.is_empty() {
            totals.bands.clone_from(&batch.bands);
            totals.columns.clone_from(&batch.columns);
            return Ok(());
        }
        band_statistics::merge(&batch.bands, &mut totals.bands)?;
        band_statistics::merge_columns(&batch.columns, &mut totals.columns)
    }

    fn values(&self, totals: &Totals) -> Result<Vec<Named>, Error> {
        let (mut all, mut dead_bands) = (Vec::new(), 0);
        for (band, totals) in totals.bands.iter().enumerate() {
            let (report, notices) = totals.report(&self.0)?;
            dead_bands += report.dead;
            let counts =
                [report.count, report.nan, report.zero, report.saturated, report.dead].map(|count| count as f64);
            let [count, nan, zero, saturated, dead] = counts;
            let numbers = [("mean", report.mean), ("std", report.std), ("min", report.min), ("max", report.max)];
            let counts = [("count", count), ("nan", nan), ("zero", zero), ("saturated", saturated), ("dead", dead)];
            let numbers = numbers.map(|(name, value)| Named::new(format!("band{band}/{name}"), value, notices));
            all.extend(numbers);
            all.extend(counts.map(|(name, count)| Named::new(format!("band{band}/{name}"), count, Notices::NONE)));
        }
        let (dead_columns, notices) = band_statistics::dead_columns(&totals.columns, |_| true)?;
        all.push(Named::new("dead_bands", dead_bands as f64, notices));
        all.push(Named::new("dead_columns", dead_columns as f64, notices));
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use crate::nodes::frame::Input;
    use hyla::input::Plane;

    /// Two rows of two columns of two bands, pixel after pixel: column 1 of band 1 does not move, nor does band 1 of
    /// the second frame.
    #[test]
    fn bands_and_columns_over_two_batches() {
        let spec = catalog::all().find(|spec| spec.name == "BandStatisticsMetric").expect("a row");
        let node = BandStatistics::new(&Settings::defaults(spec));
        assert_eq!(node.0.saturation, None);
        let node = BandStatistics(Params { saturation: Some(7.0) });
        let mut pooled = node.empty();
        let said = |totals: &Totals, name: &str| {
            let values = node.values(totals).expect("values");
            values.iter().find(|named| named.name == name).expect("a value").value
        };
        for (items, dead_bands, dead_columns) in
            [([1_u16, 5, 2, 7, 3, 4, 4, 7], 0.0, 1.0), ([0, 7, 0, 7, 1, 7, 1, 7], 1.0, 2.0)]
        {
            let mut batch = node.empty();
            let cube = Input::Cube { items: Plane::from(&items[..]), channels: 2 };
            node.update(&mut batch, &Frame { shape: [2, 2], inputs: vec![("cube", cube)] }).expect("a frame");
            assert_eq!(said(&batch, "dead_bands"), dead_bands);
            assert_eq!(said(&batch, "dead_columns"), dead_columns);
            node.merge(&mut pooled, &batch).expect("the same bands");
        }
        assert_eq!(said(&pooled, "band0/mean"), 1.5);
        assert_eq!(said(&pooled, "band0/zero"), 2.0);
        assert_eq!(said(&pooled, "band1/min"), 4.0);
        assert_eq!(said(&pooled, "band1/saturated"), 6.0);
        assert_eq!(said(&pooled, "band1/count"), 8.0);
        assert_eq!(said(&pooled, "dead_bands"), 0.0);
        assert_eq!(said(&pooled, "dead_columns"), 1.0);
    }
}
