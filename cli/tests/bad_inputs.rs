//! Each kind of bad input: one sentence that says what is wrong and where, exit code 2, and nothing half-written.

mod tool;

use tool::Folder;

const GOOD: &str = "nodes:
  a:
    type: AnomalyBCEWithLogits
    config:
      weight: 1.0
connections:
  - [model.logits, a.predictions]
  - [data.mask, a.targets]
";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("p.yaml", GOOD);
    folder.floats("model.logits.npy", &[1, 2, 2], &[1.0, -1.0, 2.0, 0.0]);
    folder.bools("data.mask.npy", &[1, 2, 2], &[1, 0, 0, 1]);
    folder
}

const RUN: [&str; 6] = ["run", "p.yaml", "--inputs", ".", "--gradient", "a.predictions=g.npy"];

/// The run fails with this sentence, and leaves no file behind.
fn fails(folder: &Folder, words: &[&str], sentence: &str) {
    let before = folder.names();
    let said = folder.hyla(words);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{sentence}: {}", said.err);
    assert_eq!(said.err, format!("hyla: {sentence}\n"));
    assert_eq!(folder.names(), before);
}

/// Changes of the pipeline, and what is said of them.
#[test]
fn mistakes_in_a_pipeline() {
    let folder = folder();
    assert_eq!(folder.hyla(&RUN).code, 0);
    std::fs::remove_file(folder.path("g.npy")).expect("a gradient");
    for (what, with, sentence) in [
        (
            "AnomalyBCEWithLogits",
            "AnomalyBCEWithLogit",
            "p.yaml:3:11: a: neither hyla nor cuvis-ai has a node AnomalyBCEWithLogit; is AnomalyBCEWithLogits meant?",
        ),
        (
            "AnomalyBCEWithLogits",
            "Loss",
            "p.yaml:3:11: a: neither hyla nor cuvis-ai has a node Loss (one of another package is written \
             package.module.Name).",
        ),
        (
            "weight: 1.0",
            "wieght: 1.0",
            "p.yaml:5:7: a: AnomalyBCEWithLogits has no parameter 'wieght'; is 'weight' meant?",
        ),
        (
            "weight: 1.0",
            "weight: heavy",
            "p.yaml:5:15: a: 'weight' is \"heavy\", which must be a number (any finite one).",
        ),
        ("weight: 1.0", "weight: .nan", "p.yaml:5:15: a: 'weight' is NaN, which must be a number (any finite one)."),
        ("weight: 1.0", "weight: 1e39", "p.yaml:5:15: a: 'weight' is 1e39, which must be a number (any finite one)."),
        (
            "weight: 1.0",
            "pos_weight: -1",
            "p.yaml:5:19: a: 'pos_weight' is -1, which must be a number (0 or more) or null.",
        ),
        (
            "weight: 1.0",
            "reduction: max",
            "p.yaml:5:18: a: 'reduction' is \"max\", which must be mean, sum, none or weighted_mean.",
        ),
        ("    config:\n", "    confg:\n", "p.yaml:4:5: A node has no 'confg'; is 'config' meant?"),
        ("a.targets]", "a.target]", "p.yaml:8:5: a: AnomalyBCEWithLogits has no input 'target'; is 'targets' meant?"),
        ("model.logits, ", "a.loss, ", "p.yaml:7:5: This connection closes a cycle: a to a."),
        (
            "connections:\n",
            "connections:\n  - [a.loss, x.in]\n  - [x.out, y.in]\n  - [y.out, a.predictions]\n",
            "p.yaml:9:5: This connection closes a cycle: a to x to y to a.",
        ),
        (
            "connections:\n",
            "connections:\n  - [other.mask, a.targets]\n",
            "p.yaml:9:5: The input a.targets is connected twice.",
        ),
        (
            "[data.mask, a.targets]",
            "[mask, a.targets]",
            "p.yaml:8:6: 'mask' is no port: a port is node.port or node.outputs.port.",
        ),
        ("nodes:", "knots:", "p.yaml:1:1: There are no 'nodes' in this file."),
    ] {
        folder.write("p.yaml", GOOD.replace(what, with));
        fails(&folder, &RUN, sentence);
    }
    folder.write("p.yaml", "nodes: {r: {type: RXGlobal}}\n");
    fails(&folder, &RUN, "No node of this pipeline is one that hyla has.");
    // What the reader of YAML says is its own sentence; the place is what counts.
    for (what, with, place) in [
        ("      weight: 1.0\n", "      weight: 1.0\n      weight: 2.0\n", "p.yaml:6:7: "),
        ("connections:\n", "  a:\n    type: IoULoss\nconnections:\n", "p.yaml:6:3: "),
        ("nodes:", "nodes: [", "p.yaml:"),
    ] {
        folder.write("p.yaml", GOOD.replace(what, with));
        let said = folder.hyla(&RUN);
        assert_eq!((said.code, said.err.lines().count()), (2, 1), "{}", said.err);
        assert!(said.err.starts_with(&format!("hyla: {place}")), "{}", said.err);
    }
    let twice = "nodes:\n- name: a\n  class_name: cuvis_ai.node.losses.IoULoss\n- name: a\n  class_name: x.Y\n";
    folder.write("p.yaml", twice);
    fails(&folder, &RUN, "p.yaml:4:3: The node a is there twice, first in line 2.");
}

#[test]
fn mistakes_in_files() {
    let wanted = "and a.predictions takes float16, float32, float64, int8, uint8, int16 or uint16.";
    let folder = folder();
    let logits = |dtype: &str, shape: &[usize], bytes: usize, sentence: &str| {
        folder.npy("model.logits.npy", dtype, shape, &vec![0; bytes]);
        fails(&folder, &RUN, &format!("./model.logits.npy: {sentence}"));
    };
    logits("<i4", &[1, 2, 2], 16, &format!("its items are int32, {wanted}"));
    logits("|b1", &[1, 2, 2], 4, &format!("its items are bool, {wanted}"));
    logits("<c8", &[1, 2, 2], 32, "items of the type '<c8' are not for hyla.");
    logits("<f4", &[4], 16, "its shape is (4,), and a.predictions takes (H,W), (B,H,W) or (B,H,W,1).");
    logits("<f4", &[1, 1, 2, 2], 16, "its shape is (1,1,2,2), and a.predictions takes (H,W), (B,H,W) or (B,H,W,1).");
    logits("<f4", &[1, 2, 2], 12, "the file is cut off: it has 12 bytes of 16 after its header.");
    folder.write("model.logits.npy", "no array");
    let said = folder.hyla(&RUN);
    assert!(
        said.code == 2 && said.err.starts_with("hyla: ./model.logits.npy: this is no NumPy file: "),
        "{}",
        said.err
    );
    folder.floats("model.logits.npy", &[1, 2, 3], &[0.0; 6]);
    let sentence = "a.targets has frames of 2 x 2 pixels, and a.predictions has frames of 2 x 3 pixels.";
    fails(&folder, &RUN, &format!("./data.mask.npy: {sentence}"));
    folder.floats("model.logits.npy", &[2, 2, 2], &[0.0; 8]);
    fails(&folder, &RUN, "./data.mask.npy: a.targets has 1 frames, and a.predictions has 2.");
    folder.floats("model.logits.npy", &[0, 2, 2], &[]);
    folder.bools("data.mask.npy", &[0, 2, 2], &[]);
    fails(&folder, &RUN, "./model.logits.npy: it has no frame.");
}

/// The bands of an image are the values of a pixel, and never frames.
#[test]
fn images_of_too_many_bands() {
    let folder = folder();
    folder.write("two.hdr", "ENVI\nlines = 2\nsamples = 2\nbands = 2\ninterleave = bip\ndata type = 1\n");
    folder.write("two.img", [0; 8]);
    let sentence = "it is an image of 2 x 2 pixels with 2 bands, and a.predictions takes (H,W), (B,H,W) or (B,H,W,1).";
    fails(
        &folder,
        &["run", "p.yaml", "-i", "predictions=two.hdr", "-i", "mask=two.hdr"],
        &format!("two.hdr: {sentence}"),
    );
}

#[test]
fn a_number_that_is_none() {
    let folder = folder();
    folder.floats("model.logits.npy", &[2, 2, 2], &[0.0, 1.0, 2.0, 0.0, 1.0, 0.0, f32::NAN, 1.0]);
    folder.bools("data.mask.npy", &[2, 2, 2], &[1, 0, 0, 0, 0, 0, 0, 0]);
    let sentence = "frame 1, row 1, column 0 is NaN, so that the loss a is no number.";
    fails(&folder, &RUN, &format!("./model.logits.npy: {sentence}"));
    // Where it does not count it does not matter.
    folder.bools("valid.npy", &[2, 2, 2], &[1, 1, 1, 1, 1, 1, 0, 1]);
    let said = folder.hyla(&[&RUN[..4], &["--input", "a.valid=valid.npy"]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn mistakes_in_the_words() {
    let folder = folder();
    let open =
        "p.yaml:2:3: a: the input 'targets' (fed by data.mask) has no file; --input data.mask=FILE gives it one.";
    for (words, sentence) in [
        (&["-i", "predictions=model.logits.npy"][..], open),
        (&["-i", "predictions=x.npy", "-i", "mask=data.mask.npy"], "x.npy: there is no such file."),
        (&["-i", "predictions=x*.npy", "-i", "mask=data.mask.npy"], "x*.npy: no file has such a name."),
        (
            &["-i", "predictions=p.yaml", "-i", "mask=data.mask.npy"],
            "p.yaml: its name must end with .npy or .npz, or as that of an ENVI image (.hdr or .img).",
        ),
        (&["-i", "predictions"], "--input predictions: PORT=FILE is wanted."),
        (&["--inputs", "nowhere"], "nowhere: there is no such folder."),
        (
            &["--inputs", ".", "-i", "data.masks=data.mask.npy"],
            "--input data.masks= names no port of this pipeline; its sources are data.mask and model.logits.",
        ),
        (&["--inputs", ".", "--gradient", "b.x=g.npy"], "--gradient b.x: no such node runs in this stage."),
        (
            &["--inputs", ".", "--gradient", "a.targets=g.npy"],
            "--gradient a.targets: AnomalyBCEWithLogits has gradients of predictions.",
        ),
        (
            &["--inputs", ".", "--gradient", "a.predictions=./model.logits.npy"],
            "--gradient a.predictions: ./model.logits.npy is an input of this run.",
        ),
        (
            &["--inputs", ".", "--gradient", "a.predictions=g.hdr"],
            "--gradient a.predictions: it is a .npy file, and g.hdr has another name.",
        ),
        (
            &["--inputs", ".", "-g", "a.predictions=g.npy", "-g", "a.predictions=g.npy"],
            "--gradient a.predictions: g.npy is there twice.",
        ),
        (&["--inputs", ".", "--gradient", "a.predictions=nowhere/g.npy"], "nowhere/g.npy: there is no such file."),
    ] {
        fails(&folder, &[&["run", "p.yaml"][..], words].concat(), sentence);
    }
    // Before anything is written.
    for option in ["--report", "--tensorboard"] {
        for path in ["data.mask.npy", "data.mask.npy/new"] {
            fails(&folder, &[&RUN[..], &[option, path]].concat(), "data.mask.npy: this is no folder.");
        }
    }
    folder.write("m.yaml", "nodes: {m: {type: AnomalyPixelStatisticsMetric}}\nconnections: [[d.x, m.decisions]]\n");
    let words = ["run", "m.yaml", "-i", "d.x=data.mask.npy", "--gradient", "m.decisions=g.npy"];
    let sentence = "AnomalyPixelStatisticsMetric is a metric, and only losses have gradients.";
    fails(&folder, &words, &format!("--gradient m.decisions: {sentence}"));
    fails(&folder, &["run", "q.yaml"], "q.yaml: there is no such file.");
    fails(&folder, &["nodes", "IoULos"], "hyla has no node IoULos; is IoULoss meant?");
    fails(&folder, &["nodes", "iouloss"], "hyla has no node iouloss; is IoULoss meant?");
}
