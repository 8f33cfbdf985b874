//! Metrics of small inputs, one call a batch, on a few components or weights or on histograms; and of label maps.

use super::{Input, Kind, Random, for_tiers};
use criterion::{BenchmarkId, Criterion, Throughput};
use hyla::input::Matrix;
use hyla::metric::ranking::{self, Binning, Rule, table_words};
use hyla::metric::{
    component_orthogonality, distinct_label_count, drift, explained_variance, selector_diversity, selector_entropy,
};
use std::hint::black_box;

/// In the three sizes of a selector, a mixer and a large one.
pub fn of_small_inputs(criterion: &mut Criterion) {
    for components in [3, 10, 64] {
        let mut random = Random(5);
        let ratios: Vec<f32> = (0..components).map(|_| random.within(1.0).abs()).collect();
        let mut values = vec![0.0; 2 * components];
        bench(criterion, "explained_variance", components, || {
            let mut totals = vec![explained_variance::Totals::default(); components];
            explained_variance::update(&ratios, &mut totals).unwrap();
            let (each, cumulative) = values.split_at_mut(components);
            explained_variance::values(&totals, each, cumulative).unwrap().value
        });
        let matrix: Vec<f32> = (0..components * 200).map(|_| random.within(0.1)).collect();
        let matrix = Matrix::new(&matrix, components, 200);
        let mut space = vec![0.0; component_orthogonality::workspace(components, 200)];
        bench(criterion, "component_orthogonality", components, || {
            let report = component_orthogonality::values(&matrix, &mut space).unwrap();
            report.orthogonality_error
        });
    }
}

/// Weights of some ten and some hundred bands.
pub fn of_selectors(criterion: &mut Criterion) {
    for bands in [61, 1000] {
        let mut random = Random(7);
        let weights: Vec<f32> = (0..bands).map(|_| random.within(1.0).abs()).collect();
        let params = selector_entropy::Params::default();
        bench(criterion, "selector_entropy_metric", bands, || {
            selector_entropy::value(&params, &weights).unwrap().value
        });
        let mut space = vec![0; selector_diversity::workspace(bands)];
        bench(criterion, "selector_diversity_metric", bands, || {
            selector_diversity::values(&weights, &mut space).unwrap().gini_coefficient
        });
    }
}

/// Label maps of as many labels as the name says, in runs of eight pixels or in no order at all.
pub fn of_labels(criterion: &mut Criterion) {
    const PIXELS: usize = 1 << 20;
    for (name, labels, run) in [("8", 8, 8), ("8 at random", 8, 1), ("2000", 2000, 8)] {
        let mut random = Random(9);
        let label = |random: &mut Random| (random.within(1.0).abs() * labels as f32) as i32;
        let map: Vec<i32> = (0..PIXELS / run).flat_map(|_| vec![label(&mut random); run]).collect();
        let mut set = vec![0; distinct_label_count::words(4000)];
        bench(criterion, &format!("distinct_label_count/{name}"), PIXELS, || {
            set.fill(0);
            distinct_label_count::update(&map, None, &mut set).unwrap();
            distinct_label_count::value(&set).unwrap().0 as f64
        });
    }
}

/// The histograms of a frame against those of another one: linear in the bins.
pub fn of_histograms(criterion: &mut Criterion) {
    let frames = [1 << 20, 1 << 19].map(|n| Input::new(Kind::Ordinary, n));
    let linear = |bins| Rule::Linear { low: -6.0, high: 6.0, bins };
    for (name, rule) in [
        ("drift/key", Rule::Key { bits: 12 }),
        ("drift/key", Rule::Key { bits: 16 }),
        ("drift/linear", linear(256)),
        ("drift/linear", linear(65536)),
        ("drift/thresholds", Rule::Thresholds { count: 200 }),
    ] {
        let mut table = vec![0; table_words(rule).unwrap()];
        let binning = Binning::new(rule, &mut table).unwrap();
        let [words, reference] = [&frames[0], &frames[1]].map(|frame| {
            let mut words = vec![0; ranking::words(&binning)];
            let pixels = hyla::input::Pixels { decisions: None, ..frame.pixels() };
            ranking::update(&binning, &pixels, &mut words).unwrap();
            words
        });
        bench(criterion, name, binning.bins(), || {
            let params = drift::Params::default();
            drift::values(&params, &binning, &reference, &words).unwrap().0.wasserstein
        });
    }
}

fn bench(criterion: &mut Criterion, node: &str, n: usize, mut call: impl FnMut() -> f64) {
    let mut group = criterion.benchmark_group(node);
    group.sample_size(20);
    group.throughput(Throughput::Elements(n as u64));
    let mut expected = None;
    for_tiers(|tier| {
        assert_eq!(*expected.get_or_insert_with(&mut call), call(), "{}", tier.name());
        let id = BenchmarkId::new(tier.name(), n);
        group.bench_function(id, |bencher| bencher.iter(|| black_box(call())));
    });
    group.finish();
}
