//! The operations of vectors of doubles, against those of one double: the same bits on every tier
//! and for every width.

use super::for_each_tier;
use crate::simd::{self, Doubles, Kernel, Lanes, Mask, Simd, vectors, vectors_mut};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

type OfTwo = fn(f64, f64) -> f64;

/// What is computed of two doubles.
const OPERATIONS: [(&str, OfTwo); 7] = [
    ("a / b", |a, b| a / b),
    ("sqrt a", |a, _| a.sqrt()),
    ("a < b", |a, b| if a < b { a } else { b }),
    ("not a < b", |a, b| if a < b { b } else { a }),
    ("a < b and a < 1", |a, b| if a < b && a < 1.0 { a } else { b }),
    ("a < b or a < 1", |a, b| if a < b || a < 1.0 { a } else { b }),
    ("any a < b", |_, _| f64::NAN),
];

/// Which vectors compute.
#[derive(Clone, Copy, Debug)]
enum Width {
    Register,
    Lanes,
    Sixteen,
}

struct Compute<'a> {
    width: Width,
    operation: usize,
    a: &'a [f64],
    b: &'a [f64],
    to: &'a mut [f64],
}

impl Kernel for Compute<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.width {
            Width::Register => compute::<<S::Register as Lanes>::Doubles>(simd, self),
            Width::Lanes => compute::<<S::Lanes as Lanes>::Doubles>(simd, self),
            Width::Sixteen => compute::<<S::Sixteen as Lanes>::Doubles>(simd, self),
        }
    }
}

#[inline(always)]
fn compute<D: Doubles>(simd: D::Simd, Compute { operation, a, b, to, .. }: Compute) {
    let (a, b): (&[D::Values], &[D::Values]) = (vectors(a), vectors(b));
    for ((a, b), to) in a.iter().zip(b).zip(vectors_mut::<D::Values, f64>(to)) {
        let (a, b) = (D::from_values(simd, a), D::from_values(simd, b));
        let (is_less, is_small) = (a.lt(b), a.lt(D::splat(simd, 1.0)));
        let result = match operation {
            0 => a / b,
            1 => a.sqrt(),
            2 => D::select(is_less, a, b),
            3 => D::select(!is_less, a, b),
            4 => D::select(is_less & is_small, a, b),
            5 => D::select(is_less | is_small, a, b),
            _ => D::splat(simd, f64::from(u8::from(is_less.any()))),
        };
        *to = result.to_values();
    }
}

/// The bits of a double, all NaNs the same.
fn bits(double: f64) -> u64 {
    if double.is_nan() { f64::NAN.to_bits() } else { double.to_bits() }
}

/// Pairs as many as fill the widest vector once or more.
fn check(pairs: &[(f64, f64)]) {
    let count = pairs.len().next_multiple_of(64);
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().cycle().take(count).unzip();
    for_each_tier(|tier| {
        for width in [Width::Register, Width::Lanes, Width::Sixteen] {
            for (operation, (name, of_one)) in OPERATIONS.iter().enumerate() {
                let mut found = vec![0.5; count];
                let (a, b) = (&a, &b);
                simd::run(Compute { width, operation, a, b, to: &mut found });
                if *name == "any a < b" {
                    check_any(a, b, &found);
                    continue;
                }
                for ((a, b), found) in a.iter().zip(b).zip(&found) {
                    let truth = of_one(*a, *b);
                    let same = bits(*found) == bits(truth);
                    assert!(same, "{name} of {a:e}, {b:e}: {found:e}, {width:?}, {tier:?}");
                }
            }
        }
    });
}

/// Vectors are whole, of 1 to 64 lanes: each says whether one of its lanes is less.
fn check_any(a: &[f64], b: &[f64], found: &[f64]) {
    let is_less: Vec<bool> = a.iter().zip(b).map(|(a, b)| a < b).collect();
    let is_right = |lanes: &usize| {
        let mut parts = is_less.chunks(*lanes).zip(found.chunks(*lanes));
        parts.all(|(is_less, found)| {
            let any = f64::from(u8::from(is_less.contains(&true)));
            found.iter().all(|found| *found == any)
        })
    };
    assert!([1, 4, 8, 16, 32, 64].iter().any(is_right), "any of {a:?}, {b:?}: {found:?}");
}

#[test]
fn special_values() {
    let numbers = [
        0.0,
        f64::from_bits(1),
        f64::MIN_POSITIVE,
        1.0,
        2.0,
        3.0,
        1.0 - f64::EPSILON,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
    ];
    let signed: Vec<f64> = numbers.iter().flat_map(|number| [*number, -number]).collect();
    let pairs: Vec<_> = signed.iter().flat_map(|a| signed.iter().map(|b| (*a, *b))).collect();
    check(&pairs);
}

/// One lane differs from the others, wherever it is.
#[test]
fn each_lane_is_by_itself() {
    for lane in 0..64 {
        let pairs: Vec<_> = (0..64).map(|other| (2.0, if other == lane { 3.0 } else { 1.0 })).collect();
        check(&pairs);
    }
}

proptest! {
    #[test]
    fn any_doubles(doubles in proptest::collection::vec(any::<[u64; 2]>(), 64), near in 0_u64..4) {
        let pair = |[a, b]: &[u64; 2]| (f64::from_bits(*a), f64::from_bits(*b));
        check(&doubles.iter().map(pair).collect::<Vec<_>>());
        // Of one size, so that quotients and comparisons are close.
        let low = 0xf_ffff_ffff_ffff >> (16 * near);
        let close = |bits: &u64| f64::from_bits(1.5_f64.to_bits() ^ (bits & low));
        let pair = |[a, b]: &[u64; 2]| (close(a), close(b));
        check(&doubles.iter().map(pair).collect::<Vec<_>>());
    }
}
