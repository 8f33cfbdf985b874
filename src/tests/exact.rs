//! The exact sums against rational arithmetic.

use super::{between, for_each_tier, near_powers_of_two};
use crate::exact::{Accumulator, BLOCK, Blocks, Exact, ExactSquares, ExactSum, GIVEN, as_registers};
use crate::simd::{self, Columns, Counted, Kernel, Lanes, Room, Simd};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use proptest::prelude::*;
use std::vec::Vec;

/// Sums floats the way a kernel does.
struct Add<'a, const D: usize, const L: i32, const P: i32> {
    floats: &'a [f32],
    sum: &'a mut Exact<D, L, P>,
}

impl<const D: usize, const L: i32, const P: i32> Kernel for Add<'_, D, L, P> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut tail = Room::new();
        let columns = Columns::new(self.floats, &mut tail);
        let mut room = Room::new();
        let mut accumulator = Accumulator::new(simd, Some(self.sum), &mut room);
        for index in 0..self.floats.len().div_ceil(S::Lanes::LANES) {
            accumulator.push(S::Lanes::from_floats(simd, columns.get(index)));
        }
        accumulator.finish(self.floats.len());
    }
}

fn sum<const D: usize, const L: i32, const P: i32>(floats: &[f32]) -> Exact<D, L, P> {
    let mut sum = Exact::default();
    simd::run(Add { floats, sum: &mut sum });
    sum
}

/// Sums all floats, and those that are marked.
struct AddParts<'a> {
    floats: &'a [f32],
    marks: &'a [u8],
    /// Whether whole registers are added where they lie.
    is_given: bool,
    sums: [&'a mut ExactSum; 2],
}

impl Kernel for AddParts<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut sums = Blocks::new(simd, self.sums);
        let given = if self.is_given { self.floats.len() / S::Register::LANES } else { 0 };
        let (given, floats) = self.floats.split_at(given * S::Register::LANES);
        let (given_marks, marks) = self.marks.split_at(given.len());
        for (given, marks) in given.chunks(GIVEN).zip(given_marks.chunks(GIVEN)) {
            sums.add_given(simd, given, &mut [0.0; BLOCK], marks);
        }
        for (floats, marks) in floats.chunks(BLOCK).zip(marks.chunks(BLOCK)) {
            let (mut tile, mut tile_marks) = ([0.0; BLOCK], [0; BLOCK]);
            let lanes = S::Register::LANES;
            let length = as_registers(floats, lanes, &mut tile).len();
            tile[..floats.len()].copy_from_slice(floats);
            tile_marks[..marks.len()].copy_from_slice(marks);
            sums.add(simd, &mut tile[..length], &tile_marks[..length]);
        }
        sums.finish();
    }
}

fn rational(double: f64) -> BigRational {
    BigRational::from_float(double).expect("finite")
}

/// Whether `double` is `exact` rounded to nearest even.
pub fn is_correctly_rounded(double: f64, exact: &BigRational) -> bool {
    let error = (rational(double) - exact).abs();
    [double.next_up(), double.next_down()].into_iter().all(|neighbour| {
        let other = (rational(neighbour) - exact).abs();
        error < other || (error == other && double.to_bits() & 1 == 0)
    })
}

fn check<const D: usize, const L: i32, const P: i32>(floats: &[f32]) {
    let terms = floats.iter().map(|float| rational(f64::from(*float)).pow(P));
    let exact = terms.fold(BigRational::zero(), |sum, term| sum + term);
    let mut one_by_one = Exact::<D, L, P>::default();
    floats.iter().for_each(|float| one_by_one.add(*float));
    for_each_tier(|tier| {
        let sum = sum::<D, L, P>(floats);
        assert_eq!(sum, one_by_one, "{tier:?}");
    });
    assert!(is_correctly_rounded(one_by_one.value(), &exact), "sum of {floats:?}");
    for count in [1, 2, 3, floats.len() as i64 + 1, 1_000_003, i64::MAX] {
        let mean = &exact / BigRational::from(BigInt::from(count));
        assert!(is_correctly_rounded(one_by_one.quotient(count), &mean), "mean over {count}");
    }
}

fn any_finite() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |float| float.is_finite())
}

/// Floats of a few binades around a random one: what one or two levels hold.
fn clustered() -> impl Strategy<Value = Vec<f32>> {
    (1_u32..254, 1_u32..40).prop_flat_map(|(start, width)| {
        let float = (any::<u32>(), start..(start + width).min(255))
            .prop_map(|(bits, biased)| f32::from_bits(bits & 0x807f_ffff | biased << 23));
        proptest::collection::vec(float, 0..700)
    })
}

fn mixed() -> impl Strategy<Value = Vec<f32>> {
    prop_oneof![
        clustered(),
        proptest::collection::vec(any_finite(), 0..300),
        proptest::collection::vec(between(-1.0e-3, 10.0), 0..1500),
        proptest::collection::vec(prop_oneof![Just(0.0_f32), Just(-0.0), any_finite()], 0..300),
        (clustered(), clustered()).prop_map(|(a, b)| [a, b].concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn sums_are_exact(floats in mixed()) {
        check::<12, -160, 1>(&floats);
    }

    #[test]
    fn sums_of_squares_are_exact(floats in mixed()) {
        check::<20, -320, 2>(&floats);
    }

    #[test]
    fn a_part_is_the_sum_of_what_is_marked(
        floats in mixed(),
        specials in proptest::collection::vec((any::<prop::sample::Index>(), special()), 0..5),
        marks in proptest::collection::vec(0_u8..3, 1500),
        repeats in 1_usize..4,
        is_given: bool,
    ) {
        let mut floats = floats;
        for (index, special) in specials {
            if !floats.is_empty() {
                let index = index.index(floats.len());
                floats[index] = special;
            }
        }
        let floats = floats.repeat(repeats);
        let marks: Vec<u8> = marks.iter().copied().cycle().take(floats.len()).collect();
        let [mut expected, mut expected_part] = [ExactSum::default(); 2];
        for (float, mark) in floats.iter().zip(&marks) {
            expected.add(*float);
            if *mark != 0 {
                expected_part.add(*float);
            }
        }
        for_each_tier(|tier| {
            let [mut all, mut part] = [ExactSum::default(); 2];
            let sums = [&mut all, &mut part];
            simd::run(AddParts { floats: &floats, marks: &marks, is_given, sums });
            assert_eq!((all, part), (expected, expected_part), "{tier:?}");
        });
    }

    #[test]
    fn any_split_and_order_gives_the_same_words(
        floats in mixed(),
        specials in proptest::collection::vec((any::<prop::sample::Index>(), special()), 0..5),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut floats = floats;
        for (index, special) in specials {
            if !floats.is_empty() {
                let index = index.index(floats.len());
                floats[index] = special;
            }
        }
        let whole: ExactSum = sum(&floats);
        let mut backwards = floats.clone();
        backwards.reverse();
        prop_assert_eq!(whole, sum(&backwards));

        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(floats.len() + 1)).collect();
        ends.extend([0, floats.len()]);
        ends.sort_unstable();
        let parts: Vec<ExactSum> = ends.windows(2).map(|w| sum(&floats[w[0]..w[1]])).collect();
        let mut merged = ExactSum::default();
        parts.iter().for_each(|part| merged.merge(part));
        prop_assert_eq!(whole, merged);

        // A plain sum of the words, as MPI_SUM makes it, then one normalize.
        let mut foreign = ExactSum::default();
        for part in &parts {
            for (word, more) in foreign.digits.iter_mut().zip(part.digits) {
                *word += more;
            }
            foreign.nan += part.nan;
            foreign.positive_infinity += part.positive_infinity;
            foreign.negative_infinity += part.negative_infinity;
        }
        prop_assert_eq!(foreign.value().to_bits(), whole.value().to_bits());
        foreign.normalize();
        prop_assert_eq!(whole, foreign);
    }
}

fn special() -> impl Strategy<Value = f32> {
    prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY), Just(f32::MAX), Just(f32::from_bits(1)),]
}

#[test]
fn non_finite_terms_decide_the_value() {
    let value = |floats: &[f32]| sum::<12, -160, 1>(floats).value();
    assert_eq!(value(&[1.0, f32::INFINITY, -2.0]), f64::INFINITY);
    assert_eq!(value(&[1.0, f32::NEG_INFINITY]), f64::NEG_INFINITY);
    assert!(value(&[f32::INFINITY, f32::NEG_INFINITY]).is_nan());
    assert!(value(&[0.0, f32::NAN]).is_nan());
    assert_eq!(sum::<20, -320, 2>(&[f32::NEG_INFINITY]).value(), f64::INFINITY);
    let counted: ExactSum = sum(&[f32::NAN, 1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN]);
    assert_eq!((counted.nan, counted.positive_infinity, counted.negative_infinity), (2, 1, 1));
    assert_eq!(counted.non_finite(), 4);
}

#[test]
fn long_runs_of_one_sign_do_not_overflow_a_lane() {
    // More than 2^10 additions a lane, more than one flush; at the top of a window, or all rounded to the
    // same side by the first level. The greatest floats are above all windows.
    for float in [f32::MAX, 8.0_f32.next_down(), -8.0, -3.9999998, 1.0 + 1.5 * f32::EPSILON, 0.1, 1e-30] {
        let floats = std::vec![float; 300_000];
        let exact = rational(f64::from(float)) * BigInt::from(floats.len());
        for_each_tier(|_| {
            assert!(is_correctly_rounded(sum::<12, -160, 1>(&floats).value(), &exact));
        });
    }
    let floats = std::vec![f32::MAX; 300_000];
    for_each_tier(|_| {
        let squares: ExactSquares = sum(&floats);
        let square = rational(f64::from(f32::MAX)).pow(2) * BigInt::from(floats.len());
        assert!(is_correctly_rounded(squares.value(), &square));
    });
}

#[test]
fn a_lane_takes_no_more_of_what_is_given_than_it_has_room_for() {
    // The top of a window, as often as is added at once where it lies: one lane would take it all.
    for float in [8.0_f32.next_down(), -7.5, 4.1] {
        let floats = std::vec![float; 3 * GIVEN];
        let exact = rational(f64::from(float)) * BigInt::from(floats.len());
        for_each_tier(|tier| {
            let [mut all, mut part] = [ExactSum::default(); 2];
            let (sums, marks) = ([&mut all, &mut part], std::vec![1; floats.len()]);
            simd::run(AddParts { floats: &floats, marks: &marks, is_given: true, sums });
            assert!(is_correctly_rounded(all.value(), &exact), "{tier:?}, {float}");
            assert_eq!(part, all, "{tier:?}, {float}");
        });
    }
}

/// Adds the same block so often, and does not end.
struct AddOften<'a> {
    floats: &'a [f32; BLOCK],
    times: usize,
    sum: &'a mut ExactSum,
}

impl Kernel for AddOften<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut sums = Blocks::new(simd, [self.sum]);
        for _ in 0..self.times {
            sums.add(simd, &mut self.floats.clone(), &[]);
        }
    }
}

#[test]
fn digits_have_room_for_any_number_of_blocks() {
    // Terms above all windows, which are added one by one: after 2^31 of them without a carry the sign was wrong.
    for float in [f32::MAX, -f32::MAX] {
        for_each_tier(|tier| {
            let mut sum = ExactSum::default();
            simd::run(AddOften { floats: &[float; BLOCK], times: 2048, sum: &mut sum });
            let greatest = sum.digits.iter().map(|digit| digit.unsigned_abs()).max();
            assert!(greatest < Some(1 << 47), "{tier:?}, {float}: {greatest:?}");
        });
    }
}

#[test]
fn two_to_the_31_states_can_be_added_word_by_word() {
    for sign in [1.0, -1.0] {
        let mut state = ExactSum::default();
        for term in [f32::MAX, 1.5, f32::from_bits(1)] {
            state.add(term * sign);
        }
        let mut many = state;
        many.digits.iter_mut().for_each(|digit| *digit *= 1 << 31);
        assert_eq!(many.value(), state.value() * (1_u64 << 31) as f64);
    }
}

#[test]
fn windows_hold_what_lies_at_their_edges() {
    // Powers of two and their neighbours, of both signs: the first level rounds up to its end, or just not.
    for float in near_powers_of_two(9) {
        let floats = [float, -float, 0.0, -0.0, -float, -float, float / 3.0];
        let mut one_by_one = ExactSum::default();
        floats.iter().for_each(|float| one_by_one.add(*float));
        for_each_tier(|tier| {
            assert_eq!(sum::<12, -160, 1>(&floats), one_by_one, "{tier:?}, {float:e}");
        });
    }
}
