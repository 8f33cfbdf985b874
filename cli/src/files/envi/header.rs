//! What a header says.

use super::ignored::Ignored;
use super::text::{Field, fields, items};
use std::ops::RangeInclusive;
use std::path::Path;

/// The type of the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    U8,
    I16,
    I32,
    F32,
    F64,
    U16,
    U32,
    I64,
    U64,
}

impl Kind {
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::F32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// The integers that it has.
    pub fn integers(self) -> RangeInclusive<i128> {
        match self {
            Self::U8 => 0..=u8::MAX.into(),
            Self::I16 => i16::MIN.into()..=i16::MAX.into(),
            Self::I32 => i32::MIN.into()..=i32::MAX.into(),
            Self::U16 => 0..=u16::MAX.into(),
            Self::U32 => 0..=u32::MAX.into(),
            Self::I64 => i64::MIN.into()..=i64::MAX.into(),
            Self::U64 => 0..=u64::MAX.into(),
            Self::F32 | Self::F64 => i128::MIN..=i128::MAX,
        }
    }
}

/// Which of pixel, band and line lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interleave {
    Bip,
    Bil,
    Bsq,
}

/// What a header says.
#[derive(Clone, Debug)]
pub struct Header {
    pub lines: usize,
    pub samples: usize,
    pub bands: usize,
    pub kind: Kind,
    pub interleave: Interleave,
    pub is_big_endian: bool,
    /// Bytes before the first pixel.
    pub offset: usize,
    pub ignored: Option<Ignored>,
    /// The bands that `bbl` calls bad.
    pub bad_bands: Vec<usize>,
    pub notes: Vec<String>,
}

/// The fields of a header, and where they come from.
struct Fields<'a> {
    path: &'a Path,
    fields: Vec<Field>,
}

impl Fields<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.key == key).map(|field| field.value.as_str())
    }

    fn fault(&self, sentence: impl std::fmt::Display) -> String {
        format!("{}: {sentence}", self.path.display())
    }

    fn count(&self, key: &str, otherwise: Option<usize>) -> Result<usize, String> {
        let Some(value) = self.get(key) else {
            return otherwise.ok_or_else(|| self.fault(format_args!("'{key}' is missing.")));
        };
        value.parse().map_err(|_| self.fault(format_args!("'{key}' is '{value}', which is no count.")))
    }

    /// A list of numbers that changes no pixel: one that cannot be read is dropped, with this note.
    fn dropped(&self, key: &str) -> Option<String> {
        let items = items(self.get(key)?);
        let is_read = items.is_some_and(|items| items.iter().all(|item| item.parse::<f64>().is_ok()));
        (!is_read).then(|| self.fault(format_args!("'{key}' is no list of numbers and was dropped")))
    }
}

impl Header {
    /// Reads a header.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let fields = fields(&bytes).map_err(|sentence| format!("{}: {sentence}", path.display()))?;
        Self::of(&Fields { path, fields })
    }

    fn of(fields: &Fields) -> Result<Self, String> {
        if fields.get("file type").is_some_and(|of| of.to_ascii_lowercase().contains("spectral library")) {
            return Err(fields.fault("this is a spectral library, which has no pixels."));
        }
        let (lines, samples) = (fields.count("lines", None)?, fields.count("samples", None)?);
        let (bands, data_type) = (fields.count("bands", None)?, fields.count("data type", None)?);
        let kind = match data_type {
            1 => Kind::U8,
            2 => Kind::I16,
            3 => Kind::I32,
            4 => Kind::F32,
            5 => Kind::F64,
            12 => Kind::U16,
            13 => Kind::U32,
            14 => Kind::I64,
            15 => Kind::U64,
            6 | 9 => return Err(fields.fault(format_args!("data type {data_type} is complex numbers."))),
            _ => return Err(fields.fault(format_args!("there is no data type {data_type}."))),
        };
        let interleave = match fields.get("interleave").map(str::to_ascii_lowercase).as_deref() {
            Some("bip") => Interleave::Bip,
            Some("bil") => Interleave::Bil,
            Some("bsq") => Interleave::Bsq,
            None if bands == 1 => Interleave::Bip,
            Some(other) => return Err(fields.fault(format_args!("interleave '{other}' is none of bip, bil, bsq."))),
            None => return Err(fields.fault("'interleave' is missing.")),
        };
        let is_big_endian = match fields.count("byte order", Some(0))? {
            0 => false,
            1 => true,
            order => return Err(fields.fault(format_args!("byte order {order} is neither 0 nor 1."))),
        };
        if lines == 0 || samples == 0 || bands == 0 {
            return Err(fields.fault("an image without lines, samples or bands has no pixel."));
        }
        let mut notes = Vec::new();
        let ignored = match fields.get("data ignore value") {
            Some(text) => {
                let ignored = Ignored::read(text, kind).map_err(|sentence| fields.fault(sentence))?;
                let is_none = ["", "none"].contains(&text.trim_matches(['{', '}', ' ']).to_ascii_lowercase().as_str());
                if ignored.is_none() && !is_none {
                    notes.push(fields.fault(format_args!("no pixel of its type can have the ignored value {text}")));
                }
                ignored
            }
            None => None,
        };
        let bad_bands = bad_bands(fields, bands)?;
        notes.extend(["wavelength", "default bands"].into_iter().filter_map(|key| fields.dropped(key)));
        Ok(Self {
            lines,
            samples,
            bands,
            kind,
            interleave,
            is_big_endian,
            offset: fields.count("header offset", Some(0))?,
            ignored,
            bad_bands,
            notes,
        })
    }

    /// How many bytes the raw file must have.
    pub fn bytes(&self) -> Result<u64, String> {
        let sizes = [self.lines, self.samples, self.bands, self.kind.bytes()];
        let bytes = sizes.iter().try_fold(1_usize, |bytes, size| bytes.checked_mul(*size));
        let bytes = bytes.and_then(|bytes| bytes.checked_add(self.offset));
        bytes.map(|bytes| bytes as u64).ok_or_else(|| "no file has as many pixels as the header says.".to_string())
    }
}

/// The bands whose entry of `bbl` is 0.
fn bad_bands(fields: &Fields, bands: usize) -> Result<Vec<usize>, String> {
    let Some(value) = fields.get("bbl") else { return Ok(Vec::new()) };
    let wrong = |sentence: String| Err(fields.fault(format_args!("'bbl' {sentence}.")));
    let Some(items) = items(value) else { return wrong("is no list of 0 and 1".to_string()) };
    if items.len() != bands {
        return wrong(format!("has {} entries for {bands} bands", items.len()));
    }
    let mut bad = Vec::new();
    for (band, item) in items.iter().enumerate() {
        match item.parse::<f64>() {
            Ok(0.0) => bad.push(band),
            Ok(1.0) => {}
            _ => return wrong("is no list of 0 and 1".to_string()),
        }
    }
    if bad.len() == bands { wrong("calls every band bad".to_string()) } else { Ok(bad) }
}
