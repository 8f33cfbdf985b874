//! An array in a file: its type and shape, and a part of its items at a time.
//!
//! Items of `.npy` are mapped: a part is in memory only as long as it is used, so that a file may be larger than
//! memory. What another byte order or a place that is not aligned forbids to be used where it lies is copied.

use super::envi::{self, Image, Item};
use super::npy;
use crate::fault::{Fallible, Fault};
use memmap2::{Mmap, MmapOptions};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The type of the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
}

impl Dtype {
    pub fn bytes(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// NumPy's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }
}

/// An array in a file.
pub struct Array {
    pub path: PathBuf,
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    is_swapped: bool,
    content: Content,
}

enum Content {
    Mapped {
        file: File,
        offset: u64,
    },
    Loaded(Arc<[u8]>),
    /// An image, which is one frame.
    Image(Box<Image>),
}

/// A part of the items, in the byte order of this machine and aligned.
pub struct Held {
    pub dtype: Dtype,
    bytes: Bytes,
}

enum Bytes {
    Mapped(Mmap),
    /// Words, so that every type is aligned, and how many bytes of them there are.
    Words(Vec<u64>, usize),
}

impl Held {
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(map) => map,
            Bytes::Words(words, length) => &bytemuck::cast_slice(words)[..*length],
        }
    }

    /// The items as what they are; the caller knows the type.
    pub fn items<T: bytemuck::AnyBitPattern>(&self) -> &[T] {
        bytemuck::try_cast_slice(self.bytes()).unwrap_or(&[])
    }

    pub fn copy(dtype: Dtype, bytes: &[u8]) -> Self {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { dtype, bytes: Bytes::Words(words, bytes.len()) }
    }

    /// All pixels of an image, and which of them count.
    pub fn of_image<T: Item + bytemuck::Pod>(image: &Image) -> Fallible<(Self, Vec<u8>)> {
        let envi::Header { lines, samples, .. } = image.header;
        let width = samples * image.bands.len();
        let length = lines * width * size_of::<T>();
        let mut words = vec![0_u64; length.div_ceil(8)];
        let mut counts = vec![1; lines * samples];
        let values: &mut [T] = &mut bytemuck::cast_slice_mut(&mut words)[..lines * width];
        for (line, (values, counts)) in values.chunks_mut(width).zip(counts.chunks_mut(samples)).enumerate() {
            image.read_line(line, values, counts).map_err(Fault::new)?;
        }
        Ok((Self { dtype: Dtype::F32, bytes: Bytes::Words(words, length) }, counts))
    }

    /// The same with the bytes of each item the other way round.
    fn swap(self) -> Self {
        let mut held = Self::copy(self.dtype, self.bytes());
        if let Bytes::Words(words, length) = &mut held.bytes {
            let bytes = &mut bytemuck::cast_slice_mut::<u64, u8>(words)[..*length];
            bytes.chunks_exact_mut(self.dtype.bytes()).for_each(<[u8]>::reverse);
        }
        held
    }
}

impl Array {
    /// Opens a file by its name: `.npy`, `.npz` (whose member is told by `#name`, or by `member`).
    pub fn open(path: &Path, member: &[&str]) -> Fallible<Self> {
        let text = path.to_string_lossy();
        let (file, wanted) = match text.rsplit_once('#') {
            Some((file, wanted)) if file.ends_with(".npz") => (Path::new(file), Some(wanted)),
            _ => (path, None),
        };
        let ending = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("npy") => Self::open_npy(file),
            Some("npz") => {
                let (name, bytes) = npy::member(file, wanted, member)?;
                let name = PathBuf::from(format!("{}#{name}", file.display()));
                let header = npy::header(&name, &mut bytes.as_slice())?;
                Self::check_size(&name, &header, (bytes.len() as u64).saturating_sub(header.offset))?;
                let content = Content::Loaded(bytes[header.offset as usize..].into());
                Ok(Self::new(name, header, content))
            }
            _ if envi::is_named(file) => Self::open_image(file),
            _ => Err(Fault::of_file(
                file,
                "its name must end with .npy or .npz, or as that of an ENVI image (.hdr or .img).",
            )),
        }
    }

    fn open_npy(path: &Path) -> Fallible<Self> {
        let system = |error| Fault::of_system(path, &error);
        let mut file = File::open(path).map_err(system)?;
        let length = file.metadata().map_err(system)?.len();
        let header = npy::header(path, &mut file)?;
        Self::check_size(path, &header, length.saturating_sub(header.offset))?;
        let offset = header.offset;
        Ok(Self::new(path.to_path_buf(), header, Content::Mapped { file, offset }))
    }

    fn open_image(path: &Path) -> Fallible<Self> {
        let image = Image::open(path).map_err(Fault::new)?;
        let envi::Header { lines, samples, .. } = image.header;
        let shape = vec![lines, samples, image.bands.len()];
        let content = Content::Image(Box::new(image));
        Ok(Self { path: path.to_path_buf(), dtype: Dtype::F32, shape, is_swapped: false, content })
    }

    /// The image, if it is one.
    pub fn image(&self) -> Option<&Image> {
        match &self.content {
            Content::Image(image) => Some(image),
            _ => None,
        }
    }

    fn new(path: PathBuf, header: npy::Header, content: Content) -> Self {
        Self { path, dtype: header.dtype, shape: header.shape, is_swapped: header.is_swapped, content }
    }

    fn check_size(path: &Path, header: &npy::Header, given: u64) -> Fallible<()> {
        let items = header.shape.iter().try_fold(1_u64, |items, size| items.checked_mul(*size as u64));
        let wanted = items.and_then(|items| items.checked_mul(header.dtype.bytes() as u64));
        let wanted = wanted.ok_or_else(|| Fault::of_file(path, "its shape is beyond all memory."))?;
        if given < wanted {
            let sentence = format_args!("the file is cut off: it has {given} bytes of {wanted} after its header.");
            return Err(Fault::of_file(path, sentence));
        }
        Ok(())
    }

    /// So many items from one on.
    pub fn items(&self, start: usize, count: usize) -> Fallible<Held> {
        let size = self.dtype.bytes();
        let (start, length) = (start * size, count * size);
        let held = match &self.content {
            Content::Image(image) => Held::of_image::<f32>(image)?.0,
            Content::Loaded(bytes) => Held::copy(self.dtype, &bytes[start..start + length]),
            Content::Mapped { .. } if length == 0 => Held::copy(self.dtype, &[]),
            Content::Mapped { file, offset } => {
                let at = offset + start as u64;
                // SAFETY: the map is only read. A file that somebody else changes while it is read gives other numbers
                // (every bit pattern is a number of its type), and one that is cut off ends the program.
                let map = unsafe { MmapOptions::new().offset(at).len(length).populate().map(file) };
                let map = map.map_err(|error| Fault::of_system(&self.path, &error))?;
                if map.as_ptr().addr().is_multiple_of(size) {
                    Held { dtype: self.dtype, bytes: Bytes::Mapped(map) }
                } else {
                    Held::copy(self.dtype, &map)
                }
            }
        };
        Ok(if self.is_swapped && size > 1 { held.swap() } else { held })
    }
}
