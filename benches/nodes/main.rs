//! Every node at the sizes of camera lines, frames and large batches, on every tier, for ordinary
//! and for hostile input. The result is checked before it is timed.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

mod bands;
mod losses;
mod small;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hyla::input::{Pixels, Planes};
use hyla::loss::{Reduction, bce};
use hyla::measured::plain_bce_sum;
use hyla::metric::{
    confusion, detection, pixel_statistics, range::Range, ranking, ranking_exact, score_statistics, sum, topk_mean,
};
use hyla::simd::{self, Tier};
use std::hint::black_box;

/// Four camera lines, a small frame, a megapixel, and a batch that leaves every cache.
const SIZES: [usize; 7] = [320, 640, 1024, 2048, 1 << 16, 1 << 20, 1 << 24];

/// Fixed bits, so that every run and machine times the same input.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    fn within(&mut self, limit: f32) -> f32 {
        (self.next() as f32 / u32::MAX as f32 * 2.0 - 1.0) * limit
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Ordinary,
    /// Logits of +-120, one NaN in a hundred, and subnormals.
    Hostile,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Ordinary, Self::Hostile];
}

struct Input {
    scores: Vec<f32>,
    targets: Vec<u8>,
    decisions: Vec<u8>,
    labels: Vec<i32>,
}

impl Input {
    fn new(kind: Kind, n: usize) -> Self {
        let mut random = Random(1);
        let score = |index: usize| match (kind, index % 100) {
            (Kind::Ordinary, _) => random.within(6.0),
            (Kind::Hostile, 0) => f32::NAN,
            (Kind::Hostile, 1..20) => random.within(f32::MIN_POSITIVE),
            (Kind::Hostile, _) => random.within(120.0),
        };
        let scores = (0..n).map(score).collect();
        let targets = (0..n).map(|_| u8::from(random.next().is_multiple_of(10))).collect();
        let decisions = (0..n).map(|_| u8::from(random.next().is_multiple_of(8))).collect();
        let labels = (0..n).map(|_| (random.next() % 4) as i32).collect();
        Self { scores, targets, decisions, labels }
    }

    fn pixels(&self) -> Pixels<'_> {
        Pixels {
            scores: &self.scores,
            targets: Some(&self.targets),
            decisions: Some(&self.decisions),
            ..Pixels::default()
        }
    }
}

/// Does something on every tier of this machine.
fn for_tiers(mut body: impl FnMut(Tier)) {
    for tier in Tier::ALL {
        if simd::pin(Some(tier)).is_ok() {
            body(tier);
        }
    }
    simd::pin(None).unwrap();
}

/// Times a call at every size and tier. `bytes` is what it moves a float of the input; `call` returns what
/// it found, the same on every tier.
fn bench<R: PartialEq + std::fmt::Debug>(
    criterion: &mut Criterion,
    node: &str,
    bytes: u64,
    kinds: &[Kind],
    mut call: impl FnMut(&Input) -> R,
) {
    let mut group = criterion.benchmark_group(node);
    group.sample_size(20);
    for n in SIZES {
        group.throughput(Throughput::ElementsAndBytes { elements: n as u64, bytes: n as u64 * bytes });
        for kind in kinds {
            let input = Input::new(*kind, n);
            let mut expected = None;
            for_tiers(|tier| {
                let found = call(&input);
                assert_eq!(expected.get_or_insert_with(|| call(&input)), &found);
                let name = format!("{kind:?}/{}", tier.name()).to_lowercase();
                group.bench_function(BenchmarkId::new(name, n), |bencher| {
                    bencher.iter(|| black_box(call(&input)));
                });
            });
        }
    }
    group.finish();
}

fn metrics(criterion: &mut Criterion) {
    let ordinary = [Kind::Ordinary];
    bench(criterion, "confusion/update", 2, &ordinary, |input| {
        let mut totals = confusion::Totals::default();
        totals.update(&input.pixels()).unwrap();
        totals
    });
    let params = detection::Params::default();
    bench(criterion, "detection/update_frame", 2, &ordinary, |input| {
        let frame = Planes { rows: input.scores.len() / 64, ..input.pixels().into() };
        let mut totals = detection::Totals::default();
        totals.update_frame(&params, &frame, None).unwrap();
        totals
    });
    let mut table = vec![0; ranking::table_words(params.rule()).unwrap()];
    let binning = ranking::Binning::new(params.rule(), &mut table).unwrap();
    bench(criterion, "detection/update_frame, average precision", 6, &Kind::ALL, |input| {
        let frame = Planes { rows: input.scores.len() / 64, ..input.pixels().into() };
        let mut totals = detection::Totals::default();
        let mut words = vec![0; ranking::words(&binning)];
        let to = detection::Ranking { binning: &binning, words: &mut words };
        totals.update_frame(&params, &frame, Some(to)).unwrap();
        (totals, words)
    });
    bench(criterion, "pixel_statistics/update", 1, &ordinary, |input| {
        let mut totals = pixel_statistics::Totals::default();
        totals.update(&input.pixels()).unwrap();
        totals
    });
    bench(criterion, "sum/update", 4, &Kind::ALL, |input| {
        let mut totals = sum::Totals::default();
        totals.update(&input.pixels()).unwrap();
        totals
    });
    bench(criterion, "range/update", 4, &Kind::ALL, |input| {
        let mut range = Range::default();
        range.update(&input.pixels()).unwrap();
        range
    });
}

/// Histograms that are added to, as those of a stream are.
fn histograms(criterion: &mut Criterion) {
    for (name, rule) in [
        ("ranking/update, 200 thresholds", ranking::Rule::Thresholds { count: 200 }),
        ("ranking/update, 16 bits of key", ranking::Rule::Key { bits: 16 }),
    ] {
        let mut table = vec![0; ranking::table_words(rule).unwrap()];
        let binning = ranking::Binning::new(rule, &mut table).unwrap();
        let mut words = vec![0; ranking::words(&binning)];
        bench(criterion, name, 5, &Kind::ALL, |input| {
            ranking::update(&binning, &input.pixels(), &mut words).unwrap();
        });
    }
}

/// Sorts: the work is the same on every tier.
fn exact_ranking(criterion: &mut Criterion) {
    let mut space = Vec::new();
    bench(criterion, "ranking_exact/report", 5, &Kind::ALL, |input| {
        space.resize(ranking_exact::workspace(input.scores.len()), 0);
        let pixels = Pixels { decisions: None, ..input.pixels() };
        ranking_exact::report(&pixels, &mut space).unwrap()
    });
}

/// Statistics of scores, of a stream and of a frame.
fn frame_scores(criterion: &mut Criterion) {
    bench(criterion, "score_statistics/update", 4, &Kind::ALL, |input| {
        let mut totals = score_statistics::Totals::default();
        totals.update(&input.pixels()).unwrap();
        totals
    });
    let mut space = vec![0; score_statistics::workspace()];
    bench(criterion, "score_statistics/frame", 4, &Kind::ALL, |input| {
        let (report, _) = score_statistics::frame(&input.pixels(), &mut space).unwrap();
        (report.median.to_bits(), report.q99.to_bits())
    });
    bench(criterion, "topk_mean/value", 4, &[Kind::Ordinary], |input| {
        topk_mean::value(&input.pixels(), 0.001, &mut space).unwrap()
    });
}

/// What exactness costs: the loss with exact sums beside the same loss with plain doubles.
fn exactness(criterion: &mut Criterion) {
    let input = Input::new(Kind::Ordinary, 1 << 20);
    let params = bce::Params { reduction: Reduction::Sum, ..bce::Params::default() };
    let exact = |pixels: &Pixels| {
        let mut totals = bce::Totals::default();
        totals.update(&params, pixels).unwrap();
        totals.loss(&params).unwrap().value
    };
    let plain = |pixels: &Pixels| plain_bce_sum(pixels);
    let mut group = criterion.benchmark_group("exactness");
    for_tiers(|tier| {
        let (a, b) = (exact(&input.pixels()), plain(&input.pixels()));
        assert!((a - b).abs() < 1e-9 * a, "{a} is not {b}");
        group.bench_function(BenchmarkId::new("exact", tier.name()), |bencher| {
            bencher.iter(|| black_box(exact(&input.pixels())));
        });
        group.bench_function(BenchmarkId::new("plain", tier.name()), |bencher| {
            bencher.iter(|| black_box(plain(&input.pixels())));
        });
    });
    group.finish();
}

criterion_group!(
    benches,
    losses::of_pixels,
    losses::of_cubes,
    losses::of_matrices,
    metrics,
    histograms,
    exact_ranking,
    frame_scores,
    bands::of_lines,
    small::of_small_inputs,
    small::of_histograms,
    small::of_selectors,
    small::of_labels,
    exactness
);
criterion_main!(benches);
