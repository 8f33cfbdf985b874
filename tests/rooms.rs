//! The modules of `src` are a house whose arrows point down: a room uses the rooms below it, and no files use each
//! other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// From the ground up. `loss` and `metric` stand side by side.
const ROOMS: [&[&str]; 9] = [
    &["error"],
    &["simd"],
    &["math"],
    &["exact"],
    &["input"],
    &["node"],
    &["loss", "metric"],
    &["measured"],
    &["capi"],
];

fn level(room: &str) -> usize {
    let is_here = |rooms: &&[&str]| rooms.contains(&room);
    ROOMS.iter().position(is_here).unwrap_or_else(|| panic!("src/{room} is in no level of ROOMS"))
}

/// The code of each module below `src`, by its path, without comments and tests.
fn modules() -> BTreeMap<Vec<String>, String> {
    fn read(folder: &Path, path: &[String], found: &mut BTreeMap<Vec<String>, String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let file = entry.expect("an entry").path();
            let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
            let mut path = path.to_vec();
            if name != "mod" {
                path.push(name);
            }
            if file.is_dir() {
                read(&file, &path, found);
            } else {
                let text = fs::read_to_string(&file).expect("a text");
                let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                found.insert(path, lines.collect::<Vec<_>>().join("\n"));
            }
        }
    }
    let mut found = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut found);
    found.retain(|path, _| path[0] != "tests" && path[0] != "lib");
    found
}

/// The paths that a `use` names, one for each item; of what is not a `use`, the paths that begin with `crate::`.
fn paths(code: &str) -> Vec<String> {
    fn expand(before: &str, tree: &str, paths: &mut Vec<String>) {
        let Some((head, inside)) = tree.split_once('{') else {
            paths.push(format!("{before}{}", tree.trim()));
            return;
        };
        let inside = inside.trim_end().strip_suffix('}').expect("an end of the list");
        let (mut depth, mut start) = (0, 0);
        for (place, letter) in inside.char_indices().chain([(inside.len(), ',')]) {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    let item = inside[start..place].trim();
                    if !item.is_empty() {
                        expand(&format!("{before}{}", head.trim()), item, paths);
                    }
                    start = place + 1;
                }
                _ => {}
            }
        }
    }
    let mut paths = Vec::new();
    for statement in code.split(';') {
        if let Some((_, tree)) = statement.rsplit_once("use ")
            && (tree.starts_with("crate::") || tree.starts_with("super::"))
        {
            expand("", tree, &mut paths);
        }
        for (place, _) in statement.match_indices("crate::") {
            let rest =
                statement[place..].split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == ':'));
            paths.extend(rest.take(1).map(str::to_owned));
        }
    }
    paths
}

/// Who uses whom: for each module the others, as far as their paths say.
fn arrows() -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let modules = modules();
    let mut arrows = BTreeMap::new();
    for (module, code) in &modules {
        let uses: &mut BTreeSet<_> = arrows.entry(module.clone()).or_default();
        for path in paths(code) {
            let mut parts: Vec<String> = path.split("::").map(str::to_owned).collect();
            let mut full = Vec::new();
            if parts[0] == "super" {
                full.extend_from_slice(&module[..module.len() - 1]);
            }
            parts.remove(0);
            full.extend(parts);
            // The longest beginning that is a module.
            while !full.is_empty() && !modules.contains_key(&full) {
                full.pop();
            }
            if !full.is_empty() && full != *module {
                uses.insert(full);
            }
        }
    }
    arrows
}

#[test]
fn rooms_use_only_what_is_below_them() {
    for (module, uses) in arrows() {
        for used in uses {
            let (room, other) = (&module[0], &used[0]);
            let is_below = level(other) < level(room) || other == room;
            assert!(is_below, "{} uses {}", module.join("::"), used.join("::"));
        }
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let mut arrows = arrows();
    for (module, uses) in &mut arrows {
        // A file uses what the one above it defines, which is where its own items are shown from.
        uses.retain(|used| !module.starts_with(used));
    }
    // Who uses none that is left is taken away, until all are.
    while !arrows.is_empty() {
        let left: BTreeSet<_> = arrows.keys().cloned().collect();
        arrows.retain(|_, uses| !uses.is_disjoint(&left));
        let names: Vec<String> = arrows.keys().map(|path| path.join("::")).collect();
        assert!(arrows.len() < left.len(), "in circles, or using what is in one: {names:?}");
    }
}
