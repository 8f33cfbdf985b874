//! Every length of every slice, wrong ones too: nothing panics, and an error changes nothing.

use super::for_each_tier;
use super::framed;
use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::input::{Cube, Layout, Matrix, Pixels};
use crate::loss::{selector_diversity, selector_entropy, *};
use crate::metric::ranking::{self, Binning, Rule};
use crate::metric::{selector_diversity as spread, *};
use std::borrow::{Borrow, ToOwned};
use std::vec;
use std::vec::Vec;

const LENGTHS: [usize; 6] = [0, 1, 7, 8, 9, 600];
const MOST: usize = 3000;

/// What inputs are cut from.
struct Data {
    floats: Vec<f32>,
    bytes: Vec<u8>,
    labels: Vec<i32>,
}

impl Data {
    fn new() -> Self {
        Self {
            floats: (0..MOST).map(|i| (i as f32).sin()).collect(),
            bytes: (0..MOST).map(|i| u8::from(i % 3 == 0)).collect(),
            labels: (0..MOST).map(|i| (i % 4) as i32).collect(),
        }
    }
}

/// Makes a call that may change a state: if it fails it has not.
fn try_on<T, R>(state: &mut T, call: impl FnOnce(&mut T) -> Result<R, Error>)
where
    T: ?Sized + ToOwned + PartialEq,
{
    let before = state.to_owned();
    if let Err(error) = call(state) {
        let before: &T = before.borrow();
        assert!(before == state, "{error:?} has changed something");
    }
}

/// A loss of labelled pixels.
macro_rules! pixelwise {
    ($node:ident, $pixels:expr, $output:expr) => {{
        let params = $node::Params::default();
        let mut totals = $node::Totals::default();
        try_on(&mut totals, |totals| totals.update(&params, $pixels));
        let (write, floats) = (Write::Add, &mut $output[..]);
        try_on(floats, |floats| $node::map(&params, $pixels, floats));
        try_on(floats, |floats| totals.gradient(&params, $pixels, 1.0, write, floats));
        try_on(floats, |floats| $node::loss_and_gradient(&params, $pixels, 1.0, write, Some(&mut totals), floats));
    }};
}

fn of_pixels(pixels: &Pixels, output: &mut [f32]) {
    pixelwise!(bce, pixels, output);
    pixelwise!(focal, pixels, output);
    let params = iou::Params { normalization: iou::Normalization::MinMax, ..Default::default() };
    let mut state = (iou::Totals::default(), range::Range::default());
    try_on(&mut state, |(totals, range)| totals.update(&params, pixels, Some(range)));
    let (totals, range) = state;
    for range in [Some(&range), None] {
        try_on(output, |floats| totals.gradient(&params, range, pixels, 1.0, Write::Add, floats));
    }
    try_on(output, |floats| {
        let params = tversky::Params::default();
        tversky::loss_and_gradient(&params, pixels, 1.0, Write::Store, None, None, floats)
    });

    try_on(&mut sum::Totals::default(), |totals| totals.update(pixels));
    try_on(&mut range::Range::default(), |totals| totals.update(pixels));
    try_on(&mut confusion::Totals::default(), |totals| totals.update(pixels));
    try_on(&mut pixel_statistics::Totals::default(), |totals| totals.update(pixels));
    try_on(&mut score_statistics::Totals::default(), |totals| totals.update(pixels));
    let params = detection::Params::default();
    try_on(&mut detection::Totals::default(), |totals| totals.update(&params, pixels, None));
    for (rows, columns, pitch) in [(1, 7, 7), (2, 3, 4), (0, 9, 0), (usize::MAX, 2, usize::MAX)] {
        let frame = framed(pixels, rows, columns, pitch);
        try_on(&mut detection::Totals::default(), |totals| totals.update_frame(&params, &frame, None));
    }
}

/// Functions that have a workspace.
fn with_workspace(pixels: &Pixels, workspace: &mut [u32]) {
    try_on(workspace, |workspace| score_statistics::frame(pixels, workspace));
    try_on(workspace, |workspace| topk_mean::value(pixels, 0.3, workspace));
    try_on(workspace, |workspace| ranking_exact::report(pixels, workspace));
    try_on(workspace, |workspace| spread::values(pixels.scores, workspace));
}

/// Lengths of the other inputs and outputs of a call.
struct Others<'a> {
    target: &'a [f32],
    center: &'a [f32],
    class_weights: Option<&'a [f32]>,
    totals: usize,
}

fn of_cubes(cube: &Cube, others: &Others, output: &mut [f32]) {
    let write = Write::Add;
    let params = mse::Params::default();
    let mut totals = mse::Totals::default();
    try_on(&mut totals, |totals| totals.update(&params, cube, others.target));
    try_on(output, |floats| totals.gradient(&params, cube, others.target, 1.0, write, floats));
    try_on(output, |floats| mse::map(&params, cube, others.target, floats));

    let params = cross_entropy::Params::default();
    let mut totals = cross_entropy::Totals::default();
    let weights = others.class_weights;
    try_on(&mut totals, |totals| totals.update(&params, cube, weights));
    try_on(output, |floats| totals.gradient(&params, cube, weights, 1.0, write, floats));
    try_on(output, |floats| cross_entropy::map(&params, cube, weights, floats));

    let params = svdd::Params::default();
    let mut totals = svdd::Totals::default();
    try_on(&mut totals, |totals| totals.update(&params, cube, others.center));
    try_on(output, |floats| totals.gradient(&params, cube, others.center, 1.0, write, floats));
    try_on(output, |floats| svdd::map(&params, cube, others.center, floats));
    let mut sums = vec![ExactSum::default(); others.totals];
    try_on(&mut sums[..], |sums| svdd::update_center(&params, cube, others.center, sums));
    try_on(output, |floats| svdd::gradient_center(&params, &totals, &sums, 1.0, write, floats));

    let params = dice::Params::default();
    let mut totals = vec![dice::Totals::default(); others.totals];
    try_on(&mut totals[..], |totals| dice::update(&params, cube, totals));
    try_on(output, |floats| dice::gradient(&params, &totals, cube, 1.0, write, floats));

    let params = foreground_contrast::Params::default();
    let mut frame = foreground_contrast::Frame::default();
    try_on(&mut frame, |frame| frame.update(&params, cube));
    try_on(output, |floats| foreground_contrast::loss_and_gradient(&params, cube, 1.0, write, None, floats));
}

fn of_matrices(matrix: &Matrix, weights: &[f32], workspace: &mut [f64], output: &mut [f32]) {
    let write = Write::Store;
    let params = orthogonality::Params::default();
    try_on(output, |floats| orthogonality::gradient(&params, matrix, 1.0, write, &mut workspace[..], floats));
    let params = distinctness::Params::default();
    try_on(output, |floats| distinctness::gradient(&params, matrix, 1.0, write, &mut workspace[..], floats));
    try_on(workspace, |workspace| component_orthogonality::values(matrix, workspace));
    let params = selector_entropy::Params::default();
    try_on(output, |floats| selector_entropy::gradient(&params, weights, 1.0, write, floats));
    let params = selector_diversity::Params::default();
    try_on(output, |floats| selector_diversity::gradient(&params, weights, 1.0, write, floats));
}

#[test]
fn any_lengths_of_inputs_and_outputs() {
    let Data { floats, bytes, labels } = &Data::new();
    for n in LENGTHS {
        for a in LENGTHS {
            for c in LENGTHS {
                for o in LENGTHS {
                    for soft in [false, true] {
                        let mut output = vec![0.5; o];
                        let pixels = Pixels {
                            scores: &floats[..n],
                            targets: (!soft).then(|| &bytes[..a]),
                            soft_targets: soft.then(|| &floats[..a]),
                            decisions: Some(&bytes[..c]),
                            valid: (c != 9).then(|| &bytes[..c]),
                            weights: (o != 9).then(|| &floats[..a]),
                        };
                        of_pixels(&pixels, &mut output);
                        with_workspace(&pixels, &mut vec![0; o * 30]);
                        let bare = Pixels { weights: None, valid: None, ..pixels };
                        of_pixels(&bare, &mut output);
                        with_workspace(&bare, &mut vec![0; o * 30]);
                        let cube = Cube {
                            values: &floats[..o],
                            layout: Layout { n, channels: a.min(9), pixel_stride: c, channel_stride: 1 },
                            targets: Some(&bytes[..n]),
                            labels: Some(&labels[..n]),
                            valid: soft.then(|| &bytes[..a]),
                            weights: None,
                        };
                        let others = Others {
                            target: &floats[..c],
                            center: &floats[..a.min(9)],
                            class_weights: soft.then(|| &floats[..c]),
                            totals: c.min(20),
                        };
                        of_cubes(&cube, &others, &mut output);
                        let matrix =
                            Matrix { values: &floats[..n], rows: a, columns: c.min(20), row_stride: o.min(30) };
                        of_matrices(&matrix, &floats[..a], &mut vec![0.0; n * 8], &mut output);
                    }
                }
            }
        }
    }
}

/// A stride from which nothing follows: that of the only pixel, channel or row.
#[test]
fn strides_that_lead_nowhere_may_be_anything() {
    let Data { floats, bytes, labels } = &Data::new();
    let target = &floats[..3];
    for huge in [usize::MAX, usize::MAX / 2 + 1, usize::MAX / 3] {
        let one_pixel = Layout { n: 1, channels: 3, pixel_stride: huge, channel_stride: 1 };
        let one_channel = Layout { n: 3, channels: 1, pixel_stride: 1, channel_stride: huge };
        for_each_tier(|_| {
            for layout in [one_pixel, one_channel] {
                let Layout { n, channels, .. } = layout;
                let cube = Cube {
                    values: &floats[..3],
                    layout,
                    targets: Some(&bytes[..n]),
                    labels: Some(&labels[..n]),
                    ..Cube::default()
                };
                for weights in [None, Some(&floats[..n])] {
                    let cube = Cube { weights, ..cube };
                    let center = &floats[..channels];
                    let others = Others { target, center, class_weights: None, totals: channels };
                    of_cubes(&cube, &others, &mut [0.5; 3]);
                    let (params, mut totals) = Default::default();
                    assert_eq!(mse::Totals::update(&mut totals, &params, &cube, target), Ok(()));
                }
            }
            let row = Matrix { values: target, rows: 1, columns: 3, row_stride: huge };
            of_matrices(&row, target, &mut [0.0; 64], &mut [0.5; 3]);
        });
    }
}

#[test]
fn any_lengths_of_words() {
    let Data { floats, bytes, .. } = &Data::new();
    let mut table = vec![0; MOST];
    let linear = Rule::Linear { low: -1.0, high: 1.0, bins: 5 };
    for rule in [Rule::Key { bits: 8 }, Rule::Thresholds { count: 20 }, linear, Rule::Bytes] {
        let binning = Binning::new(rule, &mut table).unwrap();
        let (bins, all) = (binning.bins(), ranking::words(&binning));
        for length in [0, 1, 7, 8, bins, bins + 1, 2 * bins, all - 1, all, all + 1, 4000] {
            for others in [0, all - 1, all, 4000] {
                let (mut words, other) = (vec![0_i64; length], vec![0_i64; others]);
                for n in [0, 3, 600] {
                    let pixels = Pixels { scores: &floats[..n], targets: Some(&bytes[..n]), ..Pixels::default() };
                    try_on(&mut words[..], |words| ranking::update(&binning, &pixels, words));
                    try_on(&mut words[..], |words| ranking::merge(&binning, &other, words));
                    let is_enough = length >= all;
                    assert_eq!(ranking::report(&binning, &words).is_ok(), is_enough);
                    let mut points = vec![ranking::Point::default(); n];
                    try_on(&mut points[..], |points| ranking::curve(&binning, &words, points));
                    assert_eq!(ranking::at(&binning, &words, 0.3).is_ok(), is_enough);
                    assert_eq!(ranking::quantile(&binning, &words, 0.5).is_ok(), is_enough);
                    let found = ranking::threshold_for_false_positive_rate(&binning, &words, 0.1);
                    assert_eq!(found.is_ok(), is_enough);
                    let drift = drift::values(&Default::default(), &binning, &other, &words);
                    assert_eq!(drift.is_ok(), is_enough && others >= all);
                }
            }
        }
    }
}

#[test]
fn any_lengths_of_tables() {
    for length in 0..900 {
        let table = vec![f32::NAN.to_bits(); length];
        for count in [2, 20, 200, 4096] {
            if let Ok(binning) = Binning::of_table(Rule::Thresholds { count }, &table) {
                assert!(binning.bin(0.3) <= binning.bins());
                let _any = binning.lowest(1);
            }
        }
    }
}

#[test]
fn any_lengths_of_sets() {
    let Data { bytes, labels, .. } = &Data::new();
    for length in 0..6 {
        for others in 0..6 {
            let (mut set, other) = (vec![0; length], vec![9; others]);
            try_on(&mut set[..], |set| distinct_label_count::merge(&other, set));
            try_on(&mut set[..], |set| distinct_label_count::update(&labels[..others], Some(&bytes[..length]), set));
            assert!(distinct_label_count::value(&other).is_err());
            assert_eq!(distinct_label_count::labels(&set).is_ok(), length >= 2);
        }
    }
}

/// The notices of a call that must succeed, so that the lengths above are not all wrong.
fn notices(result: Result<Notices, Error>) -> Notices {
    result.expect("right lengths")
}

#[test]
fn right_lengths_are_among_them() {
    let Data { floats, bytes, .. } = &Data::new();
    let pixels = Pixels { scores: &floats[..9], targets: Some(&bytes[..9]), ..Pixels::default() };
    let params = bce::Params::default();
    assert_eq!(notices(bce::map(&params, &pixels, &mut [0.0; 9])), Notices::NONE);
}
