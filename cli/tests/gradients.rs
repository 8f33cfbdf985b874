//! Gradients by what all frames share, and by a target.

mod tool;

use std::fs;
use tool::{Folder, npy};

fn floats(items: &[f32]) -> Vec<u8> {
    items.iter().flat_map(|item| item.to_le_bytes()).collect()
}

/// The center of Deep SVDD and its radius are there once for all frames, and the gradients of all frames of a batch add
/// up in them.
#[test]
fn what_frames_share_has_one_gradient_with_the_bits_of_the_library() {
    use hyla::exact::ExactSum;
    use hyla::input::{Cube, Layout};
    use hyla::loss::{Write, svdd};
    let folder = Folder::new();
    folder.write(
        "p.yaml",
        "nodes: {s: {type: DeepSVDDSoftBoundaryLoss, config: {nu: 0.3, weight: 2}}}\n\
         connections: [[e.embeddings, s.embeddings], [t.center, s.center]]\n",
    );
    let embeddings: Vec<f32> = (0..3 * 2 * 5 * 2).map(|item| (item * 7 % 23) as f32 / 70.0 - 0.1).collect();
    let center = [0.05, -0.02];
    folder.floats("e.embeddings.npy", &[3, 2, 5, 2], &embeddings);
    folder.floats("t.center.npy", &[2], &center);
    let run = ["p.yaml", "--inputs", ".", "-g", "s.center=c.npy", "-g", "s.embeddings=e.npy"];
    folder.values(&[&run[..], &["-g", "s.r_unconstrained=r.npy"]].concat());

    let params = svdd::Params { nu: 0.3, weight: 2.0, ..svdd::Params::default() };
    let layout = Layout { n: 30, channels: 2, pixel_stride: 2, channel_stride: 1 };
    let cube = Cube { values: &embeddings, layout, ..Cube::default() };
    let (mut totals, mut sums) = (svdd::Totals::default(), [ExactSum::default(); 2]);
    totals.update(&params, &cube, &center).expect("totals");
    svdd::update_center(&params, &cube, &center, &mut sums).expect("sums");
    let (mut of_center, mut of_embeddings) = ([0.0; 2], vec![0.0; embeddings.len()]);
    svdd::gradient_center(&params, &totals, &sums, 1.0, Write::Store, &mut of_center).expect("a gradient");
    totals.gradient(&params, &cube, &center, 1.0, Write::Store, &mut of_embeddings).expect("a gradient");
    let radius = totals.gradient_radius(&params, 1.0).expect("a gradient").value as f32;
    assert!(of_center.iter().all(|item| *item != 0.0) && radius != 0.0);
    assert_eq!(fs::read(folder.path("c.npy")).expect("a file"), npy("<f4", &[2], &floats(&of_center)));
    assert_eq!(fs::read(folder.path("e.npy")).expect("a file"), npy("<f4", &[3, 2, 5, 2], &floats(&of_embeddings)));
    assert_eq!(fs::read(folder.path("r.npy")).expect("a file"), npy("<f4", &[], &floats(&[radius])));
    // Batches have one each, which are not for one file.
    let said = folder.hyla(&[&["run"], &run[..], &["--batch", "2"]].concat());
    let sentence = "--gradient s.center: there is one of each of 2 batches; run them one by one.";
    assert_eq!((said.code, said.err), (2, format!("hyla: {sentence}\n")));
}

/// An image of one band is a cube of one value a pixel.
#[test]
fn an_image_of_one_band_may_be_a_cube() {
    let folder = Folder::new();
    let nodes = "nodes: {s: {type: DeepSVDDSoftBoundaryLoss}}";
    folder.write("p.yaml", format!("{nodes}\nconnections: [[e.x, s.embeddings], [t.c, s.center]]\n"));
    folder.write("e.x.hdr", "ENVI\nlines = 1\nsamples = 2\nbands = 1\ndata type = 1\n");
    folder.write("e.x.img", [3, 1]);
    folder.floats("t.c.npy", &[1], &[0.5]);
    let of_image = folder.values(&["p.yaml", "--inputs", "."]);
    folder.floats("e.x.npy", &[1, 2, 1], &[3.0, 1.0]);
    assert_eq!(of_image, folder.values(&["p.yaml", "--inputs", ".", "-i", "embeddings=e.x.npy"]));
}

/// Losses of two cubes are symmetric: each may be learnt.
#[test]
fn the_gradient_of_a_target_is_that_of_a_reconstruction_in_its_place() {
    let folder = Folder::new();
    folder.floats("a.x.npy", &[2, 2, 1, 2], &[1.0, 0.5, -2.0, 0.25, 0.3, 4.0, 0.1, 0.2]);
    folder.floats("b.x.npy", &[2, 2, 1, 2], &[0.9, 0.25, 2.0, -0.25, 0.5, 1.0, 0.7, 0.3]);
    for node in ["MSEReconstructionLoss", "SpectralAngleLoss"] {
        let run = |first: &str, second: &str, port: &str| {
            let connections = format!("[[{first}.x, n.reconstruction], [{second}.x, n.target]]");
            folder.write("p.yaml", format!("nodes: {{n: {{type: {node}}}}}\nconnections: {connections}\n"));
            folder.values(&["p.yaml", "--inputs", ".", "-g", &format!("n.{port}=g.npy")]);
            fs::read(folder.path("g.npy")).expect("a file")
        };
        let of_target = run("a", "b", "target");
        assert_eq!(of_target, run("b", "a", "reconstruction"), "{node}");
        assert_ne!(of_target, run("a", "b", "reconstruction"), "{node}");
    }
}
