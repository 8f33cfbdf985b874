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

/// The name of a value of a node: of a loss the node's, of a metric `node/metric`. The sum of all losses is called
/// `loss`, so that the loss of a node of this name is `loss/loss`.
pub fn name(node: &str, value: &str) -> String {
    match (node, value) {
        ("loss", "") => "loss/loss".to_string(),
        (node, "") => node.to_string(),
        _ => format!("{node}/{value}"),
    }
}
