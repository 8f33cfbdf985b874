//! Planes and masks at their limits. (That all nodes take them is a property of the harness.)

use super::for_each_tier;
use crate::input::{Cube, CubePlanes, Items, Layout, Mask, Pixels, Plane, Planes, Truths, Values};
use crate::loss::mse;
use crate::metric::confusion;
use crate::metric::detection::{Params, Ranking, Totals};
use crate::metric::ranking::{self, Binning};
use crate::metric::sum;
use std::vec;
use std::vec::Vec;

/// The sum of the values of a plane.
fn sum_of(plane: Plane, n: usize) -> f64 {
    let mut totals = sum::Totals::default();
    totals.update(&Planes { n, scores: Some(plane), ..Planes::default() }).unwrap();
    totals.value().unwrap().value
}

#[test]
fn values_lie_as_their_constructors_say() {
    // Two rows of three pixels; the channels are 1 to 6, and ten times that.
    let by_pixel = [1_u16, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60];
    let by_channel = [1_u16, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60];
    let by_line = [1_u16, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60];
    let original = by_pixel.map(f32::from);
    for (values, rows) in [
        (Values::interleaved(&by_pixel[..], 2), 1),
        (Values::planar(&by_channel[..], 6), 1),
        (Values::by_line(&by_line[..], 3, 2), 2),
    ] {
        let cube = CubePlanes { n: 6, rows, channels: 2, values, ..CubePlanes::default() };
        let (params, mut totals) = (mse::Params::default(), mse::Totals::default());
        // Each value meets its own, so that a place that is exchanged is seen.
        totals.update(&params, &cube, Values::interleaved(&original[..], 2)).unwrap();
        assert_eq!(totals.loss(&params).unwrap().value, 0.0, "{values:?}");
    }
}

#[test]
fn a_cube_of_slices_becomes_planes() {
    let (values, zeros) = ([1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0_f32; 6]);
    let layout = Layout { n: 3, channels: 2, pixel_stride: 2, channel_stride: 1 };
    let cube =
        Cube { values: &values, layout, valid: Some(&[1, 0, 1]), weights: Some(&[1.0, 1.0, 2.0]), ..Cube::default() };
    let (params, mut of_cube, mut of_planes) = (mse::Params::default(), mse::Totals::default(), mse::Totals::default());
    of_cube.update(&params, &cube, &zeros[..]).unwrap();
    of_planes.update(&params, &CubePlanes::from(cube), &zeros[..]).unwrap();
    assert_eq!(of_planes.loss(&params).unwrap().value, of_cube.loss(&params).unwrap().value);
}

#[test]
fn differences_to_any_zero_point_are_rounded_once() {
    for_each_tier(|_| {
        const ENDS: [i32; 6] =
            [i32::MIN, i32::MIN + 65_535, i32::MIN + 65_536, i32::MAX - 32_768, i32::MAX - 32_767, i32::MAX];
        for zero_point in ENDS {
            for item in [i16::MIN, -1, 0, i16::MAX] {
                let expected = (i64::from(item) - i64::from(zero_point)) as f32;
                assert_eq!(sum_of(Plane::from(&[item][..]).affine(1.0, zero_point), 1), f64::from(expected));
            }
            for item in [0_u16, 5, u16::MAX] {
                let expected = (i64::from(item) - i64::from(zero_point)) as f32;
                assert_eq!(sum_of(Plane::from(&[item][..]).affine(1.0, zero_point), 1), f64::from(expected));
            }
        }
    });
}

/// What detection says of every s-th row and column.
fn detected(planes: &Planes, pixel_stride: u32) -> (Totals, Vec<i64>) {
    let params = Params { pixel_stride, ap_thresholds: 20 };
    let mut table = [0; 100];
    let binning = Binning::new(params.rule(), &mut table).unwrap();
    let (mut totals, mut words) = (Totals::default(), vec![0; ranking::words(&binning)]);
    totals.update_frame(&params, planes, Some(Ranking { binning: &binning, words: &mut words })).unwrap();
    (totals, words)
}

/// 7 rows of 29 pixels: bits from the third one of a byte on, and pixels of 12 bits.
#[test]
fn every_so_many_bits_and_packed_pixels() {
    const ROWS: usize = 7;
    const COLUMNS: usize = 29;
    let items: Vec<u16> = (0..ROWS * COLUMNS).map(|pixel| (pixel * 1787 % 4096) as u16).collect();
    let bytes = |modulus: usize| (0..ROWS * COLUMNS).map(|pixel| u8::from(pixel % modulus == 1)).collect::<Vec<_>>();
    let (targets, decisions) = (bytes(3), bytes(4));
    let plain = Planes {
        n: ROWS * COLUMNS,
        rows: ROWS,
        scores: Some(Plane::from(items.as_slice()).affine(1e-3, 2000)),
        targets: Some(Mask::from(targets.as_slice())),
        decisions: Some(Mask::from(decisions.as_slice())),
        ..Planes::default()
    };
    let bits = |bytes: &[u8]| {
        let mut rows = vec![0_u8; ROWS * 4];
        for (pixel, byte) in bytes.iter().enumerate() {
            let bit = 3 + pixel % COLUMNS;
            rows[pixel / COLUMNS * 4 + bit / 8] |= byte << (bit % 8);
        }
        rows
    };
    let mut packed = vec![0_u8; ROWS * 45];
    for (pixel, item) in items.iter().enumerate() {
        let at = pixel / COLUMNS * 45 + pixel % COLUMNS * 3 / 2;
        match pixel % COLUMNS % 2 {
            0 => (packed[at], packed[at + 1]) = (*item as u8, (item >> 8) as u8),
            _ => {
                packed[at] |= (item << 4) as u8;
                packed[at + 1] = (item >> 4) as u8;
            }
        }
    }
    let (targets, decisions) = (bits(&targets), bits(&decisions));
    let given = Planes {
        scores: Some(Plane::new(Items::Mono12p(&packed)).rows(45).affine(1e-3, 2000)),
        targets: Some(Mask::new(Truths::LowestFirst(&targets)).from_bit(3)),
        decisions: Some(Mask::new(Truths::LowestFirst(&decisions)).from_bit(3).rows(4)),
        ..plain
    };
    for_each_tier(|_| (1..9).for_each(|stride| assert_eq!(detected(&given, stride), detected(&plain, stride))));
}

#[test]
fn a_label_of_decisions_is_ignored_by_the_ranking_too() {
    let (scores, targets) = ([0.5_f32, -1.0, 2.0, 0.0], [1_u8, 0, 0, 1]);
    let (decisions, valid) = ([1_u8, 255, 0, 255], [1_u8, 0, 1, 0]);
    let plain = Planes {
        n: 4,
        scores: Some(Plane::from(&scores[..])),
        targets: Some(Mask::from(&targets[..])),
        decisions: Some(Mask::from(&decisions[..])),
        valid: Some(Mask::from(&valid[..])),
        ..Planes::default()
    };
    let given = Planes { decisions: Some(Mask::from(&decisions[..]).ignoring(255)), valid: None, ..plain };
    for_each_tier(|_| (1..3).for_each(|stride| assert_eq!(detected(&given, stride), detected(&plain, stride))));
}

/// Pixels that do not count would be counted, if a tile had more rows than are left.
#[test]
fn the_last_tile_has_the_rows_that_are_left() {
    const COLUMNS: usize = 7;
    const PITCH: usize = 9;
    let items: Vec<u16> = (0..50 * PITCH).map(|item| (item * 1787 % 4096) as u16).collect();
    let scores = |row: usize| items[row * PITCH..][..COLUMNS].iter().map(|item| f32::from(*item));
    for_each_tier(|_| {
        for rows in 1..50 {
            let region = Plane::from(&items[..(rows - 1) * PITCH + COLUMNS]).rows(PITCH);
            let planes = Planes { n: rows * COLUMNS, rows, scores: Some(region), ..Planes::default() };
            let plain: Vec<f32> = (0..rows).flat_map(scores).collect();
            let [mut totals, mut expected] = [sum::Totals::default(); 2];
            totals.update(&planes).unwrap();
            expected.update(&Pixels { scores: &plain, ..Pixels::default() }).unwrap();
            assert_eq!(totals, expected, "{rows} rows");
        }
    });
}

/// Rows of more bits than a word has, from any bit on: as masks of a sum, and counted among each other.
#[test]
fn long_rows_of_bits_are_as_their_bytes() {
    const ROWS: usize = 3;
    const PITCH: usize = 40;
    let bytes: Vec<u8> = (0..2 * ROWS * PITCH).map(|byte| (byte * 151 % 239) as u8).collect();
    let (targets, decisions) = bytes.split_at(ROWS * PITCH);
    // Converted, so that a row is more than one tile.
    let items: Vec<u16> = (0..600).map(|pixel| pixel * 97).collect();
    let scores: Vec<f32> = items.iter().map(|item| f32::from(*item)).collect();
    for_each_tier(|_| {
        for (first_bit, columns) in (0..8).flat_map(|bit| [1, 57, 63, 64, 65, 100, 128, 200].map(|count| (bit, count)))
        {
            for is_highest_first in [false, true] {
                let mask = |bytes| {
                    let truths =
                        if is_highest_first { Truths::HighestFirst(bytes) } else { Truths::LowestFirst(bytes) };
                    Some(Mask::new(truths).from_bit(first_bit).rows(PITCH))
                };
                let spread = |bytes: &[u8]| {
                    let bits = (0..ROWS * columns).map(|pixel| {
                        let bit = first_bit + pixel % columns;
                        let byte = bytes[pixel / columns * PITCH + bit / 8];
                        if is_highest_first { byte >> (7 - bit % 8) & 1 } else { byte >> (bit % 8) & 1 }
                    });
                    bits.collect::<Vec<_>>()
                };
                let bits = Planes {
                    n: ROWS * columns,
                    rows: ROWS,
                    scores: Some(Plane::from(items.as_slice())),
                    targets: mask(targets),
                    decisions: mask(decisions),
                    ..Planes::default()
                };
                let (targets, decisions) = (spread(targets), spread(decisions));
                let plain = Pixels { targets: Some(&targets), decisions: Some(&decisions), ..Pixels::default() };
                let [mut counts, mut expected] = [confusion::Totals::default(); 2];
                counts.update(&bits).unwrap();
                expected.update(&plain).unwrap();
                assert_eq!(counts, expected, "{columns} pixels from bit {first_bit}");
                let [mut totals, mut expected] = [sum::Totals::default(); 2];
                totals.update(&Planes { valid: bits.targets, ..bits }).unwrap();
                let scores = &scores[..bits.n];
                expected.update(&Pixels { scores, valid: Some(&targets), ..Pixels::default() }).unwrap();
                assert_eq!(totals, expected, "{columns} pixels from bit {first_bit}");
            }
        }
    });
}
