//! Statistics of channels: against integers without end and rationals, and at the edges.

mod edges;

use super::exact::is_correctly_rounded;
use super::{any_float, ends, for_each_tier, splits};
use crate::exact::{ExactSquares, ExactSum};
use crate::input::{CubePlanes, Items, Mask, Plane, Truths, Values};
use crate::metric::band_statistics::{Column, Params, Report, Totals, dead_columns, merge, merge_columns, update};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// A cube as rows of pixels of channels, and which pixels count.
#[derive(Clone, Debug)]
struct Scene<T> {
    rows: usize,
    columns: usize,
    channels: usize,
    /// Pixel after pixel.
    values: Vec<T>,
    valid: Option<Vec<u8>>,
}

/// How the values lie: from a row, from a pixel and from a channel to the next.
#[derive(Clone, Copy, Debug)]
struct Order {
    row: usize,
    pixel: usize,
    channel: usize,
}

/// BIP, BIL and BSQ, each without and with gaps of some kind.
fn orders(rows: usize, columns: usize, channels: usize) -> Vec<Order> {
    let mut orders = Vec::new();
    for gap in 0..2 {
        let wide = columns + 3 * gap;
        let (deep, step) = (channels + gap, 1 + gap);
        orders.push(Order { row: wide * deep, pixel: deep, channel: 1 });
        orders.push(Order { row: channels * wide, pixel: 1, channel: wide });
        orders.push(Order { row: wide, pixel: 1, channel: rows * wide });
        // Neither pixels nor channels are neighbours.
        orders.push(Order { row: channels * wide * step, pixel: step, channel: wide * step });
        orders.push(Order { row: wide * deep * 2, pixel: deep * 2, channel: 2 });
    }
    orders
}

impl<T: Copy + Default> Scene<T> {
    fn stored(&self, order: Order, filler: T) -> Vec<T> {
        let reach = |count: usize, step: usize| count.saturating_sub(1) * step;
        let last = reach(self.rows, order.row) + reach(self.columns, order.pixel) + reach(self.channels, order.channel);
        let mut stored = vec![filler; last + 1];
        for (index, value) in self.values.iter().enumerate() {
            let (pixel, channel) = (index / self.channels, index % self.channels);
            let (row, column) = (pixel / self.columns, pixel % self.columns);
            stored[row * order.row + column * order.pixel + channel * order.channel] = *value;
        }
        stored
    }

    /// The values of a channel that count.
    fn channel(&self, channel: usize) -> impl Iterator<Item = T> + '_ {
        (0..self.rows * self.columns)
            .filter(|pixel| self.valid.as_ref().is_none_or(|valid| valid[*pixel] != 0))
            .map(move |pixel| self.values[pixel * self.channels + channel])
    }

    fn planes<'a>(&'a self, values: Values<'a>) -> CubePlanes<'a> {
        CubePlanes {
            n: self.rows * self.columns,
            rows: self.rows,
            channels: self.channels,
            values,
            valid: self.valid.as_deref().map(Mask::from),
            ..CubePlanes::default()
        }
    }

    fn map<U>(&self, make: impl Fn(T) -> U) -> Scene<U> {
        let values = self.values.iter().map(|value| make(*value)).collect();
        let Self { rows, columns, channels, ref valid, .. } = *self;
        Scene { rows, columns, channels, values, valid: valid.clone() }
    }

    /// Some of the rows.
    fn part(&self, first: usize, end: usize) -> Self {
        let cut = |per_row: usize| first * per_row * self.columns..end * per_row * self.columns;
        let valid = self.valid.as_ref().map(|valid| valid[cut(1)].to_vec());
        Self { rows: end - first, values: self.values[cut(self.channels)].to_vec(), valid, ..*self }
    }
}

fn values_in<'a>(plane: Plane<'a>, order: Order) -> Values<'a> {
    Values::new(plane.every(order.pixel).rows(order.row), order.channel)
}

type Words = (Vec<Totals>, Vec<Column>);

/// The words of a cube, with columns.
fn words_of(params: &Params, planes: &CubePlanes) -> Words {
    let mut totals = vec![Totals::default(); planes.channels];
    let mut columns = vec![Column::default(); planes.channels * planes.n / planes.rows.max(1)];
    update(params, planes, &mut totals, &mut columns).unwrap();
    // Without columns the totals are the same.
    let mut alone = vec![Totals::default(); planes.channels];
    update(params, planes, &mut alone, &mut []).unwrap();
    assert_eq!(alone, totals);
    (totals, columns)
}

fn reports(params: &Params, totals: &[Totals]) -> Vec<Report> {
    totals.iter().map(|totals| totals.report(params).unwrap().0).collect()
}

/// A root is correctly rounded if its square lies between those of the ends of what rounds to it.
fn is_root(found: f64, square: &BigRational) -> bool {
    if square.is_zero() {
        return found == 0.0;
    }
    let exact = |number: f64| BigRational::from_float(number).unwrap();
    let two = BigRational::from(BigInt::from(2));
    let below = (exact(found) + exact(found.next_down())) / &two;
    let above = (exact(found) + exact(found.next_up())) / &two;
    &below * &below <= *square && *square <= &above * &above
}

/// Mean and deviation of numbers, as rationals: the deviation squared.
fn moments(numbers: &[BigRational]) -> (BigRational, BigRational) {
    let n = BigRational::from(BigInt::from(numbers.len()));
    let sum = |terms: &mut dyn Iterator<Item = BigRational>| terms.fold(BigRational::zero(), |sum, term| sum + term);
    let mean = sum(&mut numbers.iter().cloned()) / &n;
    let square = sum(&mut numbers.iter().map(|number| (number - &mean) * (number - &mean))) / &n;
    (mean, square)
}

/// What is said of finite numbers, and of NaN beside them, is what they are.
fn check_report(report: &Report, values: &[f32], params: &Params) {
    let numbers: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let count = |is: &dyn Fn(f32) -> bool| numbers.iter().filter(|value| is(**value)).count() as i64;
    let level = params.saturation.unwrap_or(f32::NAN);
    assert_eq!(report.count, values.len() as i64);
    assert_eq!(report.nan, (values.len() - numbers.len()) as i64);
    assert_eq!(report.zero, count(&|value| value == 0.0));
    assert_eq!(report.saturated, count(&|value| value >= level));
    let is_same = numbers.iter().all(|value| *value == numbers[0]) && (report.nan == 0 || numbers.is_empty());
    assert_eq!(report.dead, i64::from(is_same && values.len() >= 2));
    if numbers.is_empty() {
        assert!([report.mean, report.std, report.min, report.max].iter().all(|value| value.is_nan()));
        return;
    }
    assert_eq!(report.min, f64::from(numbers.iter().copied().fold(f32::INFINITY, f32::min)));
    assert_eq!(report.max, f64::from(numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max)));
    if numbers.iter().all(|value| value.is_finite()) {
        let exact: Vec<BigRational> = numbers.iter().map(|value| BigRational::from_float(*value).unwrap()).collect();
        let (mean, square) = moments(&exact);
        assert!(is_correctly_rounded(report.mean, &mean), "{report:?}");
        assert!(is_root(report.std, &square), "{report:?}");
    }
}

/// The dead columns of a scene, by their values.
fn dead_of(scene: &Scene<f32>) -> Vec<usize> {
    let is_dead = |index: &usize| {
        let (channel, column) = (index / scene.columns, index % scene.columns);
        let pixels = (0..scene.rows).map(|row| row * scene.columns + column);
        let live = pixels.filter(|pixel| scene.valid.as_ref().is_none_or(|valid| valid[*pixel] != 0));
        let values: Vec<f32> = live.map(|pixel| scene.values[pixel * scene.channels + channel]).collect();
        values.len() >= 2 && values.iter().all(|value| *value == values[0] || value.is_nan() && values[0].is_nan())
    };
    (0..scene.columns * scene.channels).filter(is_dead).collect()
}

fn found_dead(columns: &[Column]) -> Vec<usize> {
    let mut found = Vec::new();
    let (count, _) = dead_columns(columns, |index| {
        found.push(index);
        true
    })
    .unwrap();
    assert_eq!(count, found.len());
    found
}

fn scenes<T: Copy + core::fmt::Debug>(
    value: impl Strategy<Value = T> + Clone + 'static,
) -> impl Strategy<Value = Scene<T>> {
    let shape = (1_usize..6, 1_usize..40, prop_oneof![1_usize..5, 14_usize..36]);
    (shape, any::<bool>()).prop_flat_map(move |((rows, columns, channels), has_mask)| {
        let values = proptest::collection::vec(value.clone(), rows * columns * channels);
        let bytes = prop_oneof![1 => Just(0_u8), 3 => 1_u8..];
        let valid = proptest::collection::vec(bytes, rows * columns).prop_map(move |valid| has_mask.then_some(valid));
        (values, valid).prop_map(move |(values, valid)| Scene { rows, columns, channels, values, valid })
    })
}

/// Integers, many of them at the ends, and often equal.
fn integers<T: Arbitrary + Copy + core::fmt::Debug + 'static>(ends: &'static [T]) -> impl Strategy<Value = T> + Clone
where
    T::Strategy: Clone,
{
    (any::<T>(), prop::sample::select(ends), 0_u8..3).prop_map(|(any, end, kind)| if kind == 0 { end } else { any })
}

fn levels() -> impl Strategy<Value = Params> {
    let level = prop_oneof![Just(0.0_f32), Just(254.5), Just(255.0), Just(65_535.0), Just(-3.5), -4e4_f32..7e4];
    proptest::option::of(level).prop_map(|saturation| Params { saturation })
}

/// Every tier and order has the words of the sums without end, and the report of floats.
fn check_integers<T>(scene: &Scene<T>, params: &Params)
where
    T: Copy + Default + Into<f32> + Into<i32> + core::fmt::Debug,
    for<'a> Plane<'a>: From<&'a [T]>,
{
    let floats = scene.map(Into::<f32>::into);
    let values = |channel| scene.channel(channel).map(Into::<i32>::into);
    let of_floats = words_of(params, &floats.planes(Values::interleaved(&floats.values[..], scene.channels)));
    let dead = dead_of(&floats);
    let mut first: Option<Words> = None;
    for_each_tier(|tier| {
        for order in orders(scene.rows, scene.columns, scene.channels) {
            let stored = scene.stored(order, T::default());
            let words = words_of(params, &scene.planes(values_in(Plane::from(&stored[..]), order)));
            assert_eq!(words, *first.get_or_insert_with(|| words.clone()), "{tier:?} {order:?}");
        }
    });
    let (totals, columns) = first.unwrap();
    for (channel, totals) in totals.iter().enumerate() {
        assert_eq!(totals.integers, values(channel).count() as i64);
        assert_eq!(totals.integer_sum, values(channel).map(i64::from).sum::<i64>());
        let squares: i128 = values(channel).map(|value| i128::from(value) * i128::from(value)).sum();
        assert_eq!(totals.integer_squares, [squares as i64 & 0xffff_ffff, (squares >> 32) as i64]);
        assert_eq!((totals.sum, totals.squares), (ExactSum::default(), ExactSquares::default()));
        let floats: Vec<f32> = floats.channel(channel).collect();
        check_report(&totals.report(params).unwrap().0, &floats, params);
    }
    assert_eq!(std::format!("{:?}", reports(params, &totals)), std::format!("{:?}", reports(params, &of_floats.0)));
    assert_eq!(columns, of_floats.1);
    assert_eq!(found_dead(&columns), dead);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn integers_of_16_bits(scene in scenes(integers(&[0_u16, 1, 4095, 65_534, 65_535])), params in levels()) {
        check_integers(&scene, &params);
    }

    #[test]
    fn signed_integers_of_16_bits(scene in scenes(integers(&[0_i16, -1, i16::MIN, i16::MAX])), params in levels()) {
        check_integers(&scene, &params);
    }

    #[test]
    fn bytes(scene in scenes(integers(&[0_u8, 1, 254, 255])), params in levels()) {
        check_integers(&scene, &params);
    }

    #[test]
    fn signed_bytes(scene in scenes(integers(&[0_i8, -128, 127])), params in levels()) {
        check_integers(&scene, &params);
    }

    /// Floats of any bits have the words of sums that are added one by one, in every order and on every tier.
    #[test]
    fn floats(
        scene in scenes(
            (any_float(), -2_i8..2, 0_u8..3).prop_map(|(any, few, kind)| [any, few.into(), 0.5][usize::from(kind)])
        ),
        params in levels(),
    ) {
        let mut first: Option<Words> = None;
        for_each_tier(|tier| {
            for order in orders(scene.rows, scene.columns, scene.channels) {
                let stored = scene.stored(order, f32::NAN);
                let words = words_of(&params, &scene.planes(values_in(Plane::from(&stored[..]), order)));
                assert_eq!(words, *first.get_or_insert_with(|| words.clone()), "{tier:?} {order:?}");
            }
        });
        let (totals, columns) = first.unwrap();
        for (channel, totals) in totals.iter().enumerate() {
            let (mut sum, mut squares) = (ExactSum::default(), ExactSquares::default());
            let values: Vec<f32> = scene.channel(channel).collect();
            values.iter().for_each(|value| {
                sum.add(*value);
                squares.add(*value);
            });
            prop_assert_eq!((totals.sum, totals.squares, totals.integers), (sum, squares, 0));
            check_report(&totals.report(&params).unwrap().0, &values, &params);
        }
        prop_assert_eq!(found_dead(&columns), dead_of(&scene));
    }

    /// Any split into lines has the words of the whole, and so has any order of merges, and integer addition.
    #[test]
    fn any_split_and_merge_gives_the_same_words(
        scene in scenes(integers(&[0_u16, 65_535])),
        cuts in splits(),
        params in levels(),
    ) {
        let bil = |scene: &Scene<u16>| Order { row: scene.channels * scene.columns, pixel: 1, channel: scene.columns };
        let stored = scene.stored(bil(&scene), 0);
        let whole = words_of(&params, &scene.planes(values_in(Plane::from(&stored[..]), bil(&scene))));
        let empty = (vec![Totals::default(); scene.channels], vec![Column::default(); scene.channels * scene.columns]);
        let (mut streamed, mut forwards, mut backwards) = (empty.clone(), empty.clone(), empty);
        let ends = ends(&cuts, scene.rows);
        let mut parts = Vec::new();
        for pair in ends.windows(2) {
            let part = scene.part(pair[0], pair[1]);
            let stored = part.stored(bil(&part), 0);
            let planes = part.planes(values_in(Plane::from(&stored[..]), bil(&part)));
            if part.rows > 0 {
                update(&params, &planes, &mut streamed.0, &mut streamed.1).unwrap();
                parts.push(words_of(&params, &planes));
            }
        }
        for (totals, columns) in &parts {
            merge(totals, &mut forwards.0).unwrap();
            merge_columns(columns, &mut forwards.1).unwrap();
        }
        for (totals, columns) in parts.iter().rev() {
            merge(totals, &mut backwards.0).unwrap();
            merge_columns(columns, &mut backwards.1).unwrap();
        }
        prop_assert_eq!(&whole, &streamed);
        prop_assert_eq!(&whole, &forwards);
        prop_assert_eq!(&whole, &backwards);
        // The digits of the squares add as words.
        let mut added = whole.0[0];
        added.integer_squares = parts.iter().fold([0, 0], |[low, high], (totals, _)| {
            let [more_low, more_high] = totals[0].integer_squares;
            [low + more_low, high + more_high]
        });
        added.normalize();
        prop_assert_eq!(added, whole.0[0]);
    }

    /// Packed pixels, integers with a scale, halves and doubles say what the floats say that they are.
    #[test]
    fn other_types_are_their_floats(scene in scenes(0_u16..4096), params in levels(), ignored in any::<u8>()) {
        let plain = |scene: &Scene<f32>| {
            let values = Values::interleaved(&scene.values[..], scene.channels);
            std::format!("{:?}", reports(&params, &words_of(&params, &scene.planes(values)).0))
        };
        let bsq = Order { row: scene.columns, pixel: 1, channel: scene.rows * scene.columns };
        let stored = scene.stored(bsq, 0);
        // (As text, for NaN is not NaN.)
        let of = |planes: CubePlanes| std::format!("{:?}", reports(&params, &words_of(&params, &planes).0));
        let affine = Plane::from(&stored[..]).affine(0.1, 100);
        let meant = scene.map(|item| (i32::from(item) - 100) as f32 * 0.1);
        prop_assert_eq!(of(scene.planes(values_in(affine, bsq))), plain(&meant));
        let doubles: Vec<f64> = stored.iter().map(|item| f64::from(*item) / 3.0).collect();
        let meant = scene.map(|item| (f64::from(item) / 3.0) as f32);
        prop_assert_eq!(of(scene.planes(values_in(Plane::from(&doubles[..]), bsq))), plain(&meant));
        // Rows of packed pixels begin with a group.
        let row = scene.columns.div_ceil(2) * 3;
        let mut packed = vec![0_u8; row * scene.rows * scene.channels];
        for (index, item) in stored.iter().enumerate() {
            let (line, column) = (index / scene.columns, index % scene.columns);
            let bit = 12 * (column % 2);
            let bytes = &mut packed[line * row + column / 2 * 3..];
            let all = u32::from(*item) << bit;
            bytes.iter_mut().zip(all.to_le_bytes()).take(3).for_each(|(to, byte)| *to |= byte);
        }
        let values = Values::new(Plane::new(Items::Mono12p(&packed)).rows(row), row * scene.rows);
        let (words, columns) = words_of(&params, &scene.planes(values));
        prop_assert_eq!((words, columns), words_of(&params, &scene.planes(values_in(Plane::from(&stored[..]), bsq))));
        // A label that is ignored and bits are masks as bytes are.
        let labels: Vec<u16> = (0..scene.rows * scene.columns).map(|pixel| pixel as u16 % 7 + 1).collect();
        let ignored = u16::from(ignored % 7) + 1;
        let valid: Vec<u8> = labels.iter().map(|label| u8::from(*label != ignored)).collect();
        let masked = Scene { valid: Some(valid.clone()), ..scene.clone() };
        let values = || values_in(Plane::from(&stored[..]), bsq);
        let expected = words_of(&params, &masked.planes(values()));
        let labels = Mask::from(&labels[..]).ignoring(ignored.into());
        let found = words_of(&params, &CubePlanes { valid: Some(labels), ..scene.planes(values()) });
        prop_assert_eq!(&found, &expected);
        let bits_row = scene.columns.div_ceil(8);
        let mut bits = vec![0_u8; bits_row * scene.rows];
        for (pixel, valid) in valid.iter().enumerate() {
            let (line, column) = (pixel / scene.columns, pixel % scene.columns);
            bits[line * bits_row + column / 8] |= valid << (column % 8);
        }
        let bits = Mask::new(Truths::LowestFirst(&bits));
        prop_assert_eq!(words_of(&params, &CubePlanes { valid: Some(bits), ..scene.planes(values()) }), expected);
    }
}

/// A deviation in the middle between two doubles goes to the even one, and anything above it upwards, however little.
#[test]
fn ties_of_the_deviation() {
    let y = -(2.0_f32.powi(-53));
    let apart = 2.0_f32.powi(-76);
    for (values, std) in [([1.0, 1.0, y, y], 0.5), ([1.0, 1.0, y + apart, y - apart], 0.5 + f64::EPSILON / 2.0)] {
        let scene = Scene { rows: 1, columns: 4, channels: 1, values: values.to_vec(), valid: None };
        let params = Params::default();
        let (totals, _) = words_of(&params, &scene.planes(Values::interleaved(&values[..], 1)));
        let (report, _) = totals[0].report(&params).unwrap();
        assert_eq!(report.std, std);
        check_report(&report, &values, &params);
    }
}

/// Powers of two move all digits: nothing else changes.
#[test]
fn the_deviation_is_rounded_once_at_every_size() {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let power = |exponent: i32| 2.0_f64.powi(exponent);
    for exponent in -149..104 {
        let count = 1 + next() % 9;
        let values: Vec<f32> = (0..count).map(|_| (f64::from(next()) * power(exponent)) as f32).collect();
        // Beside them values of all other sizes, so that digits are cut off.
        let far = (f64::from(next()) * power(-30 - exponent)) as f32;
        for more in [None, Some(far)] {
            let all: Vec<f32> = values.iter().copied().chain(more).filter(|value| value.is_finite()).collect();
            let scene = Scene { rows: 1, columns: all.len(), channels: 1, values: all.clone(), valid: None };
            let params = Params::default();
            let (totals, _) = words_of(&params, &scene.planes(Values::interleaved(&all[..], 1)));
            check_report(&totals[0].report(&params).unwrap().0, &all, &params);
        }
    }
}
