//! Measures the elementary functions over all 2^32 floats, on every tier of this machine.
//!
//! ```text
//! cargo run --release --features scalar --example sweep -- [OPTIONS]
//!     --step N  --tier NAME  --function NAME
//! ```
//!
//! `--step N` takes every N-th bit pattern. The program fails when a bound of `hyla::measured` is
//! exceeded, when two tiers differ in a bit, or when nothing was swept. The reference is the
//! standard library's `f64` arithmetic, which is good to 2^-52: far below a hundredth of an ulp.

#![allow(clippy::indexing_slicing, clippy::expect_used, reason = "no part of the library")]

use hyla::measured::Elementary;
use hyla::simd::{self, Tier};
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use std::thread;

/// The input patterns that one round handles on all tiers.
const ROUND: usize = 1 << 20;

/// What a function is compared with.
fn reference(function: Elementary) -> fn(f64) -> f64 {
    match function {
        Elementary::Exp => f64::exp,
        Elementary::Ln => f64::ln,
        Elementary::Log1p => f64::ln_1p,
        Elementary::Softplus | Elementary::LogisticSoftplus => softplus,
        Elementary::Sigmoid | Elementary::LogisticSigmoid => sigmoid,
    }
}

fn softplus(z: f64) -> f64 {
    if z.is_nan() { z } else { z.max(0.0) + (-z.abs()).exp().ln_1p() }
}

fn sigmoid(z: f64) -> f64 {
    let e = (-z.abs()).exp();
    if z < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// An error and where it is.
#[derive(Clone, Copy, Default)]
struct Worst {
    error: f64,
    input: f32,
}

impl Worst {
    fn note(&mut self, other: Self) {
        if other.error > self.error {
            *self = other;
        }
    }
}

/// What was found about one function.
#[derive(Clone, Default)]
struct Findings {
    /// In ulps of the true result.
    normal: Worst,
    /// In units of 2^-149.
    subnormal: Worst,
    /// Bits that differ from the first tier, by tier.
    differences: Vec<u64>,
}

impl Findings {
    fn new(tiers: usize) -> Self {
        Self { differences: vec![0; tiers], ..Self::default() }
    }

    fn note(&mut self, input: f32, got: f32, truth: f64) {
        let smallest = f64::from(f32::MIN_POSITIVE);
        let error = error(got, truth);
        let worst = if truth.abs() < smallest { &mut self.subnormal } else { &mut self.normal };
        worst.note(Worst { error, input });
    }

    fn merge(&mut self, other: &Self) {
        self.normal.note(other.normal);
        self.subnormal.note(other.subnormal);
        for (sum, more) in self.differences.iter_mut().zip(&other.differences) {
            *sum += more;
        }
    }

    fn is_within(&self, bound: f64) -> bool {
        self.normal.error <= bound
            && self.subnormal.error <= Elementary::SUBNORMAL_MAX_UNITS
            && self.differences.iter().all(|count| *count == 0)
    }
}

/// The error in units of the spacing of `f32` at the true result. A NaN or an infinity out of
/// place is an infinite error; overflow counts as the power of two after the greatest float.
fn error(got: f32, truth: f64) -> f64 {
    const OVERFLOW: f64 = (1_u128 << 127) as f64 * 2.0;
    if got.is_nan() || truth.is_nan() {
        return if got.is_nan() && truth.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if truth.is_infinite() {
        return if f64::from(got) == truth { 0.0 } else { f64::INFINITY };
    }
    let truth = truth.clamp(-OVERFLOW, OVERFLOW);
    let got = f64::from(got).clamp(-OVERFLOW, OVERFLOW);
    let exponent = ((truth.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    (got - truth).abs() / 2_f64.powi(exponent.clamp(-126, 127) - 23)
}

/// The buffers of one thread: its share of a round.
struct Share {
    inputs: Vec<f32>,
    truths: Vec<f64>,
    first: Vec<f32>,
    outputs: Vec<f32>,
    findings: Findings,
}

impl Share {
    fn new(tiers: usize) -> Self {
        Self {
            inputs: Vec::new(),
            truths: Vec::new(),
            first: Vec::new(),
            outputs: Vec::new(),
            findings: Findings::new(tiers),
        }
    }

    fn begin(&mut self, patterns: impl Iterator<Item = u32>, function: Elementary) {
        self.inputs.clear();
        self.inputs.extend(patterns.map(f32::from_bits));
        self.truths.clear();
        let reference = reference(function);
        self.truths.extend(self.inputs.iter().map(|x| reference(f64::from(*x))));
        self.outputs.resize(self.inputs.len(), 0.0);
    }

    /// On the tier that is pinned; `index` is 0 for the first tier.
    fn sweep(&mut self, function: Elementary, index: usize) {
        function.apply(&self.inputs, &mut self.outputs).expect("as many outputs as inputs");
        if index == 0 {
            self.first.clone_from(&self.outputs);
        }
        for (i, got) in self.outputs.iter().enumerate() {
            let first = self.first[i];
            let same = got.to_bits() == first.to_bits() || (got.is_nan() && first.is_nan());
            if !same {
                self.findings.differences[index] += 1;
            }
            // The same bits have the same error.
            if index == 0 || !same {
                self.findings.note(self.inputs[i], *got, self.truths[i]);
            }
        }
    }
}

/// Sweeps one function. The tier is one for the whole process, so the threads go through a
/// round's tiers together.
fn sweep(function: Elementary, step: u64, tiers: &[Tier], shares: &mut [Share], bar: &ProgressBar) {
    let patterns = (1_u64 << 32).div_ceil(step);
    let part = ROUND as u64;
    let mut next = 0;
    while next < patterns {
        thread::scope(|scope| {
            for (i, share) in shares.iter_mut().enumerate() {
                let from = (next + i as u64 * part).min(patterns);
                let to = (from + part).min(patterns);
                scope.spawn(move || {
                    share.begin((from..to).map(|index| (index * step) as u32), function);
                });
            }
        });
        for (index, tier) in tiers.iter().enumerate() {
            simd::pin(Some(*tier)).expect("only available tiers are swept");
            thread::scope(|scope| {
                for share in shares.iter_mut() {
                    scope.spawn(move || share.sweep(function, index));
                }
            });
        }
        next += part * shares.len() as u64;
        bar.inc((part * shares.len() as u64).min(patterns));
    }
}

struct Options {
    step: u64,
    tiers: Vec<Tier>,
    functions: Vec<Elementary>,
}

fn options(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { step: 1, tiers: Tier::ALL.to_vec(), functions: Elementary::ALL.to_vec() };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        match argument.as_str() {
            "--step" => {
                options.step = value.parse().map_err(|_| format!("{value} is no step"))?;
                if options.step == 0 {
                    return Err("the step must be at least 1".into());
                }
            }
            "--tier" => {
                options.tiers.retain(|tier| tier.name() == value);
                if options.tiers.is_empty() {
                    return Err(format!("{value} is no tier"));
                }
            }
            "--function" => {
                options.functions.retain(|function| function.name() == value);
                if options.functions.is_empty() {
                    return Err(format!("{value} is no function"));
                }
            }
            _ => return Err(format!("unknown option {argument}")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let Options { step, mut tiers, functions } = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            eprintln!("usage: sweep [--step N] [--tier NAME] [--function NAME]");
            return ExitCode::from(2);
        }
    };
    tiers.retain(|tier| {
        if !tier.is_available() {
            println!("skipped: this machine lacks the tier {}", tier.name());
        }
        tier.is_available()
    });
    if tiers.is_empty() {
        eprintln!("no tier was swept");
        return ExitCode::FAILURE;
    }

    let threads = thread::available_parallelism().map_or(1, usize::from);
    let patterns = (1_u64 << 32).div_ceil(step);
    // Draws nothing where standard error is no terminal.
    let bar = ProgressBar::new(patterns * functions.len() as u64);
    let template = "{msg:18} {wide_bar} {percent:>3} %  {elapsed_precise} / {duration_precise}";
    bar.set_style(ProgressStyle::with_template(template).expect("the template is valid"));

    let mut rows = Vec::new();
    for function in functions {
        bar.set_message(function.name());
        let mut shares: Vec<_> = (0..threads).map(|_| Share::new(tiers.len())).collect();
        sweep(function, step, &tiers, &mut shares, &bar);
        let mut findings = Findings::new(tiers.len());
        shares.iter().for_each(|share| findings.merge(&share.findings));
        rows.push((function, findings));
    }
    let seconds = bar.elapsed().as_secs_f64();
    bar.finish_and_clear();

    println!("{patterns} inputs a function, {threads} threads, {seconds:.0} s");
    println!("ulps of the true result; subnormal results in units of 2^-149");
    print!("{:18} {:>6} {:>7} {:>14} {:>10} {:>9}", "function", "bound", "worst", "at", "bits", "subnormal");
    let first = tiers.first().map_or("", |tier| tier.name());
    println!("  bits other than {first}'s");
    let mut all_within = true;
    for (function, findings) in rows {
        let (name, bound) = (function.name(), function.max_ulp());
        let Worst { error, input } = findings.normal;
        let subnormal = findings.subnormal.error;
        print!("{name:18} {bound:>6} {error:>7.4} {input:>14.7e} {:#010x} {subnormal:>9.4} ", input.to_bits());
        for (tier, count) in tiers.iter().zip(&findings.differences).skip(1) {
            print!(" {} {count}", tier.name());
        }
        let within = findings.is_within(bound);
        println!("{}", if within { "" } else { "  FAILED" });
        all_within &= within;
    }
    if all_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
