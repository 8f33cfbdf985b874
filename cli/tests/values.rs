//! The values: those of cuvis-ai for the pipelines of its page, and the same in batches, stages and types.

mod tool;

use serde_json::Value;
use std::fs;
use tool::{Folder, data, npy};

fn expected() -> serde_json::Map<String, Value> {
    let text = fs::read_to_string(data("expected.json")).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

fn number(value: &Value, name: &str) -> f64 {
    value["values"][name].as_f64().unwrap_or_else(|| panic!("{name} is no number: {value}"))
}

#[test]
fn the_pipelines_of_the_page_have_the_values_of_cuvis_ai() {
    let (folder, tensors) = (Folder::new(), data("tensors"));
    let expected = expected();
    assert_eq!(expected.len(), 7);
    for (file, values) in expected {
        let pipeline = data(&file);
        let said = folder.values(&[pipeline.to_str().expect("a path"), "--inputs", tensors.to_str().expect("a path")]);
        for (name, wanted) in values.as_object().expect("a map") {
            let (given, wanted) = (number(&said, name), wanted.as_f64().expect("a number"));
            assert!((given - wanted).abs() <= 1e-6 * wanted.abs(), "{file}: {name} is {given}, not {wanted}");
        }
    }
}

const BCE: &str = "nodes:\n  a:\n    type: AnomalyBCEWithLogits\n    config: {pos_weight: 3}\n\
                   connections:\n  - [model.logits, a.predictions]\n  - [data.mask, a.targets]\n";
const SCORES: [f32; 6] = [1.0, -2.0, 0.5, 3.0, -1.0, 0.25];
const MASK: [u8; 6] = [1, 0, 0, 1, 0, 1];

fn two_frames() -> Folder {
    let folder = Folder::new();
    folder.write("p.yaml", BCE);
    folder.floats("model.logits.npy", &[2, 1, 3], &SCORES);
    folder.bools("data.mask.npy", &[2, 1, 3, 1], &MASK);
    folder
}

/// The loss by its formula.
fn bce(scores: &[f32], mask: &[u8]) -> f64 {
    let term = |(score, target): (&f32, &u8)| {
        let x = f64::from(*score);
        if *target != 0 { 3.0 * (-x).exp().ln_1p() } else { x.exp().ln_1p() }
    };
    scores.iter().zip(mask).map(term).sum::<f64>() / scores.len() as f64
}

#[test]
fn batches_have_values_of_their_own_and_pooled_ones() {
    let folder = two_frames();
    let said = folder.values(&["p.yaml", "--inputs", ".", "--batch", "1"]);
    let batches = said["batches"].as_array().expect("a list");
    let near = |value: &Value, wanted: f64| (value.as_f64().expect("a number") - wanted).abs() < 1e-6;
    assert!(near(&batches[0]["a"], bce(&SCORES[..3], &MASK[..3])));
    assert!(near(&batches[1]["a"], bce(&SCORES[3..], &MASK[3..])));
    assert!(near(&said["values"]["loss"], bce(&SCORES, &MASK)));
    // The pooled value is that of one batch of all, to the last bit.
    assert_eq!(said["values"], folder.values(&["p.yaml", "--inputs", "."])["values"]);
}

#[test]
fn files_of_one_frame_are_as_one_file_of_many() {
    let folder = two_frames();
    folder.floats("frame2.npy", &[1, 3], &SCORES[3..]);
    folder.floats("frame1.npy", &[1, 3], &SCORES[..3]);
    let said = folder.values(&["p.yaml", "--inputs", ".", "--input", "model.logits=frame*.npy"]);
    assert_eq!(said["values"], folder.values(&["p.yaml", "--inputs", "."])["values"]);
}

#[test]
fn the_most_specific_key_wins() {
    let folder = two_frames();
    folder.bools("none.npy", &[2, 1, 3], &[0; 6]);
    let all = |keys: &[&str]| {
        let keys: Vec<_> = keys.iter().flat_map(|key| ["--input", key]).collect();
        number(&folder.values(&[&["p.yaml", "--inputs", "."][..], &keys].concat()), "a")
    };
    let (with, without) = (bce(&SCORES, &MASK), bce(&SCORES, &[0; 6]));
    let is = |value: f64, wanted: f64| assert!((value - wanted).abs() < 1e-6, "{value} is not {wanted}");
    is(all(&[]), with);
    is(all(&["targets=none.npy"]), without);
    is(all(&["mask=none.npy"]), without);
    is(all(&["data.mask=none.npy"]), without);
    is(all(&["data.outputs.mask=none.npy"]), without);
    is(all(&["a.targets=none.npy"]), without);
    assert_eq!(
        folder.hyla(&["run", "p.yaml", "--inputs", ".", "-i", "a.targets=none.npy", "-i", "mask=none.npy"]).code,
        2
    );
}

#[test]
fn a_gradient_has_the_bits_of_the_library() {
    use hyla::loss::{Write, bce};
    let folder = two_frames();
    folder.values(&["p.yaml", "--inputs", ".", "--gradient", "a.predictions=g.npy"]);
    let params = bce::Params { pos_weight: 3.0, ..bce::Params::default() };
    let pixels = hyla::input::Pixels { scores: &SCORES, targets: Some(&MASK), ..hyla::input::Pixels::default() };
    let mut gradient = [0.0; 6];
    bce::loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, &mut gradient).expect("a gradient");
    let bytes: Vec<u8> = gradient.iter().flat_map(|item| item.to_le_bytes()).collect();
    assert_eq!(fs::read(folder.path("g.npy")).expect("a file"), npy("<f4", &[2, 1, 3, 1], &bytes));
    // In batches it is that of each batch.
    folder.values(&["p.yaml", "--inputs", ".", "--batch", "1", "--gradient", "a.predictions=g.npy"]);
    let of_first = hyla::input::Pixels { scores: &SCORES[..3], targets: Some(&MASK[..3]), ..pixels };
    bce::loss_and_gradient(&params, &of_first, 1.0, Write::Store, None, &mut gradient[..3]).expect("a gradient");
    let written = fs::read(folder.path("g.npy")).expect("a file");
    let bytes: Vec<u8> = gradient[..3].iter().flat_map(|item| item.to_le_bytes()).collect();
    assert_eq!(written[written.len() - 24..written.len() - 12], bytes);
}

#[test]
fn every_type_of_items_gives_the_same_numbers() {
    let folder = Folder::new();
    folder.write("p.yaml", BCE);
    folder.bools("data.mask.npy", &[1, 6], &MASK);
    let scores: [i8; 6] = [1, 0, 2, 3, 1, 4];
    folder.floats("model.logits.npy", &[1, 6], &scores.map(f32::from));
    let wanted = folder.values(&["p.yaml", "--inputs", "."]);
    let of = |dtype: &str, bytes: Vec<u8>| {
        folder.npy("model.logits.npy", dtype, &[1, 6], &bytes);
        assert_eq!(folder.values(&["p.yaml", "--inputs", "."])["values"], wanted["values"], "{dtype}");
    };
    of("|i1", scores.iter().flat_map(|item| item.to_le_bytes()).collect());
    of("|u1", scores.iter().map(|item| *item as u8).collect());
    of("<i2", scores.iter().flat_map(|item| i16::from(*item).to_le_bytes()).collect());
    of(">i2", scores.iter().flat_map(|item| i16::from(*item).to_be_bytes()).collect());
    of("<u2", scores.iter().flat_map(|item| (*item as u16).to_le_bytes()).collect());
    of("<f8", scores.iter().flat_map(|item| f64::from(*item).to_le_bytes()).collect());
    of(">f4", scores.iter().flat_map(|item| f32::from(*item).to_be_bytes()).collect());
    let halves = [0x3c00_u16, 0, 0x4000, 0x4200, 0x3c00, 0x4400];
    of("<f2", halves.iter().flat_map(|item| item.to_le_bytes()).collect());
    folder.floats("model.logits.npy", &[1, 6], &scores.map(f32::from));
    for (dtype, size) in [("|u1", 1), ("<u2", 2), ("<i4", 4)] {
        let bytes: Vec<u8> = MASK.iter().flat_map(|item| [&[*item][..], &vec![0; size - 1]].concat()).collect();
        folder.npy("data.mask.npy", dtype, &[1, 6], &bytes);
        assert_eq!(folder.values(&["p.yaml", "--inputs", "."])["values"], wanted["values"], "{dtype}");
    }
}

#[test]
fn cubes_and_labels_of_every_type_give_the_same_numbers() {
    let folder = Folder::new();
    folder.write(
        "p.yaml",
        "nodes:\n  a:\n    type: CrossEntropyLoss\n  b:\n    type: MSEReconstructionLoss\n\
         connections:\n  - [model.logits, a.logits]\n  - [data.labels, a.targets]\n\
         \x20 - [model.logits, b.reconstruction]\n  - [data.cube, b.target]\n",
    );
    // Two rows of two pixels with two classes each.
    let (shape, logits) = ([2, 2, 2], [1_i8, 0, 2, -3, 1, 4, 0, 5]);
    let labels = [0_u8, 1, 1, 0];
    folder.floats("data.cube.npy", &shape, &[0.5, 1.0, 2.0, 0.0, -1.0, 3.0, 0.0, 4.0]);
    folder.floats("model.logits.npy", &shape, &logits.map(f32::from));
    folder.npy("data.labels.npy", "|u1", &[2, 2], &labels);
    let run = || folder.values(&["p.yaml", "--inputs", "."])["values"].clone();
    let wanted = run();
    let of = |dtype: &str, bytes: Vec<u8>| {
        folder.npy("model.logits.npy", dtype, &shape, &bytes);
        assert_eq!(run(), wanted, "{dtype}");
    };
    of("|i1", logits.iter().flat_map(|item| item.to_le_bytes()).collect());
    of("<i2", logits.iter().flat_map(|item| i16::from(*item).to_le_bytes()).collect());
    of(">f8", logits.iter().flat_map(|item| f64::from(*item).to_be_bytes()).collect());
    let halves = [0x3c00_u16, 0, 0x4000, 0xc200, 0x3c00, 0x4400, 0, 0x4500];
    of("<f2", halves.iter().flat_map(|item| item.to_le_bytes()).collect());
    for (dtype, size) in [("<u2", 2), ("<i4", 4), ("<i8", 8)] {
        let bytes: Vec<u8> = labels.iter().flat_map(|item| [&[*item][..], &vec![0; size - 1]].concat()).collect();
        folder.npy("data.labels.npy", dtype, &[2, 2], &bytes);
        assert_eq!(run(), wanted, "{dtype}");
    }
}

#[test]
fn archives_have_members() {
    use std::io::Write;
    let folder = two_frames();
    let wanted = folder.values(&["p.yaml", "--inputs", "."])["values"].clone();
    let mut archive = zip::ZipWriter::new(fs::File::create(folder.path("all.npz")).expect("a file"));
    for name in ["data.mask", "model.logits"] {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(format!("{name}.npy"), options).expect("a member");
        archive.write_all(&fs::read(folder.path(&format!("{name}.npy"))).expect("a file")).expect("a member");
    }
    archive.finish().expect("an archive");
    let said = folder.values(&["p.yaml", "-i", "predictions=all.npz#model.logits", "-i", "mask=all.npz"]);
    assert_eq!(said["values"], wanted);
    let said = folder.hyla(&["run", "p.yaml", "-i", "predictions=all.npz#logits", "-i", "mask=all.npz"]);
    assert_eq!((said.code, said.err.contains("has no member logits; there are data.mask and model.logits")), (2, true));
}

#[test]
fn nodes_run_where_cuvis_ai_runs_them() {
    let folder = two_frames();
    let pipeline = BCE.replace("nodes:\n", "nodes:\n  m:\n    type: AnomalyPixelStatisticsMetric\n");
    folder.write("p.yaml", pipeline.replace("connections:\n", "connections:\n  - [d.decisions, m.decisions]\n"));
    folder.bools("d.decisions.npy", &[2, 1, 3], &[1, 1, 0, 0, 0, 1]);
    let has = |stage: &str| {
        let said = folder.values(&["p.yaml", "--inputs", ".", "--stage", stage]);
        ["a", "loss", "m/anomaly/total_pixels"].map(|name| !said["values"][name].is_null())
    };
    assert_eq!(has("train"), [true, true, false]);
    assert_eq!(has("val"), [true, true, true]);
    assert_eq!(has("test"), [true, true, true]);
    assert_eq!(has("inference"), [false, false, false]);
}

#[test]
fn formats_say_the_same() {
    let folder = two_frames();
    let of = |format: &str| folder.hyla(&["run", "p.yaml", "--inputs", ".", "--batch", "1", "-f", format]).out;
    let (text, csv, prometheus) = (of("text"), of("csv"), of("prometheus"));
    let value = number(&folder.values(&["p.yaml", "--inputs", "."]), "loss").to_string();
    assert!(text.contains(&format!("loss  {value}")), "{text}");
    assert!(text.contains("batches of 1\nbatch 0, frame 0\n  a     "), "{text}");
    assert!(text.contains(&format!("\nall batches\na     {value}\nloss  {value}\n")), "{text}");
    assert!(csv.contains(&format!("val,all,0,2,loss,{value},\n")), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 3 * 2);
    assert!(prometheus.contains(&format!("hyla_value{{stage=\"val\",node=\"a\",metric=\"loss\"}} {value}\n")));
}

#[test]
fn images_are_read_and_ignored_pixels_do_not_count() {
    let folder = Folder::new();
    folder.write("p.yaml", BCE);
    let header = "ENVI\nlines = 2\nsamples = 3\nbands = 1\ndata type = 4\nheader offset = 0\n";
    folder.write("mask.hdr", format!("{header}data ignore value = -3.40282e+38\n"));
    let mask = [1.0, 0.0, -f32::MAX, 2.0, 0.0, 1.0];
    folder.write("mask.img", mask.iter().flat_map(|item| item.to_le_bytes()).collect::<Vec<u8>>());
    folder.write("scores.hdr", header);
    folder.write("scores.dat", SCORES.iter().flat_map(|item| item.to_le_bytes()).collect::<Vec<u8>>());
    let said = folder.values(&["p.yaml", "-i", "data.mask=mask.hdr", "-i", "model.logits=scores.dat"]);
    let (mut scores, mut targets) = (SCORES.to_vec(), MASK.to_vec());
    scores.remove(2);
    targets.remove(2);
    assert!((number(&said, "a") - bce(&scores, &targets)).abs() < 1e-6);
}

/// A cube with a bad band, and a pixel that is ignored in another one.
#[test]
fn bad_bands_are_left_out_and_told() {
    let folder = Folder::new();
    folder.write(
        "p.yaml",
        "nodes: {m: {type: MSEReconstructionLoss}}\n\
         connections: [[a.cube, m.reconstruction], [b.cube, m.target]]\n",
    );
    let header = "ENVI\nlines = 1\nsamples = 2\nbands = 3\ninterleave = BSQ\ndata type = 12\nbbl = {1, 0, 1}\n";
    for (name, items) in [("a", [1_u16, 2, 100, 100, 3, 9]), ("b", [3, 2, 0, 0, 3, 4])] {
        folder.write(&format!("{name}.cube.hdr"), format!("{header}data ignore value = 9\n"));
        let bytes: Vec<u8> = items.iter().flat_map(|item| item.to_le_bytes()).collect();
        folder.write(&format!("{name}.cube.img"), bytes);
    }
    let said = folder.hyla(&["run", "p.yaml", "--inputs", ".", "-f", "json"]);
    let value: Value = serde_json::from_str(&said.out).expect("JSON");
    // Of two pixels one counts, with the differences -2 and 0.
    assert_eq!(number(&value, "m"), 2.0, "{}", said.err);
    assert_eq!(said.err.matches("1 of 3 bands are bad (bbl) and left out").count(), 2, "{}", said.err);
}

#[test]
fn monitors_of_the_graph_get_event_files() {
    let folder = two_frames();
    let monitor = "nodes:\n  t:\n    type: TensorBoardMonitorNode\n    config: {output_dir: out, run_name: r}\n";
    folder.write("p.yaml", BCE.replace("nodes:\n", monitor));
    let run = ["p.yaml", "--inputs", "."];
    folder.values(&run);
    folder.values(&run);
    folder.values(&[&run[..], &["--stage", "inference"]].concat());
    folder.values(&[&run[..], &["--tensorboard", "mine"]].concat());
    let files = |name: &str| fs::read_dir(folder.path(name)).expect("a folder").count();
    assert_eq!([files("out"), files("out/r"), files("out/r_v2"), files("mine")], [2, 1, 1, 1]);
}

#[test]
fn the_report_shows_what_matters() {
    let folder = Folder::new();
    let pipeline = fs::read_to_string(data("04-metrics.yaml")).expect("a file");
    let losses = "nodes:\n  a<b:\n    type: AnomalyBCEWithLogits\n  e:\n    type: SelectorEntropyRegularizer\n";
    let connections = "connections:\n  - [model.logits, a<b.predictions]\n  - [data.mask, a<b.targets]\n\
                       \x20 - [selector.weights, e.weights]\n";
    folder.write("p.yaml", pipeline.replace("nodes:\n", losses).replace("connections:\n", connections));
    let tensors = data("tensors");
    let tensors = tensors.to_str().expect("a path");
    folder.values(&["p.yaml", "--inputs", tensors, "--batch", "1", "--report", "out/new"]);
    let page = fs::read_to_string(folder.path("out/new/report.html")).expect("a page");
    for part in [
        "Terms of the loss",
        "By batch",
        "Precision and recall",
        "Found anomalies by false alarms",
        "false alarm rate, logarithmic",
        "greatest F1 at",
        "the decisions",
        "Drift",
        "prefers-color-scheme: dark",
        "a&lt;b",
        "f1_<wbr>score",
        ">2</text>",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    assert!(!page.contains("a<b") && !page.contains("NaN") && !page.contains("http"));
    assert!(!page.contains(">1.5</text>"), "there is no batch 1.5");
    let has_hint = |page: &str| page.contains("--batch 1 makes one of each frame");
    assert!(!has_hint(&page));
    folder.values(&["p.yaml", "--inputs", tensors, "--report", "out/new"]);
    assert!(has_hint(&fs::read_to_string(folder.path("out/new/report.html")).expect("a page")));
    assert_eq!(folder.names(), ["out", "p.yaml"]);
}

#[test]
fn manuals_and_completions_are_made() {
    let folder = Folder::new();
    assert_eq!(folder.hyla(&["man", "."]).code, 0);
    assert_eq!(
        folder.names(),
        ["hyla-check.1", "hyla-completions.1", "hyla-man.1", "hyla-nodes.1", "hyla-run.1", "hyla.1"]
    );
    let manual = fs::read_to_string(folder.path("hyla-run.1")).expect("a page");
    assert!(manual.contains("tensorboard") && manual.contains("stage"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(folder.hyla(&["completions", shell]).out.contains("hyla"));
    }
    let nodes = folder.hyla(&["nodes"]).out;
    for node in nodes.lines().map(|line| line.split_whitespace().next().expect("a name")) {
        let said = folder.hyla(&["nodes", node]);
        assert!(said.out.starts_with(&format!("{node}: ")) && said.out.contains("parameters:"), "{node}");
    }
}

#[test]
fn check_tells_what_is_missing() {
    let folder = Folder::new();
    let check = |pipeline: &str| {
        folder.write("p.yaml", pipeline);
        let said = folder.hyla(&["check", "p.yaml"]);
        (said.code, said.out)
    };
    let (code, text) = check(BCE);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("  data.mask: bool (B,H,W,1), to a.targets\n"), "{text}");
    let (code, text) = check(&BCE.replace("  - [data.mask, a.targets]\n", ""));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("missing:\n  a.targets (bool (B,H,W,1)) is not connected\n"), "{text}");
    let (code, text) = check(&BCE.replace("AnomalyBCEWithLogits", "Nothing").replace("pos_weight", "x"));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("mistakes:\n  p.yaml:3:11: "), "{text}");
    for name in ["channel_selector", "deep_svdd", "dinomaly_rgb", "rx_statistical"] {
        let file = data(&format!("cuvis-ai/{name}.yaml"));
        let said = folder.hyla(&["check", "-v", file.to_str().expect("a path")]);
        assert!(said.code == 0 && said.out.contains("TensorBoardMonitorNode"), "{}", said.out);
    }
}

#[test]
fn what_is_ignored_and_what_feeds_what_is_told() {
    let folder = two_frames();
    folder.write("p.yaml", BCE.replace("pos_weight: 3", "reduction: none"));
    let said = folder.hyla(&["run", "p.yaml", "--inputs", ".", "-v"]);
    for told in [
        "the external node model, which the file does not declare",
        "the optional input a.weights, which nothing feeds",
        "fed: a.targets: ./data.mask.npy: bool (2,1,3,1)",
        "hyla: a: the reduction none gives a map, which is no part of the sum",
    ] {
        assert!(said.err.contains(told), "{told}: {}", said.err);
    }
    // One frame with its last axis would be many frames of one column.
    assert!(!said.err.contains("is read as"), "{}", said.err);
    folder.floats("model.logits.npy", &[6, 1, 1], &SCORES);
    folder.bools("data.mask.npy", &[6, 1, 1, 1], &MASK);
    let said = folder.hyla(&["run", "p.yaml", "--inputs", "."]);
    let told = "hyla: ./model.logits.npy: its shape (6,1,1) is read as 6 frames of 1 x 1 pixels\n";
    assert_eq!(said.err.matches("is read as").count(), 1, "{}", said.err);
    assert!(said.err.contains(told), "{}", said.err);
}

#[test]
fn a_node_may_be_called_loss() {
    let folder = two_frames();
    folder.write("p.yaml", BCE.replace("  a:\n", "  loss:\n").replace(", a.", ", loss."));
    let said = folder.values(&["p.yaml", "-i", "predictions=model.logits.npy", "-i", "targets=data.mask.npy"]);
    assert_eq!(number(&said, "loss"), number(&said, "loss/loss"));
}
