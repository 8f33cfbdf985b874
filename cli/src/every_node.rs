//! Every row of the table runs: on files of the shapes and types that it names, in batches and with its gradients.

use crate::bindings::Bindings;
use crate::catalog::{self, Carries, Shape, Spec, Stage};
use crate::files::npy::Writer;
use crate::graph::Graph;
use crate::plan::Plan;
use crate::run::{Results, Wanted, run};
use std::path::Path;

/// A file for a port: three frames of 4 x 5 pixels; three channels.
fn write(folder: &Path, spec: &Spec) {
    for port in spec.inputs {
        let shape: &[usize] = match port.shape {
            Shape::Pixels => &[3, 4, 5, 1],
            Shape::Cube | Shape::Rgb => &[3, 4, 5, 3],
            Shape::Vector => &[3],
            Shape::Matrix => &[2, 3],
        };
        let count: usize = shape.iter().product();
        let path = folder.join(format!("s.{}.npy", port.name));
        if port.carries == Carries::Numbers {
            let mut writer = Writer::new(&path, shape).expect("a file");
            let values: Vec<f32> =
                (0..count).map(|item| ((item * 7 + port.name.len()) % 11) as f32 / 10.0 + 0.1).collect();
            writer.write(&values).expect("items");
            writer.finish().expect("a file");
        } else {
            let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
            let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}");
            let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
            bytes.extend_from_slice(&118_u16.to_le_bytes());
            bytes.extend_from_slice(format!("{text:<117}\n").as_bytes());
            bytes.extend((0..count).map(|item| if port.name == "valid" { 1 } else { (item * 5 % 3) as u8 }));
            std::fs::write(path, bytes).expect("a file");
        }
    }
}

fn results(folder: &Path, spec: &'static Spec, batch: Option<usize>, gradients: bool) -> Results {
    let module = spec.module.unwrap_or("hyla");
    let mut text = format!("nodes: [{{name: n, class_name: {module}.{}}}]\nconnections:\n", spec.name);
    for port in spec.inputs {
        text.push_str(&format!("- {{source: s.outputs.{0}, target: n.inputs.{0}}}\n", port.name));
    }
    let mut plan = Plan::of(&Graph::of_text("p.yaml", &text).expect("a graph"));
    plan.check().expect("a plan");
    let bindings = Bindings::new(&[], Some(folder)).expect("a folder");
    let gradients = spec.gradients.iter().filter(|_| gradients).map(|port| {
        let path = folder.join(format!("gradient.{port}.npy"));
        ("n".to_string(), (*port).to_string(), path)
    });
    let wanted =
        Wanted { stage: Stage::Val, batch, gradients: gradients.collect(), is_watched: true, progress: &mut |_, _| {} };
    run(&plan, &bindings, wanted).unwrap_or_else(|fault| panic!("{}: {fault}", spec.name))
}

/// A new loss or metric of hyla gets a row: each has a file of its own, but `confusion` is a part of `detection`, and
/// `range` is elsewhere.
#[test]
fn every_loss_and_metric_of_hyla_has_a_row() {
    let files = |folder: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src").join(folder);
        let names = std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".rs") && name != "mod.rs").count()
    };
    let losses = catalog::all().filter(|spec| spec.kind == catalog::Kind::Loss).count();
    assert_eq!(losses, files("loss"));
    assert_eq!(catalog::all().count() - losses, files("metric") - 1 + 1);
}

#[test]
fn every_node_runs_in_batches_and_has_its_gradients() {
    for spec in catalog::all() {
        let folder = tempfile::TempDir::new().expect("a folder");
        write(folder.path(), spec);
        let whole = results(folder.path(), spec, None, true);
        assert!(!whole.pooled.nodes[0].2.is_empty(), "{} has no value", spec.name);
        for port in spec.gradients {
            let written = std::fs::read(folder.path().join(format!("gradient.{port}.npy"))).expect("a gradient");
            if spec.input(port).is_some() {
                let input = std::fs::read(folder.path().join(format!("s.{port}.npy"))).expect("an input");
                assert_eq!(written.len(), input.len(), "{}: its gradient has the shape of its input", spec.name);
                assert_eq!(written[..128], input[..128], "{}", spec.name);
            }
            assert!(written[128..].iter().any(|byte| *byte != 0), "{}: its gradient of {port} is 0", spec.name);
        }
        let parts = results(folder.path(), spec, Some(1), false);
        // Nodes whose totals merge exactly have the same pooled values.
        for (one, other) in whole.pooled.named().iter().zip(parts.pooled.named()) {
            assert_eq!(one.0, other.0);
            let (one, other) = (one.1.value, other.1.value);
            let is_near = (one - other).abs() <= 1e-12 * one.abs() || (one.is_nan() && other.is_nan());
            assert!(is_near, "{}: {one} is not {other}", spec.name);
        }
    }
}
