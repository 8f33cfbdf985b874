//! Checks the bounds of the ranking histograms in random cases, and measures how far they are apart.
//!
//! ```text
//! cargo run --release --example enclosures -- [--cases N]
//! ```
//!
//! Each of N cases (10 000) has scores of a distribution, from one pixel to thousands, some with ties, some with a
//! single anomaly, and goes through every binning. The program fails where the exact average precision, ROC-AUC or
//! greatest F1, from all scores sorted, is outside of the bounds. (In a seventh of the cases all scores are equal. The
//! bounds are then as far apart as they can be, because a histogram cannot tell a tie from an order; the mean widths
//! are those of hard cases.) A second table has four scenes of a megapixel, as detectors make them.

#![allow(clippy::indexing_slicing, clippy::expect_used, reason = "no part of the library")]

use hyla::input::{Pixels, Planes};
use hyla::metric::ranking::{self, Binning, Report, Rule};
use hyla::metric::ranking_exact;
use std::process::ExitCode;

/// A small generator of its own: every run has the same cases.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(0x1405_7b7e_f767_814f);
        let bits = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits ^ (bits >> 32)
    }

    /// Above 0, up to 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64).ceil() as usize - 1
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (core::f64::consts::TAU * self.unit()).cos()
    }
}

/// Scores of pixels and which of them are anomalies.
#[derive(Default)]
struct Scene {
    scores: Vec<f32>,
    targets: Vec<u8>,
}

impl Scene {
    fn add(&mut self, score: f64, is_anomaly: bool) {
        self.scores.push(score as f32);
        self.targets.push(u8::from(is_anomaly));
    }

    fn pixels(&self) -> Pixels<'_> {
        Pixels { scores: &self.scores, targets: Some(&self.targets), ..Pixels::default() }
    }

    fn exact(&self) -> ranking_exact::Report {
        let mut space = vec![0; ranking_exact::workspace(self.scores.len())];
        ranking_exact::report(&self.pixels(), &mut space).expect("the arrays are of one length").0
    }

    /// Scores as integers, evenly from the least to the greatest.
    fn integers(&self, greatest: f32) -> Self {
        let [least, most] = self
            .scores
            .iter()
            .fold([f32::INFINITY, f32::NEG_INFINITY], |range, score| [range[0].min(*score), range[1].max(*score)]);
        let width = if most > least { most - least } else { 1.0 };
        let round = |score: &f32| ((score - least) / width * greatest).round();
        Self { scores: self.scores.iter().map(round).collect(), targets: self.targets.clone() }
    }
}

/// A case of many: small, for the most part.
fn random_scene(random: &mut Random) -> Scene {
    let n = [3, 30, 300, 300, 3000][random.below(5)];
    let n = 1 + random.below(n);
    let prevalence = [0.0, 0.001, 0.02, 0.3, 0.9, 1.0][random.below(6)];
    let single = random.below(n);
    let (kind, scale, shift) = (random.below(7), 10_f64.powi(random.below(7) as i32 - 3), 4.0 * random.unit());
    let step = [0.0, 0.0, 0.5, 0.05][random.below(4)];
    let mut scene = Scene::default();
    for index in 0..n {
        // One anomaly at least.
        let is_anomaly = index == single || random.unit() <= prevalence;
        let shift = if is_anomaly { shift } else { 0.0 };
        let score = match kind {
            0 => random.normal() + shift,
            1 => random.unit() + 0.2 * shift,
            2 => (random.normal() + shift).exp(),
            3 => (core::f64::consts::PI * (random.unit() - 0.5)).tan() + shift,
            4 => random.normal() + shift + if random.unit() < 0.5 { 17.0 } else { -17.0 },
            5 => 1.25,
            _ => 16.0 + 0.5 * random.normal() + shift,
        };
        let score = if step > 0.0 { (score / step).round() * step } else { score * scale };
        scene.add(score, is_anomaly);
    }
    scene
}

const MEBI: usize = 1 << 20;
const SCENES: [&str; 4] = ["normal", "times 5", "RX of 60", "rare"];

/// Scores as detectors give them.
fn large_scene(name: &str, random: &mut Random) -> Scene {
    let (prevalence, shift) = if name == "rare" { (1e-4, 4.0) } else { (0.02, 3.0) };
    let mut scene = Scene::default();
    for _ in 0..MEBI {
        let is_anomaly = random.unit() <= prevalence;
        let shift = if is_anomaly { shift } else { 0.0 };
        let score = match name {
            // The squared distance of 60 bands, of which some are far off.
            "RX of 60" => {
                (0..60).map(|band| (random.normal() + if band < 10 { shift / 1.5 } else { 0.0 }).powi(2)).sum()
            }
            "times 5" => 5.0 * (random.normal() + shift),
            _ => random.normal() + shift,
        };
        scene.add(score, is_anomaly);
    }
    scene
}

/// The binnings, under the names of the C header.
fn binnings() -> Vec<(String, Rule)> {
    let mut all: Vec<(String, Rule)> = Vec::new();
    for count in [2, 50, 200, 1000, 4096] {
        all.push((format!("THRESHOLDS {count}"), Rule::Thresholds { count }));
    }
    for bins in [64, 1024, 4096, 65536] {
        let (low, high) = (-5.0, 10.0);
        all.push((format!("LINEAR {bins}, -5 to 10"), Rule::Linear { low, high, bins }));
    }
    for bits in 8..=16 {
        all.push((format!("KEY {bits}"), Rule::Key { bits }));
    }
    all.push(("U8".into(), Rule::Bytes));
    all.push(("U16".into(), Rule::Words));
    all
}

fn histograms(binning: &Binning, scene: &Scene, words: &mut [i64]) {
    words.fill(0);
    let pixels = scene.pixels();
    match binning.rule() {
        Rule::Bytes => {
            let scores: Vec<u8> = scene.scores.iter().map(|score| *score as u8).collect();
            let integers = Planes { scores: Some(scores.as_slice().into()), ..pixels.into() };
            ranking::update(binning, &integers, words)
        }
        Rule::Words => {
            let scores: Vec<u16> = scene.scores.iter().map(|score| *score as u16).collect();
            let integers = Planes { scores: Some(scores.as_slice().into()), ..pixels.into() };
            ranking::update(binning, &integers, words)
        }
        _ => ranking::update(binning, &pixels, words),
    }
    .expect("the inputs fit the binning");
}

/// Whether bounds hold a value; it is rounded itself, by up to 6 * 2^-53.
fn holds(low: f64, value: f64, high: f64) -> bool {
    let slack = 4.0 * f64::EPSILON * value;
    (low <= value + slack && value - slack <= high) || (low.is_nan() && value.is_nan())
}

fn all_hold(report: &Report, exact: &ranking_exact::Report) -> bool {
    holds(report.average_precision_lo, exact.average_precision, report.average_precision_hi)
        && holds(report.average_precision_lo, report.average_precision, report.average_precision_hi)
        && holds(report.roc_auc_lo, exact.roc_auc, report.roc_auc_hi)
        && holds(report.f1_max, exact.f1_max, report.f1_max_hi)
}

/// What was found about one binning.
#[derive(Default)]
struct Findings {
    average_precision: f64,
    roc_auc: f64,
    f1_max: f64,
    with_both: usize,
    outside: usize,
}

fn cases(count: usize) -> bool {
    println!("{count} random cases, from 1 to 3000 pixels; mean width of the bounds");
    println!("{:26}{:>8}{:>12}{:>12}{:>12}{:>9}", "binning", "KiB", "AP", "ROC-AUC", "best F1", "outside");
    let rules = binnings();
    let mut findings: Vec<Findings> = rules.iter().map(|_| Findings::default()).collect();
    let mut tables: Vec<Vec<u32>> = Vec::new();
    for (_, rule) in &rules {
        let mut table = vec![0; ranking::table_words(*rule).expect("the rule is in range")];
        Binning::new(*rule, &mut table).expect("the table is long enough");
        tables.push(table);
    }
    let mut random = Random(1);
    let mut words = vec![0; 2 * (MEBI / 16) + 8];
    for _ in 0..count {
        let scene = random_scene(&mut random);
        let exact = scene.exact();
        for (((_, rule), table), found) in rules.iter().zip(&tables).zip(&mut findings) {
            let binning = Binning::of_table(*rule, table).expect("the table was built");
            let words = &mut words[..ranking::words(&binning)];
            let (report, exact) = match rule {
                Rule::Bytes | Rule::Words => {
                    let integers = scene.integers((binning.bins() - 1) as f32);
                    histograms(&binning, &integers, words);
                    (ranking::report(&binning, words), integers.exact())
                }
                _ => {
                    histograms(&binning, &scene, words);
                    (ranking::report(&binning, words), exact)
                }
            };
            let (report, _) = report.expect("the words are of this binning");
            found.outside += usize::from(!all_hold(&report, &exact));
            found.average_precision += report.average_precision_hi - report.average_precision_lo;
            found.f1_max += report.f1_max_hi - report.f1_max;
            if report.normal > 0 {
                found.roc_auc += report.roc_auc_hi - report.roc_auc_lo;
                found.with_both += 1;
            }
        }
    }
    for (((name, rule), table), found) in rules.iter().zip(&tables).zip(&findings) {
        let binning = Binning::of_table(*rule, table).expect("the table was built");
        let bytes = 8 * ranking::words(&binning) + 4 * table.len();
        let Findings { average_precision, roc_auc, f1_max, with_both, outside } = found;
        println!(
            "{name:26}{:>8.1}{:>12.1e}{:>12.1e}{:>12.1e}{outside:>9}",
            bytes as f64 / 1024.0,
            average_precision / count as f64,
            roc_auc / *with_both as f64,
            f1_max / count as f64,
        );
    }
    count > 0 && findings.iter().all(|found| found.outside == 0)
}

fn scenes() -> bool {
    let mut random = Random(2);
    let scenes = SCENES.map(|name| large_scene(name, &mut random));
    let truths = scenes.each_ref().map(Scene::exact);
    println!("\nscenes of 1 Mi pixels; width of the bounds of AP, and error of the interleaved estimate");
    print!("{:26}", "binning");
    for (name, truth) in SCENES.iter().zip(&truths) {
        print!("{:>20}", format!("{name} ({:.3})", truth.average_precision));
    }
    println!();
    let mut all_inside = true;
    for (name, rule) in binnings().iter().filter(|(_, rule)| !matches!(rule, Rule::Bytes | Rule::Words)) {
        let mut table = vec![0; ranking::table_words(*rule).expect("the rule is in range")];
        let binning = Binning::new(*rule, &mut table).expect("the table is long enough");
        let mut words = vec![0; ranking::words(&binning)];
        print!("{name:26}");
        for (scene, truth) in scenes.iter().zip(&truths) {
            histograms(&binning, scene, &mut words);
            let (report, _) = ranking::report(&binning, &words).expect("the words are of this binning");
            all_inside &= all_hold(&report, truth);
            let width = report.average_precision_hi - report.average_precision_lo;
            let error = (report.average_precision_interleaved - truth.average_precision).abs();
            print!("{width:>11.1e}{error:>9.0e}");
        }
        println!();
    }
    all_inside
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = match &*arguments {
        [] => Some(10_000),
        [option, count] if option == "--cases" => count.parse().ok(),
        _ => None,
    };
    let Some(count) = count else {
        eprintln!("usage: enclosures [--cases N]");
        return ExitCode::from(2);
    };
    let inside = cases(count) & scenes();
    if !inside {
        eprintln!("an exact value is outside of its bounds, or there was no case");
    }
    if inside { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
