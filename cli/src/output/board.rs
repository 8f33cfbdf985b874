//! Event files of TensorBoard: scalars under `{stage}/{node}/{metric}`, a step for each batch.
//!
//! ```text
//! file   = record*                     the first event says the version
//! record = length: u64, mask(crc(length)): u32, event, mask(crc(event)): u32        lowest byte first
//! event  = protobuf { 1: wall time (double), 2: step (varint), 3: version (string), 5: summary }
//! summary = protobuf { 1: { 1: tag (string), 2: value (float) } }*
//! mask(c) = (c >> 15 | c << 17) + 0xa282ead8
//! ```
//!
//! Where there are several batches the values of all of them together are under `pooled/{stage}/...`. Values are
//! float32 there: the other formats have all digits. Source: TensorFlow's `record_writer.cc`, `event.proto` and
//! `summary.proto`.

use crate::fault::{Fallible, Fault};
use crate::files::npy::{beside, keep};
use crate::run::{Results, Values};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes an event file into a folder, which is made if it is not there.
pub fn write(folder: &Path, results: &Results) -> Fallible<PathBuf> {
    std::fs::create_dir_all(folder).map_err(|error| Fault::of_system(folder, &error))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = format!("events.out.tfevents.{}.{}.hyla", now.as_micros(), std::process::id());
    let path = folder.join(name);
    let mut file = beside(&path)?;
    let bytes = events(results, now.as_secs_f64());
    file.write_all(&bytes).map_err(|error| Fault::of_system(&path, &error))?;
    keep(file, &path)?;
    Ok(path)
}

/// All records.
fn events(results: &Results, time: f64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut version = wall_time(time);
    field(3, b"brain.Event:2", &mut version);
    record(&version, &mut bytes);
    for (step, values) in results.batches.iter().enumerate() {
        record(&event(time, step, results.stage.name(), values), &mut bytes);
    }
    if results.batches.len() > 1 {
        let prefix = format!("pooled/{}", results.stage.name());
        record(&event(time, results.batches.len() - 1, &prefix, &results.pooled), &mut bytes);
    }
    bytes
}

/// The event of a step.
fn event(time: f64, step: usize, prefix: &str, values: &Values) -> Vec<u8> {
    let mut summary = Vec::new();
    for (node, _, named) in &values.nodes {
        for value in named {
            let metric = if value.name.is_empty() { "loss" } else { &value.name };
            scalar(&format!("{prefix}/{node}/{metric}"), value.value, &mut summary);
        }
    }
    if let Some(loss) = &values.loss {
        scalar(&format!("{prefix}/loss"), loss.value, &mut summary);
    }
    let mut event = wall_time(time);
    event.push(2 << 3);
    varint(step as u64, &mut event);
    field(5, &summary, &mut event);
    event
}

fn wall_time(time: f64) -> Vec<u8> {
    let mut event = vec![1 << 3 | 1];
    event.extend_from_slice(&time.to_le_bytes());
    event
}

fn scalar(tag: &str, value: f64, to: &mut Vec<u8>) {
    let mut bytes = Vec::new();
    field(1, tag.as_bytes(), &mut bytes);
    bytes.push(2 << 3 | 5);
    bytes.extend_from_slice(&(value as f32).to_le_bytes());
    field(1, &bytes, to);
}

/// A field whose length stands before it.
fn field(number: u8, bytes: &[u8], to: &mut Vec<u8>) {
    to.push(number << 3 | 2);
    varint(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn varint(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn record(event: &[u8], to: &mut Vec<u8>) {
    let length = (event.len() as u64).to_le_bytes();
    to.extend_from_slice(&length);
    to.extend_from_slice(&masked(&length));
    to.extend_from_slice(event);
    to.extend_from_slice(&masked(event));
}

fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_record_is_that_of_the_version() {
        let mut bytes = Vec::new();
        let mut version = wall_time(0.0);
        field(3, b"brain.Event:2", &mut version);
        record(&version, &mut bytes);
        assert_eq!(bytes[..8], 24_u64.to_le_bytes());
        assert_eq!(bytes.len(), 8 + 4 + 24 + 4);
        // The masked checksum of the length 24, as every event file of TensorBoard begins.
        assert_eq!(bytes[8..12], [0xa3, 0x7f, 0x4b, 0x22]);
    }

    #[test]
    fn numbers_of_several_bytes() {
        let mut bytes = Vec::new();
        varint(300, &mut bytes);
        assert_eq!(bytes, [0xac, 0x02]);
    }
}
