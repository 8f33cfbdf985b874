//! Statistics of the channels of camera lines, in each order in memory.

use super::{Random, for_tiers};
use criterion::{BenchmarkId, Criterion, Throughput};
use hyla::input::{CubePlanes, Mask, Values};
use hyla::metric::band_statistics::{Column, Params, Totals, update};
use std::hint::black_box;

const COLUMNS: usize = 640;
const CHANNELS: usize = 100;

/// One line of 16-bit integers, and the same as floats.
pub fn of_lines(criterion: &mut Criterion) {
    let mut random = Random(3);
    let items: Vec<u16> = (0..COLUMNS * CHANNELS).map(|_| (random.next() % 4200) as u16).collect();
    let floats: Vec<f32> = items.iter().map(|item| f32::from(*item)).collect();
    let valid: Vec<u8> = (0..COLUMNS).map(|_| u8::from(!random.next().is_multiple_of(8))).collect();
    let cube = |values| CubePlanes { n: COLUMNS, channels: CHANNELS, values, ..CubePlanes::default() };
    let by_line = cube(Values::planar(&items[..], COLUMNS));
    let mut columns = vec![Column::default(); COLUMNS * CHANNELS];
    for (name, cube, with_columns) in [
        ("u16 by line", by_line, false),
        ("u16 by line, mask", CubePlanes { valid: Some(Mask::from(&valid[..])), ..by_line }, false),
        ("u16 by line, columns", by_line, true),
        ("u16 by pixel", cube(Values::interleaved(&items[..], CHANNELS)), false),
        ("f32 by line", cube(Values::planar(&floats[..], COLUMNS)), false),
        ("f32 by pixel", cube(Values::interleaved(&floats[..], CHANNELS)), false),
    ] {
        let params = Params { saturation: Some(4095.0) };
        let mut group = criterion.benchmark_group("band_statistics/update");
        group.throughput(Throughput::Elements((COLUMNS * CHANNELS) as u64));
        for_tiers(|tier| {
            let mut totals = vec![Totals::default(); CHANNELS];
            let columns = if with_columns { &mut columns[..] } else { &mut [] };
            // Also where a filter leaves this bench out.
            update(&params, &cube, &mut totals, columns).unwrap();
            assert!(totals[0].report(&params).unwrap().0.saturated > 0);
            group.bench_function(BenchmarkId::new(name, tier.name()), |bencher| {
                bencher.iter(|| update(&params, black_box(&cube), &mut totals, columns).unwrap());
            });
        });
        group.finish();
    }
}
