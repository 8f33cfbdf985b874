//! Statistics of channels where counts, words and arguments end.

use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::input::{Cube, CubePlanes, Layout, Plane, Values};
use crate::metric::band_statistics::{Column, Params, Totals, dead_columns, merge, merge_columns, normalize, update};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn of_floats(values: &[f32], params: &Params) -> Totals {
    let mut totals = [Totals::default()];
    let cube = Cube { values, layout: Layout::planar(values.len(), 1), ..Cube::default() };
    update(params, &cube, &mut totals, &mut []).unwrap();
    totals[0]
}

fn of_integers(values: &[u16], params: &Params) -> Totals {
    let mut totals = [Totals::default()];
    let planes = CubePlanes {
        n: values.len(),
        channels: 1,
        values: Values::planar(values, values.len()),
        ..CubePlanes::default()
    };
    update(params, &planes, &mut totals, &mut []).unwrap();
    totals[0]
}

#[test]
fn notices_and_values_at_the_edges() {
    let params = Params { saturation: Some(f32::INFINITY) };
    let (nan, infinity) = (f32::NAN, f32::INFINITY);
    let (none, notices) = Totals::default().report(&params).unwrap();
    assert_eq!((notices, none.count, none.dead), (Notices::EMPTY, 0, 0));
    assert!([none.mean, none.std, none.min, none.max].iter().all(|value| value.is_nan()));

    let (one, notices) = of_floats(&[2.5], &params).report(&params).unwrap();
    assert_eq!((one.mean, one.std, one.min, one.max, one.dead, notices), (2.5, 0.0, 2.5, 2.5, 0, Notices::NONE));
    let (same, _) = of_integers(&[65_535; 3], &params).report(&params).unwrap();
    assert_eq!((same.mean, same.std, same.dead, same.saturated), (65_535.0, 0.0, 1, 0));

    let (zeros, _) = of_floats(&[-0.0, 0.0, -0.0], &params).report(&params).unwrap();
    assert_eq!((zeros.zero, zeros.dead, zeros.min.to_bits(), zeros.max.to_bits()), (3, 1, 0, 0));

    let (some, notices) = of_floats(&[nan, 1.0, 3.0], &params).report(&params).unwrap();
    assert_eq!((some.mean, some.std, some.count, some.nan, notices), (2.0, 1.0, 3, 1, Notices::NOT_FINITE));
    let (only, notices) = of_floats(&[nan, nan], &params).report(&params).unwrap();
    assert_eq!((only.count, only.nan, only.dead, notices), (2, 2, 1, Notices::EMPTY | Notices::NOT_FINITE));

    let (ends, notices) = of_floats(&[infinity, 1.0], &params).report(&params).unwrap();
    assert_eq!((ends.mean, ends.min, ends.max, ends.saturated), (f64::INFINITY, 1.0, f64::INFINITY, 1));
    assert!(ends.std.is_nan() && ends.dead == 0 && notices == Notices::NOT_FINITE);
    let (stuck, _) = of_floats(&[infinity, infinity], &params).report(&params).unwrap();
    assert_eq!((stuck.dead, stuck.saturated), (1, 2));
    let (both, _) = of_floats(&[infinity, -infinity, nan], &params).report(&params).unwrap();
    assert!(both.mean.is_nan() && both.std.is_nan() && both.dead == 0);

    // A constant and a NaN are not the same.
    let (mixed, _) = of_floats(&[1.0, 1.0, nan], &params).report(&params).unwrap();
    assert_eq!((mixed.dead, mixed.std), (0, 0.0));
}

/// Blocks are 32768 values: their sums are at the ends of what lanes hold.
#[test]
fn long_lines() {
    let params = Params { saturation: Some(65_535.0) };
    for n in [32_767_usize, 32_768, 32_769, 100_001] {
        let mut values = vec![65_535_u16; n];
        values[n / 2] = 0;
        let totals = of_integers(&values, &params);
        let (count, all) = (n as i64, n as i128 - 1);
        assert_eq!((totals.count, totals.zero, totals.saturated), (count, 1, count - 1));
        assert_eq!(i128::from(totals.integer_sum), 65_535 * all);
        let [low, high] = totals.integer_squares.map(i128::from);
        assert_eq!(low + (high << 32), 65_535 * 65_535 * all);
        // Many channels side by side, and gathered ones.
        for (stride, channels) in [(16, 16), (2, 1)] {
            let mut items = vec![1_u16; n * stride];
            items.iter_mut().step_by(stride).zip(&values).for_each(|(to, value)| *to = *value);
            let mut found = vec![Totals::default(); channels];
            let values = Values::new(Plane::from(&items[..]).every(stride), 1);
            let planes = CubePlanes { n, channels, values, ..CubePlanes::default() };
            update(&params, &planes, &mut found, &mut []).unwrap();
            assert_eq!(found[0], totals);
        }
        let least = vec![i16::MIN; n];
        let mut found = [Totals::default()];
        let planes = CubePlanes { n, channels: 1, values: Values::planar(&least[..], n), ..CubePlanes::default() };
        update(&params, &planes, &mut found, &mut []).unwrap();
        assert_eq!(found[0].integer_sum, -32_768 * count);
        let report = found[0].report(&params).unwrap().0;
        assert_eq!((report.mean, report.std, report.min), (-32_768.0, 0.0, -32_768.0));
    }
}

/// The most values that words hold: means and deviations are still exact, and one more is an error.
#[test]
fn the_most_values() {
    let params = Params::default();
    let pair = of_integers(&[0, 65_535], &params);
    let mut totals = pair;
    for _ in 0..46 {
        let same = totals;
        totals.merge(&same);
    }
    assert_eq!(totals.count, 1 << 47);
    let report = totals.report(&params).unwrap().0;
    assert_eq!((report.mean, report.std), (32_767.5, 32_767.5));
    totals.merge(&pair);
    assert_eq!(totals.report(&params).unwrap_err(), Error::Totals);
}

#[test]
fn both_kinds_of_values_in_one_channel() {
    let params = Params { saturation: Some(3.0) };
    let mut both = of_integers(&[1, 2, 3], &params);
    both.merge(&of_floats(&[0.5, -4.0, 3.5], &params));
    let alone = of_floats(&[1.0, 2.0, 3.0, 0.5, -4.0, 3.5], &params);
    assert_eq!(both.report(&params), alone.report(&params));
    assert_eq!(both.report(&params).unwrap().0.saturated, 2);
    let other = Params { saturation: Some(2.0) };
    assert_eq!(both.report(&other).unwrap_err(), Error::MixedTotals);
    both.merge(&of_integers(&[3], &other));
    assert_eq!(both.report(&params).unwrap_err(), Error::MixedTotals);
    // -0 is the level 0.
    let zero = of_floats(&[0.0, -1.0], &Params { saturation: Some(-0.0) });
    assert_eq!(zero.report(&Params { saturation: Some(0.0) }).unwrap().0.saturated, 1);
}

#[test]
fn words_that_contradict_each_other() {
    let params = Params { saturation: Some(3.0) };
    let mut good = of_integers(&[1, 2, 4, 0], &params);
    good.merge(&of_floats(&[1.5, f32::NAN], &params));
    assert!(good.report(&params).is_ok());
    let damages: [fn(&mut Totals); 22] = [
        |words| words.zero = -1,
        |words| words.zero = 6,
        |words| words.zero = 5,
        |words| words.saturated = 6,
        |words| words.saturated = 0,
        |words| words.saturated = 5,
        |words| words.integers = 7,
        |words| words.integers = -1,
        |words| words.integers = i64::MAX,
        |words| words.integer_sum = i64::MIN,
        |words| words.integer_sum = -7,
        |words| words.integer_squares = [0, 0],
        |words| words.integer_squares = [-1, 0],
        |words| words.integer_squares = [i64::MAX, i64::MAX],
        |words| words.integer_squares = [0, i64::MIN],
        |words| words.greatest = 0,
        |words| words.negated_least = i64::MAX,
        |words| words.greatest = -1,
        |words| words.negated_least = 1,
        |words| words.sum.nan = 2,
        |words| words.squares.nan = 0,
        |words| words.sum.digits[0] = 1,
    ];
    for (index, damage) in damages.iter().enumerate() {
        let mut words = good;
        damage(&mut words);
        assert_eq!(words.report(&params).unwrap_err(), Error::Totals, "damage {index}");
    }
    for count in [i64::MIN, -1, 5, 7] {
        assert!(Totals { count, ..good }.report(&params).is_err());
    }
    // All are one number where nothing deviates.
    let mut same = of_integers(&[2, 2], &params);
    same.greatest += 1;
    assert_eq!(same.report(&params).unwrap_err(), Error::Totals);
    // Integers that have not come: a sum of nothing.
    let empty = Totals { sum: ExactSum { positive_infinity: 1, ..ExactSum::default() }, ..Totals::default() };
    assert_eq!(empty.report(&params).unwrap_err(), Error::Totals);
}

proptest! {
    /// Any words are read: a report, or an error. So are they merged, and made canonical.
    #[test]
    fn any_words(
        words in proptest::collection::vec(super::super::exact_words::any_digit(), 100),
        small in any::<u64>(),
    ) {
        let make = |words: &[i64], shift: usize| {
            let at = |index: usize| if small >> (index + shift) & 1 == 0 { words[index] } else { words[index] & 7 };
            let mut totals = Totals {
                count: at(0), zero: at(1), saturated: at(2), integers: at(4), integer_sum: at(5),
                integer_squares: [at(6), at(7)], greatest: at(8), negated_least: at(9), ..Totals::default()
            };
            totals.sum.digits.iter_mut().zip(&words[10..]).for_each(|(to, word)| *to = *word);
            totals.squares.digits.iter_mut().zip(&words[22..]).for_each(|(to, word)| *to = *word);
            totals.fingerprint = of_integers(&[1], &Params::default()).fingerprint.wrapping_mul(totals.count);
            totals
        };
        let (mut one, other) = (make(&words[..50], 0), make(&words[50..], 9));
        let before = one.report(&Params::default());
        let mut canonical = one;
        normalize(core::slice::from_mut(&mut canonical));
        if let (Ok((before, _)), Ok((after, _))) = (before, canonical.report(&Params::default())) {
            prop_assert_eq!(std::format!("{before:?}"), std::format!("{after:?}"));
        }
        let mut back = other;
        one.merge(&other);
        back.merge(&make(&words[..50], 0));
        prop_assert_eq!(one, back);
        let _ = one.report(&Params::default());
    }

    #[test]
    fn any_words_of_columns(words in proptest::collection::vec(any::<[u32; 4]>(), 0..4), small in any::<[u32; 2]>()) {
        let columns: Vec<Column> = words
            .iter()
            .map(|[greatest, negated_least, numbers, nan]| Column {
                greatest: greatest & small[0], negated_least: negated_least & small[0],
                numbers: numbers & small[1], nan: nan & small[1],
            })
            .collect();
        let mut told = 0;
        let found = dead_columns(&columns, |_| { told += 1; true });
        prop_assert_eq!(found.map_or(0, |(count, _)| count), told);
        let mut merged = columns.clone();
        merge_columns(&columns, &mut merged).unwrap();
    }
}

#[test]
fn dead_columns_are_told() {
    // Three lines of four columns: the second is stuck, the third is stuck at 0, the fourth is NaN.
    let nan = f32::NAN;
    let lines = [1.0, 7.0, 0.0, nan, 2.0, 7.0, -0.0, nan, 3.0, 7.0, 0.0, nan];
    let mut columns = [Column::default(); 4];
    let mut totals = [Totals::default()];
    for (index, line) in lines.chunks(4).enumerate() {
        let cube = Cube { values: line, layout: Layout::planar(4, 1), ..Cube::default() };
        update(&Params::default(), &cube, &mut totals, &mut columns).unwrap();
        // Of one line nothing is known.
        assert_eq!(dead_columns(&columns, |_| true).unwrap(), (if index == 0 { 0 } else { 3 }, Notices::NONE));
    }
    let mut found = Vec::new();
    let told = dead_columns(&columns, |column| {
        if found.len() < 2 {
            found.push(column);
        }
        found.len() < 2
    });
    assert_eq!((told.unwrap(), &found[..]), ((3, Notices::INCOMPLETE), &[1, 2][..]));
    assert_eq!(dead_columns(&[Column::default(); 3], |_| true).unwrap(), (0, Notices::EMPTY));
    // Counts stay at their end.
    let many = Column { numbers: u32::MAX - 1, nan: 0, ..columns[1] };
    let mut joined = many;
    joined.merge(&columns[1]);
    assert_eq!((joined.numbers, joined.is_dead()), (u32::MAX, Ok(true)));
    let mut changed = columns[1];
    changed.merge(&columns[0]);
    assert_eq!(changed.is_dead(), Ok(false));
    // Zero and the least number above it differ, and so do neighbours of any sign.
    for (one, other) in [(0.0, f32::from_bits(1)), (-0.0, -f32::from_bits(1)), (1.0, 1.0_f32.next_up())] {
        let mut column = [Column::default()];
        for value in [one, other, one] {
            let cube = Cube { values: &[value], layout: Layout::planar(1, 1), ..Cube::default() };
            update(&Params::default(), &cube, &mut totals, &mut column).unwrap();
        }
        assert_eq!(column[0].is_dead(), Ok(false));
    }
}

#[test]
fn bad_arguments_change_nothing() {
    let params = Params::default();
    let values = [1.0_f32; 6];
    let items = [1_u16; 6];
    let cube = Cube { values: &values, layout: Layout::interleaved(3, 2), ..Cube::default() };
    let planes = CubePlanes { n: 3, channels: 2, values: Values::interleaved(&items[..], 2), ..CubePlanes::default() };
    let refused = |params: &Params, planes: &CubePlanes, cube: &Cube, channels: usize, cells: usize, error: Error| {
        let start = Totals { count: 9, ..Totals::default() };
        let cell = Column { nan: 9, ..Column::default() };
        let (mut totals, mut columns) = (vec![start; channels], vec![cell; cells]);
        assert_eq!(update(params, planes, &mut totals, &mut columns).unwrap_err(), error);
        assert_eq!(update(params, cube, &mut totals, &mut columns).unwrap_err(), error);
        assert!(totals.iter().all(|words| *words == start) && columns.iter().all(|words| *words == cell));
    };
    refused(&Params { saturation: Some(f32::NAN) }, &planes, &cube, 2, 6, Error::Saturation);
    refused(&params, &planes, &cube, 1, 0, Error::LengthMismatch);
    refused(&params, &planes, &cube, 3, 6, Error::LengthMismatch);
    refused(&params, &planes, &cube, 2, 5, Error::LengthMismatch);
    refused(&params, &planes, &cube, 2, 1, Error::LengthMismatch);
    let weights = [1.0; 3];
    let weighted = CubePlanes { weights: Some(Plane::from(&weights[..])), ..planes };
    refused(&params, &weighted, &Cube { weights: Some(&weights), ..cube }, 2, 6, Error::UnsupportedInput);
    let short = CubePlanes { n: 4, ..planes };
    refused(&params, &short, &Cube { valid: Some(&[1]), ..cube }, 2, 0, Error::LengthMismatch);
    let mut totals = [Totals::default(); 2];
    assert_eq!(merge(&[totals[0]], &mut totals).unwrap_err(), Error::LengthMismatch);
    assert_eq!(merge_columns(&[Column::default()], &mut []).unwrap_err(), Error::LengthMismatch);
    assert_eq!(totals[0].report(&Params { saturation: Some(f32::NAN) }).unwrap_err(), Error::Saturation);
    // Of no pixel nothing happens.
    update(&params, &CubePlanes { channels: 2, ..CubePlanes::default() }, &mut totals, &mut []).unwrap();
    assert_eq!(totals, [Totals::default(); 2]);
}
