//! NumPy's files: the header of `.npy`, the members of `.npz`, and how a `.npy` of float32 is written.

use super::array::Dtype;
use crate::fault::{Fallible, Fault, list};
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What the header of a file says.
pub struct Header {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    /// The bytes of an item are the other way round than this machine has them.
    pub is_swapped: bool,
    /// How many bytes the header has.
    pub offset: u64,
}

/// Counts what is read.
struct Counted<'a, R> {
    reader: &'a mut R,
    bytes: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(to)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Reads the header.
pub fn header<R: Read>(path: &Path, reader: &mut R) -> Fallible<Header> {
    let mut counted = Counted { reader, bytes: 0 };
    let header = NpyHeader::from_reader(&mut counted)
        .map_err(|error| Fault::of_file(path, format_args!("this is no NumPy file: {error}.")))?;
    let offset = counted.bytes;
    let told = header.dtype().descr();
    let DType::Plain(of) = header.dtype() else {
        return Err(Fault::of_file(path, format_args!("its items are records ({told}), not numbers.")));
    };
    let dtype = match (of.type_char(), of.num_bytes()) {
        (TypeChar::Bool, Some(1)) => Dtype::Bool,
        (TypeChar::Uint, Some(1)) => Dtype::U8,
        (TypeChar::Uint, Some(2)) => Dtype::U16,
        (TypeChar::Uint, Some(4)) => Dtype::U32,
        (TypeChar::Uint, Some(8)) => Dtype::U64,
        (TypeChar::Int, Some(1)) => Dtype::I8,
        (TypeChar::Int, Some(2)) => Dtype::I16,
        (TypeChar::Int, Some(4)) => Dtype::I32,
        (TypeChar::Int, Some(8)) => Dtype::I64,
        (TypeChar::Float, Some(2)) => Dtype::F16,
        (TypeChar::Float, Some(4)) => Dtype::F32,
        (TypeChar::Float, Some(8)) => Dtype::F64,
        _ => return Err(Fault::of_file(path, format_args!("items of the type {told} are not for hyla."))),
    };
    let shape = header.shape().iter().map(|size| usize::try_from(*size)).collect::<Result<Vec<_>, _>>();
    let shape = shape.map_err(|_| Fault::of_file(path, "its shape is beyond all memory."))?;
    // With one axis or none both orders are one.
    if header.order() == Order::Fortran && shape.iter().filter(|size| **size != 1).count() > 1 {
        let sentence = "the array is in Fortran order; numpy.ascontiguousarray makes one in C order.";
        return Err(Fault::of_file(path, sentence));
    }
    let foreign = if cfg!(target_endian = "little") { Endianness::Big } else { Endianness::Little };
    Ok(Header { dtype, shape, is_swapped: of.endianness() == foreign, offset })
}

/// The bytes of a member of an archive: the one that is wanted, or the first of those that will do, or the only one.
pub fn member(path: &Path, wanted: Option<&str>, others: &[&str]) -> Fallible<(String, Vec<u8>)> {
    let file = File::open(path).map_err(|error| Fault::of_system(path, &error))?;
    let broken = |error| Fault::of_file(path, format_args!("this is no archive of NumPy files: {error}."));
    let mut archive = zip::ZipArchive::new(file).map_err(broken)?;
    let entries = archive.file_names().map(|name| name.map(|name| name.into_owned()));
    let entries = entries.collect::<Result<Vec<String>, _>>().map_err(broken)?;
    let names: Vec<&str> = entries.iter().map(|name| name.strip_suffix(".npy").unwrap_or(name)).collect();
    let has = |name: &&str| names.contains(name);
    let name = match wanted {
        Some(name) => Some(name).filter(has),
        None => others.iter().copied().find(has).or(match names.as_slice() {
            [only] => Some(*only),
            _ => None,
        }),
    };
    let name = name.ok_or_else(|| {
        let there = list(names.iter().copied());
        let wanted = wanted.map_or_else(|| list(others.iter().copied()), str::to_string);
        Fault::of_file(path, format_args!("it has no member {wanted}; there are {there}."))
    })?;
    let entry = names.iter().position(|other| *other == name).map_or(name, |index| entries[index].as_str());
    let mut bytes = Vec::new();
    let mut entry = archive.by_name(entry).map_err(broken)?;
    entry.read_to_end(&mut bytes).map_err(|error| Fault::of_system(path, &error))?;
    Ok((name.to_string(), bytes))
}

/// A `.npy` of float32 that is being written. It gets its name when it is complete.
pub struct Writer {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl Writer {
    /// Begins a file of this shape.
    pub fn new(path: &Path, shape: &[usize]) -> Fallible<Self> {
        let file = beside(path)?;
        let mut writer = Self { path: path.to_path_buf(), file: BufWriter::new(file) };
        let shape: Vec<String> = shape.iter().map(|size| format!("{size}, ")).collect();
        let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", shape.concat());
        // The items begin at a multiple of 64 bytes, after the magic number, the version and the length.
        let padded = (text.len() + 11).next_multiple_of(64) - 10;
        let mut header = b"\x93NUMPY\x01\x00".to_vec();
        header.extend_from_slice(&(padded as u16).to_le_bytes());
        header.extend_from_slice(format!("{text:<width$}\n", width = padded - 1).as_bytes());
        writer.put(&header)?;
        Ok(writer)
    }

    /// Adds items.
    pub fn write(&mut self, items: &[f32]) -> Fallible<()> {
        if cfg!(target_endian = "little") {
            return self.put(bytemuck::cast_slice(items));
        }
        items.iter().try_for_each(|item| self.put(&item.to_le_bytes()))
    }

    fn put(&mut self, bytes: &[u8]) -> Fallible<()> {
        self.file.write_all(bytes).map_err(|error| Fault::of_system(&self.path, &error))
    }

    /// The file is complete.
    pub fn finish(self) -> Fallible<()> {
        let file = self.file.into_inner().map_err(|error| Fault::of_system(&self.path, error.error()))?;
        keep(file, &self.path)
    }
}

/// A file without a name in the folder of the one that it will be.
pub fn beside(path: &Path) -> Fallible<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder).map_err(|error| Fault::of_system(path, &error))
}

/// Gives a complete file its name. Others may read it, as they could a file that was made in the usual way.
pub fn keep(file: NamedTempFile, path: &Path) -> Fallible<()> {
    let system = |error: std::io::Error| Fault::of_system(path, &error);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(permissions).map_err(system)?;
    }
    file.persist(path).map(|_| ()).map_err(|error| system(error.error))
}
