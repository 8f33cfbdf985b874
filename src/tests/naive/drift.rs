//! Distances of two samples by sorting them, and of two histograms by their definitions, in f64.

use std::vec::Vec;

/// What two sorted samples (no NaN) say.
pub struct Exact {
    pub ks: f64,
    pub wasserstein: f64,
}

/// Shares are compared as integers, over the product of the sizes: what is equal is equal.
pub fn exact(now: &[f32], reference: &[f32]) -> Exact {
    let (n, m) = (now.len() as i128, reference.len() as i128);
    let mut steps: Vec<(f64, i128)> = now.iter().map(|score| (f64::from(*score), m)).collect();
    steps.extend(reference.iter().map(|score| (f64::from(*score), -n)));
    steps.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap());
    let (mut apart, mut ks, mut wasserstein) = (0_i128, 0, 0.0);
    let mut last = f64::NEG_INFINITY;
    for tie in steps.chunk_by(|a, b| a.0 == b.0) {
        if apart != 0 {
            wasserstein += apart.abs() as f64 * (tie[0].0 - last);
        }
        apart += tie.iter().map(|(_, step)| step).sum::<i128>();
        ks = apart.abs().max(ks);
        last = tie[0].0;
    }
    let whole = (n * m) as f64;
    Exact { ks: ks as f64 / whole, wasserstein: wasserstein / whole }
}

/// The divergence of Jensen and Shannon of two histograms.
pub fn jensen_shannon(now: &[i64], reference: &[i64]) -> f64 {
    let [n, m] = [now, reference].map(|counts| counts.iter().sum::<i64>() as f64);
    let half = |share: f64, middle: f64| {
        if share == 0.0 { 0.0 } else { 0.5 * share * (share / middle).ln() }
    };
    let terms = now.iter().zip(reference).map(|(a, b)| {
        let (p, q) = (*a as f64 / n, *b as f64 / m);
        half(p, 0.5 * (p + q)) + half(q, 0.5 * (p + q))
    });
    terms.sum()
}

/// The population stability index over groups, of which those that are empty on both sides count for nothing.
pub fn psi(now: &[i64], reference: &[i64]) -> f64 {
    let [n, m] = [now, reference].map(|counts| counts.iter().sum::<i64>() as f64);
    let groups = now.iter().zip(reference).filter(|(a, b)| **a != 0 || **b != 0);
    let terms = groups.map(|(a, b)| {
        let (p, q) = ((*a as f64).max(0.5) / n, (*b as f64).max(0.5) / m);
        (p - q) * (p / q).ln()
    });
    terms.sum()
}

/// Merges neighbouring bins into groups: bins up to which k / groups of the reference lie end one.
pub fn merged(counts: &[i64], reference: &[i64], groups: u32) -> Vec<i64> {
    let m: i64 = reference.iter().sum();
    let passed = |below: i64| i128::from(below) * i128::from(groups) / i128::from(m);
    let (mut found, mut below, mut before) = (std::vec![0], 0, 0);
    for (count, of_reference) in counts.iter().zip(reference) {
        *found.last_mut().unwrap() += count;
        below += of_reference;
        if below < m && passed(below) > before {
            before = passed(below);
            found.push(0);
        }
    }
    found
}
