//! Writes a simulated scene for `make tool-demo` into a folder: frames of logits that drift, masks, decisions, and the
//! weights of a band selector.

use std::fs;
use std::path::Path;

const FRAMES: usize = 32;
const ROWS: usize = 96;
const COLUMNS: usize = 128;

/// splitmix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    /// In [0, 1).
    fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// Twelve uniform numbers have the variance 1 and a sum that is close enough to normal.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}

fn npy(path: &Path, dtype: &str, shape: &str, items: &[u8]) -> std::io::Result<()> {
    let text = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{text:<117}\n");
    fs::write(path, [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), items].concat())
}

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or("build/tool-demo".to_string());
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let mut random = Random(2026);
    let (mut logits, mut masks, mut decisions) = (Vec::new(), Vec::new(), Vec::new());
    for frame in 0..FRAMES {
        // An object in three of four frames; the lamp grows warm, and the scores with it.
        let (row, column) = (random.uniform() * 80.0, random.uniform() * 110.0);
        let (drift, has_object) = (0.8 * frame as f32 / FRAMES as f32, frame % 4 != 3);
        for pixel in 0..ROWS * COLUMNS {
            let (down, right) = ((pixel / COLUMNS) as f32 - row - 8.0, (pixel % COLUMNS) as f32 - column - 9.0);
            let is_anomaly = has_object && (down / 7.0).powi(2) + (right / 9.0).powi(2) < 1.0;
            let logit = -3.5 + drift + 1.1 * random.normal() + if is_anomaly { 4.0 } else { 0.0 };
            logits.extend_from_slice(&logit.to_le_bytes());
            masks.push(u8::from(is_anomaly));
            decisions.push(u8::from(logit > 0.0));
        }
    }
    let weights: Vec<u8> = (0..61).flat_map(|band| (0.2 + ((band % 7) as f32) / 9.0).to_le_bytes()).collect();
    let shape = format!("({FRAMES}, {ROWS}, {COLUMNS}, 1)");
    npy(&folder.join("model.logits.npy"), "<f4", &shape, &logits)?;
    npy(&folder.join("data.mask.npy"), "|b1", &shape, &masks)?;
    npy(&folder.join("decider.decisions.npy"), "|b1", &shape, &decisions)?;
    npy(&folder.join("selector.weights.npy"), "<f4", "(61,)", &weights)
}
