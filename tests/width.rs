//! No line of the repository's own files is wider than 120 columns, the width that rustfmt and clang-format are told.

use std::fs;
use std::path::{Path, PathBuf};

const WIDTH: usize = 120;

/// The files that tell a tool this width, and what stands before it there.
const TOLD: [(&str, &str); 3] =
    [("rustfmt.toml", "max_width = "), (".clang-format", "ColumnLimit: "), ("cbindgen.toml", "line_length = ")];

/// The folders that are looked through, beside the files of the repository's root.
const FOLDERS: [&str; 11] =
    ["src", "tests", "ffi-tests", "benches", "examples", "fuzz", "scripts", "packaging", "docs", "include", "cli"];

/// Folders in them that hold what a tool wrote.
const MADE: [&str; 4] = ["target", "build", "data", "corpus"];

/// Whether somebody writes such files by hand.
fn is_written(path: &Path) -> bool {
    let endings = ["rs", "c", "h", "cpp", "hpp", "py", "sh", "mk", "md", "toml"];
    path.file_name().is_some_and(|name| name == "Makefile")
        || path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted))
}

/// The files of a folder, and of all below it where `deep` says so.
fn files(folder: &Path, deep: bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() && is_written(&path) {
            found.push(path);
        } else if deep && path.is_dir() && !MADE.iter().any(|name| path.ends_with(name)) {
            found.extend(files(&path, deep));
        }
    }
    found
}

/// A row of a Markdown table, which cannot be broken: in a text, or in the documentation of a module.
fn is_row(line: &str) -> bool {
    let line = line.trim_start();
    ["//! ", "/// ", ""].iter().any(|comment| line.strip_prefix(comment).is_some_and(|text| text.starts_with('|')))
}

#[test]
fn no_line_is_too_wide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut written = files(root, false);
    // A packaged crate lacks other packages, and its Cargo.toml is one that cargo wrote.
    if root.join("Cargo.toml.orig").exists() {
        written.retain(|path| !path.ends_with("Cargo.toml"));
    }
    let there = FOLDERS.map(|name| root.join(name)).into_iter().filter(|folder| folder.is_dir());
    written.extend(there.flat_map(|folder| files(&folder, true)));
    assert!(written.len() > 250, "only {} files were found", written.len());
    let mut wide = Vec::new();
    for path in written {
        let text = fs::read_to_string(&path).expect("a text");
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !is_row(line)) {
            let columns = line.chars().count();
            if columns > WIDTH {
                let file = path.strip_prefix(root).expect("a path below the root").display();
                wide.push(format!("{file}:{} has {columns} columns", number + 1));
            }
        }
    }
    wide.sort();
    assert!(wide.is_empty(), "no line may have more than {WIDTH}:\n{}", wide.join("\n"));
}

#[test]
fn the_tools_are_told_this_width() {
    for (file, before) in TOLD {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a text");
        assert!(text.contains(&format!("{before}{WIDTH}\n")), "{file} tells another width");
    }
}
