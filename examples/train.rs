//! Trains a small linear detector with several losses at once, by plain gradient descent, in the
//! two combinations that cuvis-ai's documentation names:
//!
//! ```text
//! cargo run --release --example train -- bce     binary cross-entropy + selector entropy + diversity
//! cargo run --release --example train -- iou     IoU + distinctness
//!     [CUBE.hdr MASK.hdr] [--steps N] [--rate R] [--regularise W] [--tiles N] [--cosines]
//! ```
//!
//! `examples/train.c` is the same program in C, says what is trained and what the options mean, and
//! prints the same digits: the parameters after hundreds of steps agree in every bit.

#![allow(clippy::indexing_slicing, reason = "no part of the library")]

use hyla::input::Matrix;
use hyla::input::Pixels;
use hyla::loss::{Write, bce, distinctness, iou, orthogonality, selector_diversity, selector_entropy};
use hyla::metric::confusion;
use std::error::Error;
use std::ops::Range;
use std::process::ExitCode;

#[path = "training/model.rs"]
mod model;
#[path = "training/scene.rs"]
mod scene;
use model::Model;
use scene::Scene;

type Fallible<T> = Result<T, Box<dyn Error>>;

#[derive(Clone, Copy, PartialEq)]
enum Term {
    Bce,
    Iou,
    Entropy,
    Diversity,
    Distinctness,
    Orthogonality,
}
use Term::{Bce, Distinctness, Diversity, Entropy, Iou, Orthogonality};

/// Distinctness, which needs pairs of selectors, is the last.
const ALL: [Term; 6] = [Bce, Iou, Entropy, Diversity, Orthogonality, Distinctness];

impl Term {
    fn name(self) -> &'static str {
        match self {
            Bce => "bce",
            Iou => "iou",
            Entropy => "entropy",
            Diversity => "diversity",
            Distinctness => "distinctness",
            Orthogonality => "orthogonality",
        }
    }

    fn of_scores(self) -> bool {
        matches!(self, Bce | Iou)
    }
}

struct Combination {
    name: &'static str,
    selectors: usize,
    /// The first is of the scores, the others of the selection.
    terms: &'static [Term],
    steps: usize,
    rate: f64,
}

const COMBINATIONS: [Combination; 2] = [
    Combination { name: "bce", selectors: 1, terms: &[Bce, Entropy, Diversity], steps: 1000, rate: 40.0 },
    Combination { name: "iou", selectors: 3, terms: &[Iou, Distinctness], steps: 2000, rate: 8.0 },
];

impl Model {
    fn tiles(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (pixels, tiles) = (self.scene.pixels, self.tiles);
        (0..tiles).map(move |tile| pixels * tile / tiles..pixels * (tile + 1) / tiles)
    }

    fn pixels(&self, tile: Range<usize>) -> Pixels<'_> {
        Pixels {
            scores: &self.scores[tile.clone()],
            targets: Some(&self.scene.targets[tile.clone()]),
            valid: Some(&self.scene.valid[tile]),
            ..Pixels::default()
        }
    }

    /// A loss of the scores and its gradient: every tile has totals of its own, as a thread or a
    /// rank would; merged they are the totals of the whole scene, and with these each tile gets its
    /// gradient.
    fn bce(&mut self, weight: f32, write: Write) -> Fallible<f64> {
        let params = bce::Params { weight, ..bce::Params::default() };
        let mut scene = bce::Totals::default();
        for tile in self.tiles() {
            let mut totals = bce::Totals::default();
            totals.update(&params, &self.pixels(tile))?;
            scene.merge(&totals);
        }
        let mut gradient = std::mem::take(&mut self.grad_scores);
        for tile in self.tiles() {
            let pixels = self.pixels(tile.clone());
            scene.gradient(&params, &pixels, 1.0, write, &mut gradient[tile])?;
        }
        self.grad_scores = gradient;
        Ok(scene.loss(&params)?.value)
    }

    fn iou(&mut self, weight: f32, write: Write) -> Fallible<f64> {
        let params = iou::Params { weight, ..iou::Params::default() };
        let mut scene = iou::Totals::default();
        for tile in self.tiles() {
            let mut totals = iou::Totals::default();
            totals.update(&params, &self.pixels(tile), None)?;
            scene.merge(&totals);
        }
        let mut gradient = std::mem::take(&mut self.grad_scores);
        for tile in self.tiles() {
            let pixels = self.pixels(tile.clone());
            scene.gradient(&params, None, &pixels, 1.0, write, &mut gradient[tile])?;
        }
        self.grad_scores = gradient;
        Ok(scene.loss(&params, None)?.value)
    }

    /// The loss of a term; its gradient is stored in, or added to, the tensor that it is of.
    fn loss(&mut self, term: Term, weight: f32, write: Write) -> Fallible<f64> {
        let bands = self.scene.bands;
        let selection = Matrix::new(&self.selection, self.selection.len() / bands, bands);
        let rows = self.selection.chunks(bands).zip(self.grad_selection.chunks_mut(bands));
        let mut sum = 0.0;
        match term {
            Bce => return self.bce(weight, write),
            Iou => return self.iou(weight, write),
            Entropy => {
                let params = selector_entropy::Params { weight, ..Default::default() };
                for (row, gradient) in rows {
                    sum += selector_entropy::loss_and_gradient(&params, row, 1.0, write, gradient)?.value;
                }
            }
            Diversity => {
                let params = selector_diversity::Params { weight };
                for (row, gradient) in rows {
                    sum += selector_diversity::loss_and_gradient(&params, row, 1.0, write, gradient)?.value;
                }
            }
            Distinctness => {
                let params = distinctness::Params { weight, ..Default::default() };
                let (workspace, gradient) = (&mut self.workspace, &mut self.grad_selection);
                sum = distinctness::loss_and_gradient(&params, &selection, 1.0, write, workspace, gradient)?.value;
            }
            Orthogonality => {
                let params = orthogonality::Params { weight };
                let (workspace, gradient) = (&mut self.workspace, &mut self.grad_selection);
                sum = orthogonality::loss_and_gradient(&params, &selection, 1.0, write, workspace, gradient)?.value;
            }
        }
        Ok(sum)
    }

    /// The cosines between the gradients that terms have by themselves, on what all of them reach:
    /// the logits of the selectors.
    fn cosines(&mut self, terms: &[Term]) -> Fallible<Vec<Vec<f64>>> {
        let mut gradients = Vec::new();
        for term in terms {
            self.loss(*term, 1.0, Write::Store)?;
            if term.of_scores() {
                self.backward_scores();
            }
            self.backward_selection();
            gradients.push(self.grad_logits.clone());
        }
        let cosine = |a: &Vec<f64>, b: &Vec<f64>| {
            let (mut product, mut first, mut second) = (0.0, 0.0, 0.0);
            for (a, b) in a.iter().zip(b) {
                product += a * b;
                first += a * a;
                second += b * b;
            }
            let (first, second): (f64, f64) = (first, second);
            if first > 0.0 && second > 0.0 { product / (first.sqrt() * second.sqrt()) } else { 0.0 }
        };
        Ok(gradients.iter().map(|a| gradients.iter().map(|b| cosine(a, b)).collect()).collect())
    }

    fn print_cosines(&mut self, when: &str) -> Fallible<()> {
        let pairs = self.selection.len() > self.scene.bands;
        let terms = if pairs { &ALL[..] } else { &ALL[..ALL.len() - 1] };
        let table = self.cosines(terms)?;
        print!("cosines {when:<6}");
        terms.iter().for_each(|term| print!(" {:>13}", term.name()));
        for (term, row) in terms.iter().zip(table) {
            print!("\n{:>14}", term.name());
            row.iter().for_each(|cosine| print!(" {cosine:>13.3}"));
        }
        println!();
        Ok(())
    }

    /// How well the signs of the scores match the mask.
    fn quality(&self) -> Fallible<confusion::Ratios> {
        let decisions: Vec<_> = self.scores.iter().map(|score| u8::from(*score > 0.0)).collect();
        let mut totals = confusion::Totals::default();
        let pixels = self.pixels(0..self.scene.pixels);
        totals.update(&Pixels { decisions: Some(&decisions), ..pixels })?;
        let [(pixels, _), _] = totals.values()?;
        Ok(pixels)
    }

    /// How many bands a selector uses: 1 / sum of squares, the mean over selectors.
    fn bands_in_use(&self) -> f64 {
        let rows = self.selection.chunks(self.scene.bands);
        let selectors = rows.len() as f64;
        let squares = |row: &[f32]| row.iter().fold(0.0, |sum, s| sum + f64::from(*s) * f64::from(*s));
        rows.fold(0.0, |sum, row| sum + 1.0 / squares(row)) / selectors
    }

    /// FNV-1a over the bits of what was trained: two runs that agree in it agree in every step.
    fn fingerprint(&self) -> u64 {
        let values = self.logits.iter().chain(&self.filters).chain([&self.bias]);
        values
            .flat_map(|value| value.to_bits().to_le_bytes())
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    }

    fn print_step(&mut self, terms: &[Term], step: usize, losses: &[f64], sum: f64) -> Fallible<()> {
        let (ratios, bands) = (self.quality()?, self.bands_in_use());
        let table = self.cosines(terms)?;
        print!("{step:>5}");
        losses.iter().for_each(|loss| print!(" {loss:>12.9}"));
        print!(" {sum:>12.9} {:>6.4} {:>6.4} {bands:>6.2} ", ratios.f1, ratios.iou);
        for (index, row) in table.iter().enumerate() {
            row.iter().skip(index + 1).for_each(|cosine| print!(" {cosine:>7.3}"));
        }
        println!();
        Ok(())
    }
}

struct Options {
    steps: usize,
    rate: f64,
    regularise: f32,
    cosines: bool,
}

fn train(model: &mut Model, terms: &[Term], options: &Options) -> Fallible<bool> {
    let Options { steps, rate, regularise, cosines } = *options;
    print!(" step");
    terms.iter().for_each(|term| print!(" {:>12}", term.name()));
    print!("          sum     F1    IoU  bands  cosines of");
    for (index, first) in terms.iter().enumerate() {
        terms.iter().skip(index + 1).for_each(|second| print!(" {},{}", first.name(), second.name()));
    }
    println!();

    let weight = |index: usize| if index == 0 { 1.0 } else { regularise };
    let every = steps.div_ceil(20);
    let (mut first_loss, mut sum) = (0.0, 0.0);
    let mut before = confusion::Ratios::default();
    for step in 0..=steps {
        model.forward();
        if step == 0 {
            before = model.quality()?;
        }
        if cosines && (step == 0 || step == steps) {
            model.print_cosines(if step == 0 { "before" } else { "after" })?;
        }
        if step % every == 0 || step == steps {
            let mut losses = Vec::new();
            for (index, term) in terms.iter().enumerate() {
                losses.push(model.loss(*term, weight(index), Write::Store)?);
            }
            sum = losses.iter().fold(0.0, |sum, loss| sum + loss);
            if step == 0 {
                first_loss = sum;
            }
            model.print_step(terms, step, &losses, sum)?;
        }
        if step == steps {
            break;
        }

        for (index, term) in terms.iter().enumerate() {
            let write = if index == 0 { Write::Store } else { Write::Add };
            model.loss(*term, weight(index), write)?;
            if index == 0 {
                model.backward_scores();
            }
        }
        model.backward_selection();
        for (value, slope) in model.logits.iter_mut().zip(&model.grad_logits) {
            *value -= rate * slope;
        }
        for (value, slope) in model.filters.iter_mut().zip(&model.grad_filters) {
            *value -= rate * slope;
        }
        model.bias -= rate * model.grad_bias;
    }
    let after = model.quality()?;
    println!(
        "loss {first_loss:.9} -> {sum:.9}, F1 {:.4} -> {:.4}, IoU {:.4} -> {:.4}, parameters {:016x}",
        before.f1,
        after.f1,
        before.iou,
        after.iou,
        model.fingerprint()
    );
    let good = sum < first_loss && after.f1 > before.f1 && after.iou > before.iou;
    if !good {
        println!("FAILED: the loss must fall and the metrics must rise");
    }
    Ok(good)
}

fn run() -> Fallible<bool> {
    let usage =
        "usage: train bce|iou [CUBE.hdr MASK.hdr] [--steps N] [--rate R] [--regularise W] [--tiles N] [--cosines]";
    let mut words = std::env::args().skip(1);
    let name = words.next().ok_or(usage)?;
    let combination = COMBINATIONS.iter().find(|combination| combination.name == name).ok_or(usage)?;
    let (mut files, mut tiles, mut rate) = (Vec::new(), 1, None);
    let mut options = Options { steps: combination.steps, rate: 0.0, regularise: 0.01, cosines: false };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(usage);
        match word.as_str() {
            "--steps" => options.steps = value()?.parse()?,
            "--rate" => rate = Some(value()?.parse()?),
            "--regularise" => options.regularise = value()?.parse()?,
            "--tiles" => tiles = value()?.parse()?,
            "--cosines" => options.cosines = true,
            file if !file.starts_with('-') && files.len() < 2 => files.push(word),
            _ => return Err(usage.into()),
        }
    }
    if options.steps == 0 || tiles == 0 {
        return Err(usage.into());
    }
    let scene = Scene::of(&files)?;
    // Bands are alike: their slopes add up.
    options.rate = rate.unwrap_or(combination.rate / scene.bands as f64);
    let mut model = Model::new(scene, combination.selectors, tiles);
    train(&mut model, combination.terms, &options)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
