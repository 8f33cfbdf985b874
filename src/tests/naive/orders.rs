//! Orders of very many pixels by rational numbers: precisions, pairs and F1, with bounds on either side.

use super::brackets::{Bracket, fraction, logarithm};
use num_bigint::BigInt;
use num_traits::Zero;
use std::vec::Vec;

/// The sum of the precisions of p anomalies behind A others and Q normal pixels.
///
/// The first ones are summed one by one. From some M on, 1/m is 2 atanh(1 / 2m) - 1 / (12 m^3) - t with t from 0 to
/// 1 / (79 m^5). The sum of the first is a logarithm. m^-3 is the integral of x^-3 over the unit around m, times
/// (1 - 1 / (4 m^2))^2: the sum of it is that integral, I, times 1 - 1 / (2 M^2) to 1.
pub fn least_of(above: i64, misses: i64, anomalies: i64) -> Bracket {
    const SMALL: i64 = 1 << 14;
    let [above, misses] = [above, misses].map(BigInt::from);
    if misses.is_zero() {
        return BigInt::from(anomalies).into();
    }
    let first = anomalies.min(200);
    let small = BigInt::from(SMALL) - &above - &misses;
    let one_by_one = i64::try_from(&small).unwrap_or(0).clamp(first, anomalies);
    let mut sum = Bracket::zero();
    for j in 1..=one_by_one {
        let hits = &above + j;
        sum = sum + fraction(&hits, &(&hits + &misses));
    }
    let rest = BigInt::from(anomalies - one_by_one);
    if rest.is_zero() {
        return sum;
    }
    let m: BigInt = above + one_by_one + &misses;
    let [a, b] = [2 * &m + 1, 2 * (&m + &rest) + 1];
    // I = (1 / a^2 - 1 / b^2) / 2 of halves a and b.
    let integral = fraction(&(2 * (&b * &b - &a * &a)), &(&a * &a * &b * &b));
    let square: BigInt = &m * &m;
    let cubes = integral.clone().over(&12.into());
    let mut reciprocals = logarithm(&b, &a) - cubes;
    reciprocals.high += integral.clone().over(&(24 * &square)).high;
    reciprocals.low -= integral.over(&(79 * &square)).high;
    sum + Bracket::from(rest) - reciprocals.times(&misses)
}

/// What the bound of many anomalies is before it is rounded: the logarithm alone.
pub fn formula_of(above: i64, misses: i64, anomalies: i64) -> Bracket {
    if anomalies <= 64 {
        return least_of(above, misses, anomalies);
    }
    let m = BigInt::from(above) + misses;
    let [a, b]: [BigInt; 2] = [2 * &m + 1, 2 * (m + anomalies) + 1];
    Bracket::from(BigInt::from(anomalies)) - logarithm(&b, &a).times(&misses.into())
}

/// Numbers of anomalies and normal pixels, from the highest score down; those of one place are tied.
pub struct Order(pub Vec<[i64; 2]>);

impl Order {
    /// A call for each place with what lies above it.
    pub fn for_each(&self, mut see: impl FnMut([i64; 2], [i64; 2])) {
        let mut above = [0; 2];
        for tied in &self.0 {
            see(*tied, above);
            above = [above[0] + tied[0], above[1] + tied[1]];
        }
    }

    pub fn all(&self) -> [i64; 2] {
        self.0.iter().fold([0; 2], |all, tied| [all[0] + tied[0], all[1] + tied[1]])
    }

    /// Average precision times P.
    pub fn precisions(&self) -> Bracket {
        let mut sum = Bracket::zero();
        self.for_each(|[anomalies, normal], [hits, misses]| {
            let [hits, misses] = [hits, misses].map(BigInt::from);
            let hits = hits + anomalies;
            let decided = &hits + misses + normal;
            if anomalies != 0 {
                sum = sum.clone() + fraction(&(BigInt::from(anomalies) * hits), &decided);
            }
        });
        sum
    }

    /// Twice the pairs in the right order, and how many pairs there are twice.
    pub fn pairs(&self) -> [BigInt; 2] {
        let [anomalies, normal] = self.all().map(BigInt::from);
        let mut right = BigInt::zero();
        self.for_each(|[found, tied], [_, misses]| {
            right += (2 * (&normal - misses - tied) + tied) * found;
        });
        [right, 2 * anomalies * normal]
    }

    /// The greatest F1 of a place.
    pub fn f1(&self) -> Bracket {
        let mut best = Bracket::zero();
        let anomalies = BigInt::from(self.all()[0]);
        self.for_each(|[found, tied], [hits, misses]| {
            let hits = BigInt::from(hits) + found;
            let f1 = fraction(&(2 * &hits), &(&anomalies + &hits + misses + tied));
            if f1.low > best.low {
                best = f1;
            }
        });
        best
    }
}
