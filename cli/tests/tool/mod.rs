//! Runs the program, and writes the files that it reads.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The page's pipelines, their tensors and the values that cuvis-ai's nodes have for them.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A folder of a test, in which the program runs.
pub struct Folder(TempDir);

/// What the program said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// Writes an array as NumPy does.
    pub fn npy(&self, name: &str, dtype: &str, shape: &[usize], items: &[u8]) {
        self.write(name, npy(dtype, shape, items));
    }

    pub fn floats(&self, name: &str, shape: &[usize], items: &[f32]) {
        let bytes: Vec<u8> = items.iter().flat_map(|item| item.to_le_bytes()).collect();
        self.npy(name, "<f4", shape, &bytes);
    }

    pub fn bools(&self, name: &str, shape: &[usize], items: &[u8]) {
        self.npy(name, "|b1", shape, items);
    }

    /// Runs the program with these words.
    pub fn hyla(&self, words: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hyla"));
        said(command.current_dir(self.0.path()).args(words).output().expect("the program runs"))
    }

    /// The values of a run that works.
    pub fn values(&self, words: &[&str]) -> serde_json::Value {
        let said = self.hyla(&[&["run"], words, &["--format", "json"]].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        serde_json::from_str(&said.out).expect("JSON")
    }

    /// The names of all files.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

pub fn npy(dtype: &str, shape: &[usize], items: &[u8]) -> Vec<u8> {
    let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({shape}), }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(items);
    bytes
}

fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}
