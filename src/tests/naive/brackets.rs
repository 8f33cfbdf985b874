//! Numbers between two integers over `2^BITS`: sums of fractions and logarithms of which nothing is rounded unseen.

use num_bigint::BigInt;
use num_traits::{One, Zero};
use std::ops::{Add, Sub};

/// Enough for quotients of pairs of counts, and for floats of any size beside them.
pub const BITS: i32 = 320;

/// A number that is not below `low` and not above `high`, both over `2^BITS`.
#[derive(Clone, Debug)]
pub struct Bracket {
    pub low: BigInt,
    pub high: BigInt,
}

/// A float that is not negative, over `2^BITS`: exactly.
pub fn scaled(float: f64) -> BigInt {
    if float == 0.0 {
        return BigInt::zero();
    }
    assert!(float > 0.0 && float.is_normal(), "{float}");
    let exponent = (float.to_bits() >> 52) as i32 - 1075 + BITS;
    let mantissa = BigInt::from((float.to_bits() & ((1 << 52) - 1)) | (1 << 52));
    let bits = if exponent < 0 { mantissa >> -exponent } else { mantissa << exponent };
    assert!(exponent > -52 && (exponent >= 0 || float < 1e-80), "{float} is not that small");
    bits
}

/// A fraction of numbers that are not negative.
pub fn fraction(part: &BigInt, whole: &BigInt) -> Bracket {
    let (part, one): (BigInt, BigInt) = (part << BITS, BigInt::one());
    Bracket { low: &part / whole, high: (part + whole - one) / whole }
}

impl From<BigInt> for Bracket {
    fn from(integer: BigInt) -> Self {
        let scaled = integer << BITS;
        Self { low: scaled.clone(), high: scaled }
    }
}

impl Add for Bracket {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }
}

impl Sub for Bracket {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { low: self.low - other.high, high: self.high - other.low }
    }
}

impl Bracket {
    pub fn zero() -> Self {
        BigInt::zero().into()
    }

    /// Times an integer that is not negative.
    pub fn times(self, factor: &BigInt) -> Self {
        Self { low: self.low * factor, high: self.high * factor }
    }

    /// The product of numbers that are not negative.
    pub fn product(&self, other: &Self) -> Self {
        let one = BigInt::one();
        Self { low: (&self.low * &other.low) >> BITS, high: ((&self.high * &other.high) >> BITS) + one }
    }

    /// Over a positive integer.
    pub fn over(self, divisor: &BigInt) -> Self {
        Self { low: self.low / divisor, high: self.high / divisor + BigInt::one() }
    }
}

/// `ln(larger / smaller)` of positive integers: that is k ln 2 + 2 atanh(z), of a z up to 1/3.
pub fn logarithm(larger: &BigInt, smaller: &BigInt) -> Bracket {
    assert!(larger >= smaller && *smaller > BigInt::zero());
    let mut doublings = (larger.bits() - smaller.bits()) as u32;
    if smaller << doublings > *larger {
        doublings -= 1;
    }
    let reduced: BigInt = smaller << doublings;
    let rest = twice_atanh(&fraction(&(larger - &reduced), &(larger + &reduced)));
    let of_two = twice_atanh(&fraction(&BigInt::one(), &BigInt::from(3)));
    rest + of_two.times(&doublings.into())
}

/// The series z + z^3/3 + ... twice. What comes from a power on is at most 9/8 of it.
fn twice_atanh(z: &Bracket) -> Bracket {
    let square = z.product(z);
    let (mut sum, mut power) = (Bracket::zero(), z.clone());
    for k in 0..110 {
        sum = sum + power.clone().over(&BigInt::from(2 * k + 1));
        power = power.product(&square);
    }
    sum.high += power.high * 2;
    sum.times(&BigInt::from(2))
}

#[test]
fn logarithms_are_those_of_the_platform() {
    for (larger, smaller) in [(2_u64, 1_u64), (1 << 62, 3), (1_000_001, 1_000_000), (7, 7), (3, 2)] {
        let Bracket { low, high } = logarithm(&larger.into(), &smaller.into());
        let truth = ((larger - smaller) as f64 / smaller as f64).ln_1p();
        assert!(low <= high && &high - &low < BigInt::one() << 20);
        let apart = (&low - scaled(truth)).magnitude().clone();
        assert!(BigInt::from(apart) <= scaled(truth) >> 50, "{larger} / {smaller}");
    }
}
