//! What the training examples learn from: standardised spectra, a mask of anomalies, and which
//! pixels count. Read from an ENVI pair or simulated. The same operations in the same order as
//! `examples/training/scene.h`, so that both make the same scene to the last bit.

use std::error::Error;
use std::path::Path;

#[allow(dead_code, reason = "the tool uses more of it")]
#[path = "../../cli/src/files/envi/mod.rs"]
mod envi;
use envi::Image;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// A scene.
#[derive(Default)]
pub struct Scene {
    pub lines: usize,
    pub samples: usize,
    pub bands: usize,
    pub pixels: usize,
    /// Interleaved by pixel; 0 where the pixel does not count.
    pub spectra: Vec<f32>,
    /// Nonzero: an anomaly.
    pub targets: Vec<u8>,
    /// Nonzero: counts.
    pub valid: Vec<u8>,
}

/// splitmix64 (Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    /// In [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Twelve uniform numbers have the variance 1 and a sum that is close enough to normal.
    pub fn normal(&mut self) -> f64 {
        (0..12).fold(-6.0, |sum, _| sum + self.uniform())
    }
}

fn bump(nm: f64, centre: f64, width: f64) -> f64 {
    let t = (nm - centre) / width;
    1.0 / (1.0 + t * t)
}

fn step(nm: f64, centre: f64, width: f64) -> f64 {
    let t = (nm - centre) / width;
    0.5 + 0.5 * t / (1.0 + t * t).sqrt()
}

/// Reflectance of soil, grass and concrete, and of two paints.
fn reflectance(nm: f64) -> [f64; 5] {
    [
        0.08 + 0.26 * step(nm, 650.0, 180.0),
        0.03 + 0.07 * bump(nm, 552.0, 32.0) + 0.42 * step(nm, 718.0, 16.0),
        0.24 + 0.06 * step(nm, 560.0, 140.0),
        0.10 + 0.30 * bump(nm, 455.0, 45.0) + 0.22 * step(nm, 800.0, 30.0),
        0.08 + 0.40 * step(nm, 606.0, 12.0) - 0.15 * bump(nm, 870.0, 40.0),
    ]
}

/// A random surface in [0, 1]: the values at the corners of cells of 16 x 16 pixels, joined
/// linearly.
fn surface(knots: &[f64; 25], line: usize, sample: usize) -> f64 {
    let upper = &knots[(line / 16) * 5 + sample / 16..];
    let lower = &upper[5..];
    let (right, down) = ((sample % 16) as f64 / 16.0, (line % 16) as f64 / 16.0);
    let top = upper[0] + right * (upper[1] - upper[0]);
    let bottom = lower[0] + right * (lower[1] - lower[0]);
    top + down * (bottom - top)
}

/// Line, sample, height, width, paint, and how many per cent of a pixel the paint fills.
const OBJECTS: [[usize; 6]; 8] = [
    [5, 8, 3, 5, 3, 90],
    [9, 40, 4, 3, 4, 70],
    [20, 22, 2, 4, 3, 60],
    [28, 50, 3, 3, 4, 85],
    [36, 10, 2, 2, 4, 50],
    [44, 33, 3, 6, 3, 75],
    [53, 55, 2, 3, 3, 40],
    [57, 18, 3, 3, 4, 60],
];

/// 64 x 64 pixels of 40 bands: three materials that mix smoothly, uneven light, noise, eight
/// painted objects of which some fill their pixels only in part, and a gap of lost pixels.
fn simulate() -> Scene {
    let mut scene = Scene { lines: 64, samples: 64, bands: 40, pixels: 64 * 64, ..Scene::default() };
    let mut random = Random(2024);
    let mut knots = [[0.0; 25]; 4];
    for knot in knots.as_flattened_mut() {
        *knot = random.uniform();
    }
    let materials: Vec<_> = (0..40).map(|band| reflectance(400.0 + 15.0 * f64::from(band))).collect();
    for pixel in 0..scene.pixels {
        let (line, sample) = (pixel / 64, pixel % 64);
        let (mut share, mut total) = ([0.0; 3], 0.0);
        for (share, knots) in share.iter_mut().zip(&knots) {
            let height = surface(knots, line, sample);
            // A power: mostly one material, with mixed borders.
            *share = height * height * height + 1e-3;
            total += *share;
        }
        let light = 0.80 + 0.35 * surface(&knots[3], line, sample);
        let object = OBJECTS.iter().rfind(|[first, left, height, width, ..]| {
            (*first..first + height).contains(&line) && (*left..left + width).contains(&sample)
        });
        scene.targets.push(object.is_some().into());
        scene.valid.push((!((40..42).contains(&line) && (20..44).contains(&sample))).into());
        for of in &materials {
            let mut value = (share[0] * of[0] + share[1] * of[1] + share[2] * of[2]) / total;
            if let Some([.., paint, cover]) = object {
                value += *cover as f64 / 100.0 * (of[*paint] - value);
            }
            scene.spectra.push((light * value + 0.02 * random.normal()) as f32);
        }
    }
    scene
}

/// All lines of an image: the values of its bands, and which pixels count.
fn lines(image: &Image) -> Fallible<(Vec<f32>, Vec<u8>)> {
    let (lines, samples, bands) = (image.header.lines, image.header.samples, image.bands.len());
    let (mut values, mut counts) = (vec![0.0; lines * samples * bands], vec![1; lines * samples]);
    for (line, (values, counts)) in values.chunks_mut(samples * bands).zip(counts.chunks_mut(samples)).enumerate() {
        image.read_line(line, values, counts)?;
    }
    image.notes.iter().for_each(|note| eprintln!("{note}"));
    Ok((values, counts))
}

fn read(cube: &Path, mask: &Path) -> Fallible<Scene> {
    let (image, mask) = (Image::open(cube)?, Image::open(mask)?);
    let (lines_of, samples, bands) = (image.header.lines, image.header.samples, image.bands.len());
    if (mask.header.lines, mask.header.samples, mask.bands.len()) != (lines_of, samples, 1) {
        return Err(format!("the mask must have {lines_of} x {samples} pixels of one band").into());
    }
    let ((spectra, counts), (truths, labelled)) = (lines(&image)?, lines(&mask)?);
    let counts = counts.iter().zip(&labelled).map(|(counts, labelled)| counts & labelled);
    let valid = spectra.chunks(bands).zip(counts);
    let valid = valid.map(|(spectrum, counts)| counts & u8::from(spectrum.iter().all(|value| value.is_finite())));
    let (valid, targets) = (valid.collect(), truths.iter().map(|value| (*value != 0.0).into()).collect());
    Ok(Scene { lines: lines_of, samples, bands, pixels: lines_of * samples, spectra, targets, valid })
}

impl Scene {
    /// The scene of a program's arguments: a cube and its mask, or simulated. Standardised.
    pub fn of(files: &[String]) -> Fallible<Self> {
        let mut scene = match files {
            [] => simulate(),
            [cube, mask] => read(Path::new(cube), Path::new(mask))?,
            _ => return Err("a scene needs a cube and a mask: CUBE.hdr MASK.hdr".into()),
        };
        let pairs = || scene.valid.iter().zip(&scene.targets);
        let valid = pairs().filter(|(valid, _)| **valid != 0).count();
        let anomalies = pairs().filter(|(valid, target)| **valid != 0 && **target != 0).count();
        if anomalies == 0 || anomalies == valid {
            return Err("the mask needs anomalies and other pixels".into());
        }
        println!(
            "{} scene: {} x {} pixels of {} bands, {valid} count, {anomalies} of them anomalies",
            if files.is_empty() { "simulated" } else { "ENVI" },
            scene.lines,
            scene.samples,
            scene.bands
        );
        scene.standardise();
        Ok(scene)
    }

    /// Every band gets the mean 0 and the variance 1 over the pixels that count; a constant band
    /// becomes 0.
    fn standardise(&mut self) {
        for band in 0..self.bands {
            let Self { spectra, valid, bands, .. } = self;
            let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
            for (spectrum, _) in spectra.chunks(*bands).zip(&*valid).filter(|(_, valid)| **valid != 0) {
                sum += f64::from(spectrum[band]);
                count += 1.0;
            }
            let mean: f64 = sum / count;
            for (spectrum, _) in spectra.chunks(*bands).zip(&*valid).filter(|(_, valid)| **valid != 0) {
                let deviation = f64::from(spectrum[band]) - mean;
                squares += deviation * deviation;
            }
            let scale: f64 = if squares > 0.0 { 1.0 / (squares / count).sqrt() } else { 0.0 };
            for (spectrum, valid) in spectra.chunks_mut(*bands).zip(&*valid) {
                let scaled = ((f64::from(spectrum[band]) - mean) * scale) as f32;
                spectrum[band] = if *valid != 0 { scaled } else { 0.0 };
            }
        }
    }
}
