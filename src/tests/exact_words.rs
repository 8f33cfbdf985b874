//! Exact sums of any words: their value, their canonical form and what is asked of them, against integers without end.

use super::exact::is_correctly_rounded;
use crate::error::Error;
use crate::exact::{Exact, ExactSquares, ExactSum};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use proptest::prelude::*;
use std::vec::Vec;

/// The integer of digits.
pub fn integer(digits: &[i64]) -> BigInt {
    digits.iter().rev().fold(BigInt::zero(), |above, digit| (above << 32) + BigInt::from(*digit))
}

/// The canonical digits of an integer; the highest wraps.
pub fn canonical(mut integer: BigInt, count: usize) -> Vec<i64> {
    let mut digits = Vec::new();
    for _ in 1..count {
        let above: BigInt = &integer >> 32;
        digits.push(i64::try_from(&integer - (&above << 32)).unwrap());
        integer = above;
    }
    let words: BigInt = BigInt::one() << 64;
    let wrapped: BigInt = ((&integer % &words) + &words) % &words;
    digits.push(u64::try_from(wrapped).unwrap() as i64);
    digits
}

fn power(bits: i32) -> BigRational {
    BigRational::from(BigInt::from(2)).pow(bits)
}

/// Any digit, most of them at the ends of what they can be.
pub fn any_digit() -> impl Strategy<Value = i64> {
    prop_oneof![
        3 => Just(0),
        2 => any::<i64>(),
        1 => any::<u32>().prop_map(i64::from),
        1 => prop::sample::select(&[i64::MIN, i64::MAX, -1, 1, 1 << 32, -1 << 32, 0xffff_ffff][..]),
        1 => (0_u32..64).prop_map(|bit| 1 << bit),
    ]
}

/// Digits of any lengths of zeros above and below.
fn any_digits(count: usize) -> impl Strategy<Value = Vec<i64>> {
    (proptest::collection::vec(any_digit(), count), 0..=count, 0..=count).prop_map(move |(mut digits, low, high)| {
        digits[..low.min(count - 1)].fill(0);
        digits[high.max(1)..].fill(0);
        digits
    })
}

fn exact<const D: usize, const L: i32, const P: i32>(digits: &[i64]) -> Exact<D, L, P> {
    Exact { digits: digits.try_into().unwrap(), ..Exact::default() }
}

fn check_value<const D: usize, const L: i32, const P: i32>(digits: &[i64], count: i64) {
    let value = BigRational::from(integer(digits)) * power(L);
    for count in [1, 2, 3, count, i64::MAX] {
        let quotient = exact::<D, L, P>(digits).quotient(count);
        let expected = &value / BigRational::from(BigInt::from(count));
        if expected.is_zero() {
            assert_eq!(quotient.to_bits(), 0);
        } else {
            assert!(is_correctly_rounded(quotient, &expected), "{digits:?} by {count}");
        }
    }
}

/// All but the highest digit are canonical, and the value is the same but for what wraps.
fn check_canonical<const D: usize, const L: i32, const P: i32>(digits: &[i64], more: &[i64]) {
    let mut one = exact::<D, L, P>(digits);
    one.normalize();
    assert_eq!(one.digits[..], canonical(integer(digits), D));
    let mut both = exact::<D, L, P>(digits);
    both.merge(&exact(more));
    assert_eq!(both.digits[..], canonical(integer(digits) + integer(more), D));
    for times in [0, 1, 5, (1 << 31) - 1, 1 << 31, (3 << 40) + 77, i64::MAX] {
        let (mut added, mut other) = (exact::<D, L, P>(digits), exact::<D, L, P>(more));
        other.nan = 3;
        added.merge_times(&other, times);
        let expected = integer(digits) + integer(more) * times;
        assert_eq!(added.digits[..], canonical(expected, D), "{times} times {more:?}");
        assert_eq!(added.nan, 3_i64.wrapping_mul(times));
    }
}

/// Whether so many finite terms can have the sum: multiples of the least float (or its square), none above the
/// greatest. None: they cannot, but are so near to their limit that a double does not tell.
fn is_possible(sum: &BigInt, lowest: i32, power_of_terms: u32, finite: i64) -> Option<bool> {
    let unit = (-149 * power_of_terms as i32 - lowest) as usize;
    let greatest: BigInt = BigInt::from((1_u32 << 24) - 1) << 264;
    let greatest = greatest.pow(power_of_terms);
    let limit = BigInt::from(finite) << (288 * power_of_terms);
    if !(sum % (BigInt::one() << unit)).is_zero() || finite < 0 {
        return Some(false);
    }
    let size = sum.abs();
    if size <= &greatest * finite {
        return Some(true);
    }
    // A double holds 53 bits.
    if size > &limit + (&limit >> 50) { Some(false) } else { None }
}

fn check_asked<const D: usize, const L: i32, const P: i32>(digits: &[i64], terms: i64) {
    let sum = integer(digits);
    let words = exact::<D, L, P>(digits);
    let possible = words.check(terms).is_ok();
    if let Some(expected) = is_possible(&sum, L, P as u32, terms) {
        assert_eq!(possible, expected, "{sum} of {terms}");
    }
    let not_negative = possible && !sum.is_negative();
    assert_eq!(words.check_not_negative(terms).is_ok(), not_negative, "{sum} of {terms}");
    let errors = [words.check(terms).err(), words.check_not_negative(terms).err()];
    assert!(errors.into_iter().flatten().all(|error| error == Error::Totals));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_words_have_the_right_value(
        digits in any_digits(12),
        squares in any_digits(20),
        count in 1..=i64::MAX,
    ) {
        check_value::<12, -160, 1>(&digits, count);
        check_value::<20, -320, 2>(&squares, count);
    }

    #[test]
    fn any_words_become_canonical(
        digits in any_digits(12),
        more in any_digits(12),
        squares in any_digits(20),
        more_squares in any_digits(20),
    ) {
        check_canonical::<12, -160, 1>(&digits, &more);
        check_canonical::<20, -320, 2>(&squares, &more_squares);
    }

    #[test]
    fn sums_that_cannot_be_are_found(
        digits in any_digits(12),
        squares in any_digits(20),
        terms in any::<i64>(),
        few in 0_i64..5,
    ) {
        for terms in [terms, few] {
            check_asked::<12, -160, 1>(&digits, terms);
            check_asked::<20, -320, 2>(&squares, terms);
        }
    }
}

#[test]
fn the_limits_of_what_a_sum_can_be_are_exact() {
    for terms in [0, 1, 2, 3, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 62, i64::MAX] {
        for of in -2..=2 {
            for bits in [0, 10, 11, 12, 21, 22, 23, 288, 500] {
                for sign in [1, -1] {
                    let more = BigInt::from(of) << bits;
                    let sum = ((BigInt::from(terms) << 288) + &more) * sign;
                    check_asked::<12, -160, 1>(&canonical(sum, 12), terms);
                    let sum = ((BigInt::from(terms) << 576) + more) * sign;
                    check_asked::<20, -320, 2>(&canonical(sum, 20), terms);
                }
            }
        }
    }
}

#[test]
fn as_many_of_the_greatest_floats_are_a_sum_and_more_are_not() {
    let mut sum = ExactSum::default();
    let mut squares = ExactSquares::default();
    for terms in 1..100 {
        sum.add(-f32::MAX);
        squares.add(f32::MAX);
        assert_eq!((sum.check(terms), sum.check(terms - 1)), (Ok(()), Err(Error::Totals)));
        let of_squares = [terms, terms - 1].map(|terms| squares.check_not_negative(terms));
        assert_eq!(of_squares, [Ok(()), Err(Error::Totals)]);
        assert_eq!(sum.check_not_negative(terms), Err(Error::Totals));
    }
}

#[test]
fn terms_that_are_not_finite_are_no_more_than_all() {
    let with = |nan, positive_infinity, negative_infinity| ExactSum {
        nan,
        positive_infinity,
        negative_infinity,
        ..ExactSum::default()
    };
    for (sum, terms, possible) in [
        (with(0, 0, 0), 0, true),
        (with(1, 2, 3), 6, true),
        (with(1, 2, 3), 5, false),
        (with(-1, 2, 3), 9, false),
        (with(1, -2, 3), 9, false),
        (with(1, 2, -3), 9, false),
        (with(i64::MAX, i64::MAX, 2), i64::MAX, false),
        (with(i64::MAX, 0, 0), i64::MAX, true),
        (with(i64::MIN, 0, 0), i64::MAX, false),
        (with(0, 0, 0), -1, false),
        (with(0, 0, 0), i64::MIN, false),
    ] {
        assert_eq!(sum.check(terms).is_ok(), possible, "{sum:?} of {terms}");
    }
    assert_eq!(with(0, 1, 0).check_not_negative(1), Ok(()));
    assert_eq!(with(0, 0, 1).check_not_negative(1), Err(Error::Totals));
    // The terms that are not finite leave no room for the finite ones.
    let mut sum = with(1, 1, 0);
    sum.add(1.5);
    assert_eq!([2, 3].map(|terms| sum.check(terms).is_ok()), [false, true]);
}
