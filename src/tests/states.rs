//! The states of all nodes as words, and everything that reads them: those of losses here, those of metrics beside.

mod metrics;

pub use super::harness::Reading;
use super::harness::reading;
use super::words::{totals, words_of};
use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::input::{Cube, Layout, Pixels};
use crate::loss::*;
use crate::node::range;
use std::boxed::Box;
use std::sync::LazyLock;
use std::vec;
use std::vec::Vec;

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

/// Words as totals of their own.
fn totals_of<T: Copy>(words: &[i64]) -> Vec<T> {
    totals(words).to_vec()
}

fn one<T: Copy>(words: &[i64]) -> T {
    let [totals] = totals_of(words)[..] else { panic!("one struct") };
    totals
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
static SCORES: LazyLock<Vec<f32>> = LazyLock::new(|| (0..N * CHANNELS).map(|i| (i % 13) as f32 - 6.0).collect());
static TARGETS: LazyLock<Vec<u8>> = LazyLock::new(|| (0..N).map(|i| u8::from(i % 3 == 0)).collect());
static LABELS: LazyLock<Vec<i32>> = LazyLock::new(|| (0..N).map(|i| (i % CHANNELS) as i32).collect());
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
            node = node.read(move |words| reading(one::<$node::Totals>(words).loss(&params)));
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
        let params = $node::Params { normalization: $node::Normalization::$normalization, ..$node::Params::default() };
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
            reading(totals.loss(&params, Some(&range)))
        })
        .read(move |words| {
            let (totals, range) = split(words);
            written(N, |floats| totals.gradient(&params, Some(&range), &pixels(), 1.0, Write::Add, floats))
        })
    }};
}

/// All nodes that have a state.
pub fn nodes() -> Vec<Node> {
    [losses(), of_cubes(), metrics::metrics(), metrics::rankings()].into_iter().flatten().collect()
}

fn losses() -> Vec<Node> {
    vec![
        of_terms!("binary cross-entropy", bce, pixels(), N),
        of_terms!("focal", focal, pixels(), N),
        of_terms!("mean squared error", mse, cube(), N * CHANNELS, &[0.0; N * CHANNELS]),
        of_terms!("spectral angle", spectral_angle, cube(), N * CHANNELS, &[0.5; N * CHANNELS]),
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
    let sums: Vec<_> = (0..CHANNELS).flat_map(|class| [0, 16, 32].map(|first| (51 * class + first, 12))).collect();
    let update = move |totals: &mut [dice::Totals]| dice::update(&params, &cube(), totals);
    Node::of("Dice of three classes", CHANNELS, &sums, update)
        .read(move |words| reading(dice::loss(&params, &totals_of(words))))
        .read(move |words| {
            let totals = totals_of(words);
            written(N * CHANNELS, |floats| dice::gradient(&params, &totals, &cube(), 1.0, Write::Add, floats))
        })
}

const SVDD: svdd::Params = svdd::Params { nu: 0.05, weight: 1.0, r_unconstrained: 0.0 };

fn of_svdd() -> Node {
    let update = |totals: &mut [svdd::Totals]| totals[0].update(&SVDD, &cube(), &CENTER);
    Node::of("Deep SVDD", 1, &[0, 16, 35, 51].map(|first| (first, 12)), update)
        .read(|words| reading(one::<svdd::Totals>(words).loss(&SVDD)))
        .read(|words| reading(one::<svdd::Totals>(words).gradient_radius(&SVDD, 1.0)))
        .read(|words| {
            let totals = one::<svdd::Totals>(words);
            written(N * CHANNELS, |floats| totals.gradient(&SVDD, &cube(), &CENTER, 1.0, Write::Add, floats))
        })
}

fn of_center() -> Node {
    let mut totals = svdd::Totals::default();
    totals.update(&SVDD, &cube(), &CENTER).unwrap();
    let sums = [0, 16, 32].map(|first| (first, 12));
    let update = |center: &mut [ExactSum]| svdd::update_center(&SVDD, &cube(), &CENTER, center).map(|_| ());
    Node::of("Deep SVDD, sums of the center", CHANNELS, &sums, update).read(move |words| {
        let center = totals_of(words);
        written(CHANNELS, |floats| svdd::gradient_center(&SVDD, &totals, &center, 1.0, Write::Add, floats))
    })
}

fn contrast_params() -> foreground_contrast::Params {
    foreground_contrast::Params { compactness_weight: 1.0, anchor_weight: 1.0, ..Default::default() }
}

fn contrast_frame() -> foreground_contrast::Frame {
    let mut frame = foreground_contrast::Frame::default();
    frame.update(&contrast_params(), &cube()).unwrap();
    frame
}

fn of_contrast() -> Node {
    let frame = contrast_frame();
    let update = |totals: &mut [foreground_contrast::Totals]| totals[0].update(&contrast_params(), &contrast_frame());
    Node::of("foreground contrast", 1, &[(0, 12)], update)
        .read(|words| reading(one::<foreground_contrast::Totals>(words).loss(&contrast_params())))
        .read(move |words| {
            let totals = one::<foreground_contrast::Totals>(words);
            written(N * CHANNELS, |floats| {
                totals.gradient(&contrast_params(), &frame, &cube(), 1.0, Write::Add, floats)
            })
        })
}

fn of_frame() -> Node {
    let sums: Vec<_> = (0..11).map(|sum| (16 * sum, 12)).collect();
    let update = |frames: &mut [foreground_contrast::Frame]| frames[0].update(&contrast_params(), &cube());
    Node::of("foreground contrast, one frame", 1, &sums, update).read(|words| {
        let params = contrast_params();
        let mut totals = foreground_contrast::Totals::default();
        let frame = one::<foreground_contrast::Frame>(words);
        let result = totals.update(&params, &frame);
        assert!(result.is_ok() || totals == foreground_contrast::Totals::default());
        result.and_then(|()| reading(totals.loss(&params)))
    })
}
