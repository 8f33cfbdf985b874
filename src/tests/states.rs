//! The states of all nodes as words, and everything that reads them.

use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::input::{Cube, Layout, Pixels};
use crate::loss::*;
use crate::metric::ranking::{self, Binning, Rule};
use crate::metric::{
    confusion, detection, distinct_label_count, drift, explained_variance, pixel_statistics,
    score_statistics, sum,
};
use crate::node::range;
use std::boxed::Box;
use std::sync::LazyLock;
use std::vec;
use std::vec::Vec;

/// What a reader gives: numbers, or an error.
pub type Reading = Result<(Vec<f64>, Notices), Error>;
type Reader = Box<dyn Fn(&[i64]) -> Reading>;
/// What becomes of words when pixels are added.
type Update = Box<dyn Fn(&[i64]) -> Vec<i64>>;

/// A node: its state after some ordinary pixels.
pub struct Node {
    pub name: &'static str,
    pub words: Vec<i64>,
    /// How many of the words are totals: behind some lies a range.
    pub length: usize,
    /// Where the digits of exact sums begin, and how many there are.
    pub sums: Vec<(usize, usize)>,
    pub readers: Vec<Reader>,
    /// Adds the ordinary pixels once more.
    pub update: Option<Update>,
}

impl Node {
    fn new<T: Copy>(name: &'static str, totals: &[T], sums: &[(usize, usize)]) -> Self {
        let (words, sums) = (words_of(totals), sums.to_vec());
        Self { name, length: words.len(), words, sums, readers: Vec::new(), update: None }
    }

    /// A node of so many totals, and how pixels are added to them.
    fn of<T: Copy + Default + 'static>(
        name: &'static str,
        count: usize,
        sums: &[(usize, usize)],
        update: impl Fn(&mut [T]) -> Result<(), Error> + 'static,
    ) -> Self {
        let update = move |words: &[i64]| {
            let mut totals: Vec<T> = totals_of(words);
            update(&mut totals).unwrap();
            words_of(&totals)
        };
        let words = update(&words_of(&vec![T::default(); count]));
        let update: Option<Update> = Some(Box::new(update));
        let (sums, length) = (sums.to_vec(), words.len());
        Self { name, words, length, sums, readers: Vec::new(), update }
    }

    fn read(mut self, reader: impl Fn(&[i64]) -> Reading + 'static) -> Self {
        self.readers.push(Box::new(reader));
        self
    }
}

/// Totals as words.
pub fn words_of<T: Copy>(totals: &[T]) -> Vec<i64> {
    let mut words = vec![0; size_of_val(totals) / size_of::<i64>()];
    // SAFETY: totals are `repr(C)` structs of nothing but integers, as many bytes as there are words.
    unsafe {
        let bytes = size_of_val(&words[..]);
        core::ptr::copy_nonoverlapping(
            totals.as_ptr().cast::<u8>(),
            words.as_mut_ptr().cast(),
            bytes,
        );
    }
    words
}

/// Words as totals, as many as there are.
pub fn totals_of<T: Copy + Default>(words: &[i64]) -> Vec<T> {
    let length = size_of_val(words) / size_of::<T>();
    assert_eq!(size_of_val(words), length * size_of::<T>());
    // SAFETY: as above, any words are a value, and no totals are aligned to more than a word.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), length) }.to_vec()
}

fn one<T: Copy + Default>(words: &[i64]) -> T {
    let [totals] = totals_of(words)[..] else { panic!("one struct") };
    totals
}

fn value(value: Result<Value, Error>) -> Reading {
    value.map(|Value { value, notices }| (vec![value], notices))
}

/// What is written to floats, which stay as they are where there is an error.
fn written(count: usize, write: impl FnOnce(&mut [f32]) -> Result<Notices, Error>) -> Reading {
    let mut floats = vec![0.5; count];
    let result = write(&mut floats);
    assert!(result.is_ok() || floats == vec![0.5; count], "an error has changed the output");
    result.map(|notices| (floats.into_iter().map(f64::from).collect(), notices))
}

pub const N: usize = 100;
const CHANNELS: usize = 3;
static SCORES: LazyLock<Vec<f32>> =
    LazyLock::new(|| (0..N * CHANNELS).map(|i| (i % 13) as f32 - 6.0).collect());
static TARGETS: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..N).map(|i| u8::from(i % 3 == 0)).collect());
static LABELS: LazyLock<Vec<i32>> =
    LazyLock::new(|| (0..N).map(|i| (i % CHANNELS) as i32).collect());
static TABLE: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut table = vec![0; ranking::table_words(Rule::Thresholds { count: 20 }).unwrap()];
    Binning::new(Rule::Thresholds { count: 20 }, &mut table).unwrap();
    table
});
const CENTER: [f32; CHANNELS] = [0.5; CHANNELS];

fn pixels() -> Pixels<'static> {
    let (scores, targets) = (&SCORES[..N], Some(&TARGETS[..]));
    Pixels { scores, targets, decisions: targets, ..Pixels::default() }
}

fn cube() -> Cube<'static> {
    let layout = Layout { n: N, channels: CHANNELS, pixel_stride: CHANNELS, channel_stride: 1 };
    let (targets, labels) = (Some(&TARGETS[..]), Some(&LABELS[..]));
    Cube { values: &SCORES, layout, targets, labels, ..Cube::default() }
}

/// The sums of losses that are a mean of terms.
const OF_TERMS: [(usize, usize); 2] = [(0, 12), (16, 12)];
const REDUCTIONS: [Reduction; 3] = [Reduction::Mean, Reduction::Sum, Reduction::WeightedMean];

/// A loss of pixels or of a cube: all reductions, and the gradient.
macro_rules! of_terms {
    ($name:literal, $node:ident, $inputs:expr, $floats:expr $(, $more:expr)*) => {{
        let params = $node::Params::default();
        let mut node = Node::of($name, 1, &OF_TERMS, move |totals: &mut [$node::Totals]| {
            totals[0].update(&params, &$inputs $(, $more)*)
        });
        for reduction in REDUCTIONS {
            let params = $node::Params { reduction, ..params };
            node = node.read(move |words| value(one::<$node::Totals>(words).loss(&params)));
        }
        node.read(move |words| {
            written($floats, |floats| {
                let totals = one::<$node::Totals>(words);
                totals.gradient(&params, &$inputs $(, $more)*, 1.0, Write::Add, floats)
            })
        })
    }};
}

/// A loss of overlap, with a range behind the sums where it needs one.
macro_rules! of_overlap {
    ($name:literal, $node:ident, $normalization:ident) => {{
        let params = $node::Params {
            normalization: $node::Normalization::$normalization,
            ..$node::Params::default()
        };
        let mut range = range::Range::default();
        range.update(&pixels()).unwrap();
        let sums = [0, 16, 32, 48].map(|first| (first, 12));
        let mut node = Node::of($name, 1, &sums, move |totals: &mut [$node::Totals]| {
            totals[0].update(&params, &pixels(), Some(&mut range::Range::default()))
        });
        let length = node.length;
        node.words.extend(words_of(&[range]));
        let split = move |words: &[i64]| {
            let (totals, range) = words.split_at(length);
            (one::<$node::Totals>(totals), one::<range::Range>(range))
        };
        node.read(move |words| {
            let (totals, range) = split(words);
            value(totals.loss(&params, Some(&range)))
        })
        .read(move |words| {
            let (totals, range) = split(words);
            written(N, |floats| {
                totals.gradient(&params, Some(&range), &pixels(), 1.0, Write::Add, floats)
            })
        })
    }};
}

/// All nodes that have a state.
pub fn nodes() -> Vec<Node> {
    [losses(), of_cubes(), metrics(), rankings()].into_iter().flatten().collect()
}

fn losses() -> Vec<Node> {
    vec![
        of_terms!("binary cross-entropy", bce, pixels(), N),
        of_terms!("focal", focal, pixels(), N),
        of_terms!("mean squared error", mse, cube(), N * CHANNELS, &[0.0; N * CHANNELS]),
        of_terms!("cross-entropy", cross_entropy, cube(), N * CHANNELS, None),
        of_overlap!("IoU", iou, Sigmoid),
        of_overlap!("IoU, minmax, with its range", iou, MinMax),
        of_overlap!("Tversky", tversky, Clamp),
    ]
}

fn of_cubes() -> Vec<Node> {
    vec![of_dice(), of_svdd(), of_center(), of_contrast(), of_frame()]
}

fn of_dice() -> Node {
    let params = dice::Params::default();
    let sums: Vec<_> =
        (0..CHANNELS).flat_map(|class| [0, 16, 32].map(|first| (51 * class + first, 12))).collect();
    let update = move |totals: &mut [dice::Totals]| dice::update(&params, &cube(), totals);
    Node::of("Dice of three classes", CHANNELS, &sums, update)
        .read(move |words| value(dice::loss(&params, &totals_of(words))))
        .read(move |words| {
            let totals = totals_of(words);
            written(N * CHANNELS, |floats| {
                dice::gradient(&params, &totals, &cube(), 1.0, Write::Add, floats)
            })
        })
}

const SVDD: svdd::Params = svdd::Params { nu: 0.05, weight: 1.0, r_unconstrained: 0.0 };

fn of_svdd() -> Node {
    let update = |totals: &mut [svdd::Totals]| totals[0].update(&SVDD, &cube(), &CENTER);
    Node::of("Deep SVDD", 1, &[0, 16, 35, 51].map(|first| (first, 12)), update)
        .read(|words| value(one::<svdd::Totals>(words).loss(&SVDD)))
        .read(|words| value(one::<svdd::Totals>(words).gradient_radius(&SVDD, 1.0)))
        .read(|words| {
            let totals = one::<svdd::Totals>(words);
            written(N * CHANNELS, |floats| {
                totals.gradient(&SVDD, &cube(), &CENTER, 1.0, Write::Add, floats)
            })
        })
}

fn of_center() -> Node {
    let mut totals = svdd::Totals::default();
    totals.update(&SVDD, &cube(), &CENTER).unwrap();
    let sums = [0, 16, 32].map(|first| (first, 12));
    let update =
        |center: &mut [ExactSum]| svdd::update_center(&SVDD, &cube(), &CENTER, center).map(|_| ());
    Node::of("Deep SVDD, sums of the center", CHANNELS, &sums, update).read(move |words| {
        let center = totals_of(words);
        written(CHANNELS, |floats| {
            svdd::gradient_center(&SVDD, &totals, &center, 1.0, Write::Add, floats)
        })
    })
}

fn contrast_params() -> foreground_contrast::Params {
    foreground_contrast::Params {
        compactness_weight: 1.0,
        anchor_weight: 1.0,
        ..Default::default()
    }
}

fn contrast_frame() -> foreground_contrast::Frame {
    let mut frame = foreground_contrast::Frame::default();
    frame.update(&contrast_params(), &cube()).unwrap();
    frame
}

fn of_contrast() -> Node {
    let frame = contrast_frame();
    let update = |totals: &mut [foreground_contrast::Totals]| {
        totals[0].update(&contrast_params(), &contrast_frame())
    };
    Node::of("foreground contrast", 1, &[(0, 12)], update)
        .read(|words| value(one::<foreground_contrast::Totals>(words).loss(&contrast_params())))
        .read(move |words| {
            let totals = one::<foreground_contrast::Totals>(words);
            written(N * CHANNELS, |floats| {
                totals.gradient(&contrast_params(), &frame, &cube(), 1.0, Write::Add, floats)
            })
        })
}

fn of_frame() -> Node {
    let sums: Vec<_> = (0..11).map(|sum| (16 * sum, 12)).collect();
    let update =
        |frames: &mut [foreground_contrast::Frame]| frames[0].update(&contrast_params(), &cube());
    Node::of("foreground contrast, one frame", 1, &sums, update).read(|words| {
        let params = contrast_params();
        let mut totals = foreground_contrast::Totals::default();
        let frame = one::<foreground_contrast::Frame>(words);
        let result = totals.update(&params, &frame);
        assert!(result.is_ok() || totals == foreground_contrast::Totals::default());
        result.and_then(|()| value(totals.loss(&params)))
    })
}

fn metrics() -> Vec<Node> {
    vec![
        of_sum(),
        of_statistics(),
        of_pixels(),
        of_confusion(),
        of_detection(),
        of_range(),
        of_variance(),
        of_labels(),
    ]
}

fn of_sum() -> Node {
    let update = |totals: &mut [sum::Totals]| totals[0].update(&pixels());
    Node::of("sum", 1, &[(0, 12)], update)
        .read(|words| value(one::<sum::Totals>(words).value()))
        .read(|words| value(one::<sum::Totals>(words).mean()))
}

fn of_statistics() -> Node {
    let update = |totals: &mut [score_statistics::Totals]| totals[0].update(&pixels());
    Node::of("score statistics", 1, &[(0, 12), (16, 20)], update)
        .read(|words| value(one::<score_statistics::Totals>(words).mean()))
        .read(|words| value(one::<score_statistics::Totals>(words).std()))
}

fn of_pixels() -> Node {
    let mut totals = pixel_statistics::Totals::default();
    totals.update(&pixels()).unwrap();
    Node::new("pixel statistics", &[totals], &[])
        .read(|words| value(one::<pixel_statistics::Totals>(words).percentage()))
}

fn of_confusion() -> Node {
    let mut totals = confusion::Totals::default();
    totals.update(&pixels()).unwrap();
    totals.end_frame();
    Node::new("confusion", &[totals], &[]).read(|words| {
        let all = one::<confusion::Totals>(words).values()?.into_iter();
        let notices = all.clone().fold(Notices::NONE, |all, (_, notices)| all | notices);
        let ratios =
            all.flat_map(|(ratios, _)| [ratios.precision, ratios.recall, ratios.f1, ratios.iou]);
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

fn rankings() -> Vec<Node> {
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
        .read(move |words| value(ranking::threshold_for_false_positive_rate(&binning, words, 0.1)))
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
