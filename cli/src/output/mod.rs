//! How results are shown.

pub mod board;
pub mod formats;
pub mod listing;
pub mod report;

use hyla::error::Notices;

/// The sentences of notices.
pub fn sentences(notices: Notices) -> Vec<&'static str> {
    Notices::ALL.into_iter().filter(|notice| notices.contains(*notice)).map(Notices::message).collect()
}

/// The name of a value of a node: of a loss the node's, of a metric `node/metric`.
pub fn name(node: &str, value: &str) -> String {
    if value.is_empty() { node.to_string() } else { format!("{node}/{value}") }
}
