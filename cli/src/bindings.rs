//! Which files the open ports have: `--input KEY=FILE` and `--inputs DIR`.
//!
//! A key is, the most specific first: a port of a node (`bce_loss.targets`), a source that feeds several
//! (`data.mask`), a name that any port or source may have (`targets`). After them comes the folder, with a file
//! `NODE.PORT.npy` of the port or of the source.

use crate::catalog::{Port, Stage};
use crate::fault::{Fallible, Fault, list};
use crate::plan::{Plan, Planned};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub struct Bindings {
    keyed: Vec<(String, String)>,
    folder: Option<PathBuf>,
    used: RefCell<BTreeSet<String>>,
}

/// The endings of a file of a port in a folder.
const ENDINGS: [&str; 3] = ["npy", "npz", "hdr"];

impl Bindings {
    pub fn new(inputs: &[String], folder: Option<&Path>) -> Fallible<Self> {
        let mut keyed: Vec<(String, String)> = Vec::new();
        for input in inputs {
            let (key, file) = split(input, "--input", "PORT=FILE")?;
            // As files of today's grammar call a port.
            let key = key.replace(".outputs.", ".").replace(".inputs.", ".");
            if keyed.iter().any(|(other, _)| *other == key) {
                return Err(Fault::new(format!(
                    "--input {key}= is there twice; several files are a pattern: 'a*.npy'."
                )));
            }
            keyed.push((key, file.to_string()));
        }
        if let Some(folder) = folder
            && !folder.is_dir()
        {
            return Err(Fault::of_file(folder, "there is no such folder."));
        }
        Ok(Self { keyed, folder: folder.map(Path::to_path_buf), used: RefCell::default() })
    }

    /// The names of a port, the most specific first.
    pub fn names(node: &Planned, port: &Port) -> Vec<String> {
        let source = node.source(port);
        let mut names = vec![format!("{}.{}", node.name, port.name)];
        names.extend(source.map(ToString::to_string));
        names.push(port.name.to_string());
        names.extend(source.map(|source| source.port.clone()));
        names
    }

    /// The files of a port; None: it has none. An optional port is only fed where it is connected or named by its node.
    pub fn files(&self, node: &Planned, port: &Port) -> Fallible<Option<Vec<PathBuf>>> {
        let mut names = Self::names(node, port);
        if port.is_optional && node.source(port).is_none() {
            names.truncate(1);
        }
        for name in &names {
            if let Some((key, pattern)) = self.keyed.iter().find(|(key, _)| key == name) {
                self.used.borrow_mut().insert(key.clone());
                return expand(pattern).map(Some);
            }
        }
        let in_folder = |folder: &PathBuf| {
            let files = names.iter().filter(|name| name.contains('.'));
            let files = files.flat_map(|name| ENDINGS.map(|ending| folder.join(format!("{name}.{ending}"))));
            files.into_iter().find(|file| file.is_file())
        };
        Ok(self.folder.as_ref().and_then(in_folder).map(|file| vec![file]))
    }

    /// Every key must have been of use.
    pub fn check_used(&self, plan: &Plan, stage: Stage) -> Fallible<()> {
        let used = self.used.borrow();
        let Some((key, _)) = self.keyed.iter().find(|(key, _)| !used.contains(key)) else { return Ok(()) };
        // Of a node that does not run in this stage, an input is no mistake.
        let known = |stage_of: fn(&Planned, Stage) -> bool| -> BTreeSet<String> {
            let nodes = plan.nodes.iter().filter(move |node| stage_of(node, stage));
            nodes.flat_map(|node| node.spec.inputs.iter().flat_map(move |port| Self::names(node, port))).collect()
        };
        if known(|_, _| true).contains(key) && !known(Planned::runs_in).contains(key) {
            return Ok(());
        }
        if known(|_, _| true).contains(key) {
            return Err(Fault::new(format!("--input {key}= is not used: other keys say more of the same ports.")));
        }
        let ports = plan.running(stage).flat_map(|node| node.spec.inputs.iter().map(move |port| (node, port)));
        let open: BTreeSet<String> =
            ports.filter_map(|(node, port)| node.source(port).map(ToString::to_string)).collect();
        let open = list(open.iter().map(String::as_str));
        Err(Fault::new(format!("--input {key}= names no port of this pipeline; its sources are {open}.")))
    }
}

/// The two sides of an option `KEY=FILE`.
pub fn split<'a>(text: &'a str, option: &str, wanted: &str) -> Fallible<(&'a str, &'a str)> {
    let sides = text.split_once('=').filter(|(key, file)| !key.is_empty() && !file.is_empty());
    sides.ok_or_else(|| Fault::new(format!("{option} {text}: {wanted} is wanted.")))
}

/// The files of a name or of a pattern, in the order of their names.
fn expand(pattern: &str) -> Fallible<Vec<PathBuf>> {
    let path = Path::new(pattern);
    if path.exists() || !pattern.contains(['*', '?', '[']) {
        return Ok(vec![path.to_path_buf()]);
    }
    let wrong = |error: String| Fault::new(format!("{pattern}: this is no pattern of files: {error}."));
    let found = glob::glob(pattern).map_err(|error| wrong(error.to_string()))?;
    let mut files = found.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(error.to_string()))?;
    files.sort();
    if files.is_empty() {
        return Err(Fault::new(format!("{pattern}: no file has such a name.")));
    }
    Ok(files)
}
