//! Metrics that count: anomalous pixels, labels of a frame; the sum and the extremes of a map.

use super::frame::Frame;
use super::means::Means;
use super::{Measure, Named};
use hyla::error::{Error, Notices};
use hyla::metric::range::Range;
use hyla::metric::{distinct_label_count, pixel_statistics, sum};

/// Metrics whose totals have `merge`.
macro_rules! counted {
    ($name:ident, $totals:ty, update $update:expr, values $values:expr) => {
        pub struct $name;

        impl Measure for $name {
            type Totals = $totals;

            fn empty(&self) -> Self::Totals {
                Default::default()
            }

            fn update(&self, totals: &mut Self::Totals, frame: &Frame) -> Result<(), Error> {
                let update: fn(&mut Self::Totals, &Frame) -> Result<(), Error> = $update;
                update(totals, frame)
            }

            fn merge(&self, totals: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error> {
                totals.merge(batch);
                Ok(())
            }

            fn values(&self, totals: &Self::Totals) -> Result<Vec<Named>, Error> {
                let values: fn(&Self::Totals) -> Result<Vec<Named>, Error> = $values;
                values(totals)
            }
        }
    };
}

counted! {
    PixelStatistics, pixel_statistics::Totals,
    update |totals, frame| totals.update(&frame.planes("", "", "decisions")),
    values |totals| Ok(totals.metrics()?.iter().map(Named::from).collect())
}

counted! {
    Sum, sum::Totals,
    update |totals, frame| totals.update(&frame.planes("scores", "", "")),
    values |totals| {
        let (sum, mean) = (totals.value()?, totals.mean()?);
        Ok(vec![Named::new("sum", sum.value, sum.notices), Named::new("mean", mean.value, mean.notices)])
    }
}

counted! {
    Extremes, Range,
    update |range, frame| range.update(&frame.planes("scores", "", "")),
    values |range| {
        let ([least, greatest], notices) = (range.extremes()?, range.notices()?);
        Ok(vec![Named::new("min", least, notices), Named::new("max", greatest, notices)])
    }
}

counted! {
    DistinctLabels, Means,
    update |totals, frame| {
        let (labels, valid) = (frame.labels("mask").ok_or(Error::MissingInput)?, frame.bytes("valid"));
        // As many labels as there can be; most frames have few.
        let mut room = 1 << 10;
        loop {
            let mut set = vec![0; distinct_label_count::words(room)];
            distinct_label_count::update(&labels, valid.as_deref(), &mut set)?;
            let (count, notices) = distinct_label_count::value(&set)?;
            if !notices.contains(Notices::INCOMPLETE) {
                totals.add(vec![Named::new("num_distinct_labels", count as f64, notices)]);
                return Ok(());
            }
            room *= 16;
        }
    },
    values |totals| Ok(totals.values(&["num_distinct_labels"]))
}
