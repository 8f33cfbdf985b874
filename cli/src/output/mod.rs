//! How results are shown.

pub mod board;
pub mod formats;
pub mod listing;
pub mod report;

use crate::fault::{Fallible, Fault};
use crate::files::npy::beside;
use crate::run::Results;
use hyla::error::Notices;
use std::path::Path;

/// Whether a folder is there and takes files, or can be made. It is asked before a run, so that none ends with half of
/// its files.
pub fn check_folder(folder: &Path) -> Fallible<()> {
    let mut named = folder.ancestors().filter(|folder| !folder.as_os_str().is_empty());
    let there = named.find(|folder| folder.exists()).unwrap_or(Path::new("."));
    if !there.is_dir() {
        return Err(Fault::of_file(there, "this is no folder."));
    }
    beside(&there.join("file")).map(|_| ()).map_err(|_| Fault::of_file(there, "no file can be written there."))
}

/// Stage, frames and batches of a run.
pub fn told(results: &Results) -> String {
    let (frames, batches, batch) = (results.frames, results.batches.len(), results.batch);
    let (s, es) = (if frames == 1 { "" } else { "s" }, if batches == 1 { "" } else { "es" });
    format!("stage {}: {frames} frame{s}, {batches} batch{es} of {batch}", results.stage.name())
}

/// The sentences of notices.
pub fn sentences(notices: Notices) -> Vec<&'static str> {
    Notices::ALL.into_iter().filter(|notice| notices.contains(*notice)).map(Notices::message).collect()
}

/// The name of a value of a node: of a loss the node's, of a metric `node/metric`. The sum of all losses is called
/// `loss`, so that the loss of a node of this name is `loss/loss`.
pub fn name(node: &str, value: &str) -> String {
    match (node, value) {
        ("loss", "") => "loss/loss".to_string(),
        (node, "") => node.to_string(),
        _ => format!("{node}/{value}"),
    }
}
