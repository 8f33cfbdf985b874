//! ENVI images: a text header (`.hdr`) and a raw file beside it, read line by line.
//!
//! | module | what is there |
//! | --- | --- |
//! | [`find`] | the two files of an image |
//! | [`text`] | the header as keys and values |
//! | [`header`] | what it says |
//! | [`ignored`] | the value of pixels that do not count |
//!
//! The rules, which `examples/envi.h` has too:
//!
//! * Data types 1 to 5 and 12 to 15, either byte order, `bip`, `bil` and `bsq` in any case, a header offset.
//! * Bands that `bbl` calls bad are left out. A pixel with `data ignore value` in a band that is not does not count.
//! * What changes no number and cannot be read (`wavelength`, `default bands`) is dropped with a note.
//! * A spectral library, complex numbers, UTF-16 and files that are too short are errors.
//!
//! Nothing outside of this folder is used but the standard library, so that the examples of the core can have it.

mod find;
mod header;
mod ignored;
#[cfg(test)]
mod tests;
mod text;

#[allow(unused_imports, reason = "the tool asks for it, the examples do not")]
pub use find::is_named;
pub use header::{Header, Interleave, Kind};

use ignored::Ignored;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// An image: its header was read, its pixels are read line by line.
pub struct Image {
    pub header: Header,
    /// The raw file.
    pub path: PathBuf,
    /// The bands that are not bad.
    pub bands: Vec<usize>,
    /// What was left out or dropped.
    pub notes: Vec<String>,
    file: File,
}

/// What is made of an item, and whether it is the ignored value.
pub trait Item: Copy + Default {
    fn of_integer(integer: i128) -> Self;
    fn of_float(float: f64) -> Self;
}

impl Item for f32 {
    fn of_integer(integer: i128) -> Self {
        integer as f32
    }

    fn of_float(float: f64) -> Self {
        float as f32
    }
}

/// Labels: what is no label of 32 bits is the least one, which is not used otherwise.
impl Item for i32 {
    fn of_integer(integer: i128) -> Self {
        Self::try_from(integer).unwrap_or(Self::MIN)
    }

    fn of_float(float: f64) -> Self {
        if float.fract() == 0.0 { Self::of_integer(float as i128) } else { Self::MIN }
    }
}

impl Image {
    /// Opens an image by its header or by its raw file.
    pub fn open(path: &Path) -> Result<Self, String> {
        let (header_path, raw) = find::files(path)?;
        let mut header = Header::read(&header_path)?;
        let mut notes = std::mem::take(&mut header.notes);
        let broken = |error: std::io::Error| format!("{}: {error}", raw.display());
        let file = File::open(&raw).map_err(broken)?;
        let (given, wanted) = (file.metadata().map_err(broken)?.len(), header.bytes()?);
        if given < wanted {
            return Err(format!("{}: it has {given} bytes, and its header asks for {wanted}.", raw.display()));
        }
        if given > wanted {
            notes.push(format!("{}: {} bytes behind the last pixel are not used", raw.display(), given - wanted));
        }
        let bands: Vec<usize> = (0..header.bands).filter(|band| !header.bad_bands.contains(band)).collect();
        if !header.bad_bands.is_empty() {
            let (bad, all) = (header.bad_bands.len(), header.bands);
            notes.push(format!("{}: {bad} of {all} bands are bad (bbl) and left out", header_path.display()));
        }
        Ok(Self { header, path: raw, bands, notes, file })
    }

    /// Reads a line, pixel by pixel its good bands. In `counts` the pixels that have the ignored value become 0.
    pub fn read_line<T: Item>(&self, line: usize, values: &mut [T], counts: &mut [u8]) -> Result<(), String> {
        let Header { samples, bands, kind, .. } = self.header;
        let size = kind.bytes();
        let mut bytes = vec![0; samples * bands * size];
        match self.header.interleave {
            Interleave::Bsq => {
                for (band, bytes) in bytes.chunks_mut(samples * size).enumerate() {
                    self.read((band * self.header.lines + line) * samples * size, bytes)?;
                }
            }
            Interleave::Bip | Interleave::Bil => self.read(line * samples * bands * size, &mut bytes)?,
        }
        let (sample_step, band_step) = match self.header.interleave {
            Interleave::Bip => (bands, 1),
            Interleave::Bil | Interleave::Bsq => (1, samples),
        };
        let pixels = values.chunks_mut(self.bands.len().max(1)).zip(counts).enumerate();
        for (sample, (pixel, counts)) in pixels {
            for (value, band) in pixel.iter_mut().zip(&self.bands) {
                let item = &bytes[(sample * sample_step + band * band_step) * size..][..size];
                let is_ignored;
                (*value, is_ignored) = self.decode(item);
                *counts &= u8::from(!is_ignored);
            }
        }
        Ok(())
    }

    /// Bytes from a place behind the header offset on.
    fn read(&self, start: usize, bytes: &mut [u8]) -> Result<(), String> {
        let mut file = &self.file;
        let place = SeekFrom::Start((self.header.offset + start) as u64);
        let read = file.seek(place).and_then(|_| file.read_exact(bytes));
        read.map_err(|error| format!("{}: {error}", self.path.display()))
    }

    /// An item, and whether it is the ignored value. The bytes are put together by shifts, so that the byte order of
    /// this machine plays no part.
    fn decode<T: Item>(&self, item: &[u8]) -> (T, bool) {
        let fold = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        let bits = match self.header.is_big_endian {
            true => item.iter().fold(0, fold),
            false => item.iter().rev().fold(0, fold),
        };
        let ignored = self.header.ignored;
        let integer = match self.header.kind {
            Kind::F32 => {
                let float = f32::from_bits(bits as u32);
                return (T::of_float(float.into()), ignored.is_some_and(|ignored| ignored.is_float(float)));
            }
            Kind::F64 => {
                let float = f64::from_bits(bits);
                return (T::of_float(float), ignored.is_some_and(|ignored| ignored.is_double(float)));
            }
            Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => i128::from(bits),
            Kind::I16 => i128::from(bits as i16),
            Kind::I32 => i128::from(bits as i32),
            Kind::I64 => i128::from(bits as i64),
        };
        (T::of_integer(integer), ignored.is_some_and(|ignored| ignored == Ignored::Integer(integer)))
    }
}
