//! A page of the results: values in groups, losses stacked, values by batch, histograms and curves of scores, drift.

mod chart;

use super::{name, sentences, told};
use crate::catalog::Kind;
use crate::fault::{Fallible, Fault};
use crate::files::npy::{beside, keep};
use crate::nodes::Named;
use crate::run::{Results, Values};
use crate::watch::Watch;
use chart::{Axis, Chart, escaped, short};
use hyla::error::{Error, Notices};
use hyla::metric::ranking::Point;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

const COLORS: usize = 6;

/// Writes `report.html` into a folder, which is made if it is not there.
pub fn write(folder: &Path, title: &str, results: &Results) -> Fallible<()> {
    let system = |error| Fault::of_system(folder, &error);
    std::fs::create_dir_all(folder).map_err(system)?;
    let text = page(title, results).map_err(|error| Fault::new(format!("The report cannot be made: {error}")))?;
    let path = folder.join("report.html");
    let mut file = beside(&path)?;
    file.write_all(text.as_bytes()).map_err(system)?;
    keep(file, &path)
}

fn page(title: &str, results: &Results) -> Result<String, Error> {
    let title = escaped(title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{}</style>\n\
         <h1>{title}</h1>\n<p>{}</p>\n",
        include_str!("style.css"),
        told(results)
    );
    if results.batches.len() == 1 && results.frames > 1 {
        page.push_str("<p>Values over time and drift are those of batches: --batch 1 makes one of each frame.</p>\n");
    }
    losses(&mut page, results);
    for (node, kind, values) in &results.pooled.nodes {
        if *kind == Kind::Loss {
            continue;
        }
        let _ = write!(page, "<h2>{}</h2>\n<div class=\"tiles\">", escaped(node));
        values.iter().for_each(|value| page.push_str(&tile(&value.name, value)));
        page.push_str("</div>\n");
        page.push_str(&charts([by_batch(node, results)]));
    }
    for (node, watch) in &results.watched {
        page.push_str(&scores(node, watch, results)?);
    }
    Ok(page)
}

fn charts(charts: impl IntoIterator<Item = String>) -> String {
    let charts: String = charts.into_iter().collect();
    if charts.is_empty() { charts } else { format!("<div class=\"charts\">{charts}</div>\n") }
}

/// A value with what is special about it.
fn tile(name: &str, value: &Named) -> String {
    // That a bound is coarse is seen by the bounds beside it.
    let notices = sentences(Notices::from_bits(value.notices.bits() & !Notices::COARSE.bits()));
    let notices = if notices.is_empty() { String::new() } else { format!("<em>{}</em>", notices.join(" ")) };
    let value = if value.value.is_finite() { short(value.value) } else { format!("{}", value.value) };
    // A long name goes on in the next line behind one of its parts.
    let name = escaped(name).replace('_', "_<wbr>").replace('/', "/<wbr>");
    format!("<div class=\"tile\"><span>{name}</span><b>{value}</b>{notices}</div>")
}

/// The terms of the loss, as tiles and stacked over the batches.
fn losses(page: &mut String, results: &Results) {
    let terms = |values: &'_ Values| -> Vec<(String, Named)> {
        let losses = values.nodes.iter().filter(|(_, kind, _)| *kind == Kind::Loss);
        losses.flat_map(|(node, _, named)| named.first().map(|loss| (node.clone(), loss.clone()))).collect()
    };
    let all = terms(&results.pooled);
    let Some(sum) = results.pooled.loss.as_ref().filter(|_| !all.is_empty()) else { return };
    page.push_str("<h2>Losses</h2>\n<div class=\"tiles\">");
    page.push_str(&tile("loss, the sum", sum));
    all.iter().for_each(|(node, loss)| page.push_str(&tile(node, loss)));
    page.push_str("</div>\n");
    if results.batches.len() < 2 {
        return;
    }
    let batches: Vec<_> = results.batches.iter().map(terms).collect();
    let totals = |upwards: bool| {
        let of = move |batch: &Vec<(String, Named)>| {
            let values = batch.iter().map(|(_, loss)| loss.value).filter(|value| value.is_finite());
            values.filter(|value| (*value > 0.0) == upwards).sum::<f64>()
        };
        batches.iter().map(of).collect::<Vec<f64>>()
    };
    let y = Axis::over("loss, terms stacked", totals(true).into_iter().chain(totals(false)));
    let mut chart = Chart::new(Axis::counting("batch", batches.len()), y);
    // Terms above 0 are stacked upwards, those below 0 downwards.
    let mut ends = vec![(0.0, 0.0); batches.len()];
    for (index, (node, _)) in all.iter().enumerate() {
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        for (number, (batch, end)) in batches.iter().zip(&mut ends).enumerate() {
            let value = batch.get(index).map_or(0.0, |(_, loss)| loss.value);
            let end = if value < 0.0 { &mut end.1 } else { &mut end.0 };
            lower.push((number as f64, *end));
            *end += if value.is_finite() { value } else { 0.0 };
            upper.push((number as f64, *end));
        }
        lower.reverse();
        let outline = [&upper[..], &lower].concat();
        chart = chart.area(node, index % COLORS, &outline).line("", index % COLORS, &upper);
    }
    page.push_str(&charts([chart.tile("Terms of the loss", "stacked, by batch")]));
}

/// Values between 0 and 1 by batch.
fn by_batch(node: &str, results: &Results) -> String {
    let shares = ["precision", "recall", "f1_score", "iou", "average_precision", "anomaly/anomaly_percentage"];
    // A ratio of nothing is reported as 0, which would look like a failure: such batches are passed over.
    let of_nothing = Notices::EMPTY | Notices::NO_POSITIVES | Notices::NO_DECISIONS;
    let shown = |value: &Named| if value.notices.bits() & of_nothing.bits() == 0 { value.value } else { f64::NAN };
    let named = |values: &Values, wanted: &str| {
        let all = values.named();
        all.iter().find(|(other, _)| *other == name(node, wanted)).map(|(_, value)| shown(value))
    };
    let there: Vec<_> = shares.into_iter().filter(|share| named(&results.pooled, share).is_some()).collect();
    if results.batches.len() < 2 || there.is_empty() {
        return String::new();
    }
    let line = |share: &str| -> Vec<(f64, f64)> {
        let values = results.batches.iter().map(|values| named(values, share).unwrap_or(f64::NAN));
        values.enumerate().map(|(number, value)| (number as f64, value)).collect()
    };
    let lines: Vec<_> = there.iter().map(|share| line(share)).collect();
    let y = Axis::over("value", lines.iter().flatten().map(|(_, value)| *value));
    let mut chart = Chart::new(Axis::counting("batch", results.batches.len()), y);
    for (index, (share, line)) in there.iter().zip(&lines).enumerate() {
        chart = chart.line(share, index % COLORS, line);
    }
    chart.tile("By batch", node)
}

/// The histogram and the curves of the scores of a node, and their drift.
fn scores(node: &str, watch: &Watch, results: &Results) -> Result<String, Error> {
    let report = watch.report()?;
    let mut text = format!("<h2>{}: scores</h2>\n<div class=\"tiles\">", escaped(node));
    let labelled = report.anomalies > 0 && report.normal > 0;
    let bounds = |value: f64, lo: f64, hi: f64| format!("{}</b><i>{} to {}</i><b>", short(value), short(lo), short(hi));
    let mut add = |name: &str, value: String| {
        let _ = write!(text, "<div class=\"tile\"><span>{name}</span><b>{value}</b></div>");
    };
    add("anomalies", report.anomalies.to_string());
    add("other pixels", report.normal.to_string());
    if labelled {
        let [lo, hi] = [report.average_precision_lo, report.average_precision_hi];
        add("average precision", bounds(report.average_precision, lo, hi));
        add("ROC-AUC", bounds(report.roc_auc, report.roc_auc_lo, report.roc_auc_hi));
        add("greatest F1", bounds(report.f1_max, report.f1_max, report.f1_max_hi));
        add("its threshold", short(report.f1_max_threshold));
    }
    text.push_str("</div>\n");
    let mut all = Vec::new();
    if let Some(histogram) = watch.histogram(60)? {
        all.push(histogram_chart(&histogram, labelled.then_some(report.f1_max_threshold)));
    }
    if labelled {
        all.extend(curves(node, watch, results)?);
    }
    if watch.drift.len() > 1 {
        let line: Vec<_> = watch.drift.iter().enumerate().map(|(batch, psi)| (batch as f64, *psi)).collect();
        let y = Axis::over("population stability index", watch.drift.iter().copied());
        let chart = Chart::new(Axis::counting("batch", watch.drift.len()), y);
        all.push(chart.line("", 0, &line).tile("Drift", "of the scores of each batch against those of the first"));
    }
    text.push_str(&charts(all));
    Ok(text)
}

fn histogram_chart(histogram: &crate::watch::Histogram, threshold: Option<f64>) -> String {
    let crate::watch::Histogram { low, width, normal, anomalies } = histogram;
    let x = Axis::new("score", *low, low + width * normal.len() as f64);
    // Anomalies are few: only in logarithms are both to be seen.
    let most = normal.iter().chain(anomalies).copied().max().unwrap_or(1).max(10);
    let y = Axis::logarithmic("pixels, logarithmic", 0.5, most as f64 * 1.5);
    let outline = |counts: &[i64]| {
        let mut points = vec![(*low, 0.5)];
        for (bin, count) in counts.iter().enumerate() {
            let count = (*count as f64).max(0.5);
            points.push((low + width * bin as f64, count));
            points.push((low + width * (bin + 1) as f64, count));
        }
        points.push((low + width * counts.len() as f64, 0.5));
        points
    };
    let mut chart = Chart::new(x, y).area("other pixels", 0, &outline(normal));
    if anomalies.iter().any(|count| *count != 0) {
        chart = chart.area("anomalies", 1, &outline(anomalies));
    }
    if let Some(threshold) = threshold.filter(|threshold| threshold.is_finite()) {
        chart = chart.upright(&format!("greatest F1 at {}", short(threshold)), threshold);
    }
    chart.tile("Scores", "nearly all; those beyond the ends are in the outermost bins")
}

/// Precision over recall and hits over false alarms, with what the order inside bins can change.
fn curves(node: &str, watch: &Watch, results: &Results) -> Result<[String; 2], Error> {
    let (points, report) = (thinned(watch.points()?), watch.report()?);
    let decided = |wanted: &str| {
        let all = results.pooled.named();
        all.iter().find(|(other, _)| *other == name(node, wanted)).map(|(_, value)| value.value)
    };
    let decisions = decided("recall").zip(decided("precision"));
    let [mut pr_best, mut pr_worst, mut roc_best, mut roc_worst] = [const { Vec::new() }; 4];
    let (mut hits, mut misses, mut recall, mut rate) = (0, 0, 0.0, 0.0);
    for point in &points {
        let (all_hits, all_misses) = (point.true_positives, point.false_positives);
        // All anomalies of the bin before its other pixels, and all of them behind.
        pr_best.push((point.recall, all_hits as f64 / (all_hits + misses).max(1) as f64));
        pr_worst.push((recall, hits as f64 / (hits + all_misses).max(1) as f64));
        roc_best.push((rate, point.recall));
        roc_worst.push((point.false_positive_rate, recall));
        (hits, misses, recall, rate) = (all_hits, all_misses, point.recall, point.false_positive_rate);
    }
    let band = |best: &[(f64, f64)], worst: &[(f64, f64)]| -> Vec<(f64, f64)> {
        best.iter().chain(worst.iter().rev()).copied().collect()
    };
    let line = |of: fn(&Point) -> (f64, f64)| points.iter().map(of).collect::<Vec<_>>();
    let mut pr = Chart::new(Axis::new("recall", 0.0, 1.0), Axis::new("precision", 0.0, 1.0))
        .area("bounds", 0, &band(&pr_best, &pr_worst))
        .line("thresholds", 1, &line(|point| (point.recall, point.precision)));
    let least = points.iter().map(|point| point.false_positive_rate).filter(|rate| *rate > 0.0).fold(0.1, f64::min);
    let mut roc =
        Chart::new(Axis::logarithmic("false alarm rate, logarithmic", least, 1.0), Axis::new("recall", 0.0, 1.0))
            .area("bounds", 0, &band(&roc_best, &roc_worst))
            .line("thresholds", 1, &line(|point| (point.false_positive_rate, point.recall)));
    if let Some((recall, precision)) = decisions {
        let false_alarms = recall * report.anomalies as f64 * (1.0 / precision - 1.0) / report.normal as f64;
        pr = pr.mark("the decisions", (recall, precision));
        roc = roc.mark("the decisions", (false_alarms, recall));
    }
    let about = if decisions.is_some() { "the circle is where the decisions are" } else { "of all thresholds" };
    Ok([pr.tile("Precision and recall", about), roc.tile("Found anomalies by false alarms", about)])
}

/// The points that differ enough to be seen, with the first and the last one.
fn thinned(points: Vec<Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let last = points.last().copied();
    for point in points {
        let differs = kept.last().is_none_or(|other| {
            let moved = (point.recall - other.recall).abs() + (point.precision - other.precision).abs();
            moved > 0.004 || point.false_positive_rate > 1.05 * other.false_positive_rate
        });
        if differs {
            kept.push(point);
        }
    }
    kept.extend(last.filter(|last| kept.last() != Some(last)));
    kept
}
