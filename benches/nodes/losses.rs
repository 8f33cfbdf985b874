//! Every loss: its sums, and loss and gradient in one call. Cubes are as large as the input, pixel by pixel.

use super::{Input, Kind, Random, bench, for_tiers};
use criterion::{BenchmarkId, Criterion, Throughput};
use hyla::input::Matrix;
use hyla::input::{Cube, Layout};
use hyla::loss::{Write, bce, cross_entropy, dice, distinctness, focal, foreground_contrast, iou, mse};
use hyla::loss::{orthogonality, selector_diversity, selector_entropy, spectral_angle, svdd, tversky};
use hyla::metric::range::Range;
use std::hint::black_box;

/// Losses that have one gradient a float of the input.
macro_rules! bench_loss {
    ($criterion:ident, $name:expr, $bytes:expr, $gradient:ident, |$input:ident| $update:expr, $at_once:expr) => {
        bench($criterion, concat!($name, "/update"), $bytes, &Kind::ALL, |$input| $update);
        bench($criterion, concat!($name, "/loss_and_gradient"), $bytes + 4, &Kind::ALL, |$input| {
            let $gradient = &mut $gradient[..$input.scores.len()];
            let value: hyla::error::Value = $at_once.unwrap();
            value.value.to_bits()
        });
    };
}

/// Losses of a score a pixel.
pub fn of_pixels(criterion: &mut Criterion) {
    let mut gradient = vec![0.0; 1 << 24];
    let params = bce::Params::default();
    bench_loss!(
        criterion,
        "bce",
        5,
        gradient,
        |input| {
            let mut totals = bce::Totals::default();
            totals.update(&params, &input.pixels()).unwrap();
            totals
        },
        bce::loss_and_gradient(&params, &input.pixels(), 1.0, Write::Store, None, gradient)
    );
    let params = focal::Params::default();
    bench_loss!(
        criterion,
        "focal",
        5,
        gradient,
        |input| {
            let mut totals = focal::Totals::default();
            totals.update(&params, &input.pixels()).unwrap();
            totals
        },
        focal::loss_and_gradient(&params, &input.pixels(), 1.0, Write::Store, None, gradient)
    );
    macro_rules! bench_iou {
        ($name:expr, $normalization:ident) => {
            let params = iou::Params { normalization: iou::Normalization::$normalization, ..iou::Params::default() };
            bench_loss!(
                criterion,
                $name,
                5,
                gradient,
                |input| {
                    let (mut totals, mut range) = (iou::Totals::default(), Range::default());
                    totals.update(&params, &input.pixels(), Some(&mut range)).unwrap();
                    (totals, range)
                },
                {
                    let mut range = Range::default();
                    let pixels = input.pixels();
                    iou::loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, Some(&mut range), gradient)
                }
            );
        };
    }
    bench_iou!("iou_sigmoid", Sigmoid);
    bench_iou!("iou_clamp", Clamp);
    bench_iou!("iou_minmax", MinMax);
    let params = tversky::Params::default();
    bench_loss!(
        criterion,
        "tversky_sigmoid",
        5,
        gradient,
        |input| {
            let mut totals = tversky::Totals::default();
            totals.update(&params, &input.pixels(), None).unwrap();
            totals
        },
        tversky::loss_and_gradient(&params, &input.pixels(), 1.0, Write::Store, None, None, gradient)
    );
}

/// The floats of the input as pixels of some channels; a rest of the last ones belongs to no pixel.
fn cube<'a>(input: &'a Input, channels: usize) -> Cube<'a> {
    let n = input.scores.len() / channels;
    Cube {
        values: &input.scores,
        layout: Layout::interleaved(n, channels),
        targets: Some(&input.targets[..n]),
        labels: Some(&input.labels[..n]),
        ..Cube::default()
    }
}

/// Losses of several values a pixel.
pub fn of_cubes(criterion: &mut Criterion) {
    let mut gradient = vec![0.0; 1 << 24];
    let target = vec![0.25; 1 << 24];
    let params = mse::Params::default();
    bench_loss!(
        criterion,
        "mse_4",
        8,
        gradient,
        |input| {
            let mut totals = mse::Totals::default();
            totals.update(&params, &cube(input, 4), &target[..input.scores.len()]).unwrap();
            totals
        },
        {
            let target = &target[..input.scores.len()];
            mse::loss_and_gradient(&params, &cube(input, 4), target, 1.0, Write::Store, None, gradient)
        }
    );
    let params = spectral_angle::Params::default();
    bench_loss!(
        criterion,
        "spectral_angle_32",
        8,
        gradient,
        |input| {
            let mut totals = spectral_angle::Totals::default();
            totals.update(&params, &cube(input, 32), &target[..input.scores.len()]).unwrap();
            totals
        },
        {
            let target = &target[..input.scores.len()];
            spectral_angle::loss_and_gradient(&params, &cube(input, 32), target, 1.0, Write::Store, None, gradient)
        }
    );
    let params = svdd::Params { r_unconstrained: 10.0, ..svdd::Params::default() };
    let center = [0.125; 32];
    bench_loss!(
        criterion,
        "svdd_32",
        4,
        gradient,
        |input| {
            let mut totals = svdd::Totals::default();
            totals.update(&params, &cube(input, 32), &center).unwrap();
            totals
        },
        svdd::loss_and_gradient(&params, &cube(input, 32), &center, 1.0, Write::Store, None, gradient)
    );
    let params = cross_entropy::Params::default();
    bench_loss!(
        criterion,
        "cross_entropy_4",
        5,
        gradient,
        |input| {
            let mut totals = cross_entropy::Totals::default();
            totals.update(&params, &cube(input, 4), None).unwrap();
            totals
        },
        cross_entropy::loss_and_gradient(&params, &cube(input, 4), None, 1.0, Write::Store, None, gradient)
    );
    let params = dice::Params::default();
    bench_loss!(
        criterion,
        "dice_4",
        5,
        gradient,
        |input| {
            let mut totals = [dice::Totals::default(); 4];
            dice::update(&params, &cube(input, 4), &mut totals).unwrap();
            totals
        },
        {
            let mut totals = [dice::Totals::default(); 4];
            dice::loss_and_gradient(&params, &cube(input, 4), 1.0, Write::Store, None, &mut totals, gradient)
        }
    );
    macro_rules! bench_contrast {
        ($name:expr, $space:ident) => {
            let params = foreground_contrast::Params {
                color_space: foreground_contrast::ColorSpace::$space,
                ..foreground_contrast::Params::default()
            };
            bench_loss!(
                criterion,
                $name,
                4,
                gradient,
                |input| {
                    let mut frame = foreground_contrast::Frame::default();
                    frame.update(&params, &cube(input, 3)).unwrap();
                    frame
                },
                foreground_contrast::loss_and_gradient(&params, &cube(input, 3), 1.0, Write::Store, None, gradient)
            );
        };
    }
    bench_contrast!("foreground_contrast_rgb", Rgb);
    bench_contrast!("foreground_contrast_oklab", Oklab);
}

/// Losses of small matrices and vectors, in the three sizes of a selector, a mixer and a large one.
pub fn of_matrices(criterion: &mut Criterion) {
    for (rows, columns) in [(3, 61), (10, 200), (64, 400)] {
        let mut random = Random(4);
        let values: Vec<f32> = (0..rows * columns).map(|_| random.within(1.0)).collect();
        let positive: Vec<f32> = values.iter().map(|value| value.abs()).collect();
        let (matrix, weights) = (Matrix::new(&values, rows, columns), Matrix::new(&positive, rows, columns));
        let mut gradient = vec![0.0; rows * columns];
        let mut workspace =
            vec![0.0; distinctness::workspace(rows, columns).max(orthogonality::workspace(rows, columns))];
        let params = orthogonality::Params::default();
        bench_matrix(criterion, "orthogonality/loss", rows, columns, || {
            orthogonality::loss(&params, &matrix, &mut workspace).unwrap().value
        });
        bench_matrix(criterion, "orthogonality/loss_and_gradient", rows, columns, || {
            orthogonality::loss_and_gradient(&params, &matrix, 1.0, Write::Store, &mut workspace, &mut gradient)
                .unwrap()
                .value
        });
        let params = distinctness::Params::default();
        bench_matrix(criterion, "distinctness/loss", rows, columns, || {
            distinctness::loss(&params, &weights, &mut workspace).unwrap().value
        });
        bench_matrix(criterion, "distinctness/loss_and_gradient", rows, columns, || {
            distinctness::loss_and_gradient(&params, &weights, 1.0, Write::Store, &mut workspace, &mut gradient)
                .unwrap()
                .value
        });
        let params = selector_entropy::Params::default();
        bench_matrix(criterion, "selector_entropy/loss_and_gradient", 1, columns, || {
            let (weights, gradient) = (&positive[..columns], &mut gradient[..columns]);
            selector_entropy::loss_and_gradient(&params, weights, 1.0, Write::Store, gradient).unwrap().value
        });
        let params = selector_diversity::Params::default();
        bench_matrix(criterion, "selector_diversity/loss_and_gradient", 1, columns, || {
            let (weights, gradient) = (&positive[..columns], &mut gradient[..columns]);
            selector_diversity::loss_and_gradient(&params, weights, 1.0, Write::Store, gradient).unwrap().value
        });
    }
}

fn bench_matrix(criterion: &mut Criterion, node: &str, rows: usize, columns: usize, mut call: impl FnMut() -> f64) {
    let mut group = criterion.benchmark_group(node);
    group.sample_size(20);
    group.throughput(Throughput::Elements((rows * columns) as u64));
    let mut expected = None;
    for_tiers(|tier| {
        assert_eq!(*expected.get_or_insert_with(&mut call), call(), "{}", tier.name());
        let id = BenchmarkId::new(tier.name(), format!("{rows}x{columns}"));
        group.bench_function(id, |bencher| bencher.iter(|| black_box(call())));
    });
    group.finish();
}
