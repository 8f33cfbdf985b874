//! Every node at the sizes of camera lines, frames and large batches, on every tier, for ordinary
//! and for hostile input. The result is checked before it is timed.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hyla::loss::{Reduction, Write, bce};
use hyla::math;
use hyla::metric::{confusion, detection, pixel_statistics, range::Range, sum};
use hyla::pixels::Pixels;
use hyla::simd::{self, Columns, Doubles, Kernel, Lanes, Simd, Tier};
use std::hint::black_box;

/// Four camera lines, a small frame, a megapixel, and a batch that leaves every cache.
const SIZES: [usize; 7] = [320, 640, 1024, 2048, 1 << 16, 1 << 20, 1 << 24];

/// Fixed bits, so that every run and machine times the same input.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    fn within(&mut self, limit: f32) -> f32 {
        (self.next() as f32 / u32::MAX as f32 * 2.0 - 1.0) * limit
    }
}

struct Input {
    name: &'static str,
    scores: Vec<f32>,
    targets: Vec<u8>,
    decisions: Vec<u8>,
}

impl Input {
    fn ordinary(n: usize) -> Self {
        let mut random = Random(1);
        Self::new("ordinary", n, |_| random.within(6.0))
    }

    /// Logits of +-120, one NaN in a hundred, and subnormals.
    fn hostile(n: usize) -> Self {
        let mut random = Random(2);
        Self::new("hostile", n, |index| match index % 100 {
            0 => f32::NAN,
            1..20 => random.within(f32::MIN_POSITIVE),
            _ => random.within(120.0),
        })
    }

    fn new(name: &'static str, n: usize, score: impl FnMut(usize) -> f32) -> Self {
        let mut random = Random(3);
        let scores = (0..n).map(score).collect();
        let targets = (0..n).map(|_| u8::from(random.next().is_multiple_of(10))).collect();
        let decisions = (0..n).map(|_| u8::from(random.next().is_multiple_of(8))).collect();
        Self { name, scores, targets, decisions }
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

/// Times a call at every size and tier. `bytes` is what it moves a pixel; `result` is what the
/// call found, the same on every tier.
fn bench<R: PartialEq + std::fmt::Debug>(
    criterion: &mut Criterion,
    node: &str,
    bytes: u64,
    inputs: &[fn(usize) -> Input],
    mut call: impl FnMut(&Pixels) -> R,
) {
    let mut group = criterion.benchmark_group(node);
    group.sample_size(20);
    for n in SIZES {
        for input in inputs.iter().map(|input| input(n)) {
            let mut expected = None;
            group.throughput(Throughput::ElementsAndBytes {
                elements: n as u64,
                bytes: n as u64 * bytes,
            });
            for tier in Tier::ALL {
                if simd::pin(Some(tier)).is_err() {
                    continue;
                }
                let found = call(&input.pixels());
                assert_eq!(expected.get_or_insert_with(|| call(&input.pixels())), &found);
                let id = BenchmarkId::new(format!("{}/{}", input.name, tier.name()), n);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| black_box(call(&input.pixels())))
                });
            }
        }
    }
    group.finish();
    simd::pin(None).unwrap();
}

fn losses(criterion: &mut Criterion) {
    let params = bce::Params::default();
    let both: [fn(usize) -> Input; 2] = [Input::ordinary, Input::hostile];
    bench(criterion, "bce/update", 5, &both, |pixels| {
        let mut totals = bce::Totals::default();
        totals.update(&params, pixels).unwrap();
        totals
    });
    let mut gradient = vec![0.0; 1 << 24];
    bench(criterion, "bce/loss_and_gradient", 9, &both, |pixels| {
        let to = &mut gradient[..pixels.scores.len()];
        let value = bce::loss_and_gradient(&params, pixels, 1.0, Write::Store, None, to).unwrap();
        value.value.to_bits()
    });
}

fn metrics(criterion: &mut Criterion) {
    let ordinary: [fn(usize) -> Input; 1] = [Input::ordinary];
    let both: [fn(usize) -> Input; 2] = [Input::ordinary, Input::hostile];
    bench(criterion, "confusion/update", 2, &ordinary, |pixels| {
        let mut totals = confusion::Totals::default();
        totals.update(pixels).unwrap();
        totals
    });
    let params = detection::Params::default();
    bench(criterion, "detection/update_frame", 2, &ordinary, |pixels| {
        let n = pixels.scores.len();
        let frame = detection::Frame { rows: n / 64, columns: 64, pitch: 64 };
        let mut totals = detection::Totals::default();
        totals.update_frame(&params, pixels, frame).unwrap();
        totals
    });
    bench(criterion, "pixel_statistics/update", 1, &ordinary, |pixels| {
        let mut totals = pixel_statistics::Totals::default();
        totals.update(pixels).unwrap();
        totals
    });
    bench(criterion, "sum/update", 4, &both, |pixels| {
        let mut totals = sum::Totals::default();
        totals.update(pixels).unwrap();
        totals
    });
    bench(criterion, "range/update", 4, &both, |pixels| {
        let mut range = Range::default();
        range.update(pixels).unwrap();
        range
    });
}

/// The terms of binary cross-entropy added to plain doubles, a lane each: what an order-dependent
/// sum would cost.
struct PlainSum<'a> {
    pixels: Pixels<'a>,
}

impl Kernel for PlainSum<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let scores = Columns::new(self.pixels.scores);
        let targets = Columns::new(self.pixels.targets.unwrap());
        let mut sum = S::Lanes::splat(simd, 0.0).widen();
        for index in 0..self.pixels.scores.len() / S::Lanes::LANES {
            let logit = S::Lanes::from_floats(simd, scores.get(index));
            let positive = S::Lanes::mask_from_bytes(simd, targets.get(index));
            let margin = S::Lanes::select(positive, logit.negate(), logit);
            let factor = logit.constant(black_box(1.0));
            sum = sum + math::logistic(margin).softplus_times(factor).widen();
        }
        // The words of the doubles are their bits.
        let zero = bytemuck::Zeroable::zeroed();
        let words = sum.add_bits(<S::Lanes as Lanes>::Doubles::words(simd, &zero));
        let array = [<S::Lanes as Lanes>::Doubles::to_array(words)];
        let bits: &[i64] = bytemuck::cast_slice(&array);
        bits.iter().map(|bits| f64::from_bits(*bits as u64)).sum()
    }
}

/// What exactness costs: the loss with exact sums beside the same loss with plain doubles.
fn exactness(criterion: &mut Criterion) {
    let input = Input::ordinary(1 << 20);
    let params = bce::Params { reduction: Reduction::Sum, ..bce::Params::default() };
    let exact = |pixels: &Pixels| {
        let mut totals = bce::Totals::default();
        totals.update(&params, pixels).unwrap();
        totals.loss(&params).unwrap().value
    };
    let plain = |pixels: &Pixels| simd::run(PlainSum { pixels: *pixels });
    let mut group = criterion.benchmark_group("exactness");
    for tier in Tier::ALL {
        if simd::pin(Some(tier)).is_err() {
            continue;
        }
        let (a, b) = (exact(&input.pixels()), plain(&input.pixels()));
        assert!((a - b).abs() < 1e-9 * a, "{a} is not {b}");
        group.bench_function(BenchmarkId::new("exact", tier.name()), |bencher| {
            bencher.iter(|| black_box(exact(&input.pixels())));
        });
        group.bench_function(BenchmarkId::new("plain", tier.name()), |bencher| {
            bencher.iter(|| black_box(plain(&input.pixels())));
        });
    }
    group.finish();
    simd::pin(None).unwrap();
}

criterion_group!(benches, losses, metrics, exactness);
criterion_main!(benches);
