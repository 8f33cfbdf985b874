//! Histograms of few bins and counts of any size, up to what the words hold: the certified bounds against the best and
//! the worst order inside the bins.

use crate::binning::{Binning, U8, U16};
use crate::buffer::Buffer;
use crate::input::{Input, Layout};
use crate::metrics::Ranking;
use crate::node::{Node, State};
use crate::source::Source;
use hyla::capi::ranking::*;

/// How far the oracle itself may be from the truth, as a share of it.
const WITHIN: f64 = 1.0e-9;

/// Counts are about two to the power of one of these: bounds are made in another way from 64 anomalies on, and doubles
/// lose units from 2^53 on.
const SIZES: [u32; 10] = [0, 3, 6, 8, 10, 20, 40, 53, 56, 59];

/// Fills some bins by adding a pixel's words many times over, as merging does.
pub fn check(source: &mut Source) {
    let Some(binning) = Binning::any(source) else { return };
    if binning.rule == U8 || binning.rule == U16 {
        return;
    }
    let node = Ranking { binning: &binning };
    let mut state = State::new(binning.words);
    for _ in 0..1 + source.below(5) {
        let mut input = Input::of(&mut Source::new(&[]), 1, Layout::compact(1), false);
        input.values = Buffer::new(0, &[source.floats(1)[0]]);
        input.targets = Some(Buffer::new(0, &[source.any::<u8>() & 1]));
        (input.valid, input.weights) = (None, None);
        let mut one = State::new(binning.words);
        assert_eq!(node.update(&input, input.whole(), &mut one), 0);
        let times = (1_i64 << source.pick(&SIZES)) + i64::from(source.any::<u8>());
        for (to, word) in state.words.iter_mut().zip(one.words.iter()) {
            *to = to.wrapping_add(word.wrapping_mul(times));
        }
    }
    let mut report = core::mem::MaybeUninit::<hyla_ranking_report>::uninit();
    // SAFETY: the words are those of the binning.
    let status = unsafe { hyla_ranking_values(&binning.of_c, state.at(0), binning.words, report.as_mut_ptr()) };
    assert!(status >= 0, "status {status}");
    // SAFETY: it was written.
    let report = unsafe { report.assume_init() };
    let bins = (binning.words - 6) / 2 - 1;
    let (normal, anomalies) = (&state.words[..bins], &state.words[bins + 1..2 * bins + 1]);
    if report.anomalies == 0 {
        return;
    }
    let (mut hits, mut misses) = (0_i64, 0_i64);
    let (mut worst, mut best) = (0.0, 0.0);
    for (p, n) in anomalies.iter().zip(normal).rev() {
        worst += all_behind(*p, hits, misses + n);
        best += *p as f64 * ((hits + p) as f64 / ((hits + p) as f64 + misses as f64).max(1.0));
        (hits, misses) = (hits + p, misses + n);
    }
    let (worst, best) = (worst / hits as f64, best / hits as f64);
    let (low, high) = (report.average_precision_lo, report.average_precision_hi);
    assert!(low <= worst * (1.0 + WITHIN), "average precision is not below {low:e}, but can be {worst:e}");
    assert!(high >= best * (1.0 - WITHIN), "average precision is not above {high:e}, but can be {best:e}");
}

/// `sum of (A + j) / (A + j + C)` over j from 1 to p: a thousand terms one by one, and the others by their integral.
fn all_behind(p: i64, above: i64, misses: i64) -> f64 {
    const SINGLE: i64 = 1000;
    let precision = |j: f64| (above as f64 + j) / (above as f64 + j + misses as f64);
    let mut sum: f64 = (1..=p.min(SINGLE)).map(|j| precision(j as f64)).sum();
    let (mut start, end) = (SINGLE as f64 + 0.5, p as f64 + 0.5);
    while start < end {
        let next = (2.0 * start).min(end);
        sum += (next - start) * gauss(|share| precision(start + share * (next - start)));
        start = next;
    }
    sum
}

/// The mean of a smooth function over 0 to 1, by the rule of Gauss and Legendre with five points.
fn gauss(function: impl Fn(f64) -> f64) -> f64 {
    let root = |sign: f64| (5.0 + sign * 2.0 * (10.0_f64 / 7.0).sqrt()).sqrt() / 3.0;
    let weight = |sign: f64| (322.0 + sign * 13.0 * 70.0_f64.sqrt()) / 1800.0;
    let pair = |sign: f64| {
        let away = 0.5 * root(-sign);
        weight(sign) * (function(0.5 - away) + function(0.5 + away))
    };
    128.0 / 450.0 * function(0.5) + pair(1.0) + pair(-1.0)
}
