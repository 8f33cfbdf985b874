//! Detection: frames and strides against plain counting, average precision against torchmetrics' definition, on every
//! tier and for any split.

use super::harness::batch::skewed as bytes;
use super::naive::ranking::{binned_average_precision, exact};
use super::{any_float, between, ends, for_each_tier, framed};
use crate::error::{Error, Notices};
use crate::input::Pixels;
use crate::metric::confusion;
use crate::metric::detection::{Metrics, Params, Ranking, Totals};
use crate::metric::ranking::{self, Binning, Rule};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// As many pixels as the largest frame takes.
const ROOM: usize = 9 * 45;

#[derive(Debug)]
struct Data {
    scores: Option<Vec<f32>>,
    decisions: Option<Vec<u8>>,
    targets: Vec<u8>,
    valid: Option<Vec<u8>>,
}

impl Data {
    fn pixels(&self, start: usize, end: usize) -> Pixels<'_> {
        Pixels {
            scores: self.scores.as_ref().map_or(&[], |scores| &scores[start..end]),
            decisions: self.decisions.as_ref().map(|decisions| &decisions[start..end]),
            targets: Some(&self.targets[start..end]),
            valid: self.valid.as_ref().map(|valid| &valid[start..end]),
            ..Pixels::default()
        }
    }
}

fn scores(n: usize) -> impl Strategy<Value = Vec<f32>> {
    let score = prop_oneof![
        4 => between(-6.0, 6.0),
        1 => (-4_i8..4).prop_map(f32::from),
        1 => any_float(),
        1 => Just(f32::NAN),
    ];
    proptest::collection::vec(score, n)
}

fn data(n: usize) -> impl Strategy<Value = Data> {
    use proptest::option::of;
    (of(scores(n)), of(bytes(n)), bytes(n), of(bytes(n)))
        .prop_filter("something to count", |all| all.0.is_some() || all.1.is_some())
        .prop_map(|(scores, decisions, targets, valid)| Data { scores, decisions, targets, valid })
}

/// A binning with its table.
fn with_binning<R>(params: &Params, run: impl FnOnce(&Binning) -> R) -> R {
    let mut table = vec![0; ranking::table_words(params.rule()).unwrap()];
    run(&Binning::new(params.rule(), &mut table).unwrap())
}

fn value(metrics: &Metrics, name: &str) -> (f64, Notices) {
    let found = metrics.as_slice().iter().find(|metric| metric.name == name).unwrap();
    (found.value, found.notices)
}

/// The scores of pixels that count and are ranked.
fn items(pixels: &Pixels) -> Vec<(f32, bool)> {
    let targets = pixels.targets.unwrap();
    (0..pixels.scores.len())
        .filter(|i| pixels.valid.is_none_or(|valid| valid[*i] != 0) && !pixels.scores[*i].is_nan())
        .map(|i| (pixels.scores[i], targets[i] != 0))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn detection_with_strides(
        rows in 0_usize..9,
        columns in 0_usize..40,
        gap in 0_usize..5,
        (pixel_stride, ap_thresholds) in (1_u32..5, 2_u32..300),
        data in data(ROOM),
    ) {
        let params = Params { pixel_stride, ap_thresholds };
        let pitch = columns + gap;
        let s = params.pixel_stride as usize;
        let mut expected = confusion::Totals::default();
        let valid = data.valid.as_ref().map(|_| vec![]);
        let mut picked = Data { scores: Some(vec![]), decisions: None, targets: vec![], valid };
        for row in 0..rows {
            for column in 0..columns {
                let at = row * pitch + column;
                let counts = row % s == 0 && column % s == 0;
                if data.decisions.is_some() {
                    let mut alone = confusion::Totals::default();
                    alone.update(&data.pixels(at, at + 1)).unwrap();
                    if !counts {
                        alone.pixels = confusion::Counts::default();
                    }
                    expected.merge(&alone);
                }
                if let (true, Some(scores)) = (counts, &data.scores) {
                    picked.scores.as_mut().unwrap().push(scores[at]);
                    picked.targets.push(data.targets[at]);
                    if let (Some(to), Some(valid)) = (&mut picked.valid, &data.valid) {
                        to.push(valid[at]);
                    }
                }
            }
        }
        let area = rows * columns;
        if area > 0 && data.decisions.is_some() {
            expected.end_frame();
        }
        let picked = picked.pixels(0, picked.targets.len());
        with_binning(&params, |binning| {
            let mut expected_words = vec![0; ranking::words(binning)];
            ranking::update(binning, &picked, &mut expected_words).unwrap();
            let items = items(&picked);
            let binned = binned_average_precision(&items, params.ap_thresholds);
            let exact = exact(&items).average_precision;
            for_each_tier(|tier| {
                let mut totals = Totals::default();
                let mut words = vec![0; ranking::words(binning)];
                let ranking = Ranking { binning, words: &mut words };
                let all = data.pixels(0, ROOM);
                let frame = framed(&all, rows, columns, pitch);
                totals.update_frame(&params, &frame, Some(ranking)).unwrap();
                assert_eq!(totals.confusion, expected, "{tier:?}");
                assert_eq!(words, expected_words, "{tier:?}");
                let metrics = totals.metrics(&params, Some((binning, &words))).unwrap();
                let decided = area > 0 && data.decisions.is_some();
                assert_eq!(metrics.as_slice().len(), if decided { 10 } else { 3 });
                let (found, notices) = value(&metrics, "average_precision");
                let (low, high) = (value(&metrics, "average_precision_lo"), value(&metrics, "average_precision_hi"));
                assert!((found - binned).abs() <= 1e-12, "{found} is not {binned}");
                assert!(low.0 <= found && found <= high.0);
                assert!(low.0 - 1e-12 <= exact && exact <= high.0 + 1e-12, "{low:?} {exact} {high:?}");
                assert_eq!(notices.contains(Notices::COARSE), high.0 - low.0 > 0.01);
                assert!(!low.1.contains(Notices::COARSE) && !high.1.contains(Notices::COARSE));
                assert_eq!(notices.contains(Notices::NO_POSITIVES), items.iter().all(|item| !item.1));
                let other = Params { pixel_stride: params.pixel_stride + 1, ..params };
                if area > 0 {
                    assert_eq!(totals.metrics(&other, None), Err(Error::MixedTotals));
                    // Without a ranking scores are no input.
                    let mut alone = Totals::default();
                    let result = alone.update_frame(&params, &frame, None);
                    assert_eq!(result, data.decisions.as_ref().map(|_| ()).ok_or(Error::MissingInput));
                    assert_eq!(alone.confusion, expected);
                    assert_eq!(alone.metrics(&params, None).unwrap().as_slice().len(), 7);
                }
            });
        });
    }

    #[test]
    fn any_split_into_lines_gives_the_same_words(
        data in data(3000),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..64),
        first in any::<prop::sample::Index>(),
    ) {
        let params = Params::default();
        with_binning(&params, |binning| {
            let n = data.targets.len();
            let fresh = || (Totals::default(), vec![0; ranking::words(binning)]);
            let (mut whole, mut words) = fresh();
            let ranking = Ranking { binning, words: &mut words };
            whole.update_frame(&params, &data.pixels(0, n), Some(ranking)).unwrap();
            for_each_tier(|tier| {
                let (mut chunked, mut chunked_words) = fresh();
                let mut pieces = std::collections::VecDeque::new();
                for part in ends(&cuts, n).windows(2).filter(|part| part[0] < part[1]) {
                    let part = data.pixels(part[0], part[1]);
                    let (mut alone, mut alone_words) = fresh();
                    let ranking = Ranking { binning, words: &mut alone_words };
                    alone.update(&params, &part, Some(ranking)).unwrap();
                    pieces.push_back((alone, alone_words));
                    let ranking = Ranking { binning, words: &mut chunked_words };
                    chunked.update(&params, &part, Some(ranking)).unwrap();
                }
                // A tree that begins anywhere: two of them become one at the end.
                pieces.rotate_left(first.index(pieces.len()));
                let (mut merged, merged_words) = loop {
                    let (mut left, mut left_words) = pieces.pop_front().unwrap();
                    let Some((right, right_words)) = pieces.pop_front() else {
                        break (left, left_words);
                    };
                    left.merge(&right);
                    ranking::merge(binning, &right_words, &mut left_words).unwrap();
                    pieces.push_back((left, left_words));
                };
                if data.decisions.is_some() {
                    chunked.end_frame();
                    merged.end_frame();
                }
                assert_eq!(chunked, merged, "{tier:?}");
                assert_eq!(chunked.confusion, whole.confusion, "{tier:?}");
                assert!(chunked_words == words && merged_words == words, "{tier:?}");
                let metrics = |totals: &Totals, words: &[i64]| totals.metrics(&params, Some((binning, words))).unwrap();
                let [found, expected] = [metrics(&merged, &merged_words), metrics(&whole, &words)];
                assert_eq!(found, expected, "{tier:?}");
            });
        });
    }
}

/// Average precision and its notices of a few scores.
fn of_scores(scores: &[f32], targets: &[u8]) -> [(f64, Notices); 3] {
    let params = Params::default();
    with_binning(&params, |binning| {
        let mut words = vec![0; ranking::words(binning)];
        let pixels = Pixels { scores, targets: Some(targets), ..Pixels::default() };
        let mut totals = Totals::default();
        totals.update(&params, &pixels, Some(Ranking { binning, words: &mut words })).unwrap();
        let metrics = totals.metrics(&params, Some((binning, &words))).unwrap();
        ["average_precision", "average_precision_lo", "average_precision_hi"].map(|name| value(&metrics, name))
    })
}

#[test]
fn average_precision_at_the_edges() {
    // No anomaly: torchmetrics' 0 (its sign is lost), and why.
    let [found, low, high] = of_scores(&[1.0, 2.0], &[0, 0]);
    assert_eq!((found, low.0, high.0), ((0.0, Notices::NO_POSITIVES), 0.0, 0.0));
    // Anomalies alone.
    assert_eq!(of_scores(&[1.0, 2.0, -3.0], &[1, 1, 1])[0], (1.0, Notices::NO_NEGATIVES));
    // Nothing at all.
    let nothing = Notices::EMPTY | Notices::NO_POSITIVES | Notices::NO_NEGATIVES;
    assert_eq!(of_scores(&[], &[])[0], (0.0, nothing));
    // Constant scores: the prevalence; the order inside the bin is unknown.
    let [found, low, high] = of_scores(&[1.0; 4], &[0, 1, 0, 0]);
    assert_eq!(found, (0.25, Notices::COARSE));
    assert!(low.0 <= 0.25 && high.0 == 1.0);
    // Scores that saturate the sigmoid, in perfect order: what cuvis-ai says, and the truth within the bounds.
    let [found, low, high] = of_scores(&[20.0, 21.0, 22.0, 23.0], &[0, 0, 0, 1]);
    assert_eq!(found, (0.25, Notices::COARSE));
    assert_eq!((low.1, high), (Notices::NONE, (1.0, Notices::NONE)));
    // A perfect order inside one bin.
    let logit = |p: f64| (p / (1.0 - p)).ln() as f32;
    let scores: Vec<f32> = (0..10).map(|i| logit(if i == 9 { 0.9999 } else { 0.999 })).collect();
    let [found, _, high] = of_scores(&scores, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!((found, high.0), ((0.1, Notices::COARSE), 1.0));
    // A NaN is ranked nowhere, and infinities at the ends.
    let [found, ..] = of_scores(&[f32::NAN, -1.0, 2.0, 1.0], &[0, 0, 1, 1]);
    assert_eq!(found, (1.0, Notices::NOT_FINITE));
    let [found, ..] = of_scores(&[f32::NEG_INFINITY, -1.0, 2.0, f32::INFINITY], &[0, 0, 1, 1]);
    assert_eq!(found, (1.0, Notices::NONE));
    // Both zeros lie in one bin.
    assert_eq!(of_scores(&[-0.0, 0.0], &[1, 0])[0].0, 0.5);
}

#[test]
fn bad_arguments_change_nothing() {
    let params = Params::default();
    let (scores, ones) = ([1.0_f32; 12], [1; 12]);
    let good = Pixels { scores: &scores, targets: Some(&ones), decisions: Some(&ones), ..Pixels::default() };
    with_binning(&params, |binning| {
        let mut words = vec![0; ranking::words(binning)];
        let mut totals = Totals::default();
        let mut check = |params: Params, pixels: Pixels, binning: Option<&Binning>, length: usize, error: Error| {
            for in_frame in [false, true] {
                let words = &mut words[..length];
                let ranking = binning.map(|binning| Ranking { binning, words });
                let result = if in_frame {
                    totals.update_frame(&params, &pixels, ranking)
                } else {
                    totals.update(&params, &pixels, ranking)
                };
                assert_eq!(result, Err(error));
            }
            assert_eq!(totals, Totals::default());
            assert!(words.iter().all(|word| *word == 0));
        };
        let all = ranking::words(binning);
        let with = |pixel_stride, ap_thresholds| Params { pixel_stride, ap_thresholds };
        let key = Binning::new(Rule::Key { bits: 8 }, &mut []).unwrap();
        check(with(0, 200), good, Some(binning), all, Error::PixelStride);
        check(with(1, 1), good, Some(binning), all, Error::Thresholds);
        check(with(1, 4097), good, None, 0, Error::Thresholds);
        check(with(1, 199), good, Some(binning), all, Error::UnsupportedInput);
        check(params, good, Some(&key), all, Error::UnsupportedInput);
        check(params, good, Some(binning), all - 1, Error::Workspace);
        check(params, Pixels { targets: None, ..good }, Some(binning), all, Error::MissingInput);
        check(params, Pixels { decisions: None, ..good }, None, 0, Error::MissingInput);
        let neither = Pixels { decisions: None, scores: &[], ..good };
        check(params, neither, Some(binning), all, Error::MissingInput);
        for wrong in [
            Pixels { scores: &scores[..11], ..good },
            Pixels { decisions: Some(&ones[..11]), ..good },
            Pixels { valid: Some(&ones[..11]), decisions: None, ..good },
            Pixels { targets: Some(&ones[..11]), ..good },
        ] {
            check(params, wrong, Some(binning), all, Error::LengthMismatch);
        }
        let totals = Totals::default();
        let metrics = |params: Params, words: &[i64]| totals.metrics(&params, Some((binning, words)));
        assert_eq!(metrics(with(1, 1), &words), Err(Error::Thresholds));
        assert_eq!(metrics(with(1, 199), &words), Err(Error::UnsupportedInput));
        assert_eq!(metrics(params, &words[1..]), Err(Error::Workspace));
        words[0] = 1;
        assert_eq!(metrics(params, &words), Err(Error::Totals));
    });
}

#[test]
fn values_of_inputs_that_no_call_had_are_left_out() {
    let params = Params::default();
    let both = Pixels { scores: &[1.0, -1.0], targets: Some(&[1, 0]), decisions: Some(&[1, 0]), ..Pixels::default() };
    with_binning(&params, |binning| {
        let mut words = vec![0; ranking::words(binning)];
        let mut totals = Totals::default();
        let mut add = |totals: &mut Totals, pixels: Pixels| {
            let ranking = Ranking { binning, words: &mut words };
            totals.update_frame(&params, &pixels, Some(ranking)).unwrap();
            let metrics = totals.metrics(&params, Some((binning, &words))).unwrap();
            (metrics.as_slice().len(), value(&metrics, "average_precision"))
        };
        // Scores alone end no frame.
        assert_eq!(add(&mut totals, Pixels { decisions: None, ..both }), (3, (1.0, Notices::NONE)));
        assert_eq!((totals.confusion, totals.updates), (confusion::Totals::default(), 1));
        // Decisions alone are not ranked; from the first on the counts are given out.
        assert_eq!(add(&mut totals, Pixels { scores: &[], ..both }), (10, (1.0, Notices::NONE)));
        assert_eq!(add(&mut totals, Pixels { decisions: None, ..both }).0, 10);
        assert_eq!((totals.updates, totals.undecided), (3, 2));
        assert_eq!(totals.confusion.frames.true_positives, 1);
        assert_eq!(totals.metrics(&params, None).unwrap().as_slice().len(), 7);
    });
}

#[test]
fn frames_that_do_not_fit_are_errors() {
    let bytes = [1; 12];
    let pixels = Pixels { decisions: Some(&bytes), targets: Some(&bytes), ..Pixels::default() };
    let params = Params::default();
    let mut totals = Totals::default();
    let mut frame = |rows, columns, pitch| totals.update_frame(&params, &framed(&pixels, rows, columns, pitch), None);
    assert_eq!(frame(3, 4, 4), Ok(()));
    assert_eq!(frame(2, 4, 8), Ok(()));
    assert_eq!(frame(0, 4, 3), Ok(()));
    assert_eq!(frame(2, 4, 3), Err(Error::FrameShape));
    assert_eq!(frame(3, 5, 5), Err(Error::LengthMismatch));
    assert_eq!(frame(usize::MAX / 4, 4, usize::MAX), Err(Error::TooLarge));
    assert_eq!(frame(usize::MAX, 4, usize::MAX), Err(Error::TooLarge));
    assert_eq!(totals.updates, 2);
    let two = Params { pixel_stride: 2, ..params };
    assert_eq!(totals.update(&two, &pixels, None), Err(Error::StrideNeedsFrame));
}
