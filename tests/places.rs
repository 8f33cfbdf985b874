//! A node is known in every place where it must be: a new one that is missing somewhere is told where.

use std::fs;
use std::path::{Path, PathBuf};

/// A place: its files (all below a folder, or one), what of them names the node, and what is to be written there.
struct Place {
    files: &'static str,
    endings: &'static [&'static str],
    names: fn(&Node) -> String,
    todo: &'static str,
}

/// A file in `src/loss` or `src/metric`.
struct Node {
    name: String,
    /// What its C functions begin with.
    family: String,
}

const PLACES: [Place; 10] = [
    Place { files: "src/tests", endings: &["rs"], names: module, todo: "its tests" },
    Place { files: "src/capi", endings: &["rs"], names: family, todo: "its C functions" },
    Place { files: "include/hyla.h", endings: &["h"], names: family, todo: "`make bless`" },
    Place { files: "include/hyla.hpp", endings: &["hpp"], names: family, todo: "its functions in C++" },
    Place { files: "ffi-tests", endings: &["c", "cpp"], names: family, todo: "the tests of its C functions" },
    Place { files: "ffi-tests", endings: &["h"], names: family, todo: "fixed inputs for the digest" },
    Place { files: "fuzz/src", endings: &["rs"], names: family, todo: "what the fuzz targets call" },
    Place { files: "benches/nodes", endings: &["rs"], names: module, todo: "a bench" },
    Place { files: "benches/counts", endings: &["c"], names: title, todo: "a row of what is counted" },
    Place { files: "README.md", endings: &["md"], names: family, todo: "a row of the table of nodes" },
];

fn family(node: &Node) -> String {
    format!("hyla_{}", node.family)
}

/// What the titles of its rows begin with.
fn title(node: &Node) -> String {
    format!("\"{}", node.family)
}

/// As a path or a list of imports names it.
fn module(node: &Node) -> String {
    node.name.clone()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn nodes() -> Vec<Node> {
    let names = |room: &str| {
        let files = fs::read_dir(root().join("src").join(room)).expect("a room");
        let files = files.map(|file| file.expect("a file").path()).filter(|path| path.is_file());
        let name = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
        let mut names: Vec<String> = files.map(name).filter(|name| name != "mod").collect();
        names.sort();
        names
    };
    let (losses, metrics) = (names("loss"), names("metric"));
    let of_loss = |name: &String| Node { name: name.clone(), family: name.clone() };
    let of_metric = |name: &String| {
        let family = if losses.contains(name) { format!("{name}_metric") } else { name.clone() };
        Node { name: name.clone(), family }
    };
    losses.iter().map(of_loss).chain(metrics.iter().map(of_metric)).collect()
}

/// The text of a file, or of all files below a folder that have one of the endings.
fn text(path: &Path, endings: &[&str]) -> String {
    if path.is_dir() {
        let files = fs::read_dir(path).expect("a folder");
        return files.map(|file| text(&file.expect("a file").path(), endings)).collect();
    }
    match path.extension() {
        Some(ending) if endings.iter().any(|wanted| ending == *wanted) => fs::read_to_string(path).expect("a text"),
        _ => String::new(),
    }
}

/// Whether a name stands in a text: not as a part of a longer word, but for what follows an underscore.
fn stands(name: &str, text: &str) -> bool {
    text.match_indices(name).any(|(place, _)| {
        let is_word = |letter: &char| letter.is_alphanumeric();
        let before = text[..place].chars().next_back().filter(|letter| is_word(letter) || *letter == '_');
        let after = text[place + name.len()..].chars().next().filter(is_word);
        before.is_none() && after.is_none()
    })
}

#[test]
fn every_node_is_known_where_it_must_be() {
    let nodes = nodes();
    assert!(nodes.len() > 25, "only {} nodes were found", nodes.len());
    let mut missing = Vec::new();
    for Place { files, endings, names, todo } in PLACES {
        let text = text(&root().join(files), endings);
        for node in &nodes {
            if !stands(&names(node), &text) {
                missing.push(format!("{files} lacks {}: {todo}", names(node)));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
