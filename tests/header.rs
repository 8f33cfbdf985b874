//! The committed header is what the sources say: `BLESS=1 cargo test --test header` rewrites it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;

/// In the order in which a reader meets them.
const SOURCES: &[&str] = &[
    "status",
    "pixels",
    "cube",
    "matrix",
    "sum",
    "range",
    "loss",
    "bce",
    "focal",
    "iou",
    "tversky",
    "svdd",
    "svdd/center",
    "mse",
    "cross_entropy",
    "dice",
    "foreground_contrast",
    "orthogonality",
    "distinctness",
    "selector_entropy",
    "selector_diversity",
    "confusion",
    "metric",
    "pixel_statistics",
    "detection",
    "binning",
    "ranking",
    "ranking_exact",
    "drift",
    "score_statistics",
    "topk_mean",
    "explained_variance",
    "component_orthogonality",
    "selector_entropy_metric",
    "selector_diversity_metric",
    "distinct_label_count",
];

fn generate() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let sources = ["library"].into_iter().chain(SOURCES.iter().copied());
    let builder = sources.fold(cbindgen::Builder::new().with_config(config), |builder, source| {
        builder.with_src(root.join("src/capi").join(source).with_extension("rs"))
    });
    let mut header = Vec::new();
    builder.generate().expect("the sources parse").write(&mut header);
    for_c(&String::from_utf8(header).expect("the sources are UTF-8"))
}

/// Drops Rust's sections about pointers, which the law at the top says to readers of C, and the
/// fences of its code blocks, and puts negative constants in parentheses.
fn for_c(header: &str) -> String {
    let mut text = String::new();
    let mut in_safety = false;
    for line in header.lines() {
        let comment = line.trim_start().starts_with("//");
        in_safety = comment && (in_safety || line.trim_start() == "// # Safety");
        let fence = line.trim_start().starts_with("// ```");
        if in_safety || fence {
            continue;
        }
        match line.rsplit_once(' ') {
            Some((name, value)) if line.starts_with("#define") && value.starts_with('-') => {
                text.push_str(&format!("{name} ({value})"));
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    // What is left of a section's start is an empty comment line.
    text.replace("//\nHYLA_API", "HYLA_API").replace("//\nHYLA_NODISCARD", "HYLA_NODISCARD")
}

#[test]
fn header_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/hyla.h");
    let expected = generate();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "include/hyla.h is out of date: run `make header`");
}
