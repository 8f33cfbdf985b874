//! The states of the metrics.

use super::{LABELS, N, Node, one, pixels, reading, totals_of};
use crate::error::{Error, Notices};
use crate::input::{Cube, CubePlanes, Layout, Values};
use crate::metric::ranking::{self, Binning, Rule};
use crate::metric::{
    band_statistics, confusion, detection, distinct_label_count, drift, explained_variance, pixel_statistics,
    score_statistics, sum,
};
use crate::node::range;
use std::sync::LazyLock;
use std::vec;
use std::vec::Vec;

static TABLE: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut table = vec![0; ranking::table_words(Rule::Thresholds { count: 20 }).unwrap()];
    Binning::new(Rule::Thresholds { count: 20 }, &mut table).unwrap();
    table
});

pub(super) fn metrics() -> Vec<Node> {
    vec![
        of_sum(),
        of_statistics(),
        of_pixels(),
        of_confusion(),
        of_detection(),
        of_range(),
        of_variance(),
        of_labels(),
        of_bands(),
    ]
}

fn of_sum() -> Node {
    let update = |totals: &mut [sum::Totals]| totals[0].update(&pixels());
    Node::of("sum", 1, &[(0, 12)], update)
        .read(|words| reading(one::<sum::Totals>(words).value()))
        .read(|words| reading(one::<sum::Totals>(words).mean()))
}

fn of_statistics() -> Node {
    let update = |totals: &mut [score_statistics::Totals]| totals[0].update(&pixels());
    Node::of("score statistics", 1, &[(0, 12), (16, 20)], update)
        .read(|words| reading(one::<score_statistics::Totals>(words).mean()))
        .read(|words| reading(one::<score_statistics::Totals>(words).std()))
}

fn of_pixels() -> Node {
    let mut totals = pixel_statistics::Totals::default();
    totals.update(&pixels()).unwrap();
    Node::new("pixel statistics", &[totals], &[])
        .read(|words| reading(one::<pixel_statistics::Totals>(words).percentage()))
}

fn of_confusion() -> Node {
    let mut totals = confusion::Totals::default();
    totals.update(&pixels()).unwrap();
    totals.end_frame();
    Node::new("confusion", &[totals], &[]).read(|words| {
        let all = one::<confusion::Totals>(words).values()?.into_iter();
        let notices = all.clone().fold(Notices::NONE, |all, (_, notices)| all | notices);
        let ratios = all.flat_map(|(ratios, _)| [ratios.precision, ratios.recall, ratios.f1, ratios.iou]);
        Ok((ratios.collect(), notices))
    })
}

fn of_detection() -> Node {
    let params = detection::Params::default();
    let mut totals = detection::Totals::default();
    totals.update(&params, &pixels(), None).unwrap();
    totals.end_frame();
    Node::new("detection", &[totals], &[]).read(move |words| {
        let metrics = one::<detection::Totals>(words).metrics(&params, None)?;
        let all = metrics.as_slice();
        let notices = all.iter().fold(Notices::NONE, |notices, metric| notices | metric.notices);
        Ok((all.iter().map(|metric| metric.value).collect(), notices))
    })
}

fn of_range() -> Node {
    let mut range = range::Range::default();
    range.update(&pixels()).unwrap();
    Node::new("range", &[range], &[]).read(|words| {
        let range = one::<range::Range>(words);
        Ok((range.extremes()?.to_vec(), range.notices()?))
    })
}

fn of_variance() -> Node {
    let update = |totals: &mut [explained_variance::Totals]| {
        (0..N).try_for_each(|_| explained_variance::update(&[0.7, 0.2], totals))
    };
    Node::of("explained variance of two", 2, &[(0, 12), (17, 12)], update).read(|words| {
        let totals = totals_of(words);
        let (mut ratios, mut sums) = ([0.0; 2], [0.0; 2]);
        let total = explained_variance::values(&totals, &mut ratios, &mut sums)?;
        Ok(([&ratios[..], &sums, &[total.value]].concat(), total.notices))
    })
}

/// (A float cube, and one of integers, in one channel.)
fn of_bands() -> Node {
    let params = band_statistics::Params { saturation: Some(0.5) };
    let mut totals = [band_statistics::Totals::default()];
    let floats = Cube { values: pixels().scores, layout: Layout::planar(N, 1), ..Cube::default() };
    band_statistics::update(&params, &floats, &mut totals, &mut []).unwrap();
    let bytes: Vec<u8> = LABELS.iter().map(|label| *label as u8).collect();
    let planes = CubePlanes { n: N, channels: 1, values: Values::planar(&bytes[..], N), ..CubePlanes::default() };
    band_statistics::update(&params, &planes, &mut totals, &mut []).unwrap();
    Node::new("band statistics", &totals, &[]).read(move |words| {
        let (report, notices) = one::<band_statistics::Totals>(words).report(&params)?;
        let counts = [report.count, report.nan, report.zero, report.saturated, report.dead].map(|count| count as f64);
        Ok(([&[report.mean, report.std, report.min, report.max][..], &counts].concat(), notices))
    })
}

/// (Two labels a word.)
fn of_labels() -> Node {
    let mut set = [0; 8];
    distinct_label_count::update(&LABELS, None, &mut set).unwrap();
    Node::new("distinct labels", &set, &[]).read(|words| {
        let set: Vec<i32> = bytemuck::cast_slice(words).to_vec();
        let (count, notices) = distinct_label_count::value(&set)?;
        let labels = distinct_label_count::labels(&set)?.iter().map(|label| f64::from(*label));
        Ok((core::iter::once(count as f64).chain(labels).collect(), notices))
    })
}

pub(super) fn rankings() -> Vec<Node> {
    let binning = Binning::of_table(Rule::Thresholds { count: 20 }, &TABLE).unwrap();
    let mut words = vec![0; ranking::words(&binning)];
    ranking::update(&binning, &pixels(), &mut words).unwrap();
    let reference = words.clone();
    let read = |numbers: Result<(Vec<f64>, Notices), Error>| numbers;
    let node = Node::new("ranking by 20 thresholds, and drift", &words, &[])
        .read(move |words| {
            let (report, notices) = ranking::report(&binning, words)?;
            let first = [report.average_precision, report.average_precision_lo];
            let bounds = [report.average_precision_hi, report.average_precision_interleaved];
            let area = [report.roc_auc, report.roc_auc_lo, report.roc_auc_hi];
            let f1 = [report.f1_max, report.f1_max_hi, report.f1_max_threshold];
            Ok(([&first[..], &bounds, &area, &f1].concat(), notices))
        })
        .read(move |words| {
            let mut points = [ranking::Point::default(); 20];
            let count = ranking::curve(&binning, words, &mut points)?;
            let numbers = points[..count].iter().flat_map(|point| [point.precision, point.recall]);
            Ok((numbers.collect(), Notices::NONE))
        })
        .read(move |words| {
            let (point, notices) = ranking::at(&binning, words, 0.3)?;
            let rates = [point.precision, point.recall, point.false_positive_rate];
            Ok((rates.to_vec(), notices))
        })
        .read(move |words| reading(ranking::threshold_for_false_positive_rate(&binning, words, 0.1)))
        .read(move |words| {
            let bounds = ranking::quantile(&binning, words, 0.5);
            read(bounds.map(|(bounds, notices)| (bounds.to_vec(), notices)))
        })
        .read(move |words| {
            let params = drift::Params::default();
            let (report, notices) = drift::values(&params, &binning, &reference, words)?;
            let bounds = [report.ks, report.ks_lo, report.ks_hi, report.wasserstein];
            Ok(([&[report.psi, report.jensen_shannon][..], &bounds].concat(), notices))
        });
    vec![node]
}
