//! Frames: confusion and detection by lines, frames and strides, and the statistics of single frames, against counting.

use crate::binning::Binning;
use crate::brute::Ranked;
use crate::buffer::Buffer;
use crate::input::{Input, Part};
use crate::metrics;
use crate::node::State;
use crate::record::Record;
use crate::source::Source;
use crate::tiers::{pin, tiers};
use hyla::capi::detection::*;
use hyla::capi::ranking::hyla_ranking_update;
use hyla::capi::score_statistics::*;
use hyla::capi::topk_mean::*;

/// A frame: rows of pixels that lie `pitch` apart.
#[derive(Clone, Copy)]
struct Shape {
    rows: usize,
    columns: usize,
    pitch: usize,
    stride: usize,
}

impl Shape {
    /// Whether a pixel is of the frame, and whether it is of every s-th row and column.
    fn place(&self, pixel: usize) -> (bool, bool) {
        let (row, column) = (pixel / self.pitch, pixel % self.pitch);
        let is_inside = row < self.rows && column < self.columns;
        (is_inside, is_inside && row % self.stride == 0 && column % self.stride == 0)
    }
}

/// How many words the totals of detection have.
const TOTALS: usize = size_of::<hyla_detection_totals>() / 8;

/// True positive, false positive, false negative or true negative.
fn kind(is_decided: bool, is_positive: bool) -> usize {
    match (is_decided, is_positive) {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) => 2,
        (false, false) => 3,
    }
}

/// The counts of decisions and targets: true and false positives, false and true negatives.
fn counts(input: &Input, is_taken: impl Fn(usize) -> bool) -> [i64; 4] {
    let mut counts = [0; 4];
    for pixel in (0..input.n).filter(|pixel| input.is_valid(*pixel) && is_taken(*pixel)) {
        let is_set = |bytes: &Option<Buffer<u8>>| bytes.as_ref().is_some_and(|bytes| bytes[pixel] != 0);
        counts[kind(is_set(&input.decisions), is_set(&input.targets))] += 1;
    }
    counts
}

/// Whole frames of detection, with a stride; without one by lines, too.
pub fn detection(source: &mut Source) {
    let input = metrics::labelled(source);
    let pitch = 1 + source.below(40);
    let stride = source.pick(&[1, 1, 2, 3, 7]);
    // The last row may end with its last column.
    let columns = pitch - if source.once_in(2) { source.below(pitch) } else { 0 };
    let rows = (input.n + pitch - columns) / pitch;
    let shape = Shape { rows, columns, pitch, stride };
    let binning = Binning::any(source).filter(|binning| binning.rule == crate::binning::THRESHOLDS);
    let mut params = hyla_detection_params {
        struct_size: size_of::<hyla_detection_params>() as u32,
        pixel_stride: stride as u32,
        ap_thresholds: binning.as_ref().map_or(200, |binning| binning.of_c.bins),
    };
    let words = binning.as_ref().map_or(0, |binning| binning.words);
    let of_c = binning.as_ref().map_or(core::ptr::null(), |binning| &raw const binning.of_c);
    let pixels = input.frame(rows, columns, pitch);
    let frame = |params: &hyla_detection_params, tier: u32| {
        pin(tier);
        let (mut totals, mut histograms) = (State::new(TOTALS), State::new(words));
        let to = if words == 0 { core::ptr::null_mut() } else { histograms.at_mut(0, None) };
        // SAFETY: the arrays are those of the input; the words are those of the binning.
        let status = unsafe { hyla_detection_update_frame(params, &*pixels, totals.at_mut(0, None), of_c, to, words) };
        (status, totals, histograms)
    };
    let tiers = tiers();
    let (status, totals, histograms) = frame(&params, tiers[0]);
    for tier in &tiers[1..] {
        let (other, of_tier, more) = frame(&params, *tier);
        assert_eq!(status, other, "statuses of tiers");
        of_tier.assert_same(&totals, "another tier");
        more.assert_same(&histograms, "another tier");
    }
    assert!(status >= 0, "status {status} of {rows} rows of {columns} in {} pixels, pitch {pitch}", input.n);
    if rows == 0 || columns == 0 {
        totals.assert_same(&State::new(TOTALS), "a frame without pixels adds nothing");
        return;
    }
    let of_pixels = counts(&input, |pixel| shape.place(pixel).1);
    assert!(totals.words[..4] == of_pixels[..], "counts {:?} and {of_pixels:?}", &totals.words[..4]);
    let of_frame = counts(&input, |pixel| shape.place(pixel).0);
    let (decided, positive) = (of_frame[0] + of_frame[1] > 0, of_frame[0] + of_frame[2] > 0);
    assert_eq!(totals.words[4 + kind(decided, positive)], 1, "the frame is of another kind");
    assert_eq!(totals.words[4..8].iter().sum::<i64>(), 1, "one frame");
    if let Some(binning) = &binning {
        let taken: Vec<usize> = (0..input.n).filter(|pixel| shape.place(*pixel).1).collect();
        let (other, mut expected) = (input.only(&taken), State::new(words));
        let (of_other, to) = (other.pixels(other.whole()), expected.at_mut(0, None));
        // SAFETY: as above.
        assert_eq!(unsafe { hyla_ranking_update(&binning.of_c, &*of_other, to, words) }, 0);
        expected.assert_same(&histograms, "histograms of every s-th row and column");
    }
    params.pixel_stride = 1;
    if stride == 1 && columns == pitch {
        lines(&input, &params, rows * pitch, &totals, source);
    }
}

/// The same frame in parts, and its end.
fn lines(input: &Input, params: &hyla_detection_params, n: usize, whole: &State, source: &mut Source) {
    let (mut totals, mut start) = (State::new(TOTALS), 0);
    while start < n {
        let part = Part { start, n: (1 + source.below(200)).min(n - start) };
        start += part.n;
        let mut other = State::new(TOTALS);
        // SAFETY: the arrays are those of the input; there is no binning.
        let status = unsafe {
            let (to, none) = (other.at_mut(0, None), core::ptr::null_mut());
            hyla_detection_update(params, &*input.pixels(part), to, core::ptr::null(), none, 0)
        };
        assert_eq!(status, 0);
        // SAFETY: both are totals.
        assert_eq!(unsafe { hyla_detection_merge(other.at(0), totals.at_mut(0, None)) }, 0);
    }
    // SAFETY: the state are totals.
    assert_eq!(unsafe { hyla_detection_end_frame(totals.at_mut(0, None)) }, 0);
    // How many calls there were is another number.
    assert!(totals.words[..10] == whole.words[..10], "a frame by lines");
}

/// Statistics of a frame, and the mean of its greatest scores, against sorting.
pub fn statistics(source: &mut Source) {
    let input = metrics::input(source);
    let pixels = input.pixels(input.whole());
    let fraction = source.pick(&[0.5, 1.0, 0.001, 0.1, 1.0 / 3.0, f64::MIN_POSITIVE]);
    let missing = usize::from(source.once_in(16));
    let mut first: Option<Record> = None;
    let mut report = [0.0_f64; 14];
    let (mut mean, mut status) = (0.0, 0);
    for tier in tiers() {
        pin(tier);
        let mut record = Record::default();
        let mut room = Buffer::filled(1, 0x0101_0101 * tier, hyla_score_statistics_workspace() - missing);
        let (words, place) = (room.len(), room.at_mut(0));
        status = record.report("frame", &[0..9], |to: *mut [f64; 14]| {
            // SAFETY: the arrays are those of the input; the workspace says its own size.
            let status = unsafe { hyla_score_statistics_frame(&*pixels, place, words, to.cast()) };
            // SAFETY: it was initialised before.
            report = unsafe { to.read() };
            status
        });
        let mut room = Buffer::filled(1, 0x0101_0101 * tier, hyla_topk_mean_workspace() - missing);
        let (words, place) = (room.len(), room.at_mut(0));
        mean = record.double("mean of the greatest", |to| {
            // SAFETY: as above.
            unsafe { hyla_topk_mean_value(fraction, &*pixels, place, words, to) }
        });
        first.get_or_insert_with(|| record.clone()).assert_same(&record, "another tier");
    }
    assert_eq!(status < 0, missing > 0, "a workspace that is too small");
    if missing > 0 {
        return;
    }
    let valid = (0..input.n).filter(|pixel| input.is_valid(*pixel));
    let scores: Vec<f32> = valid.map(|pixel| input.values[pixel]).collect();
    let numbers = Ranked::new(scores.iter().map(|score| (*score, false))).pixels;
    let sorted: Vec<f64> = numbers.iter().rev().map(|(score, _)| f64::from(*score)).collect();
    for (place, share) in [(2, 0.0), (3, 1.0), (5, 0.25), (6, 0.75), (7, 0.95), (8, 0.99)] {
        let expected = at_rank(&sorted, share);
        let within = 8.0 * f64::EPSILON * expected.abs().max(report[place].abs());
        let near = expected == report[place] || (expected - report[place]).abs() <= within;
        assert!(
            near || (expected.is_nan() && report[place].is_nan()),
            "quantile {share}: {} for {expected}",
            report[place]
        );
    }
    if scores.iter().all(|score| score.is_finite()) && !scores.is_empty() {
        let size: f64 = sorted.iter().map(|score| score.abs()).sum();
        let within = size * f64::EPSILON * 2.0;
        let exact = sorted.iter().sum::<f64>() / sorted.len() as f64;
        assert!((exact - report[0]).abs() <= within, "mean {} for {exact}", report[0]);
        let most = ((sorted.len() as f64 * fraction) as f32).ceil().clamp(1.0, sorted.len() as f32) as usize;
        let exact = sorted.iter().rev().take(most).sum::<f64>() / most as f64;
        assert!((exact - mean).abs() <= within, "mean of the greatest {most}: {mean} for {exact}");
    }
}

/// The quantile of a share: at the rank `share * (n - 1)`, between two numbers in proportion.
fn at_rank(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let rank = share * last as f64;
    let (below, part) = (rank.floor() as usize, rank - rank.floor());
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    if part == 0.0 || low == high { low } else { low + (high - low) * part }
}
